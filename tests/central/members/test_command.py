"""What an operator types about members: done is 0, refused is 1 with one sentence, misused is 2."""

import json
from pathlib import Path
from random import Random

import pytest
from typer.testing import Result

from central.cli import app
from central.opening import open_centre
from central.settings import Settings
from tests.central.app.kit import NOON, STORES_CSV, SetClock
from tests.central.journal_builder import make_journal
from tests.commands import run_command
from tests.databases import Databases

ANNA, OLGA = "2900000000018", "2900000000025"


@pytest.fixture
def folder(tmp_path: Path, databases: Databases, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A centre with Anna, who has 50 points, and Olga a second later, who has none."""
    url = databases.fresh(tmp_path / "central.db")
    monkeypatch.setenv("KOPILKA_CENTRAL_DATABASE_URL", url)
    monkeypatch.setenv("KOPILKA_CENTRAL_LOCALE", "en")
    assert kopilka(tmp_path, "init").exit_code == 0
    stores = tmp_path / "stores.csv"
    stores.write_text(STORES_CSV)
    kopilka(tmp_path, "stores", "import", stores)
    settings = Settings(data_dir=tmp_path / "centre", database_url=url)
    centre = open_centre(settings, clock := SetClock(NOON), Random(5))
    journal = make_journal(centre, clock, "101")
    anna, _ = journal.register(name="Анна", phone="+79160000001", card=ANNA)
    journal.sell(anna, earn=[50_00])
    journal.push()
    clock.go(seconds=1)
    journal.register(name="Ольга", phone="+79160000002", card=OLGA)
    journal.push()
    centre.engine.dispose()
    return tmp_path


def kopilka(folder: Path, *words: str | Path) -> Result:
    arguments = ["--data-dir", str(folder / "centre"), *(str(word) for word in words)]
    return run_command(app, arguments)


def test_what_commands_do_to_members_stands_in_the_trail_and_what_is_refused_does_not(
    folder: Path,
) -> None:
    kopilka(folder, "members", "merge", OLGA, ANNA, "--note", "мать и дочь", "--by", "Пётр")
    kopilka(folder, "members", "unmerge", OLGA, "--note", "ошибка", "--by", "Пётр")
    again = kopilka(folder, "members", "unmerge", OLGA, "--note", "ещё раз", "--by", "Пётр")
    edit = ("members", "edit", OLGA, "--email", "o@example.com", "--note", "просила")
    kopilka(folder, *edit, "--by", "Вера")
    kopilka(folder, "members", "verify", OLGA, "--note", "показала", "--by", "Вера")
    kopilka(folder, "privacy", "erase", OLGA, "--note", "заявление 7", "--by", "Ольга", "--yes")

    told = [
        line for line in kopilka(folder, "trail", "list").stdout.splitlines() if "command" in line
    ]

    assert again.exit_code == 1
    assert "o@example.com" not in "".join(told)
    deeds = ("member_erased", "phone_verified", "member_edited", "member_parted", "members_merged")
    for deed, who in zip(deeds, ("Ольга", "Вера", "Вера", "Пётр", "Пётр"), strict=True):
        assert [who in line for line in told if deed in line] == [True], told


def test_members_are_merged_shown_and_parted(folder: Path) -> None:
    merged = kopilka(folder, "members", "merge", "+79160000002", ANNA, "--note", "мать и дочь")
    shown = kopilka(folder, "members", "show", ANNA).stdout
    parted = kopilka(folder, "members", "unmerge", OLGA, "--note", "ошибка", "--by", "Пётр")
    alone = kopilka(folder, "members", "show", OLGA).stdout

    assert (merged.exit_code, parted.exit_code) == (0, 0)
    assert " is merged into " in merged.stdout
    assert "joined by" in shown
    assert "50,00 points, turnover 100,00 in 1 receipts" in shown
    assert shown.count("account ") == 2
    assert "card …0025" in shown
    assert " is parted from " in parted.stdout
    assert "unmerged" in alone
    assert "Пётр, ошибка" in alone
    assert "joined by" not in kopilka(folder, "members", "show", ANNA).stdout


def test_members_are_searched(folder: Path) -> None:
    assert "…0001 …0018" in kopilka(folder, "members", "search", "анн").stdout
    assert kopilka(folder, "members", "search", "0002").stdout.count("Ольга") == 1
    nobody = kopilka(folder, "members", "search", "никого")
    assert (nobody.exit_code, nobody.stdout, nobody.stderr) == (0, "", "nobody is found\n")


def test_a_phone_is_verified(folder: Path) -> None:
    done = kopilka(folder, "members", "verify", OLGA, "--note", "перезвонила")

    assert (done.exit_code, done.stderr) == (0, "")
    assert "verified" in kopilka(folder, "members", "show", OLGA).stdout


def test_a_profile_is_edited_and_shown_with_what_does_not_count(folder: Path) -> None:
    told = ("--note", "показала паспорт", "--by", "Пётр")
    first = kopilka(folder, "members", "edit", ANNA, "--name", "Анна Иванова", "--verified", *told)
    second = kopilka(folder, "members", "edit", ANNA, "--birthday", "1990-05-17", *told)
    shared = kopilka(folder, "members", "edit", ANNA, "--phone", "8 916 000-00-02", *told)
    shown = kopilka(folder, "members", "show", ANNA).stdout

    assert [one.exit_code for one in (first, second, shared)] == [0, 0, 0]
    assert "is edited: birthday" in second.stdout
    assert "has the same phone" in shared.stdout
    assert "active  Анна Иванова" in shown
    assert "name Анна Иванова: verified, Пётр, counts" in shown
    assert "birthday 1990-05-17: claimed, Пётр, counts" in shown
    assert "edited: Пётр, показала паспорт" in shown


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("show", "+79169999999"), 1),
        (("show", "nobody"), 1),
        (("show", "9" * 5000), 1),
        (("merge", ANNA, ANNA, "--note", "x"), 1),
        (("merge", ANNA, OLGA), 2),
        (("merge", ANNA), 2),
        (("unmerge", ANNA, "--note", "x"), 1),
        (("unmerge", ANNA, "--note", " "), 1),
        (("edit", ANNA, "--note", "x"), 1),
        (("consent", ANNA, "ads", "--note", "x"), 1),
        (("edit", ANNA, "--name", "12", "--note", "x"), 1),
        (("edit", ANNA, "--birthday", "17.05.1990", "--note", "x"), 2),
        (("edit", ANNA, "--birthday", "2090-05-17", "--note", "x"), 1),
        (("edit", ANNA, "--phone", "12", "--note", "x"), 1),
        (("edit", ANNA, "--email", "anna", "--note", "x"), 1),
        (("edit", ANNA, "--name", "Анна"), 2),
        (("search", "а"), 1),
    ],
)
def test_bad_input_is_told_in_a_sentence(folder: Path, words: tuple[str, ...], code: int) -> None:
    told = kopilka(folder, "members", *words)

    assert told.exit_code == code
    assert told.stdout == ""
    assert "Traceback" not in told.stderr
    assert code == 2 or (len(told.stderr.splitlines()) == 1 and len(told.stderr) < 300)


def test_families_codes_phones_and_what_a_member_has_are_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = kopilka(folder, "proof", "send", OLGA, "phone")
    monkeypatch.setenv("KOPILKA_CENTRAL_CODE_OUTBOX", str(folder / "codes"))
    why = ("--note", "просили")

    joined = kopilka(folder, "family", "join", OLGA, ANNA, "--role", "earns", *why)
    role = kopilka(folder, "family", "role", OLGA, "redeems", *why)
    shown = kopilka(folder, "members", "show", OLGA).stdout
    left = kopilka(folder, "family", "leave", OLGA, *why)
    sent = kopilka(folder, "proof", "send", OLGA, "phone")
    (letter,) = (folder / "codes").iterdir()
    code = json.loads(letter.read_text())["code"]
    shown_his = kopilka(folder, "proof", "confirm", OLGA, "phone", code)
    added = kopilka(folder, "phones", "add", OLGA, "8 916 000-00-01", *why)
    dropped = kopilka(folder, "phones", "drop", OLGA, "8 916 000-00-01", *why)
    lots = kopilka(folder, "members", "lots", ANNA).stdout
    turnover = kopilka(folder, "members", "turnover", ANNA).stdout

    done = (joined, role, left, sent, shown_his, added, dropped)
    assert [one.exit_code for one in done] == [0] * len(done)
    assert "in the family of" in shown
    assert "50,00 points" in shown
    assert (
        "phone: +79160000002  (verified, sms code,"
        in kopilka(folder, "members", "show", OLGA).stdout
    )
    assert (nobody.exit_code, len(nobody.stderr.splitlines())) == (1, 1)
    assert "50,00 granted, 50,00 left, active" in lots
    assert "100,00  visits 1" in turnover
