"""What an operator types to copy an SQLite database while the centre works."""

from pathlib import Path

import pytest

from tests.central.app.test_command_line import database, folder, kopilka
from tests.databases import SqliteFiles

__all__ = ["database", "folder"]


@pytest.fixture
def databases(sqlite_databases: SqliteFiles) -> SqliteFiles:
    """Other databases are copied by tools of their own."""
    return sqlite_databases


def test_an_sqlite_database_is_copied_checked_and_confirmed(folder: Path) -> None:
    file = folder / "copy.db"

    done = kopilka(folder, "backup", "take", file)

    assert done.exit_code == 0
    assert done.stdout.endswith(f"лежит в {file}, проверена и подтверждена\n")
    listed = kopilka(folder, "backup", "list").stdout
    assert ": подтверждена 20" in listed
    assert listed.endswith(f", {file}\n")
    again = kopilka(folder, "backup", "take", file)
    assert again.exit_code == 1
    assert "уже есть" in again.stderr
