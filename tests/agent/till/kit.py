"""A till: what it says to the agent, over HTTP."""

import asyncio
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import httpx
import uvicorn
from fastapi.testclient import TestClient

from agent.app import create_app
from agent.station import Station
from shared.runtime.serve import listen
from shared.runtime.web import PROBLEM_TYPE
from tests.agent.kit import facts
from tests.builders import CHEESE, Person, PersonLot, Shop

LOOPBACK = ("127.0.0.1", 40_000)
ELSEWHERE = ("10.0.0.7", 40_000)
JSON = {"Content-Type": "application/json"}
WAIT_S = 10.0

Json = dict[str, Any]


class Till:
    """A till beside the agent, or on another machine."""

    def __init__(self, shop: Shop, client: tuple[str, int] = LOOPBACK) -> None:
        self.shop = shop
        app = create_app(shop.station)
        self.client = TestClient(app, base_url="http://127.0.0.1:8200", client=client)

    def uid(self) -> str:
        return str(self.shop.uid())

    def get(self, path: str, **headers: str) -> httpx.Response:
        answer: httpx.Response = self.client.get(path, headers=headers)
        return answer

    def post(self, path: str, body: object, headers: Mapping[str, str] = JSON) -> httpx.Response:
        return self.raw(path, json.dumps(body).encode(), headers)

    def raw(self, path: str, body: bytes, headers: Mapping[str, str] = JSON) -> httpx.Response:
        answer: httpx.Response = self.client.post(path, content=body, headers=dict(headers))
        return answer

    def receipt(self, *, member: Person | None = None, **more: Any) -> Json:
        """One cheese for 1 000.00, and whatever else is said."""
        ref = {"member": {"id": str(member.id), "card_tail": "0018"}} if member else {}
        lines = [{"no": 1, "sku": CHEESE, "quantity": 1000}]
        return {"uid": self.uid(), "lines": lines, **ref, **more}

    def quote(self, receipt: Json) -> Json:
        return self.answer(self.post("/v1/quotes", receipt))

    def reserve(self, receipt: Json, uid: str = "") -> httpx.Response:
        digest = self.quote(receipt)["digest"]
        body = {"uid": uid or self.uid(), "receipt": receipt, "digest": digest}
        return self.post(f"/v1/receipts/{receipt['uid']}/reserve", body)

    def commit(self, receipt: Json, payable_minor: int, uid: str = "") -> httpx.Response:
        body = {"uid": uid or self.uid(), "tenders": cash(payable_minor), "fiscal_number": "17"}
        return self.post(f"/v1/receipts/{receipt['uid']}/commit", body)

    def sell(self, receipt: Json) -> Json:
        held = self.answer(self.reserve(receipt))
        return self.answer(self.commit(receipt, held["totals"]["payable_minor"]))

    def answer(self, response: httpx.Response) -> Json:
        assert response.is_success, response.text
        told: Json = response.json()
        return told


def cash(amount_minor: int) -> list[Json]:
    return [{"kind": "cash", "amount_minor": amount_minor}]


def refusal(response: httpx.Response, status: int) -> str:
    """Return the code of a failure, having checked that it is told as RFC 9457 wants it."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == PROBLEM_TYPE
    told = response.json()
    assert told["status"] == status
    assert told["type"] == f"urn:kopilka:problem:{told['code']}"
    assert told["detail"] == told["sentence"]["ru"]
    assert told["sentence"]["ru"].endswith(".")
    assert told["sentence"]["en"].endswith(".")
    return str(told["code"])


def journal_length(shop: Shop) -> int:
    return len(facts(shop))


def anna_of(shop: Shop, amount: int = 50_000, leased: int = 50_000, number: int = 1) -> Person:
    """Make a member known who has one lot, leased to the store."""
    person = Person(PersonLot(amount, leased=leased, number=number), number=number)
    shop.member(person)
    return person


def uuid_of(told: object) -> UUID:
    return UUID(str(told))


@contextmanager
def serving(station: Station, *, loops: bool = False) -> Iterator[str]:
    """Serve the till API on a free port, without the loops unless asked; yield the address."""
    listener = listen("127.0.0.1", 0)
    config = uvicorn.Config(
        create_app(station),
        lifespan="on" if loops else "off",
        log_level="error",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])))
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(WAIT_S)
        listener.close()
