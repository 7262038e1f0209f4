"""What makes the tail look at once: a commit of this process, or of another one. Its poll stays.

Nothing is sent because of a wake alone: the hub then reads what is committed, by the streams'
numbers, as it does at each poll. A wake that is lost costs one poll's time.
"""

import sqlite3
import threading
from collections.abc import Callable
from typing import Any, cast

import structlog
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import SQLAlchemyError

from shared.runtime.postgres import open_single

CHANNEL = "kopilka_feed"
LISTEN_S = 0.5
"""How long a listener waits at once: it ends within this time."""
AGAIN_S = 5.0
"""After a connection failed; the poll goes on meanwhile."""
_TOUCHED = "feed"

log = structlog.get_logger()


def touch(connection: Connection) -> None:
    """Note in a writing transaction that it changes streams: its end wakes the tail."""
    connection.info[_TOUCHED] = True


class Wakes:
    """Rings when streams may have changed; `ring` is called by any thread, and must not wait."""

    def __init__(self, engine: Engine) -> None:
        self.ring: Callable[[], None] = lambda: None
        self._engine = engine
        self._stopping = threading.Event()
        self._tell = threading.Event()
        self._threads: list[threading.Thread] = []
        self._watch: Connection | None = None
        self._version = 0

    def start(self) -> None:
        """Begin to ring: also for other processes, as the database allows."""
        event.listen(self._engine.pool, "checkin", self._ended)
        if self._engine.dialect.name == "sqlite":
            self._watch = self._engine.connect()
            return
        for run in (self._listen, self._notify):
            thread = threading.Thread(target=self._again, args=(run,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Ring no more."""
        event.remove(self._engine.pool, "checkin", self._ended)
        self._stopping.set()
        self._tell.set()
        for thread in self._threads:
            thread.join(2 * LISTEN_S)
        if self._watch is not None:
            self._watch.close()

    def changed(self) -> bool:
        """Tell whether another connection has committed anything to an SQLite file since this was
        asked last; takes some microseconds. On PostgreSQL never: it rings by itself."""
        if self._watch is None:
            return False
        driver = cast("sqlite3.Connection", self._watch.connection.dbapi_connection)
        before, (self._version,) = (
            self._version,
            driver.execute("PRAGMA data_version").fetchone(),
        )
        return before != self._version

    def _ended(self, _driver: Any, record: Any) -> None:
        """Ring when a connection comes back to the pool whose transaction has changed streams."""
        if record.info.pop(_TOUCHED, False):
            self._tell.set()
            self.ring()

    def _again(self, run: Callable[[Connection], None]) -> None:
        """Run with a connection of its own, and with another one when that fails."""
        from psycopg import Error as DriverError

        engine = open_single(self._engine.url)
        while not self._stopping.is_set():
            try:
                with engine.connect() as connection:
                    run(connection)
            except (SQLAlchemyError, DriverError) as error:  # the driver's own: while it waits
                log.warning("tail.deaf", reason=type(error).__name__)
            self._stopping.wait(AGAIN_S)

    def _listen(self, connection: Connection) -> None:
        """Ring for what other processes have committed."""
        connection.execute(text(f"LISTEN {CHANNEL}"))
        driver: Any = connection.connection.dbapi_connection
        while not self._stopping.is_set():
            for _ in driver.notifies(timeout=LISTEN_S, stop_after=1):
                self.ring()

    def _notify(self, connection: Connection) -> None:
        """Tell other processes what this one has committed; several commits at once.

        Outside of their transactions: one that notifies would wait for all others that do.
        """
        while not self._stopping.is_set():
            if self._tell.wait(LISTEN_S) and not self._stopping.is_set():
                self._tell.clear()
                connection.execute(text(f"NOTIFY {CHANNEL}"))
