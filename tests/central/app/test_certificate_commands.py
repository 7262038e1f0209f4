"""What an operator types for certificates."""

import csv
from pathlib import Path
from random import Random

import pytest

from central.opening import open_centre
from central.settings import Settings
from shared.money import format_money
from tests.central.app.kit import NOON, SetClock
from tests.central.app.test_command_line import database, folder, kopilka, stores_file
from tests.central.bearers.kit import NOMINAL, issued, on_sale
from tests.central.journal_builder import make_journal

__all__ = ["database", "folder"]


def issue(folder: Path, *words: str, name: str = "codes.csv") -> tuple[Path, str]:
    file = folder / name
    done = kopilka(folder, "certificates", "issue", "--file", file, *words)
    assert done.exit_code == 0, done.output
    return file, done.stdout


def codes(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_batch_is_made_released_and_listed(folder: Path) -> None:
    file, said = issue(folder, "--count", "3", "--nominal", "1000.00", "--pins", "--title", "Новый")

    assert said.startswith("партия 1: сертификатов 3, коды в ")
    assert file.stat().st_mode & 0o777 == 0o600
    assert len({row["code"] for row in codes(file)}) == 3
    assert all(len(row["pin"]) == 6 for row in codes(file))
    released = kopilka(folder, "certificates", "release", "1").stdout
    assert released == "партия 1: передано в продажу сертификатов: 3\n"
    listed = kopilka(folder, "certificates", "list").stdout
    assert listed == f"1 «Новый»: сертификатов 3, номинал {format_money(1_000_00)}; 3 for_sale\n"


def test_the_list_can_be_written_again(folder: Path) -> None:
    file, _ = issue(folder, "--count", "2", "--nominal", "500")

    again = kopilka(folder, "certificates", "export", "1", "--file", folder / "again.csv")

    assert again.exit_code == 0
    assert codes(folder / "again.csv") == codes(file)


def test_a_whole_batch_is_not_made_twice(folder: Path) -> None:
    file, _ = issue(folder, "--count", "2", "--nominal", "500")

    issue(folder, "--resume", "1", name="again.csv")

    assert codes(folder / "again.csv") == codes(file)


def test_a_certificate_is_found_by_its_code_and_by_its_end(folder: Path) -> None:
    file, _ = issue(folder, "--nominal", "500")
    kopilka(folder, "certificates", "release", "1")
    code = codes(file)[0]["code"]

    whole = kopilka(folder, "certificates", "show", code.lower())
    tail = kopilka(folder, "certificates", "show", code[-4:])

    assert whole.stdout == f"…{code[-4:]} партии 1, № 1: for_sale, 0,00 из 500,00\n"
    assert tail.stdout == f"…{code[-4:]} партии 1, № 1: for_sale\n"


def test_a_sold_certificate_is_told_with_its_store(folder: Path, database: str) -> None:
    kopilka(folder, "stores", "import", stores_file(folder))
    settings = Settings(data_dir=folder / "centre", database_url=database)
    centre = open_centre(settings, clock := SetClock(NOON), Random(5))
    journal = make_journal(centre, clock, "101")
    (code,) = on_sale(centre)
    journal.sell(None, issued=[issued(centre, journal, code)])
    journal.push()
    centre.engine.dispose()

    told = kopilka(folder, "certificates", "show", code).stdout

    assert f"UTC sold: {format_money(NOMINAL)} at store 101\n" in told


def test_english_is_told_where_the_settings_say_so(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KOPILKA_CENTRAL_LOCALE", "en")
    file, said = issue(folder, "--nominal", "500")
    code = codes(file)[0]["code"]

    shown = kopilka(folder, "certificates", "show", code).stdout

    assert said == f"batch 1: 1 certificates, codes in {file}\n"
    assert shown == f"…{code[-4:]} of batch 1, no. 1: created, 0,00 of 500,00\n"


def test_a_block_needs_a_reason_and_leaves_it(folder: Path) -> None:
    file, _ = issue(folder, "--nominal", "500")
    kopilka(folder, "certificates", "release", "1")
    code = codes(file)[0]["code"]

    assert kopilka(folder, "certificates", "block", code).exit_code == 2
    done = kopilka(folder, "certificates", "block", code, "--reason", "украден")

    assert "blocked: for_sale -> blocked, 0,00: украден" in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--nominal", "-5"), "Партия не выпущена: нужен номинал вида 1000.00."),
        (("--valid-days", "5000"), "Партия не выпущена: срок не больше 3660 дней."),
        (("--store", "999"), "Магазина 999 нет: загрузите его командой stores import."),
        (("--resume", "7"), "Партии 7 нет."),
    ],
)
def test_a_batch_that_cannot_be_is_refused_in_one_sentence(
    folder: Path, words: tuple[str, str], said: str
) -> None:
    file = folder / "codes.csv"

    answer = kopilka(folder, "certificates", "issue", "--file", file, *words)

    assert (answer.exit_code, answer.stdout, answer.stderr) == (1, "", f"{said}\n")
    assert not file.exists()
    assert kopilka(folder, "certificates", "list").stdout == ""


def test_codes_are_never_written_over_a_file(folder: Path) -> None:
    file = folder / "codes.csv"
    file.write_text("precious")

    answer = kopilka(folder, "certificates", "issue", "--file", file)

    assert answer.exit_code == 2
    assert file.read_text() == "precious"
    assert kopilka(folder, "certificates", "list").stdout == ""


@pytest.mark.parametrize("step", ["block", "unblock", "refund"])
def test_an_unknown_code_is_refused(folder: Path, step: str) -> None:
    answer = kopilka(folder, "certificates", step, "2222-2222-2222-2222", "--reason", "x")

    assert answer.exit_code == 1
    assert answer.stderr == "Сертификата 2222-2222-2222-2222 нет.\n"
