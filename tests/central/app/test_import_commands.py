"""What an operator types to bring a base, and to look after members: told in a sentence or done."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import Result

from central.cli import app
from tests.central.app.kit import STORES_CSV
from tests.commands import run_command
from tests.databases import SqliteFiles


@pytest.fixture
def folder(tmp_path: Path, sqlite_databases: SqliteFiles, monkeypatch: pytest.MonkeyPatch) -> Path:
    url = sqlite_databases.fresh(tmp_path / "central.db")
    monkeypatch.setenv("KOPILKA_CENTRAL_DATABASE_URL", url)
    monkeypatch.setenv("KOPILKA_CENTRAL_LOCALE", "en")
    assert kopilka(tmp_path, "init").exit_code == 0
    (tmp_path / "stores.csv").write_text(STORES_CSV)
    (tmp_path / "members.csv").write_bytes(
        "Карта;ФИО;Бонусы;Рост\n7700000001;Анна;10;170\n;Иван;5;180\n".encode("cp1251")
    )
    assert kopilka(tmp_path, "import", "stores", tmp_path / "stores.csv").exit_code == 0
    return tmp_path


def kopilka(folder: Path, *words: str | Path) -> Result:
    arguments = ["--data-dir", str(folder / "centre"), *(str(word) for word in words)]
    return run_command(app, arguments)


def test_a_base_is_tried_brought_and_brought_again(folder: Path) -> None:
    file = folder / "members.csv"
    dry = kopilka(folder, "import", "members", file, "--dry-run")
    done = kopilka(folder, "import", "members", file, "--report", folder / "told.json")
    again = kopilka(folder, "import", "members", file)

    assert [one.exit_code for one in (dry, done, again)] == [0, 0, 0]
    assert "2 rows: 1 accepted, 0 repaired, 0 duplicate, 1 refused" in done.stdout
    assert "points: 15,00 in the file = 10,00 in 1 lots + 5,00 not taken" in done.stdout
    assert "columns that nobody takes: Рост" in done.stdout
    assert "nothing is written" in dry.stdout
    assert "2 rows of it had been done before" in again.stdout
    report = json.loads((folder / "told.json").read_text())
    assert (report["read_as"], report["balanced"]) == ("csv cp1251 ;", True)
    assert (folder / "members.csv.report.json").exists()
    assert "Анна" in kopilka(folder, "members", "search", "анна").stdout


def test_an_import_speaks_one_language_and_updates_who_is_known_where_it_is_asked_to(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KOPILKA_CENTRAL_LOCALE", "ru")
    file = folder / "members.csv"
    first = kopilka(folder, "import", "members", file)
    file.write_text("Карта;ФИО;Сегменты\n7700000001;Анна;vip\n", encoding="utf-8")

    again = kopilka(folder, "import", "members", file, "--update")
    refused = kopilka(folder, "import", "stores", folder / "stores.csv", "--update")

    assert "строк 2: принято 1, исправлено 0, уже есть 0, отказано 1" in first.stdout
    assert "в файле 15,00 = 10,00 в партиях (1) + 5,00 не начислено" in first.stdout
    assert "столбцы, которые никому не нужны: Рост" in first.stdout
    assert "обновлено 1" in again.stdout
    assert "заменяет прежние данные" in again.stdout
    words = re.findall("[a-z]{3,}", first.stdout.replace(str(folder), ""))
    assert set(words) <= {"members", "csv", "json", "report", "identifier"}
    assert refused.exit_code == 2


def test_a_report_takes_the_place_of_no_file_that_is_read(folder: Path) -> None:
    file = folder / "members.csv"
    before = file.read_bytes()

    refused = kopilka(folder, "import", "members", file, "--report", file)

    assert (refused.exit_code, file.read_bytes()) == (2, before)


def test_a_base_goes_out_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kopilka(folder, "import", "members", folder / "members.csv")

    done = kopilka(folder, "export", "members", folder / "out.csv")

    assert (done.exit_code, done.stdout.split()[0]) == (0, "1")
    assert "7700000001" in (folder / "out.csv").read_text()
    monkeypatch.setenv("KOPILKA_CENTRAL_LOCALE", "ru")
    file = folder / "stores.out.csv"
    assert kopilka(folder, "export", "stores", file).stdout == f"строк 2: {file}\n"
    for place in (folder / "out.txt", folder / "nowhere" / "out.csv"):
        refused = kopilka(folder, "export", "goods", place)
        assert (refused.exit_code, len(refused.stderr.splitlines())) == (1, 1)


def test_a_report_that_cannot_be_written_is_told_and_the_import_is_done(folder: Path) -> None:
    report = ("--report", folder / "nowhere" / "report.json")

    told = kopilka(folder, "import", "members", folder / "members.csv", *report)

    assert (told.exit_code, len(told.stderr.splitlines())) == (1, 1)
    assert "is done (2 rows)" in told.stderr
    again = kopilka(folder, "import", "members", folder / "members.csv")
    assert "2 rows of it had been done before" in again.stdout


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("import", "members", "nothing.csv"), 2),
        (("import", "goods", "members.csv"), 1),
        (("import", "members", "members.csv", "--encoding", "utf-8"), 1),
        (("import", "members", "members.csv", "--encoding", "koi8-r"), 1),
        (("import", "members", "members.csv", "--mapping", "stores.csv"), 1),
        (("members", "make-cards", "0"), 1),
        (("members", "timeline", "7700000009"), 1),
        (("members", "consent", "7700000009", "sms", "--note", "x"), 1),
    ],
)
def test_what_cannot_be_done_is_told_in_a_sentence(
    folder: Path, words: tuple[str, ...], code: int
) -> None:
    told = kopilka(folder, *(folder / word if word.endswith(".csv") else word for word in words))

    assert (told.exit_code, told.stdout) == (code, "")
    assert "Traceback" not in told.stderr
    assert code == 2 or len(told.stderr.splitlines()) == 1


def test_a_card_is_made_claimed_and_its_life_shown(folder: Path) -> None:
    card = kopilka(folder, "members", "make-cards", "1", "--store", "101").stdout.strip()
    (folder / "text.txt").write_text("Согласна на СМС.")
    note = ("--note", "позвонила", "--by", "Пётр")
    given = ("members", "consent", card, "sms", "--version", "1", *note)

    claimed = kopilka(
        folder, "members", "claim", card, "--name", "Анна", "--phone", "8 916 123-45-67", *note
    )
    kept = kopilka(folder, "members", "consent-text", "sms", "1", folder / "text.txt", *note)
    told = kopilka(folder, *given).stdout
    line = kopilka(folder, "members", "timeline", card).stdout

    assert (claimed.exit_code, kept.exit_code) == (0, 0)
    assert "sms 1: given" in told
    assert [word in line for word in ("consent.given", "member.settled", "member.known")] == [
        True,
        True,
        True,
    ]
