"""The live tail carries every row to whoever may read it, whoever wrote it, without a gap."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import islice
from uuid import UUID

import httpx
import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from central.centre import Centre
from central.feed import service as feed
from central.feed.hub import BEHIND_MAX, KEEP_ALIVE, REST_S_MIN, SLOW, Hub, Limits, NoTailError
from central.feed.routes import BadCursorError, parse_cursors
from central.settings import Settings
from shared.clock import SystemClock
from shared.runtime.sqlite import open_engine
from shared.wire.feed import Segment, changes_of, decode_segment
from tests.central.app.kit import WAIT_S, Device, SetClock, code_of, enrolled, serving
from tests.central.feed.test_segments import STREAM, append_goods

TRIES = 500


@contextmanager
def connected(centre: Centre, clock: SetClock) -> Iterator[Device]:
    with serving(centre) as url, httpx.Client(base_url=url, timeout=WAIT_S) as client:
        yield enrolled(centre, Device(client, clock))


@contextmanager
def listening(device: Device, *cursors: str) -> Iterator[Iterator[Segment | None]]:
    target = "/v1/tail?" + "&".join(f"after={cursor}" for cursor in cursors)
    with device.client.stream("GET", target, headers=device.headers(target)) as answer:
        assert answer.status_code == 200
        yield _frames(answer.iter_raw())


def segments(frames: Iterator[Segment | None]) -> Iterator[Segment]:
    return (frame for frame in frames if frame is not None)


def test_a_change_arrives_within_a_second(centre: Centre, clock: SetClock) -> None:
    with connected(centre, clock) as device, listening(device, f"{STREAM}:0") as frames:
        assert next(frames) is None  # the keep-alive: we are listening
        began_s = SystemClock().monotonic()
        append_goods(centre.engine, 2)
        segment = next(segments(frames))
        took_s = SystemClock().monotonic() - began_s

    assert [change.number for change in changes_of(segment)] == [1, 2]
    assert took_s < 1


def test_a_change_of_another_process_arrives_too(centre: Centre, clock: SetClock) -> None:
    other = open_engine(str(centre.engine.url))
    with connected(centre, clock) as device, listening(device, f"{STREAM}:0") as frames:
        assert next(frames) is None
        append_goods(other, 1)
        segment = next(segments(frames))
    other.dispose()

    assert (segment.stream, segment.first, segment.last) == (STREAM, 1, 1)


def test_what_a_listener_lacks_comes_first(centre: Centre, clock: SetClock) -> None:
    append_goods(centre.engine, 1200)
    with (
        connected(centre, clock) as device,
        listening(device, "global:0", f"{STREAM}:300", "store:101:1") as frames,
    ):
        found = list(islice(segments(frames), 4))
        append_goods(centre.engine, 1)
        live = next(segments(frames))

    assert [(one.stream, one.first, one.last) for one in found] == [
        ("global", 1, 1),
        (STREAM, 301, 500),
        (STREAM, 501, 1000),
        (STREAM, 1001, 1200),
    ]
    assert (live.first, live.last) == (1201, 1201)


def test_a_listener_that_is_far_behind_must_fetch_segments(centre: Centre, clock: SetClock) -> None:
    append_goods(centre.engine, BEHIND_MAX + 1)
    with connected(centre, clock) as device:
        answer = device.get(f"/v1/tail?after={STREAM}:0")

    assert (answer.status_code, code_of(answer)) == (409, "too_far_behind")


def test_the_tail_of_another_store_is_forbidden(centre: Centre, clock: SetClock) -> None:
    with connected(centre, clock) as device:
        answer = device.get("/v1/tail?after=global:0&after=store:102:0")

    assert (answer.status_code, code_of(answer)) == (403, "forbidden_stream")


def test_a_cursor_ahead_of_the_centre_is_refused(centre: Centre, clock: SetClock) -> None:
    with connected(centre, clock) as device:
        answer = device.get("/v1/tail?after=global:9")

    assert (answer.status_code, code_of(answer)) == (409, "cursor_ahead")


def test_the_tail_ends_with_its_session(centre: Centre, clock: SetClock) -> None:
    with connected(centre, clock) as device, listening(device, "global:1") as frames:
        assert next(frames) is None
        clock.go(minutes=15)

        assert list(frames) in ([], [None])


def test_a_listener_that_has_gone_frees_its_place(
    settings: Settings, centre: Centre, clock: SetClock
) -> None:
    narrow = replace(centre, settings=settings.model_copy(update={"tail_listeners_max": 1}))
    target = "/v1/tail?after=global:1"
    with connected(narrow, clock) as device:
        with listening(device, "global:1") as frames:
            assert next(frames) is None
            assert code_of(device.get(target)) == "no_tail"

        assert any(_is_served(device, target) for _ in range(TRIES))


@pytest.mark.parametrize("text", ["", "global", "global:", ":3", "global:x", "global:-1", "a:1²"])
def test_a_cursor_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(BadCursorError):
        parse_cursors([text])


def test_cursors_are_read_from_the_right() -> None:
    assert parse_cursors(["global:12", "region:msk:3"]) == {"global": 12, "region:msk": 3}


def test_a_listener_that_does_not_read_is_cut_off_and_the_others_are_not() -> None:
    source = Source()

    async def scenario() -> None:
        async with running(source, frames_max=2) as hub:
            slow, quick = hub.frames({"a": 0}), hub.frames({"a": 0})
            source.heads = {"a": 1}
            assert await anext(slow)
            assert await anext(quick)
            for number in range(2, 6):
                source.heads = {"a": number}
                assert b"a %d" % number in await anext(quick)

            assert [frame async for frame in slow] == []

    asyncio.run(asyncio.wait_for(scenario(), WAIT_S))


def test_one_look_serves_all_listeners() -> None:
    source = Source()

    async def scenario() -> None:
        async with running(source) as hub:
            listeners = [hub.frames({"a": 0}) for _ in range(50)]
            first = [asyncio.create_task(anext(listener)) for listener in listeners]
            assert await asyncio.gather(*first) == [KEEP_ALIVE] * 50
            source.reads.clear()
            source.heads = {"a": 3}
            frames = [await anext(listener) for listener in listeners]
            while KEEP_ALIVE in frames:
                frames = [
                    await anext(one) if frame == KEEP_ALIVE else frame
                    for one, frame in zip(listeners, frames, strict=True)
                ]

            assert len(set(frames)) == 1
            assert source.reads == [("a", 0, 3)]

    asyncio.run(asyncio.wait_for(scenario(), WAIT_S))


def test_what_is_written_while_many_still_take_a_piece_comes_as_one() -> None:
    source = Source()

    async def scenario() -> None:
        async with running(source) as hub:
            listeners = [hub.frames({"a": 0}) for _ in range(2 * SLOW)]
            first = [asyncio.create_task(anext(listener)) for listener in listeners]
            assert await asyncio.gather(*first) == [KEEP_ALIVE] * len(listeners)
            source.reads.clear()
            source.heads = {"a": 1}
            while not source.reads:
                await asyncio.sleep(REST_S_MIN)
            for number in range(2, 6):
                source.heads = {"a": number}
                hub.ring()
                await asyncio.sleep(REST_S_MIN * 2)
            for listener in listeners:
                while not (await anext(listener)).endswith(b"5"):
                    pass

            assert source.reads == [("a", 0, 1), ("a", 1, 5)]

    asyncio.run(asyncio.wait_for(scenario(), WAIT_S))


def test_a_cursor_between_shared_pieces_gets_a_piece_of_its_own() -> None:
    source = Source()

    async def scenario() -> None:
        async with running(source) as hub:
            ahead = hub.frames({"a": 2})
            assert await anext(ahead) == KEEP_ALIVE
            source.heads = {"a": 5}
            frame = await anext(ahead)
            while frame == KEEP_ALIVE:
                frame = await anext(ahead)

            assert frame.endswith(b"a 2-5")

    asyncio.run(asyncio.wait_for(scenario(), WAIT_S))


def test_who_listens_is_known_while_the_connection_is_open() -> None:
    agent = UUID(int=7)

    async def scenario() -> None:
        async with running(Source()) as hub:
            frames = hub.frames({"a": 0}, agent)
            await anext(frames)
            during = hub.listening()
            await frames.aclose()

            assert (during, hub.listening()) == ({agent}, set())

    asyncio.run(asyncio.wait_for(scenario(), WAIT_S))


@pytest.mark.parametrize(
    "failure",
    [
        OperationalError("select", {}, Exception("gone")),
        PoolTimeoutError("no connection is free"),
        ValueError("nobody has thought of it"),
    ],
    ids=["gone", "no connection is free", "unforeseen"],
)
def test_a_database_that_fails_ends_the_connections_and_the_next_look_goes_on(
    failure: Exception,
) -> None:
    source = Source()

    async def scenario() -> None:
        async with running(source) as hub:
            frames = hub.frames({"a": 0})
            assert await anext(frames) == KEEP_ALIVE
            source.failure = failure
            assert [frame async for frame in frames if frame != KEEP_ALIVE] == []
            source.failure = None
            source.heads = {"a": 1}

            again = hub.frames({"a": 0})
            while (frame := await anext(again)) == KEEP_ALIVE:
                pass
            assert frame.endswith(b"a 1")

    asyncio.run(asyncio.wait_for(scenario(), WAIT_S))


def test_no_more_listeners_than_the_limit() -> None:
    source = Source()

    async def scenario() -> None:
        async with running(source, listeners_max=1) as hub:
            await hub.check({"a": 0})
            await anext(hub.frames({"a": 0}))
            with pytest.raises(NoTailError):
                await hub.check({"a": 0})

    asyncio.run(asyncio.wait_for(scenario(), WAIT_S))


class Source:
    """Heads that the test sets; a piece's bytes say what was read."""

    def __init__(self) -> None:
        self.heads: dict[str, int] = {}
        self.reads: list[tuple[str, int, int]] = []
        self.failure: Exception | None = None

    def read_heads(self) -> dict[str, int]:
        if self.failure is not None:
            raise self.failure
        return dict(self.heads)

    def read_pieces(self, stream: str, after: int, last: int) -> list[feed.Piece]:
        self.reads.append((stream, after, last))
        encoded = f"{stream} {last}" if after + 1 == last else f"{stream} {after}-{last}"
        return [feed.Piece(stream, after + 1, last, encoded.encode())]


class running:  # noqa: N801
    """A hub over a source, looking every few milliseconds."""

    def __init__(self, source: Source, frames_max: int = 64, listeners_max: int = 100) -> None:
        limits = Limits(0.005, 0.1, listeners_max, frames_max)
        self.hub = Hub(source.read_heads, source.read_pieces, limits)

    async def __aenter__(self) -> Hub:
        self.task = asyncio.create_task(self.hub.run())
        while True:
            with suppress(NoTailError):  # the first look may take longer than a keep-alive lasts
                await self.hub.check({})
                return self.hub

    async def __aexit__(self, *_: object) -> None:
        self.task.cancel()


def _is_served(device: Device, target: str) -> bool:
    with device.client.stream("GET", target, headers=device.headers(target)) as answer:
        return answer.status_code == 200


def _frames(chunks: Iterator[bytes]) -> Iterator[Segment | None]:
    buffer = b""
    for chunk in chunks:
        buffer += chunk
        while len(buffer) >= 4 and len(buffer) >= 4 + int.from_bytes(buffer[:4], "big"):
            end = 4 + int.from_bytes(buffer[:4], "big")
            yield decode_segment(buffer[4:end]) if end > 4 else None
            buffer = buffer[end:]
