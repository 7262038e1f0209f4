"""A commit wakes the tail, in this process and in another one; a wake that is lost costs a poll."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial

from sqlalchemy import Engine

from central.centre import Centre
from central.feed import service as feed
from central.feed.hub import Hub, Limits
from central.feed.service import NewChange
from central.feed.wakes import Wakes, touch
from shared.runtime.sqlite import open_engine, transaction
from shared.wire.feed import decode_segment
from shared.wire.rows import RowKind
from tests.central.app.kit import WAIT_S
from tests.central.feed.test_segments import STREAM, append_goods

LONG_S = 60.0
"""Between polls: what comes before was woken."""
SHORT_S = 0.05


class Tail:
    """A hub that listens to a stream, with what wakes it."""

    def __init__(self, centre: Centre, poll_s: float = LONG_S) -> None:
        self.engine = centre.engine
        self.looks = 0
        self.wakes = Wakes(centre.engine)
        self.hub = Hub(
            self.heads,
            partial(feed.pieces, centre),
            Limits(poll_s, LONG_S, 10, 64),
            self.wakes.changed,
        )
        self.wakes.ring = self.hub.ring

    def heads(self) -> dict[str, int]:
        found = feed.heads(self.engine)
        self.looks += 1
        return found

    async def __aenter__(self) -> "Tail":
        self.task = asyncio.create_task(self.hub.run())
        await self.hub.check({})
        self.wakes.start()
        self.frames = self.hub.frames({STREAM: 0})
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self.wakes.stop)
        self.task.cancel()

    async def next(self) -> bytes:
        return await asyncio.wait_for(anext(self.frames), WAIT_S)


@contextmanager
def beside(engine: Engine) -> Iterator[Engine]:
    """The same database as another process has it, which tells the others what it commits."""
    other = open_engine(engine.url.render_as_string(hide_password=False))
    wakes = Wakes(other)
    wakes.start()
    try:
        yield other
    finally:
        wakes.stop()
        other.dispose()


def test_a_commit_of_this_process_wakes_the_tail(centre: Centre) -> None:
    async def scenario() -> None:
        async with Tail(centre) as tail:
            for _ in range(3):
                wanted = asyncio.create_task(tail.next())
                await asyncio.to_thread(append_goods, centre.engine, 1)
                assert await wanted

    asyncio.run(scenario())


def test_a_commit_of_another_process_wakes_the_tail(centre: Centre) -> None:
    async def scenario() -> None:
        with beside(centre.engine) as other:
            async with Tail(centre) as tail:
                for _ in range(3):
                    wanted = asyncio.create_task(_repeatedly(other, tail))
                    assert await wanted

    asyncio.run(scenario())


async def _repeatedly(other: Engine, tail: Tail) -> bytes:
    """Write until something is seen: a listener may begin to hear some time after it was begun."""
    wanted = asyncio.create_task(tail.next())
    while not wanted.done():
        await asyncio.to_thread(append_goods, other, 1)
        await asyncio.wait([wanted], timeout=SHORT_S)
    return await wanted


def test_without_any_wake_the_poll_finds_what_is_new(centre: Centre) -> None:
    async def scenario() -> None:
        async with Tail(centre, SHORT_S) as tail:
            tail.wakes.ring = lambda: None
            wanted = asyncio.create_task(tail.next())
            await asyncio.to_thread(append_goods, centre.engine, 1)
            assert await wanted

    asyncio.run(scenario())


def test_what_is_not_committed_is_not_seen_however_often_it_rings(centre: Centre) -> None:
    async def scenario() -> None:
        async with Tail(centre) as tail:
            with suppress(ZeroDivisionError), transaction(centre.engine) as connection:
                feed.append(connection, [NewChange(STREAM, RowKind.GOODS, b"x", b"y")])
                looked = tail.looks
                tail.hub.ring()
                while tail.looks == looked:
                    await asyncio.sleep(SHORT_S)
                seen = await asyncio.to_thread(tail.heads)
                raise ZeroDivisionError
            assert STREAM not in seen
            wanted = asyncio.create_task(tail.next())
            await asyncio.to_thread(append_goods, centre.engine, 1)
            assert decode_segment((await wanted)[4:]).last == 1

    asyncio.run(asyncio.wait_for(scenario(), WAIT_S))


def test_a_transaction_that_changes_no_stream_wakes_nobody(centre: Centre) -> None:
    rung: list[int] = []
    wakes = Wakes(centre.engine)
    wakes.ring = lambda: rung.append(1)
    with transaction(centre.engine) as connection:
        connection.info.clear()
    wakes.start()

    with transaction(centre.engine):
        pass
    quiet = len(rung)
    with transaction(centre.engine) as connection:
        touch(connection)
    wakes.stop()
    with transaction(centre.engine) as connection:
        touch(connection)

    assert (quiet, len(rung)) == (0, 1)
