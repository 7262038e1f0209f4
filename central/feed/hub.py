"""The live tail: one look at the streams' heads for all listeners, each row read and encoded once.

Asynchronous, because it waits for many. A listener that does not read loses its connection, not
its rows: it comes back with its cursors and gets what it misses.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeVar
from uuid import UUID

import structlog
from anyio import CapacityLimiter, to_thread
from sqlalchemy.exc import SQLAlchemyError

from central.feed.service import Piece
from shared.errors import Kind, LoyaltyError

ROWS_PER_LOOK_MAX = 2000
"""Of one stream; what is more waits for the next look."""
BEHIND_MAX = 5000
"""Rows that a new listener may lack in all; with more it must fetch segments."""
READERS_MAX = 2
RESTS = 4
"""A rest is at least as long as so many looks."""
REST_S_MIN = 0.002
SENDING_S_MAX = 0.5
"""So long it waits at most for listeners to take what was offered, and rests after that."""
SLOW, SLOW_SHARE = 10, 0.1
"""Listeners, and a share of them: for so many, who may have gone silently, nobody waits."""
TAKING_S = 0.001
WATCH_S = 0.01
"""How often it asks, while somebody listens, whether another process has written."""
KEEP_ALIVE = bytes(4)
_LENGTH_BYTES = 4

_T = TypeVar("_T")
log = structlog.get_logger()


class TooFarBehindError(LoyaltyError):
    """A listener that lacks more than the tail makes up for."""

    kind = Kind.CONFLICT
    code = "too_far_behind"
    ru = "Отставание {behind} строк: сначала скачайте отрезки."
    en = "You are {behind} rows behind: fetch segments first."


class NoTailError(LoyaltyError):
    """As many listeners as the settings allow, or a database that does not answer."""

    kind = Kind.UNAVAILABLE
    code = "no_tail"
    ru = "Живая лента сейчас недоступна, повторите позже."
    en = "The live tail is not available now, repeat later."


@dataclass(frozen=True, slots=True)
class Limits:
    """How often the hub looks, how many may listen, and how long a listener's queue is."""

    poll_s: float
    """How long it rests at most between two looks, whatever wakes it or does not."""
    keep_alive_s: float
    listeners_max: int
    frames_max: int


class Form(Enum):
    """In which form a listener reads its pieces."""

    ENCRYPTED = auto()
    PLAIN = auto()


@dataclass(eq=False, slots=True)
class Listener:
    """A connection: its cursors, and the pieces that wait for it; None in the queue ends it."""

    cursors: dict[str, int]
    queue: asyncio.Queue[Piece | None]
    agent: UUID | None = None


