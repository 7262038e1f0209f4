"""Time as an argument: the port, the system's clock, and hybrid logical stamps."""

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_COUNTER_BITS = 16
_MILLISECOND = timedelta(milliseconds=1)


class Clock(Protocol):
    """Where instants and waits come from."""

    def now(self) -> datetime:
        """Return the present instant, in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never go back, for deadlines."""
        ...

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        """Wait for an event at most `timeout_s`; return whether it was set."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present instant, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return time.monotonic()

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        """Wait for an event at most `timeout_s`; return whether it was set."""
        return event.wait(timeout_s)


def milliseconds(at: datetime) -> int:
    """Return whole milliseconds since 1970 of a UTC instant."""
    return (at - EPOCH) // _MILLISECOND


def from_milliseconds(stamp_ms: int) -> datetime:
    """Return the UTC instant of milliseconds since 1970."""
    return EPOCH + timedelta(milliseconds=stamp_ms)


def tick(last: int, at: datetime) -> int:
    """Return the hybrid logical stamp that follows `last` at the instant `at`.

    The upper bits are milliseconds, the lower 16 a counter, so that stamps of one agent always
    grow, also when its clock is set back (Kulkarni et al., "Logical Physical Clocks", 2014).
    """
    return max(last + 1, milliseconds(at) << _COUNTER_BITS)


def instant_of(stamp: int) -> datetime:
    """Return the physical part of a hybrid logical stamp."""
    return from_milliseconds(stamp >> _COUNTER_BITS)
