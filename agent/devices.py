"""The health of the store's devices and how it came to be, for the status and the screens."""

import threading
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

PRINTER: Final = "printer"
SCANNER: Final = "scanner"
DISPLAY: Final = "display"
"""Names of devices; a second scanner is `scanner-2`."""
HISTORY_MAX: Final = 100


class Condition(StrEnum):
    """How a device is; what is unknown is never ok."""

    OK = "ok"
    WARN = "warn"
    BLOCKED = "blocked"
    UNREACHABLE = "unreachable"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Health:
    """A device's condition since an instant, and what to tell the cashier: what is, what to do."""

    condition: Condition
    ru: str
    en: str
    since: datetime


class Board:
    """What the customer's display should show: the latest two lines alone."""

    def __init__(self) -> None:
        self._lines: tuple[str, str] | None = None
        self._lock = threading.Lock()
        self.changed = threading.Event()

    def say(self, upper: str, lower: str) -> None:
        """Put up two lines in place of those before; nobody waits for the display."""
        with self._lock:
            self._lines = (upper, lower)
            self.changed.set()

    def take(self) -> tuple[str, str] | None:
        """Take down what has not been shown yet."""
        with self._lock:
            lines, self._lines = self._lines, None
            self.changed.clear()
            return lines


class Devices:
    """The health of each configured device, the latest and what it was; safe for threads."""

    def __init__(self) -> None:
        self._health: dict[str, deque[Health]] = {}
        self._lock = threading.Lock()

    def report(self, device: str, health: Health) -> bool:
        """Keep a device's health; return whether it is another than before."""
        with self._lock:
            known = self._health.setdefault(device, deque(maxlen=HISTORY_MAX))
            if known and (known[-1].condition, known[-1].ru) == (health.condition, health.ru):
                return False
            known.append(health)
            return True

    def snapshot(self) -> dict[str, Health]:
        """Return the health of every device by its name."""
        with self._lock:
            return {device: known[-1] for device, known in self._health.items()}

    def history(self, device: str) -> tuple[Health, ...]:
        """Return how a device was since the agent began, oldest first, at most `HISTORY_MAX`."""
        with self._lock:
            return tuple(self._health.get(device, ()))
