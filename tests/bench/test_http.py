"""A quote over HTTP beside a route that only reads and writes JSON."""

import asyncio
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from shared.clock import SystemClock
from shared.runtime.serve import listen
from tests.agent.till.kit import serving
from tests.bench.results import Comparison, in_turn, now_text, write_down
from tests.builders import CHEESE, WINE, Person, PersonLot, Shop

ROUNDS = 300
LINES = 20
RATIO_MIN = 0.5
WAIT_S = 10

pytestmark = pytest.mark.bench


def test_a_quote_over_http(tmp_path: Path) -> None:
    """Requests a second, one after another on one connection, of equal bodies."""
    shop = Shop(tmp_path).open()
    anna = Person(PersonLot(50_000_00, leased=50_000_00))
    shop.member(anna)
    lines = [
        {"no": no, "sku": CHEESE if no % 2 else WINE, "quantity": 1000}
        for no in range(1, LINES + 1)
    ]
    body = {"uid": str(shop.uid()), "lines": lines, "member": {"id": str(anna.id)}}

    with serving(shop.station) as ours, bare() as floor, httpx.Client(trust_env=False) as client:
        assert client.post(f"{ours}/v1/quotes", json=body).status_code == 200
        assert client.post(f"{floor}/echo", json=body).json() == body
        quotes, echoes = in_turn(
            lambda: client.post(f"{ours}/v1/quotes", json=body),
            lambda: client.post(f"{floor}/echo", json=body),
            ROUNDS,
        )
    shop.close()

    load = os.getloadavg()[0]
    ratio = echoes.median_us / quotes.median_us
    write_down(
        Comparison(
            name="quote of 20 lines over HTTP / bare FastAPI JSON route",
            ours=1e6 / quotes.median_us,
            peer=1e6 / echoes.median_us,
            unit="requests/s (one connection)",
            ratio=round(ratio, 3),
            goal=f">= {RATIO_MIN}",
            reached=ratio >= RATIO_MIN,
            how=f"make bench: both under uvicorn, in turn; load of the machine {load:.0f}",
            at=now_text(SystemClock().now()),
        )
    )


@contextmanager
def bare() -> Iterator[str]:
    """Serve a route that answers what it was sent; yield the address."""
    app = FastAPI()

    @app.post("/echo")
    async def echo(body: dict[str, object]) -> dict[str, object]:
        return body

    listener = listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_level="error"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])))
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(WAIT_S)
        listener.close()
