"""Of all processes of a centre one has the duty: it does the jobs that are shared.

On PostgreSQL the duty is an advisory lock of a session of its own. It is free again when the
process dies, and when it stands still so long that the server ends the silent session. On SQLite,
where all processes are on one machine, it is a lock on a file. Losing it does no harm to a job
that is under way: every job may be done twice.
"""

import fcntl
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO, Protocol

import structlog
from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import DBAPIError

from central.schema import LOCKS, Turn
from shared.runtime import postgres

EVERY_S = 5
"""The duty is looked at."""
SILENCE_S_MAX = 30
"""Of a process that has the duty and does not look."""
FILE = "duty.lock"

log = structlog.get_logger()


class Duty(Protocol):
    """What a process asks before it does a shared job."""

    def has(self) -> bool:
        """Tell whether this process has the duty; it takes it if nobody has."""
        ...

    def end(self) -> None:
        """Leave it to another process."""
        ...


def duty_of(engine: Engine, folder: Path) -> Duty:
    """Return the duty of the processes that share a database; `folder` is for SQLite's."""
    if engine.dialect.name == "sqlite":
        return FileDuty(folder / FILE)
    return AdvisoryDuty(engine)


class FileDuty:
    """A lock on a file, which the kernel ends with the process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None
        self._lock = threading.Lock()

    def has(self) -> bool:
        """Tell whether the file is locked by this process, or lock it."""
        with self._lock:
            if self._file is None:
                self._file = self._locked()
            return self._file is not None

    def end(self) -> None:
        """Unlock the file."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def _locked(self) -> IO[bytes] | None:
        file = self._path.open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return None
        log.info("duty.taken")
        return file


class AdvisoryDuty:
    """A session's advisory lock; the session is kept while this process has it."""

    def __init__(self, engine: Engine, silence_s_max: float = SILENCE_S_MAX) -> None:
        self._engine = postgres.open_single(engine.url)
        self._silence_s_max = silence_s_max
        self._session: Connection | None = None
        self._lock = threading.Lock()

    def has(self) -> bool:
        """Tell whether the session with the lock is alive, or take the lock in a new one.

        A database that does not answer takes the duty away.
        """
        with self._lock:
            try:
                if self._session is not None:
                    self._session.execute(select(1))
                    return True
                return self._take()
            except DBAPIError as error:
                log.warning("duty.lost", reason=type(error.orig).__name__)
                self._leave()
                return False

    def end(self) -> None:
        """End the session, and with it the lock."""
        with self._lock:
            self._leave()

    def _take(self) -> bool:
        self._session = self._engine.connect()
        silence_ms = int(self._silence_s_max * postgres.MS)
        self._session.execute(
            select(func.set_config("idle_session_timeout", str(silence_ms), False))  # noqa: FBT003
        )
        key = func.pg_try_advisory_lock(LOCKS, Turn.DUTY)
        if not self._session.scalar(select(key)):
            self._leave()
            return False
        log.info("duty.taken")
        return True

    def _leave(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            with suppress(DBAPIError):  # the server ends what is left of it
                session.close()
