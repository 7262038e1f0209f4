"""Admission: how many requests of each sort are worked on at once; the rest wait or come back.

A store that asks for points for a customer at the till must not stand behind stores that empty the
journals of a week: each sort has a lane of its own. Whoever is turned away is told when to come
back; nobody has heard his request.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, cast

from shared.clock import Clock
from shared.errors import Kind, LoyaltyError
from shared.runtime.web import problem
from shared.wire.push import BACKLOG, BUSY, LANE_HEADER
from shared.wire.reports import PATH as REPORT

Scope = MutableMapping[str, Any]
App = Callable[[Scope, Any, Any], Awaitable[None]]

RETRY_S_MIN: Final = 0.5
RETRY_S_MAX: Final = 30.0
_SMOOTHING: Final = 0.1
_TAIL: Final = "/v1/tail"
_FACTS: Final = "/v1/facts"
_CONSOLE: Final = "/console/"
_STATIC: Final = "/console/static/"


class Lane(StrEnum):
    """Sorts of requests that do not hold each other up."""

    ASK = "ask"
    """Sessions, epochs, and points for a customer who waits."""
    PUSH = "push"
    BACKLOG = "backlog"
    """Full batches of facts, from a store that was away for long, and what agents tell of
    themselves."""
    READ = "read"
    CONSOLE = "console"
    """Pages for people: passwords cost memory, and figures time."""


class BusyError(LoyaltyError):
    """A lane that is full: nothing was heard; the details say after how long to come back."""

    kind = Kind.UNAVAILABLE
    code = BUSY
    ru = "Центр занят, повторите через {retry_after_s} с."
    en = "The centre is busy, come back in {retry_after_s} s."


@dataclass(frozen=True, slots=True)
class Width:
    """How many requests of a lane are worked on at once, and how many may wait, how long."""

    running: int
    waiting: int
    wait_s: float


class Gate:
    """One lane: who is let in, who waits, and how long a request takes of late."""

    def __init__(self, width: Width) -> None:
        self.width = width
        self.running = 0
        self.waiting = 0
        self.refused = 0
        self.service_s = RETRY_S_MIN
        self._free = asyncio.Condition()

    async def enter(self) -> bool:
        """Wait for a place; False when there is none in time."""
        if self.running >= self.width.running and self.waiting >= self.width.waiting:
            self.refused += 1
            return False
        async with self._free:
            self.waiting += 1
            try:
                async with asyncio.timeout(self.width.wait_s):
                    await self._free.wait_for(lambda: self.running < self.width.running)
            except TimeoutError:
                self.refused += 1
                return False
            finally:
                self.waiting -= 1
            self.running += 1
        return True

    async def leave(self, took_s: float) -> None:
        """Give the place up."""
        self.service_s += _SMOOTHING * (took_s - self.service_s)
        async with self._free:
            self.running -= 1
            self._free.notify()

    def retry_after_s(self, chance: float) -> float:
        """Return what the queue takes, spread by `chance` in [0, 1)."""
        queue_s = self.service_s * (self.running + self.waiting) / self.width.running
        spread_s = max(RETRY_S_MIN, queue_s) * (1 + chance)
        return round(min(RETRY_S_MAX, spread_s), 2)


class Admission:
    """ASGI middleware that lets requests in lane by lane; the tail has a bound of its own."""

    def __init__(
        self, app: App, widths: Mapping[Lane, Width], clock: Clock, chance: random.Random
    ) -> None:
        self._app = app
        self._clock = clock
        self._chance = chance
        self.gates = {lane: Gate(width) for lane, width in widths.items()}

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Let the request in, or tell it when to come back."""
        lane = lane_of(scope)
        if lane is None:
            await self._app(scope, receive, send)
            return
        gate = self.gates[lane]
        if not await gate.enter():
            error = BusyError(retry_after_s=gate.retry_after_s(self._chance.random()))
            await problem(error)(scope, cast("Any", receive), cast("Any", send))
            return
        began = self._clock.monotonic()
        try:
            await self._app(scope, receive, send)
        finally:
            await gate.leave(self._clock.monotonic() - began)


def lane_of(scope: Scope) -> Lane | None:
    """Return the lane of a request; None for what is not held up."""
    if scope["type"] != "http":
        return None
    if not scope["path"].startswith("/v1/"):
        return Lane.CONSOLE if _is_page(scope["path"]) else None
    if scope["method"] == "GET":
        return None if scope["path"] == _TAIL else Lane.READ
    if scope["path"] == REPORT:
        return Lane.BACKLOG
    if scope["path"] != _FACTS:
        return Lane.ASK
    told = dict(scope["headers"]).get(LANE_HEADER.lower().encode(), b"")
    return Lane.BACKLOG if told == BACKLOG.encode() else Lane.PUSH


def _is_page(path: str) -> bool:
    return path.startswith(_CONSOLE) and not path.startswith(_STATIC)
