"""Databases: engines with the durability that a file needs, and transactions that lose nothing.

Every database of the project is opened here; what is PostgreSQL's own is in `postgres`. Stores
speak Core; what a till waits for speaks plain SQL to the same connection (`run`), at a tenth of
the cost.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from shared.runtime import postgres

BUSY_TIMEOUT_S = 5
LOG_ATTEMPTS_MAX = 64
CONNECTIONS_MAX = 64
"""More than can ask at once (the server's 40 threads, the loops and the event loop): who asks
inline must not wait for a connection."""
_ONE_STATE = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
PREPARED_MAX = 512
"""Statements that each connection keeps prepared."""
LISTS_MAX = 1024
"""Lengths of lists whose statements are kept as text."""
STEPS_BETWEEN_SIGNS = 1_000_000
"""Of SQLite's machine, within a statement that takes long."""
LONG_CACHE_KB, USUAL_CACHE_KB = 32_768, 2_000
ONE_OF = "(?*)"
"""In a statement: a list of values, as `listed` writes it out."""
LastWrite = Callable[[Connection], None]
_LAST_WRITE: ContextVar[LastWrite | None] = ContextVar("last_write", default=None)


class Synchronous(StrEnum):
    """How far SQLite goes before a commit returns.

    FULL for facts. NORMAL for what the centre has too: a power cut may take the last commits back,
    whole ones, and never tears the file. OFF for what nobody misses.
    """

    FULL = "FULL"
    NORMAL = "NORMAL"
    OFF = "OFF"


def open_file(path: Path, synchronous: Synchronous = Synchronous.FULL) -> Engine:
    """Open an SQLite file in WAL mode; the folder must exist."""
    return open_engine(f"sqlite:///{path}", synchronous)


def open_engine(url: str, synchronous: Synchronous = Synchronous.FULL) -> Engine:
    """Open a database by its URL; connections are made when they are first needed."""
    if make_url(url).get_backend_name() != "sqlite":
        return postgres.open_pool(make_url(url))
    engine = create_engine(
        url,
        poolclass=QueuePool,
        hide_parameters=True,  # what fails is logged, and rows have people in them
        pool_size=CONNECTIONS_MAX,
        max_overflow=0,
        connect_args={
            "timeout": BUSY_TIMEOUT_S,
            "check_same_thread": False,
            "cached_statements": PREPARED_MAX,
        },
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # the driver must not begin transactions by itself
        _keep_a_log(connection)
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = FAST")  # what is erased is zeroed in its page

    return engine


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """Run a use case in one writing transaction: committed at the end, or nothing at all."""
    with engine.connect() as connection:
        try:
            _begin(connection, "BEGIN IMMEDIATE")
            try:
                yield connection
                if (last := _LAST_WRITE.get()) is not None:
                    last(connection)
            except BaseException:
                _end(connection, "ROLLBACK")
                raise
            _end(connection, "COMMIT")
        except sqlite3.Error as error:
            raise _as_of_core(error) from error


@contextmanager
def ending_with(last: LastWrite) -> Iterator[None]:
    """Let every transaction that begins inside end with one more write: both or neither.

    A use case may run several transactions, or one again: `last` has to know what it has written.
    """
    token = _LAST_WRITE.set(last)
    try:
        yield
    finally:
        _LAST_WRITE.reset(token)


@contextmanager
def trying(connection: Connection) -> Iterator[None]:
    """Undo at the end whatever is written inside, and nothing else of the transaction around it."""
    connection.exec_driver_sql("SAVEPOINT trying")
    try:
        yield
    finally:
        connection.exec_driver_sql("ROLLBACK TO trying")
        connection.exec_driver_sql("RELEASE trying")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Read one consistent state; nothing can be written."""
    with engine.connect() as connection:
        if connection.dialect.name != "sqlite":
            connection.execution_options(**_ONE_STATE)
        try:
            _begin(connection, "BEGIN")
            try:
                yield connection
            finally:
                _end(connection, "ROLLBACK")
        except sqlite3.Error as error:
            raise _as_of_core(error) from error


def is_reading(connection: Connection) -> bool:
    """Tell whether a connection is known to read one state only, and may lock nothing."""
    return _ONE_STATE.items() <= connection.get_execution_options().items()


def run(connection: Connection, statement: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
    """Run a plain statement in the transaction that the connection is in, prepared once.

    For SQLite alone, in stores on the path of a sale: ids are given and come as bytes, instants as
    milliseconds, days as ISO texts. What the driver raises leaves the transaction as Core's errors.
    """
    return _driver(connection).execute(statement, values)


def run_many(connection: Connection, statement: str, rows: Iterable[Sequence[Any]]) -> None:
    """Run a plain statement with each of some rows of values; see `run`."""
    _driver(connection).executemany(statement, rows)


def run_long(
    connection: Connection, statement: str, values: Sequence[Any], gets_on: Callable[[], None]
) -> int:
    """Run one plain statement that may take minutes; return how many rows it changed.

    `gets_on` hears of it all the while; if it raises, the statement ends. See `run`.
    """
    driver = _driver(connection)
    driver.set_progress_handler(gets_on, STEPS_BETWEEN_SIGNS)
    try:
        driver.execute(f"PRAGMA cache_size = -{LONG_CACHE_KB}")  # sorts in few runs
        return driver.execute(statement, values).rowcount
    finally:
        driver.set_progress_handler(None, STEPS_BETWEEN_SIGNS)
        driver.execute(f"PRAGMA cache_size = -{USUAL_CACHE_KB}")


@lru_cache(LISTS_MAX)
def listed(statement: str, count: int) -> str:
    """Write out the one list of a plain statement, marked `(?*)`, for so many values."""
    assert statement.count(ONE_OF) == 1, "a statement with one list"
    return statement.replace(ONE_OF, f"({', '.join('?' * count)})")


def copy_into(engine: Engine, file: Path) -> None:
    """Write one consistent state of an SQLite database into a file, an empty one or none, while
    others write on; it is not on the disk yet. Raises sqlite3.Error."""
    with engine.connect() as connection:
        _driver(connection).execute("VACUUM INTO ?", (str(file),))


def _keep_a_log(connection: sqlite3.Connection) -> None:
    """Set WAL mode; while others open the same new file SQLite refuses without waiting."""
    for attempt in range(LOG_ATTEMPTS_MAX):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or attempt + 1 == LOG_ATTEMPTS_MAX:
                raise
            connection.execute("BEGIN IMMEDIATE")  # this waits
            connection.execute("ROLLBACK")
        else:
            return


def _begin(connection: Connection, statement: str) -> None:
    if connection.dialect.name == "sqlite":
        _driver(connection).execute(statement)


def _end(connection: Connection, statement: str) -> None:
    if connection.dialect.name == "sqlite":
        driver = _driver(connection)
        if driver.in_transaction:  # a full disk ends it by itself
            driver.execute(statement)
    if statement == "COMMIT":
        connection.commit()
    else:
        connection.rollback()


def _driver(connection: Connection) -> sqlite3.Connection:
    return cast("sqlite3.Connection", connection.connection.dbapi_connection)


def _as_of_core(error: sqlite3.Error) -> BaseException:
    """Return what Core would have raised, so that callers know one kind of failure."""
    return cast("BaseException", DBAPIError.instance(None, None, error, sqlite3.Error))
