"""The line to the centre: what an answer means for what was sent."""

import gzip
import random
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import httpx
import pytest

from agent.heard import BUSY_S_MAX, BUSY_S_MIN, CLOCK_SKEW, Told
from agent.http_link import ANSWER_BYTES_MAX, FRAME_PREFIX_BYTES, TELLING_S_MAX, HttpLink
from agent.link import CentreBusyError, LinkDownError
from agent.link import RefusedByCentreError as Refused
from shared.clock import Clock, SystemClock, tick
from shared.crypto.chain import GENESIS
from shared.crypto.keys import SEED_BYTES, KeyPair
from shared.errors import LoyaltyError
from shared.ids import uuid7
from shared.wire.agents import SessionAnswer, SessionRequest
from shared.wire.codec import MalformedError, encode
from shared.wire.facts import Fact
from shared.wire.feed import GLOBAL
from shared.wire.push import BACKLOG, BATCH_MAX, LANE_HEADER, Head, PushBatch
from tests.fakes import NOON, FakeClock


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        (403, Refused),
        (422, Refused),
        (500, LinkDownError),
        (502, LinkDownError),
        (503, LinkDownError),
        (507, LinkDownError),
    ],
)
def test_a_centre_that_fails_has_not_refused(status: int, meaning: type[LoyaltyError]) -> None:
    with linked(lambda _request: httpx.Response(status, text="no")) as link:
        with pytest.raises(meaning):
            link.session()

        assert link.state().up == (status < 500)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_centre_that_stands_behind_its_proxy_is_not_there_any_more(status: int) -> None:
    """Whoever was online is not for ever, as long as only the proxy answers."""

    def proxy(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return session_at(NOON)
        return httpx.Response(status, html="<h1>No server is available</h1>")

    with linked(proxy, FakeClock()) as link:
        link.session()
        was_up = link.state().up
        with pytest.raises(LinkDownError):
            link.segment(GLOBAL, 7)

        assert (was_up, link.state().up) == (True, False)


@pytest.mark.parametrize(
    "code",
    [
        "accounts_moved",
        "body_slow",
        "no_tail",
        "snapshot_behind",
        "storage_busy",
        "too_many_signed_requests",
    ],
)
def test_a_centre_that_cannot_serve_one_request_is_there_all_the_same(code: str) -> None:
    def centre(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return session_at(NOON)
        return httpx.Response(503, json={"code": code, "sentence": {"en": "Not now."}})

    with linked(centre, FakeClock()) as link:
        link.session()
        with pytest.raises(LinkDownError):
            next(link.tail({GLOBAL: 7}))

        assert link.state().up


@pytest.mark.parametrize("status", [301, 302, 304, 307])
def test_a_portal_on_the_way_is_not_the_centre(status: int) -> None:
    """As that of a mobile line without money: the store is not told that all is up to date."""

    def portal(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return session_at(NOON)
        return httpx.Response(status, headers={"location": "http://portal/pay"})

    with linked(portal, FakeClock()) as link:
        link.session()
        asks: tuple[Callable[[], object], ...] = (
            partial(link.segment, GLOBAL, 7),
            lambda: next(link.tail({GLOBAL: 7})),
        )
        for ask in asks:
            with pytest.raises(LinkDownError):
                ask()

        assert not link.state().up


def endless(read: list[int]) -> Iterator[bytes]:
    """An answer that goes on; `read` has the bytes of what was taken of it."""
    chunk = bytes(ANSWER_BYTES_MAX // 8)
    while len(read) < 100:
        read.append(len(chunk))
        yield chunk


@pytest.mark.parametrize("status", [200, 502])
def test_an_answer_that_has_no_end_is_not_read_to_it(status: int) -> None:
    read: list[int] = []

    def centre(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return session_at(NOON)
        return httpx.Response(status, content=endless(read))

    with linked(centre, FakeClock()) as link, pytest.raises(LinkDownError, match="more than"):
        link.segment(GLOBAL, 7)

    assert sum(read) < 2 * ANSWER_BYTES_MAX


def test_an_answer_that_grows_when_it_is_decoded_is_not_decoded() -> None:
    bomb = gzip.compress(bytes(2 * ANSWER_BYTES_MAX), 1)
    asked: list[str] = []

    def centre(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return session_at(NOON)
        asked.append(request.headers["accept-encoding"])
        stream = httpx.ByteStream(bomb)
        return httpx.Response(200, headers={"content-encoding": "gzip"}, stream=stream)

    with linked(centre, FakeClock()) as link, pytest.raises(LinkDownError, match="encoding"):
        link.segment(GLOBAL, 7)

    assert asked == ["identity"]


def test_a_refusal_of_the_tail_that_has_no_end_is_not_read_to_it() -> None:
    read: list[int] = []

    def centre(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return session_at(NOON)
        return httpx.Response(502, content=endless(read))

    with linked(centre, FakeClock()) as link, pytest.raises(LinkDownError, match="more than"):
        next(link.tail({GLOBAL: 7}))

    assert sum(read) < 2 * ANSWER_BYTES_MAX


def test_a_proxy_that_compresses_for_who_asks_for_it_leaves_the_tail_as_it_is() -> None:
    def proxy(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return session_at(NOON)
        frame = bytes(FRAME_PREFIX_BYTES)  # nothing new
        if "gzip" not in request.headers["accept-encoding"]:
            return httpx.Response(200, stream=httpx.ByteStream(frame))
        stream = httpx.ByteStream(gzip.compress(frame))
        return httpx.Response(200, headers={"content-encoding": "gzip"}, stream=stream)

    with linked(proxy, FakeClock()) as link:
        assert next(link.tail({GLOBAL: 7})) is None


def test_an_empty_answer_is_not_that_nothing_is_newer() -> None:
    def cut_off(request: httpx.Request) -> httpx.Response:
        return session_at(NOON) if request.method == "POST" else httpx.Response(200)

    with linked(cut_off, FakeClock()) as link, pytest.raises(MalformedError):
        link.segment(GLOBAL, 7)


@pytest.mark.parametrize(
    ("details", "after_s"),
    [
        ({"retry_after_s": 3.5}, 3.5),
        ({"retry_after_s": 1e9}, BUSY_S_MAX),
        ({"retry_after_s": -4}, BUSY_S_MIN),
        ({"retry_after_s": "soon"}, BUSY_S_MIN),
        ({}, BUSY_S_MIN),
        (None, BUSY_S_MIN),
    ],
)
def test_a_busy_centre_is_there_and_says_when_to_come_back(details: object, after_s: float) -> None:
    body = {"code": "busy", "sentence": {"en": "Busy."}, "details": details}
    with linked(lambda _request: httpx.Response(503, json=body)) as link:
        with pytest.raises(CentreBusyError) as busy:
            link.session()

        assert busy.value.details["retry_after_s"] == after_s
        assert link.state().up


def session_at(now: datetime) -> httpx.Response:
    """A centre that opens a session at an instant by its own clock."""
    later = now + timedelta(minutes=15)
    told = SessionAnswer(UUID(int=1), b"k" * 32, later, now, UUID(int=2), 1, ())
    return httpx.Response(200, content=encode(told))


def created_of(request: httpx.Request) -> int:
    found = re.search(r";created=(\d+)", request.headers["signature-input"])
    assert found is not None
    return int(found[1])


def test_a_session_tells_what_time_it_is() -> None:
    with linked(lambda _request: session_at(NOON)) as link:
        before = link.state().told
        link.session()
        told = link.state().told

    assert before is None
    assert told is not None
    assert told.at == NOON


def test_an_answer_that_took_long_does_not_tell_what_time_it_is() -> None:
    clock = FakeClock()

    def slowly(_request: httpx.Request) -> httpx.Response:
        clock.move(seconds=TELLING_S_MAX + 1)
        return session_at(NOON)

    with linked(slowly, clock) as link:
        link.session()

        assert link.state().told is None


@pytest.mark.parametrize("hours", [48, -48])
def test_a_request_that_was_refused_for_its_clock_is_sent_by_the_centres(hours: int) -> None:
    """A machine whose clock is wrong by days is put right by the refusal, and trusted by the
    session that follows."""
    clock, sent = FakeClock(), []
    clock.set_wrong(hours=hours)

    def centre(request: httpx.Request) -> httpx.Response:
        sent.append(created_of(request))
        if abs(sent[-1] - NOON.timestamp()) > 300:
            details = {"now_s": int(NOON.timestamp())}
            body = {"code": CLOCK_SKEW, "sentence": {"en": "No."}, "details": details}
            return httpx.Response(401, json=body)
        return session_at(NOON)

    with linked(centre, clock) as link:
        with pytest.raises(Refused):
            link.session()
        refused = link.state().told
        link.session()
        told = link.state().told

    assert refused is None
    assert told == Told(NOON, clock.monotonic(), clock.now())
    assert sent[-1] == NOON.timestamp()


@pytest.mark.parametrize("now_s", [None, "soon", 10**40, {}])
def test_a_refusal_that_tells_no_time_changes_nothing(now_s: object) -> None:
    clock, sent = FakeClock(), []

    def centre(request: httpx.Request) -> httpx.Response:
        sent.append(created_of(request))
        body = {"code": CLOCK_SKEW, "sentence": {"en": "No."}, "details": {"now_s": now_s}}
        return httpx.Response(401, json=body)

    with linked(centre, clock) as link:
        for _ in range(2):
            with pytest.raises(Refused):
                link.session()

    assert sent == [NOON.timestamp()] * 2


@pytest.mark.parametrize(
    ("facts", "age", "lane"),
    [
        (1, timedelta(seconds=2), None),
        (BATCH_MAX - 1, timedelta(seconds=2), None),
        (BATCH_MAX, timedelta(seconds=2), BACKLOG),
        (1, timedelta(minutes=2), BACKLOG),
    ],
)
def test_what_has_waited_for_long_does_not_stand_before_what_was_just_sold(
    facts: int, age: timedelta, lane: str | None
) -> None:
    told: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        told.append(request.headers.get(LANE_HEADER))
        return httpx.Response(403)

    with linked(answer) as link, pytest.raises(Refused):
        link.push(batch_of(facts, SystemClock().now() - age))

    assert told == [lane]


def batch_of(facts: int, at: datetime) -> PushBatch:
    agent, hlc = UUID(int=1), tick(0, at)
    fact = Fact(agent, 1, 1, UUID(int=2), hlc, "k", GENESIS, GENESIS, b"", b"", b"")
    return PushBatch(Head(agent, 1, facts, GENESIS), b"", (fact,) * facts)


@contextmanager
def linked(
    answer: Callable[[httpx.Request], httpx.Response], clock: Clock | None = None
) -> Iterator[HttpLink]:
    chance = random.Random(1)
    clock = clock or SystemClock()
    request = SessionRequest(uuid7(clock.now(), chance), 1, "0.1.0", 0)
    keys = KeyPair.from_seed(chance.randbytes(SEED_BYTES))
    transport = httpx.MockTransport(answer)
    with httpx.Client(transport=transport, base_url="http://centre") as client:
        yield HttpLink(client, keys, request, clock, 1)
