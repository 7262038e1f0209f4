"""The console's fixtures: pages on SQLite; what they ask for has tests on both databases."""

import pytest

from tests.central.app.kit import centre, client, clock, empty, settings
from tests.central.people.kit import staff
from tests.databases import Databases, SqliteFiles

__all__ = ["centre", "client", "clock", "empty", "settings", "staff"]


@pytest.fixture
def databases(sqlite_databases: SqliteFiles) -> Databases:
    return sqlite_databases
