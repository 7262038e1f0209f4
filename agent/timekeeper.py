"""The store's time and whether it is trusted: the centre's time carried on by the machine's clocks.

A machine has two clocks. The wall clock can be set by anybody, and after a boot it is what a
battery has kept; the monotonic one cannot be set, but stands while the machine sleeps and begins
anew at each boot. Neither is believed alone: time is trusted while both have gone on in step since
somebody outside the machine told what time it is.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, Engine
from sqlmodel import Field

from agent.heard import Told
from agent.schema import JournalTable, instant_field
from shared.clock import Clock, from_milliseconds, milliseconds
from shared.rules.moment import Moment, Trust
from shared.runtime.sqlite import reading, run, transaction

STEP_MAX: Final = timedelta(minutes=1)
"""By as much the two clocks may part before neither is believed, and an instant differ from the
trusted time and still count as now: a request waits for its turn."""
FISCAL_MAX: Final = timedelta(minutes=5)
"""By as much the fiscal clock may differ from this machine's and still confirm it."""
TRUSTED_FOR: Final = timedelta(days=14)
"""How long the time goes on trusted without being told again: a quartz that errs by 0.01 % is off
by two minutes then."""
LONG_AGO: Final = datetime(2020, 1, 1, tzinfo=UTC)
"""Before which no store has sold anything."""


class Source(StrEnum):
    """Who told last what time it is."""

    NOBODY = "nobody"
    CENTRE = "centre"
    FISCAL = "fiscal"


class ClockMark(JournalTable, table=True):
    """What the next process knows of the time; one row.

    `at` is what was told, `wall` and `monotonic_ms` how the clocks stood then, in that boot.
    """

    __tablename__ = "clock_mark"

    one: int = Field(primary_key=True)
    boot: str
    source: str
    at: datetime = instant_field()
    wall: datetime = instant_field()
    monotonic_ms: int
    trusted_at: datetime = instant_field()
    last_at: datetime = instant_field()


@dataclass(frozen=True, slots=True)
class Seen:
    """How the time stands: `told_at` is when it was told last, `trusted_at` when last trusted."""

    at: datetime
    trust: Trust
    source: Source
    told_at: datetime | None
    trusted_at: datetime | None


_MARK = """
SELECT boot, source, at, wall, monotonic_ms, trusted_at, last_at FROM clock_mark WHERE one = 1"""
_PUT = """
INSERT INTO clock_mark (one, boot, source, at, wall, monotonic_ms, trusted_at, last_at)
VALUES (1, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (one) DO UPDATE SET boot = excluded.boot, source = excluded.source, at = excluded.at,
    wall = excluded.wall, monotonic_ms = excluded.monotonic_ms,
    trusted_at = excluded.trusted_at, last_at = excluded.last_at
"""
_LAST_FACT = "SELECT at FROM fact ORDER BY epoch DESC, seq DESC LIMIT 1"


