"""Many tills at once: no lease is overspent, and a receipt belongs to one of them."""

import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar, cast

import httpx
import pytest
from sqlalchemy import QueuePool

from shared.clock import SystemClock
from shared.ids import uuid7
from shared.runtime.sqlite import transaction
from tests.agent.kit import drawn, facts, kinds, lot_seen
from tests.agent.till.kit import JSON, Json, Till, anna_of, cash, serving
from tests.builders import Person, PersonLot, Shop
from tests.fakes import NOON

TILLS = 8
SERVER_THREADS = 40
"""Of the framework's pool, for what writes."""
WAIT_S = 4.0
LEASED = 100_000
PLACE = "/v1/receipts"
REFUSALS = ("over_lease", "quote_changed")

T = TypeVar("T")


class WireTill:
    """A till over a real connection, with a source of ids of its own."""

    def __init__(self, client: httpx.Client, number: int) -> None:
        self.client = client
        self.number = number
        self.chance = random.Random(number)

    def uid(self) -> str:
        return str(uuid7(NOON, self.chance))

    def post(self, path: str, body: Json) -> httpx.Response:
        return self.client.post(path, content=json.dumps(body), headers=JSON)

    def receipt(self, who: Person, points: int) -> Json:
        return {
            "uid": self.uid(),
            "member": {"id": str(who.id)},
            "lines": [{"no": 1, "sku": "CHEESE", "quantity": 1000}],
            "redeem": {"mode": "exact", "points": points},
        }

    def sell(self, who: Person, points: int, *, reserving: bool) -> int:
        """Try to sell for points and return how many were redeemed."""
        receipt = self.receipt(who, points)
        quoted = self.post("/v1/quotes", receipt).json()
        priced: Json = {"receipt": receipt, "digest": quoted["digest"]}
        path = f"{PLACE}/{receipt['uid']}"
        if reserving:
            held = self.post(f"{path}/reserve", {"uid": self.uid(), **priced})
            if not held.is_success:
                return nothing(held)
            priced = {}
        tenders = cash(quoted["totals"]["payable_minor"])
        done = self.post(f"{path}/commit", {"uid": self.uid(), **priced, "tenders": tenders})
        assert done.is_success or not reserving, done.text
        return int(quoted["totals"]["redeemed_points"]) if done.is_success else nothing(done)


def nothing(refused: httpx.Response) -> int:
    assert refused.status_code == 409, refused.text
    assert refused.json()["code"] in REFUSALS
    return 0


@contextmanager
def tills_of(shop: Shop, count: int = TILLS) -> Iterator[list[WireTill]]:
    """Serve the store's agent to some tills."""
    with serving(shop.station) as address:
        clients = [
            httpx.Client(base_url=address, timeout=30, trust_env=False) for _ in range(count)
        ]
        yield [WireTill(client, number) for number, client in enumerate(clients)]
        for client in clients:
            client.close()


def at_once(tills: list[WireTill], work: Callable[[WireTill], T]) -> list[T]:
    with ThreadPoolExecutor(len(tills)) as threads:
        return list(threads.map(work, tills))


@pytest.mark.parametrize("reserving", [True, False])
def test_tills_at_once_never_spend_more_than_the_lease(shop: Shop, reserving: bool) -> None:
    lot = PersonLot(500_000, leased=LEASED)
    anna = Person(lot)
    shop.member(anna)
    shop.link.up = False

    def sell_often(till: WireTill) -> int:
        return sum(till.sell(anna, 17_000, reserving=reserving) for _ in range(4))

    with tills_of(shop) as tills:
        spent = sum(at_once(tills, sell_often))

    assert drawn(shop, [lot]) == spent <= LEASED
    assert spent > LEASED // 2
    assert lot_seen(shop, anna, lot).here == LEASED - spent


def test_tills_that_reserve_one_receipt_at_once_get_one_claim(shop: Shop) -> None:
    anna = anna_of(shop)
    shop.link.up = False
    with tills_of(shop) as tills:
        receipt = tills[0].receipt(anna, 20_000)
        digest = tills[0].post("/v1/quotes", receipt).json()["digest"]

        def reserve(till: WireTill) -> httpx.Response:
            body = {"uid": till.uid(), "receipt": receipt, "digest": digest}
            return till.post(f"{PLACE}/{receipt['uid']}/reserve", body)

        told = at_once(tills, reserve)

    assert {response.status_code for response in told} == {200}
    assert {response.json()["digest"] for response in told} == {digest}
    assert lot_seen(shop, anna, anna.lots[0]).here == 30_000


