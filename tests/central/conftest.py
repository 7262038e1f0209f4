"""What all tests of the centre share: they run on both databases."""

from tests.databases import databases, postgres_databases, sqlite_databases

__all__ = ["databases", "postgres_databases", "sqlite_databases"]
