"""Families of files: joined as by hand, once, and gone out as they come in."""

from pathlib import Path

from central.centre import Centre
from central.estate.service import How
from central.exports.service import export
from central.imports.fields import ImportKind
from central.imports.verdicts import Outcome
from central.members.deed_store import Deed
from central.settling.lookup import living, show
from shared.member import FamilyRole
from tests.central.app.kit import NOON, SetClock
from tests.central.chain_kit import dump
from tests.central.imports.kit import counts, csv_file, said, take
from tests.central.journal_builder import make_centre
from tests.databases import SqliteFiles

PEOPLE = (
    "7700000001;+79160000001;Анна;10", "7700000002;+79160000002;Пётр;5", "7700000003;;Зоя;1",
    ";+79160000004;Иван;0",
)  # fmt: skip
HEADING = "Карта;Глава семьи;Роль"
ROWS = ("7700000002;7700000001;earns", "8 916 000-00-04;7700000001;")


def _take(centre: Centre, folder: Path, *rows: str, how: How = How.APPLY) -> list[tuple[int, ...]]:
    done = take(centre, csv_file(folder, *rows, heading=HEADING), ImportKind.FAMILIES, how=how)
    return [counts(done.run)]


def test_members_join_families_of_a_file_once(centre: Centre, tmp_path: Path) -> None:
    take(centre, csv_file(tmp_path, *PEOPLE))
    before = dump(centre)
    dry = _take(centre, tmp_path, *ROWS, how=How.DRY_RUN)
    assert dump(centre) == before

    first = _take(centre, tmp_path, *ROWS)
    again = _take(centre, tmp_path, *ROWS, *ROWS[:1])

    assert (dry, first, again) == ([(2, 0, 0, 0)], [(2, 0, 0, 0)], [(0, 0, 3, 0)])
    anna = show(centre, living(centre, "7700000001"))
    roles = {(one.display_name, one.family_role) for one in anna.relatives}
    assert roles == {("Пётр", FamilyRole.EARNS), ("Иван", FamilyRole.REDEEMS)}
    assert sum(balance for _, balance in anna.accounts) == 15_00
    assert [one.deed for one in anna.deeds] == [Deed.RELATIVE_JOINED] * 2
    assert {(one.actor, one.note) for one in anna.deeds} == {
        ("Пётр", "earns: members.csv"),
        ("Пётр", "redeems: members.csv"),
    }


def test_who_may_join_no_family_is_refused_by_row(centre: Centre, tmp_path: Path) -> None:
    take(centre, csv_file(tmp_path, *PEOPLE))
    rows = (
        *ROWS[:1],
        "7700000002;7700000003;",  # in another one
        "7700000003;7700000002;",  # the head is a relative
        "7700000003;7700000003;",
        "7700000009;7700000001;",
        "7700000003;nobody;",
        "7700000003;;",
        "7700000003;7700000001;boss",
    )

    done = take(centre, csv_file(tmp_path, *rows, heading=HEADING), ImportKind.FAMILIES)

    assert [why for _, why, _ in said(centre, done.run, Outcome.REFUSED)] == [
        "in_family", "in_family", "same_member", "unknown_member", "unknown_member", "missing",
        "bad_family_role",
    ]  # fmt: skip


def test_a_base_with_families_goes_out_and_comes_in_elsewhere(
    centre: Centre, sqlite_databases: SqliteFiles, tmp_path: Path
) -> None:
    take(centre, csv_file(tmp_path, *PEOPLE))
    _take(centre, tmp_path, *ROWS)
    other = make_centre(sqlite_databases.fresh(tmp_path / "other.db"), SetClock(NOON))

    for kind in (ImportKind.STORES, ImportKind.MEMBERS, ImportKind.FAMILIES):
        export(centre, kind, tmp_path / f"{kind}.csv", lambda _done: None)
        take(other, tmp_path / f"{kind}.csv", kind)
    for kind in (ImportKind.MEMBERS, ImportKind.FAMILIES):
        export(other, kind, tmp_path / f"{kind}.2.csv", lambda _done: None)

    for kind in (ImportKind.MEMBERS, ImportKind.FAMILIES):
        one, two = (tmp_path / f"{kind}{end}.csv" for end in ("", ".2"))
        assert sorted(one.read_text().splitlines()) == sorted(two.read_text().splitlines())
    (sums,) = {
        sum(balance for _, balance in show(at, living(at, "7700000002")).accounts)
        for at in (centre, other)
    }
    assert sums == 15_00
    other.engine.dispose()
