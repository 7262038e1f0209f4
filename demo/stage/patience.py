"""Waiting: for a condition, by a deadline, with a name for what did not come."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from shared.clock import Clock
from shared.errors import Kind, LoyaltyError

LOOK_EVERY_S = 0.03
START_S = 60.0
"""For processes to start, all at once on two busy cores."""
LONG_S = 30.0
"""For what needs several exchanges, such as stores that catch up."""
SHORT_S = 20.0
"""For what happens at once on a machine that is not overloaded."""

_T = TypeVar("_T")


class TookTooLongError(LoyaltyError):
    """Something that should have happened did not."""

    kind = Kind.UNAVAILABLE
    code = "took_too_long"
    ru = "Не дождались за {seconds:g} с: {what}. {last}"
    en = "Waited {seconds:g} s in vain: {what}. {last}"


@dataclass(frozen=True, slots=True)
class Patience:
    """Waits on conditions by a clock."""

    clock: Clock
    every_s: float = LOOK_EVERY_S
    """Between two looks."""

    def until(
        self,
        what: str,
        look: Callable[[], _T | None],
        seconds: float = LONG_S,
        *,
        last: Callable[[], object] = str,
    ) -> _T:
        """Look until there is something true, and return it; raises TookTooLongError.

        `last` is asked what was there instead when time is up.
        """
        deadline = self.clock.monotonic() + seconds
        while True:
            if found := look():
                return found
            if self.clock.monotonic() > deadline:
                raise TookTooLongError(what=what, seconds=seconds, last=last())
            self.clock.wait(threading.Event(), self.every_s)