def test_a_commit_sent_by_many_at_once_is_one_sale(shop: Shop) -> None:
    till = Till(shop)
    receipt = till.receipt()
    till.answer(till.reserve(receipt))
    body = {"uid": till.uid(), "tenders": cash(100_000)}

    with tills_of(shop) as tills:
        told = at_once(tills, lambda one: one.post(f"{PLACE}/{receipt['uid']}/commit", body))

    assert {response.status_code for response in told} == {200}
    assert len({response.json()["fact"] for response in told}) == 1
    assert kinds(shop) == ["receipt.committed"]


def test_one_uid_for_many_receipts_at_once_serves_one_of_them(shop: Shop) -> None:
    till = Till(shop)
    uid = till.uid()
    receipts = [till.receipt() for _ in range(TILLS)]
    digests = [till.quote(receipt)["digest"] for receipt in receipts]

    def reserve(one: WireTill) -> httpx.Response:
        receipt, digest = receipts[one.number], digests[one.number]
        body = {"uid": uid, "receipt": receipt, "digest": digest}
        return one.post(f"{PLACE}/{receipt['uid']}/reserve", body)

    with tills_of(shop) as tills:
        told = at_once(tills, reserve)

    assert sorted(response.status_code for response in told) == [200] + [409] * (TILLS - 1)
    assert {response.json().get("code") for response in told} == {None, "uid_reused"}


@pytest.mark.edge("E57")
def test_a_line_returned_at_many_tills_at_once_is_returned_once(shop: Shop) -> None:
    till = Till(shop)
    receipt = till.receipt()
    till.sell(receipt)

    def give_back(one: WireTill) -> int:
        body = {"uid": one.uid(), "lines": [{"no": 1, "quantity": 1000}]}
        return one.post(f"{PLACE}/{receipt['uid']}/returns", body).status_code

    with tills_of(shop) as tills:
        told = at_once(tills, give_back)

    assert sorted(told) == [201] + [409] * (TILLS - 1)
    assert kinds(shop) == ["receipt.committed", "receipt.returned"]


def test_a_person_registered_at_many_tills_at_once_is_one_member(shop: Shop) -> None:
    def register(till: WireTill) -> str:
        body = {"uid": till.uid(), "name": "Анна", "phone": "+79161234567", "consent": "1"}
        return str(till.post("/v1/members", body).json()["member"]["id"])

    with tills_of(shop) as tills:
        members = at_once(tills, register)

    assert len(set(members)) == 1
    assert kinds(shop) == ["member.registered"]


def test_more_tills_than_the_agent_has_connections_all_get_their_answer(shop: Shop) -> None:
    with tills_of(shop, 64) as tills:
        told = at_once(tills, lambda till: till.client.get("/v1/status").status_code)

    assert set(told) == {200}
    assert facts(shop) == []


def test_a_quote_is_answered_while_every_thread_waits_for_the_journal(shop: Shop) -> None:
    """Nor does it wait for a connection: more of them are open than threads can take."""
    anna = anna_of(shop)
    pool = cast("QueuePool", shop.station.journal.pool)
    nothing_reserved: Json = {"tenders": []}

    def commit(till: WireTill) -> int:
        path = f"{PLACE}/{till.uid()}/commit"
        return till.post(path, {"uid": till.uid(), **nothing_reserved}).status_code

    with tills_of(shop, SERVER_THREADS + 8) as tills, ThreadPoolExecutor(len(tills)) as threads:
        last = tills.pop()
        receipt = last.receipt(anna, 0)
        with transaction(shop.station.journal):
            waiting = [threads.submit(commit, till) for till in tills]
            deadline = time.monotonic() + WAIT_S
            while pool.checkedout() <= SERVER_THREADS and time.monotonic() < deadline:
                SystemClock().wait(threading.Event(), 0.01)
            quoted = last.post("/v1/quotes", receipt)
            still_waiting = [one for one in waiting if not one.done()]
        told = {one.result() for one in waiting}

    assert quoted.status_code == 200
    assert len(still_waiting) == len(tills)
    assert told <= {409, 503}
