"""Virtual time: one true instant for the estate, and the clocks of its machines, which may err."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

START = datetime(2026, 5, 20, 0, 0, tzinfo=UTC)


class TrueTime:
    """The instant that everybody would agree on; steps and waits move it, never back."""

    def __init__(self) -> None:
        self.at = START

    def reach(self, at: datetime) -> None:
        """Go on to an instant, unless it is past already."""
        self.at = max(self.at, at)

    def pass_by(self, seconds: float) -> None:
        """Let time pass."""
        self.at += timedelta(seconds=seconds)


class MachineClock:
    """The clock of one machine: it may be set wrong, its deadlines are not affected by that."""

    def __init__(self, time: TrueTime, on_wait: Callable[[], None] = lambda: None) -> None:
        self._time = time
        self._on_wait = on_wait
        self.offset = timedelta()

    def now(self) -> datetime:
        """Return what the machine believes."""
        return self._time.at + self.offset

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return (self._time.at - START).total_seconds()

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        """Let the time pass; other machines may work meanwhile."""
        self._time.pass_by(timeout_s)
        self._on_wait()
        return event.is_set()
