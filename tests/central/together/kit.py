"""Several processes on one PostgreSQL database, stood for by engines of their own."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from sqlalchemy import Engine, event, text

from central.centre import Centre
from central.feed import store as feed
from demo.stage.patience import Patience
from shared.clock import SystemClock
from shared.runtime.sqlite import open_engine, reading

WAIT_S = 20.0
_WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
_DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


@contextmanager
def beside(centre: Centre) -> Iterator[Centre]:
    """Another process of the same centre."""
    url = centre.engine.url.render_as_string(hide_password=False)
    other = replace(centre, engine=open_engine(url))
    try:
        yield other
    finally:
        other.engine.dispose()


class Pause:
    """Stops transactions of an engine right before they are committed, until `go`."""

    def __init__(self, engine: Engine) -> None:
        self._reached, self._go = threading.Event(), threading.Event()
        event.listen(engine, "commit", self._hold)

    def reached(self) -> None:
        """Wait until a transaction is about to be committed."""
        assert self._reached.wait(WAIT_S), "no transaction came to its end"

    def go(self) -> None:
        """Let it be committed."""
        self._go.set()

    def _hold(self, _connection: Any) -> None:
        self._reached.set()
        assert self._go.wait(WAIT_S), "nobody said go"


class Reader:
    """An agent's cursor in a stream: what it has passed it never reads again."""

    def __init__(self, centre: Centre, stream: str) -> None:
        self.keys: list[bytes] = []
        self._centre, self._stream, self._cursor = centre, stream, 0

    def read(self) -> None:
        """Read what is visible beyond the cursor."""
        with reading(self._centre.engine) as connection:
            head = feed.heads(connection).get(self._stream, 0)
            changes = feed.changes(connection, self._stream, self._cursor, head)
        self.keys += [change.key for change in changes]
        self._cursor = max(self._cursor, head)


def started(work: Callable[[], object]) -> threading.Thread:
    """Let something run beside the test."""
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def blocked_or_done(centre: Centre, thread: threading.Thread) -> bool:
    """Wait until a thread's transaction waits for a lock, or has ended; tell whether it waits."""

    def look() -> str | None:
        if not thread.is_alive():
            return "done"
        return "waits" if number(centre, _WAITING) else None

    return Patience(SystemClock()).until("a lock or the end", look, WAIT_S) == "waits"


def deadlocks(centre: Centre) -> int:
    """Return how many deadlocks the server has broken in this database."""
    return number(centre, _DEADLOCKS)


def number(centre: Centre, query: str) -> int:
    """Ask the server for a number."""
    with reading(centre.engine) as connection:
        return int(connection.scalar(text(query)) or 0)
