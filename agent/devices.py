"""The health of the store's devices, for the status and the screens."""

import threading
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Condition(StrEnum):
    """How a device is; what is unknown is never ok."""

    OK = "ok"
    WARN = "warn"
    BLOCKED = "blocked"
    UNREACHABLE = "unreachable"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Health:
    """A device's condition since an instant, with what to tell the cashier."""

    condition: Condition
    ru: str
    en: str
    since: datetime


class Devices:
    """The last known health of each configured device; safe for several threads."""

    def __init__(self) -> None:
        self._health: dict[str, Health] = {}
        self._lock = threading.Lock()

    def report(self, device: str, health: Health) -> bool:
        """Keep a device's health; return whether it is another than before."""
        with self._lock:
            before = self._health.get(device)
            if before and (before.condition, before.ru) == (health.condition, health.ru):
                return False
            self._health[device] = health
            return True

    def snapshot(self) -> dict[str, Health]:
        """Return the health of every device by its name."""
        with self._lock:
            return dict(self._health)
