"""Databases: engines with the durability that a file needs, and transactions that lose nothing.

Every database file of the project is opened here.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.pool import QueuePool

BUSY_TIMEOUT_S = 5
CONNECTIONS_MAX = 40


class Synchronous(StrEnum):
    """How far SQLite goes before a commit returns: FULL for facts, OFF for what can be rebuilt."""

    FULL = "FULL"
    OFF = "OFF"


def open_file(path: Path, synchronous: Synchronous = Synchronous.FULL) -> Engine:
    """Open an SQLite file in WAL mode; the folder must exist."""
    return open_engine(f"sqlite:///{path}", synchronous)


def open_engine(url: str, synchronous: Synchronous = Synchronous.FULL) -> Engine:
    """Open a database by its URL; connections are made when they are first needed."""
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(url, pool_size=CONNECTIONS_MAX, max_overflow=0)
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=CONNECTIONS_MAX,
        max_overflow=0,
        connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # the driver must not begin transactions by itself
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        connection.execute("PRAGMA foreign_keys = ON")

    return engine


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """Run a use case in one writing transaction: committed at the end, or nothing at all."""
    with engine.connect() as connection:
        _begin(connection, "BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            _end(connection, "ROLLBACK")
            raise
        _end(connection, "COMMIT")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Read one consistent state; nothing can be written."""
    with engine.connect() as connection:
        _begin(connection, "BEGIN")
        try:
            yield connection
        finally:
            _end(connection, "ROLLBACK")


def _begin(connection: Connection, statement: str) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(statement)


def _end(connection: Connection, statement: str) -> None:
    if connection.dialect.name == "sqlite" and _in_transaction(connection):
        connection.exec_driver_sql(statement)
    if statement == "COMMIT":
        connection.commit()
    else:
        connection.rollback()


def _in_transaction(connection: Connection) -> bool:
    driver: Any = connection.connection.driver_connection
    return bool(driver.in_transaction)