class Hub:
    """Carries new rows of the database, whoever wrote them, to this process's listeners."""

    def __init__(
        self,
        read_heads: Callable[[], dict[str, int]],
        read_pieces: Callable[[str, int, int], list[Piece]],
        limits: Limits,
        has_changed: Callable[[], bool] = lambda: False,
    ) -> None:
        self._read_heads = read_heads
        self._read_pieces = read_pieces
        self._limits = limits
        self._has_changed = has_changed
        self._bell = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._heads: dict[str, int] = {}
        self._listeners: set[Listener] = set()
        self._of_stream: defaultdict[str, set[Listener]] = defaultdict(set)
        self._ready = asyncio.Event()
        self._readers = CapacityLimiter(READERS_MAX)

    async def run(self) -> None:
        """Look for new rows until cancelled.

        A look that fails, as without a database or a free connection to it, ends all connections,
        so that no listener waits for nothing; the next look tries again.
        """
        self._loop = asyncio.get_running_loop()
        try:
            while True:
                began_s = self._loop.time()
                try:
                    await self._look()
                except SQLAlchemyError as error:
                    cause = getattr(error, "orig", None) or error
                    log.warning("tail.failed", reason=type(cause).__name__)
                    self._end_all()
                except Exception:  # without looks every store hears nothing for ever
                    log.exception("tail.failed")
                    self._end_all()
                looked_s = self._loop.time()
                await self._taken(looked_s)
                await self._rest(looked_s - began_s, self._loop.time() - looked_s)
        finally:
            self._loop = None
            self._end_all()

    def ring(self) -> None:
        """Look again as soon as may be; any thread may call it, and nothing waits."""
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(self._bell.set)

    async def _taken(self, offered_s: float) -> None:
        """Wait until nearly all listeners have taken what was offered: a look before that would
        give many of them one change more each, instead of several at once."""
        assert self._loop is not None
        while self._loop.time() - offered_s < SENDING_S_MAX:
            slow = sum(not one.queue.empty() for one in self._listeners)
            if slow <= max(SLOW, SLOW_SHARE * len(self._listeners)):
                return
            await asyncio.sleep(TAKING_S)

    async def _rest(self, look_s: float, sending_s: float) -> None:
        """Wait for the bell, but no longer than until the next poll.

        A look is followed by a rest that is several times as long as it took, and as long as the
        sending took: however often the bell rings, looking takes a small part of the time and
        sending no more than half.
        """
        assert self._loop is not None
        ends_s = self._loop.time() + self._limits.poll_s
        rest_s = min(self._limits.poll_s, max(RESTS * look_s, REST_S_MIN))
        await asyncio.sleep(max(rest_s, sending_s))
        while not self._bell.is_set() and (left_s := ends_s - self._loop.time()) > 0:
            if self._listeners and self._has_changed():
                break
            watch_s = min(left_s, WATCH_S) if self._listeners else left_s
            with suppress(TimeoutError):
                async with asyncio.timeout(watch_s):
                    await self._bell.wait()
        self._bell.clear()

    async def check(self, cursors: Mapping[str, int]) -> None:
        """Raise NoTailError or TooFarBehindError if these cursors cannot be served."""
        try:
            async with asyncio.timeout(self._limits.keep_alive_s):
                await self._ready.wait()
        except TimeoutError as error:
            raise NoTailError from error
        if len(self._listeners) >= self._limits.listeners_max:
            raise NoTailError
        behind = sum(max(0, self._heads.get(name, 0) - after) for name, after in cursors.items())
        if behind > BEHIND_MAX:
            raise TooFarBehindError(behind=behind)

    def listening(self) -> set[UUID]:
        """Return the agents that hold a connection to this process now."""
        return {one.agent for one in list(self._listeners) if one.agent is not None}

    async def frames(
        self,
        cursors: Mapping[str, int],
        agent: UUID | None = None,
        form: Form = Form.ENCRYPTED,
    ) -> AsyncGenerator[bytes]:
        """Yield length-prefixed segments without a gap, and an empty frame when nothing came.

        What the cursors lack comes first. Ends when the listener does not keep up.
        """
        listener = Listener(dict(cursors), asyncio.Queue(self._limits.frames_max), agent)
        self._join(listener)
        try:
            for stream in sorted(cursors):
                for piece in await self._missing(listener, stream, self._heads.get(stream, 0)):
                    yield framed(piece, form)
            while (waiting := await self._next(listener)) is not None:
                for piece in waiting:
                    yield framed(piece, form)
                if not waiting:
                    yield KEEP_ALIVE
        finally:
            self._leave(listener)

    async def _next(self, listener: Listener) -> list[Piece] | None:
        """Return the pieces that come next, none after the keep-alive time, None at the end."""
        try:
            async with asyncio.timeout(self._limits.keep_alive_s):
                piece = await listener.queue.get()
        except TimeoutError:
            return []
        if piece is None:
            return None
        if piece.first == listener.cursors[piece.stream] + 1:
            listener.cursors[piece.stream] = piece.last
            return [piece]
        return await self._missing(listener, piece.stream, piece.last)

    async def _missing(self, listener: Listener, stream: str, last: int) -> list[Piece]:
        """Read what a listener's own cursor lacks, when the shared pieces do not fit it."""
        cursor = listener.cursors[stream]
        if cursor >= last:
            return []
        listener.cursors[stream] = last
        return await self._in_thread(self._read_pieces, stream, cursor, last)

    async def _look(self) -> None:
        heads = await self._in_thread(self._read_heads)
        if not self._ready.is_set():
            self._heads = heads
            self._ready.set()
        for stream, newest in heads.items():
            head, seen = newest, self._heads.get(stream, 0)
            if head <= seen:
                continue
            # Whoever joins during the reading below is offered these pieces too; without
            # listeners nothing is awaited, so that nobody can join between the two lines.
            if self._of_stream.get(stream):
                head = min(head, seen + ROWS_PER_LOOK_MAX)
                self._offer(await self._in_thread(self._read_pieces, stream, seen, head))
            self._heads[stream] = head

    def _offer(self, pieces: Sequence[Piece]) -> None:
        for piece in pieces:
            for listener in list(self._of_stream[piece.stream]):
                if listener.queue.full():
                    self._end(listener)
                else:
                    listener.queue.put_nowait(piece)

    def _join(self, listener: Listener) -> None:
        self._listeners.add(listener)
        for stream in listener.cursors:
            self._of_stream[stream].add(listener)

    def _leave(self, listener: Listener) -> None:
        self._listeners.discard(listener)
        for stream in listener.cursors:
            self._of_stream[stream].discard(listener)

    def _end(self, listener: Listener) -> None:
        self._leave(listener)
        while not listener.queue.empty():
            listener.queue.get_nowait()
        listener.queue.put_nowait(None)

    def _end_all(self) -> None:
        for listener in list(self._listeners):
            self._end(listener)

    async def _in_thread(self, call: Callable[..., _T], *args: object) -> _T:
        """Read in a thread; who is cancelled meanwhile waits for it, or its connection would stay
        open when the database is closed."""
        reading = asyncio.ensure_future(to_thread.run_sync(call, *args, limiter=self._readers))
        try:
            return await asyncio.shield(reading)
        except asyncio.CancelledError:
            await asyncio.wait([reading])
            raise


def framed(piece: Piece, form: Form = Form.ENCRYPTED) -> bytes:
    """Return a piece as it travels in the tail."""
    encoded = piece.encoded if form is Form.ENCRYPTED else piece.plain
    return len(encoded).to_bytes(_LENGTH_BYTES, "big") + encoded
