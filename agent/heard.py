"""What the centre's answers tell beside what was asked: when to come back, and what time it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

CLOCK_SKEW = "clock_skew"
"""The centre's word for a request whose time is too far off; it tells its own."""
BUSY_S_MIN = 0.5
BUSY_S_MAX = 60.0


@dataclass(frozen=True, slots=True)
class Told:
    """What time it was when somebody outside told it, and this machine's two clocks then."""

    at: datetime
    heard_s: float
    """By the monotonic clock."""
    wall: datetime


def retry_after_s(problem: Mapping[str, Any]) -> float:
    """Return after how long the centre wants to hear again, within bounds."""
    try:
        told = float(problem["details"]["retry_after_s"])
    except (KeyError, TypeError, ValueError):
        told = BUSY_S_MIN
    return max(BUSY_S_MIN, min(told, BUSY_S_MAX))


def their_time(answer: httpx.Response) -> datetime | None:
    """Return the centre's time if it has refused a request because its clock was not right."""
    try:
        problem = answer.json()
        if problem["code"] != CLOCK_SKEW:
            return None
        return datetime.fromtimestamp(int(problem["details"]["now_s"]), UTC)
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return None
