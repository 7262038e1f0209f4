"""A file that comes again with changes: profiles follow, by who has shown what; points never do."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select

from central.centre import Centre
from central.conflicts.service import Word
from central.estate.service import How
from central.imports.report import balanced, write_report
from central.imports.service import Imported, Known, run
from central.imports.verdicts import Outcome
from central.ledger.store import LotTable
from central.members.profiles import Proposal
from central.schema import table_of
from central.settling.erasing import erase_member
from central.settling.lookup import Shown, living, show
from central.settling.people import edit_member
from central.settling.timeline import timeline
from shared.member import ProfileField
from shared.runtime.sqlite import reading
from shared.wire.feed import GLOBAL
from shared.wire.rows import IdentifierRow
from tests.central.chain_kit import conflicts, dump, rows
from tests.central.imports.kit import counts, csv_file, order, said, silent, take
from tests.central.journal_builder import Journal

HEADING = "Карта;Телефон;Телефон подтвержден;ФИО;E-mail;Сегменты;Бонусы"
ANNA = "7700000001;+79160000001;;Анна Петрова;anna@example.ru;vip;10"
UPDATED = Known.UPDATED
PHONE, EMAIL, NAME = ProfileField.PHONE, ProfileField.EMAIL, ProfileField.NAME


def update(centre: Centre, folder: Path, *lines: str, how: How = How.APPLY) -> Imported:
    """Bring a file by which who is known becomes as it states him."""
    asked = order(csv_file(folder, *lines, heading=HEADING), how=how)
    done = run(centre, replace(asked, known=UPDATED), silent)
    assert balanced(done.run.tally, done.run.rows_done)
    return done


def anna(centre: Centre) -> Shown:
    return show(centre, living(centre, "card:7700000001"))


def granted(centre: Centre) -> int:
    with reading(centre.engine) as connection:
        return int(connection.scalar(select(func.sum(table_of(LotTable).c.granted))) or 0)


def found_by(centre: Centre) -> set[str]:
    return {row.tail for row in rows(centre, GLOBAL).values() if isinstance(row, IdentifierRow)}


@pytest.fixture
def base(centre: Centre, tmp_path: Path) -> Centre:
    take(centre, csv_file(tmp_path, ANNA, heading=HEADING))
    return centre


def test_without_being_asked_a_file_that_comes_again_changes_nothing(
    base: Centre, tmp_path: Path
) -> None:
    before = dump(base)

    done = take(base, csv_file(tmp_path, ANNA.replace("vip", "gold"), heading=HEADING))

    assert counts(done.run) == (0, 0, 1, 0)
    after = dump(base)
    assert {name for name in after if after[name] != before[name]} == {"import_run"}


def test_who_is_known_becomes_as_the_file_states_him_and_gets_no_point(
    base: Centre, tmp_path: Path
) -> None:
    changed = "7700000001;+79160000002;;Анна Иванова-Петрова;a@b.ru;vip shoes;99"

    done = update(base, tmp_path, changed, "7700000002;;;Борис;;;5")

    assert counts(done.run) == (1, 0, 0, 0)
    assert done.run.tally.of(Outcome.UPDATED) == 1
    assert (done.run.tally.points["updated"], granted(base)) == (99_00, 15_00)
    counted = anna(base).counted
    assert set(counted) == {NAME, PHONE, EMAIL}
    assert counted[NAME].value == "Анна Иванова-Петрова"
    assert (counted[EMAIL].value, counted[EMAIL].actor) == ("a@b.ru", "import")
    assert anna(base).member.segments == "vip shoes"
    assert "0002" in found_by(base)
    assert "0001" in found_by(base)  # her card
    assert len([one for one in anna(base).identifiers if one.tail == "0002"]) == 1
    assert said(base, done.run, Outcome.UPDATED) == [
        (2, "changed", "segments"),
        (2, "changed", "name"),
        (2, "changed", "phone"),
        (2, "changed", "email"),
    ]
    told = [one.text for one in timeline(base, anna(base).member.id)]
    assert "edited: Пётр, import: segments, name, phone, email" in told


def test_a_file_that_says_the_same_updates_nothing(base: Centre, tmp_path: Path) -> None:
    before = dump(base)

    done = update(base, tmp_path, ANNA)

    assert (counts(done.run), done.run.tally.of(Outcome.UPDATED)) == ((0, 0, 1, 0), 0)
    after = dump(base)
    assert {name for name in after if after[name] != before[name]} == {"import_run"}


def test_days_of_a_life_are_known_by_their_names(base: Centre, tmp_path: Path) -> None:
    heading = "Карта;date.wedding;date.child;Магазин"
    for line in ("7700000001;2015-04-11;2017-01-02;101", "7700000001;;2018-01-02;999"):
        path = csv_file(tmp_path, line, heading=heading)
        run(base, replace(order(path), known=UPDATED), silent)

    member = anna(base).member
    assert (member.dates, member.home_store) == ("child:2018-01-02 wedding:2015-04-11", "101")


def test_an_empty_cell_takes_nothing_away(base: Centre, tmp_path: Path) -> None:
    done = update(base, tmp_path, "7700000001;;;;;;")

    assert counts(done.run) == (0, 0, 1, 0)
    assert anna(base).member.segments == "vip"
    assert anna(base).counted[EMAIL].value == "anna@example.ru"


def test_what_was_shown_stays_and_what_the_file_has_verified_beats_what_was_claimed(
    base: Centre, tmp_path: Path
) -> None:
    member = anna(base).member.id
    shown = Proposal({EMAIL: "shown@example.ru"}, verified=True)
    edit_member(base, member, shown, Word("Ольга", "письмо"))

    done = update(base, tmp_path, "7700000001;+79160000003;да;Анна Петрова;new@example.ru;;")

    counted = anna(base).counted
    assert counted[EMAIL].value == "shown@example.ru"
    assert (counted[PHONE].value, counted[PHONE].verified) == ("+79160000003", True)
    assert said(base, done.run, Outcome.UPDATED) == [
        (2, "changed", "phone"),
        (2, "verified_stays", "email"),
    ]
    again = update(base, tmp_path, "7700000001;+79160000004;;Анна Петрова;;;")
    assert counts(again.run) == (0, 0, 1, 0)
    assert anna(base).counted[PHONE].value == "+79160000003"
    assert said(base, again.run, Outcome.DUPLICATE) == [(2, "verified_stays", "phone")]


def test_a_phone_that_a_file_has_verified_frees_no_cards_that_another_phone_limits(
    centre: Centre, journal: Journal, tmp_path: Path
) -> None:
    """Who took your number spends nothing of yours, though a file knows a phone of his own."""
    thief, _ = journal.register(name="Анна", phone="+79160000008")
    journal.push()
    journal.clock.go(seconds=1)
    owner, _ = journal.register(name="Анна", phone="+79160000001")
    journal.edit(thief, phone=owner.phone)
    journal.push_new()

    update(centre, tmp_path, f"{thief.card};+79160000009;да;Анна;;;")

    shown = show(centre, thief.member)
    assert (shown.counted[PHONE].value, shown.counted[PHONE].verified) == ("+79160000009", True)
    limits = {one.tail: one.account for one in shown.identifiers}
    assert limits["0009"] == limits[thief.card[-4:]] == thief.account
    assert {one.owner: one.limited for one, _ in shown.accounts} == {
        thief.member: True,
        owner.member: False,
    }


def test_a_phone_that_somebody_else_has_is_taken_and_a_case(base: Centre, tmp_path: Path) -> None:
    update(base, tmp_path, "7700000002;+79160000009;;Борис Ким;;;")

    done = update(base, tmp_path, "7700000001;+79160000009;;Анна Петрова;;;")

    assert said(base, done.run, Outcome.UPDATED) == [
        (2, "changed", "phone"),
        (2, "shared_phone", ""),
    ]
    assert [one.kind.value for one in conflicts(base)] == ["shared_phone"]


def test_a_new_card_finds_him_too_and_one_of_another_name_is_refused(
    base: Centre, tmp_path: Path
) -> None:
    done = update(
        base,
        tmp_path,
        "7700000001,7700000077;;;Анна Петрова;;;",
        "7700000001;;;Борис Ким;;;",
    )

    assert (counts(done.run), done.run.tally.of(Outcome.UPDATED)) == ((0, 0, 0, 1), 1)
    assert living(base, "card:7700000077") == anna(base).member.id
    assert said(base, done.run, Outcome.REFUSED) == [(3, "card_of_another", "card")]


def test_of_several_rows_of_one_the_last_counts(base: Centre, tmp_path: Path) -> None:
    lines = [f"7700000001;;;Анна Петрова;;{word};" for word in ("one", "two", "three")]

    done = update(base, tmp_path, *lines)

    assert done.run.tally.of(Outcome.UPDATED) == 3
    assert anna(base).member.segments == "three"


def test_who_was_erased_is_not_known_again(base: Centre, tmp_path: Path) -> None:
    member = anna(base).member.id
    erase_member(base, member, Word("Ольга", "просил"))

    done = update(base, tmp_path, "7700000001;+79160000002;;Анна Петрова;a@b.ru;x;1")

    assert counts(done.run) == (0, 0, 1, 0)
    shown = show(base, member)
    assert {one.value for one in shown.edits} == {None}
    assert (shown.member.segments, shown.identifiers) == ("", ())


def test_a_dry_run_says_the_same_and_the_report_counts_them_apart(
    base: Centre, tmp_path: Path
) -> None:
    before = dump(base)
    lines = ("7700000001;;;Анна Петрова;;shoes;7", "7700000002;;;Борис;;;5")
    dry = update(base, tmp_path, *lines, how=How.DRY_RUN)
    assert dump(base) == before

    done = update(base, tmp_path, *lines)

    assert done.run.tally == dry.run.tally
    write_report(base, done, tmp_path / "told.json")
    told = json.loads((tmp_path / "told.json").read_text())
    assert told["rows"] == {
        "in": 2,
        "accepted": 1,
        "repaired": 0,
        "updated": 1,
        "duplicate": 0,
        "refused": 0,
    }
    assert (told["updates"], told["balanced"]) == (True, True)
    assert told["points"]["updated"] == 7_00
    assert [one["field"] for one in told["noted"]] == ["segments"]
