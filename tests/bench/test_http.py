"""A quote over HTTP beside a route that only reads and writes JSON, each in its own process."""

import json
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from shared.clock import SystemClock
from tests.bench.client import Client, serving
from tests.bench.results import Comparison, in_turn, now_text, write_down
from tests.bench.server import QUOTES
from tests.builders import CHEESE, WINE, Person

ROUNDS = 1000
LINES = 20
RATIO_MIN = 0.5
ITEMS = [
    {"no": no, "sku": CHEESE if no % 2 else WINE, "quantity": 1000} for no in range(1, LINES + 1)
]
BODY = json.dumps({"uid": str(UUID(int=7)), "lines": ITEMS, "member": {"id": str(Person().id)}})
HEAD = f"POST {QUOTES} HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: {len(BODY)}"

pytestmark = pytest.mark.bench


def test_a_quote_over_http(tmp_path: Path) -> None:
    """Requests a second, one after another on one connection, of equal bodies."""
    with (
        serving("agent", tmp_path) as ours_port,
        serving("bare", tmp_path) as floor_port,
        closing(Client(ours_port, HEAD, BODY)) as ours,
        closing(Client(floor_port, HEAD, BODY)) as floor,
    ):
        assert len(_answered(ours)["lines"]) == LINES
        assert _answered(floor) == json.loads(BODY)
        quotes, echoes = in_turn(ours.ask, floor.ask, ROUNDS)

    ratio = echoes.median_us / quotes.median_us
    how = "both under uvicorn in processes of their own, a plain socket, in turn"
    write_down(
        Comparison(
            name="quote of 20 lines over HTTP / bare FastAPI JSON route",
            ours=1e6 / quotes.median_us,
            peer=1e6 / echoes.median_us,
            unit="requests/s (one connection)",
            ratio=round(ratio, 3),
            goal=f">= {RATIO_MIN}",
            reached=ratio >= RATIO_MIN,
            how=f"make bench: {how}",
            at=now_text(SystemClock().now()),
        )
    )


def _answered(client: Client) -> Any:
    status, body = client.ask()
    assert status == 200, body
    return json.loads(body)
