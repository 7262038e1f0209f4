"""What an operator types about conflicts: done is 0, refused is 1 in a sentence, misused is 2."""

import json
from pathlib import Path
from random import Random

import pytest
from typer.testing import Result

from central.cli import app
from central.opening import open_centre
from central.settings import Settings
from tests.central.app.kit import NOON, STORES_CSV, SetClock
from tests.central.conflicts.test_records import spent_before_it_came_back
from tests.central.journal_builder import make_journal
from tests.commands import run_command
from tests.databases import Databases


@pytest.fixture
def folder(tmp_path: Path, databases: Databases, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A centre at which store 101 has left a debt, and two names on one phone an hour later."""
    url = databases.fresh(tmp_path / "central.db")
    monkeypatch.setenv("KOPILKA_CENTRAL_DATABASE_URL", url)
    assert kopilka(tmp_path, "init").exit_code == 0
    stores = tmp_path / "stores.csv"
    stores.write_text(STORES_CSV)
    assert kopilka(tmp_path, "stores", "import", stores).exit_code == 0
    settings = Settings(data_dir=tmp_path / "centre", database_url=url)
    centre = open_centre(settings, clock := SetClock(NOON), Random(5))
    journal, other = (make_journal(centre, clock, store) for store in ("101", "102"))
    spent_before_it_came_back(centre, journal)
    journal.push()
    clock.go(hours=1)
    for name in ("Пётр Сидоров", "Анна Белова"):
        other.register(name=name, phone="+79160000001")
    other.push()
    centre.engine.dispose()
    return tmp_path


def kopilka(folder: Path, *words: str | Path) -> Result:
    arguments = ["--data-dir", str(folder / "centre"), *(str(word) for word in words)]
    return run_command(app, arguments)


def listed(folder: Path, *words: str) -> list[dict[str, object]]:
    told = json.loads(kopilka(folder, "conflicts", "list", "--json", *words).stdout)
    found: list[dict[str, object]] = told["conflicts"]
    return found


def kinds_of(folder: Path, *words: str) -> list[object]:
    return [one["kind"] for one in listed(folder, *words)]


def test_conflicts_are_listed_the_latest_first_and_found_by_what_they_concern(
    folder: Path,
) -> None:
    debt = listed(folder, "--kind", "debt")[0]
    parties = debt["parties"]
    assert isinstance(parties, dict)
    member = parties["member"][0]

    assert kinds_of(folder) == ["shared_phone", "debt"]
    assert kinds_of(folder, "--store", "101") == ["debt"]
    assert kinds_of(folder, "--member", member) == ["debt"]
    assert kinds_of(folder, "--state", "resolved") == []
    assert set(kinds_of(folder, "--since", "2026-03-01T12:30")) == {"shared_phone"}
    assert kinds_of(folder, "--since", "2026-04-01") == []


def test_pages_follow_each_other(folder: Path) -> None:
    whole = listed(folder)

    pages = [listed(folder, "--size", "1", "--page", str(no)) for no in range(1, len(whole) + 2)]

    assert [one for page in pages for one in page] == whole
    assert pages[-1] == []


def test_people_read_a_table_in_their_language(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    russian = kopilka(folder, "conflicts", "list", "--kind", "debt").stdout
    monkeypatch.setenv("KOPILKA_CENTRAL_LOCALE", "en")
    english = kopilka(folder, "conflicts", "list", "--kind", "debt").stdout

    assert "долг по бонусам" in russian
    assert "60,00 бонусов" in russian
    assert russian.endswith("страница 1 из 1, всего 1\n")
    assert "debt of points" in english
    assert english.endswith("page 1 of 1, 1 in all\n")
    nothing = kopilka(folder, "conflicts", "list", "--kind", "forked", "--store", "102").stdout
    assert nothing == "no such conflicts\n"


def test_show_explains_and_says_what_an_undo_would_do(folder: Path) -> None:
    conflict = str(listed(folder, "--kind", "debt")[0]["id"])

    shown = kopilka(folder, "conflicts", "show", conflict)
    told = json.loads(kopilka(folder, "conflicts", "show", conflict, "--json").stdout)

    assert shown.exit_code == 0
    assert " возврат " in shown.stdout
    assert "снято бонусов 100,00" in shown.stdout
    assert "DEBT 60,00" in shown.stdout
    assert "отмена: списать долг" in shown.stdout
    assert told["facts"][0]["outcome"] == "adjusted"
    assert {entry["kind"] for entry in told["entries"]} >= {"DEBT", "CLAWBACK"}


def test_a_conflict_is_closed_or_undone_once(folder: Path) -> None:
    debt, phone = (
        str(listed(folder, "--kind", kind)[0]["id"]) for kind in ("debt", "shared_phone")
    )

    undone = kopilka(
        folder, "conflicts", "resolve", debt, "--note", "жалоба", "--by", "Ольга", "--undo"
    )
    closed = kopilka(folder, "conflicts", "resolve", phone, "--note", "супруги")
    again = kopilka(folder, "conflicts", "resolve", debt, "--note", "ещё раз")

    assert (undone.exit_code, closed.exit_code, again.exit_code) == (0, 0, 1)
    assert undone.stdout == "Списано долга 60,00, возвращено бонусов 0,00.\n"
    assert closed.stdout == "закрыт\n"
    assert "уже закрыт: Ольга" in again.stderr
    assert len(again.stderr.splitlines()) == 1
    assert kinds_of(folder, "--state", "undone") == ["debt"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("list", "--kind", "nonsense"), 2),
        (("list", "--page", "0"), 2),
        (("show", "no-uuid"), 2),
        (("show", "00000000-0000-0000-0000-000000000000"), 1),
        (("resolve", "00000000-0000-0000-0000-000000000000"), 2),
        (("resolve", "00000000-0000-0000-0000-000000000000", "--note", "x"), 1),
        (
            (
                "resolve",
                "00000000-0000-0000-0000-000000000000",
                "--note",
                "x",
                "--undo",
                "--correct",
                "spent",
            ),
            2,
        ),
    ],
)
def test_bad_input_is_told_in_a_sentence(folder: Path, words: tuple[str, ...], code: int) -> None:
    told = kopilka(folder, "conflicts", *words)

    assert told.exit_code == code
    assert told.stdout == ""
    assert "Traceback" not in told.stderr
