"""Admission: how many requests of each sort are worked on at once; the rest wait or come back.

A store that asks for points for a customer at the till must not stand behind stores that empty the
journals of a week: each sort has a lane of its own. Whoever is turned away is told when to come
back; nobody has heard his request. A body is waited for before a request gets its place: a store
on a slow line holds up none that has sent its own.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, cast

from starlette.requests import ClientDisconnect

from shared.clock import Clock
from shared.errors import Kind, LoyaltyError
from shared.runtime.web import Receive, problem, with_body
from shared.wire.push import BACKLOG, BUSY, LANE_HEADER
from shared.wire.reports import PATH as REPORT

Scope = MutableMapping[str, Any]
App = Callable[[Scope, Any, Any], Awaitable[None]]

RETRY_S_MIN: Final = 0.5
RETRY_S_MAX: Final = 30.0
THIN_LINE_BYTES_PER_S: Final = 512
"""What comes so fast goes on coming: sent again it would take as long."""
BODIES_WAITING: Final = 2
"""So many of the largest there may be wait in a lane; of the usual ones all that find a place."""
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


class SlowBodyError(LoyaltyError):
    """A request whose body does not come in time: nothing of it was heard."""

    kind = Kind.UNAVAILABLE
    code = "body_slow"
    ru = "Тело запроса не пришло за {arrive_s} с, повторите."
    en = "The request's body did not come within {arrive_s} s, repeat it."


@dataclass(frozen=True, slots=True)
class Width:
    """How many requests of a lane are worked on at once, and how many may wait, how long."""

    running: int
    waiting: int
    wait_s: float


@dataclass(frozen=True, slots=True)
class Bodies:
    """How large a body may be, and how long it may take to come beside what a thin line takes."""

    bytes_max: int
    arrive_s: float


class Gate:
    """One lane: who is let in, who waits, and how long a request takes of late."""

    def __init__(self, width: Width) -> None:
        self.width = width
        self.running = 0
        self.waiting = 0
        """With those whose bodies are on their way."""
        self.waiting_bytes = 0
        self.refused = 0
        self.service_s = RETRY_S_MIN
        self._places = asyncio.Semaphore(width.running)  # who waits longest is next

    def is_full(self) -> bool:
        """Tell whether all places are taken, those to wait too."""
        return self.running + self.waiting >= self.width.running + self.width.waiting

    @contextmanager
    def waits(self) -> Iterator[Callable[[int], None]]:
        """Count a request among those that wait, and the bytes that it says it keeps meanwhile."""
        kept_bytes = 0

        def keeps(more_bytes: int) -> None:
            nonlocal kept_bytes
            kept_bytes += more_bytes
            self.waiting_bytes += more_bytes

        self.waiting += 1
        try:
            yield keeps
        finally:
            self.waiting -= 1
            self.waiting_bytes -= kept_bytes

    async def enter(self) -> bool:
        """Wait for a place; False when there is none in time."""
        try:
            async with asyncio.timeout(self.width.wait_s):
                await self._places.acquire()
        except TimeoutError:
            return False
        self.running += 1
        return True

    def leave(self, took_s: float) -> None:
        """Give the place up."""
        self.service_s += _SMOOTHING * (took_s - self.service_s)
        self.running -= 1
        self._places.release()

    def retry_after_s(self, chance: float) -> float:
        """Return what the queue takes, spread by `chance` in [0, 1)."""
        queue_s = self.service_s * (self.running + self.waiting) / self.width.running
        spread_s = max(RETRY_S_MIN, queue_s) * (1 + chance)
        return round(min(RETRY_S_MAX, spread_s), 2)


class Admission:
    """ASGI middleware that lets requests in lane by lane; the tail has a bound of its own."""

    def __init__(
        self,
        app: App,
        widths: Mapping[Lane, Width],
        bodies: Bodies,
        clock: Clock,
        chance: random.Random,
    ) -> None:
        self._app = app
        self._bodies = bodies
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
        try:
            whole = await self._let_in(gate, scope, receive)
        except ClientDisconnect:
            return  # nobody hears an answer
        except LoyaltyError as error:
            await problem(error)(scope, cast("Any", receive), cast("Any", send))
            return
        began = self._clock.monotonic()
        try:
            await self._app(scope, whole, send)
        finally:
            gate.leave(self._clock.monotonic() - began)

    async def _let_in(self, gate: Gate, scope: Scope, receive: Receive) -> Receive:
        """Wait for a request's body and then for a place; return what gives the body at once.

        Raises BusyError, SlowBodyError, and what `with_body` raises.
        """
        if gate.is_full():
            raise self._busy(gate)
        with gate.waits() as keeps:
            whole = await self._body(gate, scope, receive, keeps)
            if not await gate.enter():
                raise self._busy(gate)
        return whole

    async def _body(
        self, gate: Gate, scope: Scope, receive: Receive, keeps: Callable[[int], None]
    ) -> Receive:
        loop, most_s = asyncio.get_running_loop(), self._bodies.arrive_s
        until_s = loop.time() + most_s
        try:
            async with asyncio.timeout_at(until_s) as limit:

                async def coming() -> MutableMapping[str, Any]:
                    nonlocal until_s
                    message = await receive()
                    if chunk := message.get("body"):
                        until_s += len(chunk) / THIN_LINE_BYTES_PER_S
                        until_s = min(until_s, loop.time() + most_s)
                        limit.reschedule(until_s)
                        keeps(len(chunk))
                        if gate.waiting_bytes > BODIES_WAITING * self._bodies.bytes_max:
                            raise self._busy(gate)
                    return message

                return await with_body(scope, coming, self._bodies.bytes_max)
        except TimeoutError as error:
            raise SlowBodyError(arrive_s=most_s) from error

    def _busy(self, gate: Gate) -> BusyError:
        gate.refused += 1
        return BusyError(retry_after_s=gate.retry_after_s(self._chance.random()))


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
