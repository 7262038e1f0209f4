"""Server-sent events: tills hear what happens in the store as it happens."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from agent.equipment.service import on_scan
from hardware.scanners.parse import Encoding
from hardware.scanners.scanner import Medium, ScanEvent
from tests.agent.kit import sell
from tests.agent.till.kit import refusal, serving
from tests.builders import Shop, basket
from tests.fakes import NOON

PAN = "4111111111111111"


@pytest.fixture
def address(shop: Shop) -> Iterator[str]:
    with serving(shop.station) as address:
        yield address


class Listener:
    """A till that listens."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.iter_lines()
        assert self.next()[0] == "listening"

    def next(self) -> tuple[str, Any]:
        """Return the next event's name and content; comments keep the line alive."""
        name = ""
        for line in self._lines:
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                return name, json.loads(line.removeprefix("data: "))
        raise AssertionError("the agent hung up")


def listen(stack: ExitStack, address: str) -> Listener:
    client = stack.enter_context(httpx.Client(base_url=address, timeout=20, trust_env=False))
    return Listener(stack.enter_context(client.stream("GET", "/v1/events")))


def test_a_sale_is_heard_by_every_till(shop: Shop, address: str) -> None:
    with ExitStack() as stack:
        tills = [listen(stack, address) for _ in range(2)]

        done = sell(shop, basket(shop))

        for till in tills:
            name, told = till.next()
            assert (name, told["name"]) == ("receipt.committed", "receipt.committed")
            assert told["details"] == {"receipt": str(done.receipt)}


SPARE = 4


def test_a_scan_is_heard_but_not_the_number_of_a_payment_card(shop: Shop, address: str) -> None:
    with ExitStack() as stack:
        till = listen(stack, address)
        hear = on_scan(shop.station)

        swiped = ScanEvent("s", "", b"", Encoding.UTF8, NOON, medium=Medium.PAYMENT_CARD)
        hear(swiped)
        for text in ("4600000000015", PAN, f";{PAN}=2812?", "]C10104600000000015"):
            hear(ScanEvent("scanner", text, text.encode(), Encoding.UTF8, shop.clock.now()))

        told = [till.next()[1]["details"] for _ in range(5)]
        assert [(one["kind"], one["code"]) for one in told] == [
            ("payment_card", ""),
            ("goods", "4600000000015"),
            ("payment_card", ""),
            ("payment_card", ""),
            ("goods", "0104600000000015"),
        ]


def test_more_listeners_than_allowed_are_refused_as_a_problem(shop: Shop, address: str) -> None:
    most = shop.station.settings.event_listeners_max
    with ExitStack() as stack:
        listening = [listen(stack, address) for _ in range(most)]

        url = f"{address}/v1/events"
        # A connection that was lost on a busy machine makes room for one.
        more = (httpx.stream("GET", url, timeout=20, trust_env=False) for _ in range(SPARE))
        opened = (stack.enter_context(one) for one in more)
        refused = next((one for one in opened if one.status_code == 503), None)

        assert len(listening) == most
        assert refused is not None, "more and more are let in"
        refused.read()
        assert refusal(refused, 503) == "too_many_listeners"


def test_a_till_that_hangs_up_makes_room(shop: Shop, address: str) -> None:
    most = shop.station.settings.event_listeners_max

    for _ in range(most * 2):
        with ExitStack() as stack:
            hear_or_wait(stack, address)


def hear_or_wait(stack: ExitStack, address: str) -> Listener:
    """Listen, once the agent has noticed that earlier tills are gone."""
    client = stack.enter_context(httpx.Client(base_url=address, timeout=20, trust_env=False))
    for _ in range(1000):
        response = stack.enter_context(client.stream("GET", "/v1/events"))
        if response.is_success:
            return Listener(response)
        response.read()
    raise AssertionError("the agent keeps listeners that are gone")


def test_a_slow_listener_loses_the_oldest_and_never_holds_a_sale_up(
    shop: Shop, address: str
) -> None:
    with ExitStack() as stack:
        till = listen(stack, address)

        for number in range(5_000):
            shop.station.events.publish("test.counted", number=number)

        name, told = till.next()
        assert name == "test.counted"
        assert told["details"]["number"] >= 0
