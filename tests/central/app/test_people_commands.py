"""What an operator types for the staff's accounts, and an auditor for the trail."""

from pathlib import Path

from tests.central.app.test_command_line import database, folder, kopilka

__all__ = ["database", "folder"]


def test_accounts_are_made_listed_reset_and_closed_and_the_trail_tells(folder: Path) -> None:
    made = kopilka(folder, "people", "add", "anna", "--name", "Анна", "--role", "administrator")
    assert made.exit_code == 0
    assert "первый пароль " in made.stdout
    assert "otpauth://totp/" in made.stdout
    again = kopilka(folder, "people", "add", "anna", "--name", "Анна", "--role", "auditor")
    assert again.exit_code == 1
    listed = kopilka(folder, "people", "list").stdout
    assert listed == "anna  administrator  Анна  первый пароль\n"

    assert kopilka(folder, "people", "reset", "anna").exit_code == 0
    assert kopilka(folder, "people", "disable", "anna").exit_code == 0
    assert kopilka(folder, "people", "disable", "boris").exit_code == 1

    assert kopilka(folder, "people", "list").stdout.endswith("закрыт\n")
    told = kopilka(folder, "trail", "list").stdout.splitlines()
    assert [line.split("  ")[3].split()[0] for line in told] == [
        "staff_disabled", "staff_reset", "staff_added"
    ]  # fmt: skip


def test_the_end_of_the_trail_is_printed_and_held_against_it(folder: Path) -> None:
    kopilka(folder, "people", "add", "anna", "--name", "Анна", "--role", "auditor")
    file = folder / "end.txt"

    checked = kopilka(folder, "trail", "verify", "--write", file)

    end = file.read_text().strip()
    assert checked.stdout == f"журнал действий цел, шагов 1, в конце {end}\n"
    assert kopilka(folder, "trail", "verify", "--noted", end).exit_code == 0
    assert kopilka(folder, "trail", "verify", "--noted", f"1:{'0' * 64}").exit_code == 1
    assert kopilka(folder, "trail", "verify", "--noted", "what").exit_code == 2
