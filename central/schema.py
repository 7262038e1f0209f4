"""The tables' ground: one metadata, column types that round-trip on both databases, migrations.

A stage's `store.py` declares its tables as subclasses of `Table` with `table=True`; importing it
registers them. An identifier is a `UUID`, bytes are `bytes`; an instant is declared with
`Field(sa_type=Instant)` and a number that may pass 2^31 with `Field(sa_type=BigInteger)`.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import IntEnum
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    DateTime,
    Dialect,
    Engine,
    Insert,
    MetaData,
    Select,
    String,
    func,
    inspect,
    select,
    true,
)
from sqlalchemy import Table as SqlTable
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import registry
from sqlalchemy.types import TypeDecorator, TypeEngine
from sqlmodel import SQLModel

from shared.runtime.postgres import LOCK_S_MAX
from shared.runtime.retries import retried
from shared.runtime.sqlite import is_reading, reading, transaction

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
LOCKS = 0x6B6F70
"""Class of our advisory locks, beside those of others in the same database."""
_REVISIONS = SqlTable("alembic_version", MetaData(), Column("version_num", String))
MIGRATION_S_MAX = 600
"""Of one migration, and of waiting for another process's."""
MIGRATIONS = Path(__file__).parent / "migrations"


class Turn(IntEnum):
    """What is done by one transaction at a time, though no row of it can be locked."""

    MIGRATION = 1
    ROSTER = 2
    """Who may hold leases: changed alone, read by many."""
    PACKS = 3
    DUTY = 4
    """Of a session, not of a transaction."""
    BACKUP = 5
    ERASURES = 6
    TRAIL = 7


class Table(SQLModel, registry=registry(metadata=MetaData(naming_convention=NAMING))):
    """What every table of the centre is: a class of this one metadata."""


class Instant(TypeDecorator[datetime]):
    """A UTC instant; SQLite keeps no zone, so that one is taken off and put on again."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse an instant without a zone, which would be somebody's local time."""
        assert value is None or value.tzinfo is not None, "an instant has a zone"
        if value is None or dialect.name != "sqlite":
            return value
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002
    ) -> datetime | None:
        """Return it with its zone."""
        if value is None or value.tzinfo is not None:
            return value if value is None else value.astimezone(UTC)
        return value.replace(tzinfo=UTC)


class Ordered(TypeDecorator[str]):
    """A text that is compared character by character, whatever language the database speaks."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type with PostgreSQL's order of bytes; SQLite has no other."""
        return dialect.type_descriptor(String(collation=None if dialect.name == "sqlite" else "C"))


def table_of(model: type[Table]) -> SqlTable:
    """Return the Core table behind a table class, for statements on hot paths."""
    found: SqlTable = vars(model)["__table__"]
    return found


def insert_new(connection: Connection, model: type[Table], key: Sequence[str] = ()) -> Insert:
    """Return an INSERT that passes over rows whose `key` (the primary key if empty) is there."""
    table = table_of(model)
    columns = key or [column.name for column in table.primary_key]
    statement: Insert = _insert(connection, table).on_conflict_do_nothing(index_elements=columns)
    return statement


def insert_unless_there(
    connection: Connection, model: type[Table], row: Mapping[str, object]
) -> bool:
    """Insert one row; False if its primary key is there already."""
    first = next(iter(table_of(model).primary_key))
    statement = insert_new(connection, model).returning(first)
    return connection.execute(statement, row).first() is not None


def upsert(connection: Connection, model: type[Table]) -> Insert:
    """Return an INSERT that overwrites the other columns where the primary key is there."""
    table = table_of(model)
    statement = _insert(connection, table)
    keys = [column.name for column in table.primary_key]
    others = {
        column.name: statement.excluded[column.name]
        for column in table.columns
        if column.name not in keys
    }
    overwriting: Insert = statement.on_conflict_do_update(index_elements=keys, set_=others)
    return overwriting


def locked(connection: Connection, query: Select[Any]) -> Select[Any]:
    """Return the query with its rows locked to the end of the transaction, if it is a writing one.

    SQLite needs nothing more than its BEGIN IMMEDIATE and ignores the clause.
    """
    return query if is_reading(connection) else query.with_for_update()


def allow(connection: Connection, bound: str, seconds: int) -> None:
    """Set one of PostgreSQL's bounds to the end of the transaction; SQLite has none of them."""
    if connection.dialect.name != "sqlite":
        connection.execute(select(func.set_config(bound, f"{seconds}s", true())))


def is_alone(connection: Connection) -> bool:
    """Tell whether nobody else can write before a writing transaction ends: so it is on SQLite."""
    return connection.dialect.name == "sqlite"


def take_turn(connection: Connection, turn: Turn) -> None:
    """Wait for a turn and keep it to the end of the transaction; SQLite gives one turn to all."""
    if connection.dialect.name != "sqlite":
        connection.execute(select(func.pg_advisory_xact_lock(LOCKS, turn)))


def share_turn(connection: Connection, turn: Turn) -> None:
    """Let nobody take a turn before the end of this transaction; others may share it."""
    if connection.dialect.name != "sqlite":
        connection.execute(select(func.pg_advisory_xact_lock_shared(LOCKS, turn)))


@retried
def migrate(engine: Engine, scripts: Path = MIGRATIONS) -> None:
    """Bring the database to the newest schema, in one transaction; repeating is safe.

    Processes that start together wait for each other; those that are at work on PostgreSQL go on,
    and a table that is changed waits for them no longer than for any lock. A schema that a later
    version has made is left alone: the schema only goes forward, and the version before works on
    it. The library of migrations is not even imported for a database that is up to date, or every
    command would wait for it.
    """
    with reading(engine) as connection:
        if _revision(connection) >= _newest_revision(scripts):
            return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    with transaction(engine) as connection:
        if connection.dialect.name == "postgresql":  # SQLite has its BEGIN IMMEDIATE
            _wait_for_turn(connection)
        if _revision(connection) >= _newest_revision(scripts):
            return
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _wait_for_turn(connection: Connection) -> None:
    """Wait until no other process migrates; rebuilding a large table may take its time then."""
    allow(connection, "statement_timeout", MIGRATION_S_MAX)
    allow(connection, "lock_timeout", MIGRATION_S_MAX)
    take_turn(connection, Turn.MIGRATION)
    allow(connection, "lock_timeout", LOCK_S_MAX)


def _revision(connection: Connection) -> str:
    """Return the revision that a database is at; empty for a new one."""
    if not inspect(connection).has_table(_REVISIONS.name):
        return ""
    return connection.scalars(select(_REVISIONS.c.version_num)).first() or ""


def _newest_revision(scripts: Path) -> str:
    """Return the revision of the last migration; files are named by it, and sort by it."""
    return max(path.name.partition("_")[0] for path in (scripts / "versions").glob("*.py"))


def _insert(connection: Connection, table: SqlTable) -> Any:
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    return dialect.insert(table)
