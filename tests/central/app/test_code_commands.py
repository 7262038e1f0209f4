"""What an operator types for unique promo codes."""

import csv
from pathlib import Path

import pytest

from tests.central.app.test_command_line import WINE, database, folder, kopilka

__all__ = ["database", "folder"]


@pytest.fixture
def shop(folder: Path) -> Path:
    assert kopilka(folder, "publish", WINE).exit_code == 0
    return folder


def issue(shop: Path, *words: str | Path, name: str = "codes.csv") -> tuple[Path, str]:
    file = shop / name
    given = ("--file", file, "--campaign", "tasting", *words)
    done = kopilka(shop, "codes", "issue", *given)
    assert done.exit_code == 0, done.output
    return file, done.stdout


def codes(file: Path) -> list[str]:
    with file.open(newline="") as stream:
        return [row["code"] for row in csv.DictReader(stream)]


def test_a_batch_is_made_and_listed_by_its_source(shop: Path) -> None:
    file, said = issue(shop, "--count", "3", "--channel", "expo", "--event", "12.05")

    assert said == f"партия 1: промокодов 3, лежат в {file}\n"
    assert len(set(codes(file))) == 3
    assert file.stat().st_mode & 0o777 == 0o600
    listed = kopilka(shop, "codes", "list").stdout
    assert listed == "1 tasting [expo] [12.05]: промокодов 3, ready, не использован ни один\n"


def test_the_list_can_be_written_again(shop: Path) -> None:
    file, _ = issue(shop, "--count", "2")

    kopilka(shop, "codes", "export", "1", "--file", shop / "again.csv")
    issue(shop, "--resume", "1", name="third.csv")

    assert codes(shop / "again.csv") == codes(shop / "third.csv") == codes(file)


def test_a_code_is_found_by_itself_and_by_its_end(shop: Path) -> None:
    file, _ = issue(shop, "--count", "1")
    (code,) = codes(file)

    whole = kopilka(shop, "codes", "show", code.lower()).stdout
    tail = kopilka(shop, "codes", "show", code[-4:]).stdout

    assert whole == f"…{code[-4:]} акции tasting, партия 1, № 1: active\n"
    assert tail == f"…{code[-4:]} партии 1, № 1: active\n"


def test_english_is_told_where_the_settings_say_so(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KOPILKA_CENTRAL_LOCALE", "en")
    file, said = issue(shop, "--count", "1")
    (code,) = codes(file)

    shown = kopilka(shop, "codes", "show", code).stdout

    assert said == f"batch 1: 1 codes in {file}\n"
    assert shown == f"…{code[-4:]} of tasting, batch 1, no. 1: active\n"
    assert kopilka(shop, "codes", "list").stdout == "1 tasting : 1 ready, none used\n"


def test_a_code_and_a_batch_are_revoked_with_a_reason(shop: Path) -> None:
    file, _ = issue(shop, "--count", "2")
    first, second = codes(file)

    one = kopilka(shop, "codes", "revoke", "--code", first, "--reason", "опечатка")
    whole = kopilka(shop, "codes", "revoke", "--batch", "1", "--reason", "перенос")

    assert "revoked: опечатка" in one.stdout
    assert whole.stdout == "партия 1: revoked\n"
    assert ": revoked" in kopilka(shop, "codes", "show", second).stdout
    assert kopilka(shop, "codes", "list").stdout.startswith("1 tasting : промокодов 2, revoked,")


@pytest.mark.parametrize("words", [(), ("--batch", "1", "--code", "x")])
def test_a_revocation_is_of_a_code_or_a_batch(shop: Path, words: tuple[str, ...]) -> None:
    assert kopilka(shop, "codes", "revoke", "--reason", "x", *words).exit_code == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--campaign", "first_visit"), "Акции «first_visit» с уникальными промокодами нет."),
        (("--campaign", "nothing"), "Акции «nothing» с уникальными промокодами нет."),
        (("--count", "0"), "Партия не выпущена: нужно от 1 до 1000000 штук."),
        (
            ("--first-day", "2026-05-02", "--last-day", "2026-05-01"),
            "Партия не выпущена: последний день раньше первого.",
        ),
        (("--channel", "x" * 65), "Партия не выпущена: метка не длиннее 64 знаков."),
        (("--resume", "7"), "Партии 7 нет."),
    ],
)
def test_a_batch_that_cannot_be_is_refused_in_one_sentence(
    shop: Path, words: tuple[str, ...], said: str
) -> None:
    file = shop / "codes.csv"
    given = ("--campaign", "tasting", "--count", "1", *words)

    answer = kopilka(shop, "codes", "issue", "--file", file, *given)

    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr.startswith(said)
    assert not file.exists()
    assert kopilka(shop, "codes", "list").stdout == ""


def test_owners_that_nobody_is_are_named_by_their_rows(shop: Path) -> None:
    owners = shop / "owners.csv"
    owners.write_text("identifier\n+79161234567\nnonsense\n")

    answer = kopilka(
        shop, "codes", "issue", "-o", shop / "c.csv", "--campaign", "tasting", "--owners", owners
    )

    assert answer.exit_code == 1
    assert "строка 2: identifier" in answer.stderr
    assert "строка 3: identifier" in answer.stderr
    assert kopilka(shop, "codes", "list").stdout == ""
