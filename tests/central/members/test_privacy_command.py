"""What an operator types when a person asks for what is known of him, or to be forgotten."""

import json
from pathlib import Path

from tests.central.members.test_command import ANNA, OLGA, folder, kopilka

__all__ = ["folder"]

WHY = ("--note", "request 17", "--by", "Пётр")


def test_all_that_is_known_is_written_to_a_new_file_alone(folder: Path) -> None:
    file = folder / "anna.json"

    done = kopilka(folder, "privacy", "export", ANNA, file)

    assert done.exit_code == 0
    told = file.read_text("utf-8")
    assert "Анна" in told
    assert [fact["kind"] for fact in json.loads(told)["facts"]] == ["receipt.committed"]
    again = kopilka(folder, "privacy", "export", ANNA, file)
    assert (again.exit_code, again.stdout) == (1, "")
    assert "name a new one" in again.stderr
    assert file.read_text("utf-8") == told


def test_who_took_whose_data_stands_in_the_trail(folder: Path) -> None:
    member = kopilka(folder, "privacy", "export", ANNA, folder / "a.json", "--by", "Пётр").stdout
    kopilka(folder, "export", "members", folder / "all.csv")

    trail = kopilka(folder, "trail", "list").stdout

    assert f"Пётр (command)  person_exported {member.split()[1].strip(',')}" in trail
    assert "base_exported members  rows=2" in trail
    assert kopilka(folder, "trail", "verify").exit_code == 0


def test_nobody_is_erased_before_it_is_said_twice(folder: Path) -> None:
    asked = kopilka(folder, "privacy", "erase", ANNA, *WHY)

    assert asked.exit_code == 1
    assert "with 50,00 points that nobody can spend then" in asked.stdout
    assert "Анна" in kopilka(folder, "members", "show", ANNA).stdout


def test_who_is_erased_is_known_by_nothing_and_listed(folder: Path) -> None:
    done = kopilka(folder, "privacy", "erase", ANNA, *WHY, "--yes")

    member = done.stdout.strip().removeprefix("erased: ")
    assert done.exit_code == 0
    assert kopilka(folder, "members", "show", ANNA).exit_code == 1
    assert member in kopilka(folder, "privacy", "list").stdout
    assert "0 of 1 stores, not yet: 101" in kopilka(folder, "privacy", "list").stdout
    assert (folder / "centre/erasures.list").read_text().startswith(f"{member} 20")
    assert "Ольга" in kopilka(folder, "members", "show", OLGA).stdout


def test_a_restored_centre_says_whom_it_will_erase_again(folder: Path) -> None:
    """Here the file is of another database than the one that was put back."""
    (folder / "centre/erasures.list").write_text(
        "01a223d3-5c89-77a5-8000-000000000001 2026-05-20T12:00:00Z\n"
    )

    done = kopilka(folder, "restored", "--yes")

    assert done.exit_code == 0
    assert "1 members were erased since the backup, and will be again" in done.stdout
