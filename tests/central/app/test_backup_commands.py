"""What an operator types for backups that stores may rely on."""

from pathlib import Path

from tests.central.app.test_command_line import database, folder, kopilka

__all__ = ["database", "folder"]


def test_a_backup_of_own_tools_is_begun_confirmed_and_listed(folder: Path) -> None:
    begun = kopilka(folder, "backup", "begin")
    number = begun.stdout.strip()
    assert begun.exit_code == 0
    assert kopilka(folder, "backup", "list").stdout == f"{number}: не подтверждена\n"

    done = kopilka(folder, "backup", "confirm", number)

    assert done.exit_code == 0
    assert done.stdout.startswith(f"копия {number} подтверждена: в ней всё, что пришло до 20")
    assert kopilka(folder, "backup", "list").stdout.startswith(f"{number}: подтверждена 20")


def test_an_unknown_number_is_refused_in_one_sentence(folder: Path) -> None:
    answer = kopilka(folder, "backup", "confirm", "7")

    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr.startswith("Копии 7 не начинали")


def test_after_a_restore_the_copy_tells_that_it_is_of_a_former_life(folder: Path) -> None:
    number = kopilka(folder, "backup", "begin").stdout.strip()
    assert kopilka(folder, "restored", "--yes").exit_code == 0

    listed = kopilka(folder, "backup", "list").stdout

    assert listed == f"{number}: не подтверждена, из жизни до восстановления\n"
    assert kopilka(folder, "backup", "confirm", number).exit_code == 1
