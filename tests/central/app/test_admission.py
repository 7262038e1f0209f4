"""Admission: a lane that is full turns away at once or in bounded time, and holds up no other."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import pytest

from central.admission import (
    BODIES_WAITING,
    RETRY_S_MAX,
    THIN_LINE_BYTES_PER_S,
    Admission,
    Bodies,
    Gate,
    Lane,
    Width,
    lane_of,
)
from shared.clock import SystemClock
from shared.wire.push import BACKLOG, LANE_HEADER

WAIT_S = 5
NARROW = Width(running=1, waiting=1, wait_s=0.25)
SHORT = Bodies(bytes_max=100, arrive_s=0.25)


def scope(path: str, method: str = "POST", **headers: str) -> MutableMapping[str, Any]:
    named = [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]
    return {"type": "http", "path": path, "method": method, "headers": named}


FACTS = scope("/v1/facts")
OLD_FACTS = scope("/v1/facts", **{LANE_HEADER.lower(): BACKLOG})


Body = Callable[[], Awaitable[MutableMapping[str, Any]]]


async def at_once() -> MutableMapping[str, Any]:
    return {"type": "http.request", "body": b"whole", "more_body": False}


async def never() -> MutableMapping[str, Any]:
    await asyncio.Event().wait()
    raise AssertionError


async def too_much() -> MutableMapping[str, Any]:
    return {"type": "http.request", "body": bytes(SHORT.bytes_max), "more_body": True}


class Office:
    """An application that answers when it is let go on, behind narrow lanes."""

    def __init__(self, width: Width = NARROW, bodies: Bodies = SHORT) -> None:
        self.go_on = asyncio.Event()
        self.begun = 0
        self.admission = Admission(
            self._answer, dict.fromkeys(Lane, width), bodies, SystemClock(), random.Random(1)
        )

    async def ask(
        self, of: MutableMapping[str, Any], body: Body | None = None
    ) -> tuple[int, dict[str, Any], bytes]:
        told: list[MutableMapping[str, Any]] = []

        async def send(message: MutableMapping[str, Any]) -> None:
            told.append(message)

        await self.admission(of, body or at_once, send)
        headers = dict(told[0]["headers"])
        answer = told[1]["body"]
        retry_after = headers.get(b"retry-after", b"")
        return told[0]["status"], json.loads(answer) if answer else {}, retry_after

    async def _answer(self, of: MutableMapping[str, Any], _receive: object, send: Any) -> None:
        self.begun += 1
        await self.go_on.wait()
        if of["path"] == "/v1/fails":
            raise RuntimeError
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


def run(story: Any) -> None:
    asyncio.run(asyncio.wait_for(story, WAIT_S))


def test_who_finds_no_place_is_told_when_to_come_back() -> None:
    async def story() -> None:
        office = Office()
        first = asyncio.create_task(office.ask(FACTS))
        await asyncio.sleep(0)
        waits = asyncio.create_task(office.ask(FACTS))
        await asyncio.sleep(0.01)

        at_once = await office.ask(FACTS)
        in_time = await waits
        office.go_on.set()

        for status, body, header in (at_once, in_time):
            assert (status, body["code"]) == (503, "busy")
            assert 0 < body["details"]["retry_after_s"] <= int(header) <= RETRY_S_MAX
        assert (await first)[0] == 200
        assert office.begun == 1

    run(story())


def test_who_waits_is_served_when_a_place_is_free() -> None:
    async def story() -> None:
        office = Office()
        told = [asyncio.create_task(office.ask(FACTS)) for _ in range(2)]
        await asyncio.sleep(0.01)
        office.go_on.set()

        assert [(await one)[0] for one in told] == [200, 200]

    run(story())


def test_a_store_on_a_slow_line_holds_up_none_that_has_sent_its_own() -> None:
    async def story() -> None:
        office = Office()
        office.go_on.set()
        slow = asyncio.create_task(office.ask(OLD_FACTS, never))
        await asyncio.sleep(0)

        others = [(await office.ask(OLD_FACTS))[0] for _ in range(3)]
        status, body, _ = await slow

        assert others == [200] * 3
        assert (status, body["code"], office.begun) == (503, "body_slow", 3)

    run(story())


def test_a_body_that_comes_over_a_thin_line_is_waited_for_while_it_comes() -> None:
    """It would come no faster the next time: the store would never be heard."""
    bodies = Bodies(bytes_max=5 * THIN_LINE_BYTES_PER_S, arrive_s=0.1)
    left = 3

    async def thin() -> MutableMapping[str, Any]:
        nonlocal left
        left -= 1
        await asyncio.sleep(0.08)
        return {"type": "http.request", "body": bytes(THIN_LINE_BYTES_PER_S), "more_body": left > 0}

    async def story() -> None:
        office = Office(bodies=bodies)
        office.go_on.set()

        assert (await office.ask(OLD_FACTS, thin))[0] == 200

    run(story())


def test_a_body_that_came_fast_and_stops_is_waited_for_no_longer_than_another() -> None:
    bodies = Bodies(bytes_max=20 * THIN_LINE_BYTES_PER_S, arrive_s=0.1)
    begun = False

    async def stops() -> MutableMapping[str, Any]:
        nonlocal begun
        if begun:
            return await never()
        begun = True
        return {"type": "http.request", "body": bytes(bodies.bytes_max), "more_body": True}

    async def story() -> None:
        assert (await Office(bodies=bodies).ask(OLD_FACTS, stops))[1]["code"] == "body_slow"

    run(story())


def test_no_more_bodies_come_at_once_than_may_wait_and_their_places_are_free_again() -> None:
    async def story() -> None:
        office = Office()
        office.go_on.set()
        slow = [asyncio.create_task(office.ask(OLD_FACTS, never)) for _ in range(2)]
        await asyncio.sleep(0)

        assert (await office.ask(OLD_FACTS))[1]["code"] == "busy"
        assert (await office.ask(FACTS, too_much))[1]["code"] == "body_too_large"
        await asyncio.gather(*slow)
        assert [(await office.ask(of))[0] for of in (OLD_FACTS, FACTS)] == [200, 200]

    run(story())


def test_bodies_that_wait_take_no_more_memory_than_some_of_the_largest() -> None:
    """Anybody may send them: they are read before it is known who does."""
    kept = 0

    def large() -> Body:
        begun = False

        async def receive() -> MutableMapping[str, Any]:
            nonlocal begun, kept
            if begun:
                return await never()
            begun, kept = True, kept + SHORT.bytes_max
            return {"type": "http.request", "body": bytes(SHORT.bytes_max), "more_body": True}

        return receive

    async def story() -> None:
        office = Office(Width(running=1, waiting=50, wait_s=WAIT_S))
        office.go_on.set()
        told = await asyncio.gather(*(office.ask(OLD_FACTS, large()) for _ in range(40)))
        codes = Counter(body["code"] for _, body, _ in told)

        assert codes == {"body_slow": BODIES_WAITING, "busy": 40 - BODIES_WAITING}
        assert (await office.ask(OLD_FACTS))[0] == 200
        assert office.admission.gates[Lane.BACKLOG].waiting_bytes == 0

    run(story())


def test_who_waits_longest_is_served_first() -> None:
    async def story() -> None:
        gate, served = Gate(Width(running=1, waiting=9, wait_s=WAIT_S)), []
        await gate.enter()

        async def one(no: int) -> None:
            await gate.enter()
            served.append(no)
            gate.leave(took_s=0)

        waiting = [asyncio.create_task(one(no)) for no in range(3)]
        await asyncio.sleep(0)
        gate.leave(took_s=0)
        await asyncio.gather(*waiting, one(3))

        assert served == [0, 1, 2, 3]

    run(story())


def test_a_request_that_fails_gives_its_place_up() -> None:
    async def story() -> None:
        office = Office()
        office.go_on.set()
        for _ in range(3):
            with pytest.raises(RuntimeError):
                await office.ask(scope("/v1/fails"))

        assert (await office.ask(scope("/v1/sessions")))[0] == 200

    run(story())


def test_a_full_backlog_holds_up_neither_new_facts_nor_asks_nor_reads() -> None:
    async def story() -> None:
        office = Office()
        others = (FACTS, scope("/v1/leases/asks"), scope("/v1/segments/global", "GET"))
        told = [asyncio.create_task(office.ask(one)) for one in (OLD_FACTS, *others)]
        await asyncio.sleep(0.01)
        assert (await office.ask(OLD_FACTS))[0] == 503
        office.go_on.set()

        assert [(await one)[0] for one in told] == [200] * 4

    run(story())


@pytest.mark.parametrize(
    ("of", "lane"),
    [
        (FACTS, Lane.PUSH),
        (OLD_FACTS, Lane.BACKLOG),
        (scope("/v1/sessions"), Lane.ASK),
        (scope("/v1/agents/report"), Lane.BACKLOG),
        (scope("/v1/snapshots/global", "GET"), Lane.READ),
        (scope("/v1/tail", "GET"), None),
        (scope("/healthz", "GET"), None),
        ({"type": "lifespan"}, None),
    ],
)
def test_every_request_has_its_lane(of: MutableMapping[str, Any], lane: Lane | None) -> None:
    assert lane_of(of) == lane


def test_the_longer_the_queue_takes_the_later_one_comes_back() -> None:
    async def story() -> None:
        gate = Gate(Width(running=2, waiting=10, wait_s=1))
        quiet = gate.retry_after_s(0.5)
        for _ in range(50):
            await gate.enter()
            gate.leave(took_s=4)
        gate.running, gate.waiting = 2, 8

        assert quiet < gate.retry_after_s(0.0) < gate.retry_after_s(0.9) <= RETRY_S_MAX

    run(story())