class Timekeeper:
    """Tells the store's time; safe for several threads.

    A restart of the process alone keeps trust, since both clocks go on: an agent that is updated,
    or starts itself anew, while the line is out still changes its rules at midnight. `boot` names
    the boot of the machine; empty, every start counts as one.
    """

    def __init__(
        self, journal: Engine, clock: Clock, boot: str, told: Callable[[], Told | None]
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._boot = boot
        self._told = told
        self._lock = threading.Lock()
        self._anchor: Told | None = None
        self._source = Source.NOBODY
        self._heard: Told | None = None
        self._written: Told | None = None
        self._trusted_at = self._last_at = LONG_AGO
        self._recall()

    def now(self) -> datetime:
        """Return the store's time: what was told and has gone on since, if it is trusted.

        Else the wall clock's, but never before the last fact, nor before the last trusted time.
        """
        with self._lock:
            return self._look()[0]

    def trust(self, at: datetime) -> Trust:
        """Tell whether an instant is the trusted present."""
        with self._lock:
            now, trust = self._look()
        return trust if abs(at - now) <= STEP_MAX else Trust.UNTRUSTED

    def moment(self, at: datetime, zone: str) -> Moment:
        """Return an instant as the store sees it, marked by whether it is trusted."""
        return Moment(at, zone, self.trust(at))

    def settled(self, at: datetime) -> datetime:
        """Return by which time rules come into force and limits of a day begin anew: the last
        trusted one, as long as an instant is not."""
        if self.trust(at) is Trust.TRUSTED:
            return at
        with self._lock:
            return at if self._trusted_at == LONG_AGO else min(at, self._trusted_at)

    def confirm(self, fiscal: datetime) -> None:
        """Hear the fiscal clock: it confirms a time that is not trusted and differs little.

        A clock that shows a time before the last trusted one confirms nothing.
        """
        with self._lock:
            trust, wall = self._look()[1], self._clock.now()
            differs = max(abs(wall - fiscal), self._trusted_at - wall)
            if trust is Trust.UNTRUSTED and differs <= FISCAL_MAX:
                self._anchor = Told(wall, self._clock.monotonic(), wall)
                self._source = Source.FISCAL

    def note(self, connection: Connection, at: datetime) -> None:
        """Write down in the caller's transaction that a fact has happened, and what is known of
        the time: the next process begins with that."""
        with self._lock:
            self._last_at = at
            self._look()
            self._put(connection)

    def keep(self) -> None:
        """Write down what was told of the time since that was written last, if anything was."""
        with self._lock:
            self._look()
            told = self._anchor
        if told is self._written:
            return
        with transaction(self._journal) as connection, self._lock:
            self._put(connection)
        self._written = told

    def seen(self) -> Seen:
        """Tell how the time stands, for people."""
        with self._lock:
            at, trust = self._look()
            told_at = self._anchor.at if self._anchor else None
            trusted_at = None if self._trusted_at == LONG_AGO else self._trusted_at
            return Seen(at, trust, self._source, told_at, trusted_at)

    def _look(self) -> tuple[datetime, Trust]:
        """Read the clocks; what is trusted now is where time that is not goes on from."""
        wall, now_s = self._clock.now(), self._clock.monotonic()
        self._hear()
        if self._anchor is None or not _in_step(self._anchor, wall, now_s):
            return max(wall, self._last_at, self._trusted_at), Trust.UNTRUSTED
        at = _gone_on(self._anchor, now_s)
        self._trusted_at = at
        self._last_at = min(self._last_at, at)
        return at, Trust.TRUSTED

    def _hear(self) -> None:
        told = self._told()
        if told is None or told is self._heard:
            return
        self._heard = told
        if self._anchor is None or told.heard_s >= self._anchor.heard_s:
            self._anchor, self._source = told, Source.CENTRE

    def _recall(self) -> None:
        with reading(self._journal) as connection:
            mark = run(connection, _MARK, ()).fetchone()
            fact = run(connection, _LAST_FACT, ()).fetchone() if mark is None else None
        if fact is not None:  # written by an agent that trusted every clock
            self._trusted_at = self._last_at = from_milliseconds(fact[0])
        if mark is None:
            return
        boot, source, at, wall, monotonic_ms, trusted_at, last_at = mark
        self._trusted_at, self._last_at = map(from_milliseconds, (trusted_at, last_at))
        if boot and boot == self._boot and Source(source) is not Source.NOBODY:
            told = Told(from_milliseconds(at), monotonic_ms / 1000, from_milliseconds(wall))
            self._anchor, self._written = told, told
            self._source = Source(source)

    def _put(self, connection: Connection) -> None:
        anchor = self._anchor or Told(LONG_AGO, 0, LONG_AGO)
        instants = [milliseconds(at) for at in (anchor.at, anchor.wall)]
        ends = [milliseconds(at) for at in (self._trusted_at, self._last_at)]
        stood_ms = round(anchor.heard_s * 1000)
        run(connection, _PUT, (self._boot, self._source.value, *instants, stood_ms, *ends))


def _gone_on(anchor: Told, now_s: float) -> datetime:
    """Return what was told, gone on by the monotonic clock."""
    return anchor.at + timedelta(seconds=now_s - anchor.heard_s)


def _in_step(anchor: Told, wall: datetime, now_s: float) -> bool:
    """Tell whether both clocks have gone on alike since the time was told, or agree about it."""
    since = timedelta(seconds=now_s - anchor.heard_s)
    parted = min(abs(wall - anchor.wall - since), abs(wall - _gone_on(anchor, now_s)))
    return timedelta() <= since <= TRUSTED_FOR and parted <= STEP_MAX
