"""A quote over HTTP beside a route that only reads and writes JSON, each in its own process."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import pytest

from shared.clock import SystemClock
from tests.bench.results import Comparison, in_turn, now_text, write_down
from tests.bench.server import HOST, QUOTES
from tests.builders import CHEESE, WINE, Person

ROUNDS = 1000
LINES = 20
RATIO_MIN = 0.5
WAIT_S = 10
CHUNK_BYTES = 1 << 16
ROOT = Path(__file__).parents[2]
ITEMS = [
    {"no": no, "sku": CHEESE if no % 2 else WINE, "quantity": 1000} for no in range(1, LINES + 1)
]
BODY = json.dumps({"uid": str(UUID(int=7)), "lines": ITEMS, "member": {"id": str(Person().id)}})

pytestmark = pytest.mark.bench


class Client:
    """One connection that stays open; it costs next to nothing beside what it measures."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection((HOST, port), timeout=WAIT_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        head = (
            f"POST {QUOTES} HTTP/1.1\r\nHost: {HOST}:{port}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n"
        )
        self._request = (head + BODY).encode()

    def ask(self) -> bytes:
        """Send the receipt and return the body of the answer."""
        self._socket.sendall(self._request)
        told = b""
        while b"\r\n\r\n" not in told:
            told += self._socket.recv(CHUNK_BYTES)
        head, _, body = told.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 "), told
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        while len(body) < length:
            body += self._socket.recv(CHUNK_BYTES)
        return body

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


def test_a_quote_over_http(tmp_path: Path) -> None:
    """Requests a second, one after another on one connection, of equal bodies."""
    with serving("agent", tmp_path) as ours, serving("bare", tmp_path) as floor:
        assert len(json.loads(ours.ask())["lines"]) == LINES
        assert json.loads(floor.ask()) == json.loads(BODY)
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


@contextmanager
def serving(which: str, folder: Path) -> Iterator[Client]:
    """Start a server and yield a connection to it."""
    command = [sys.executable, "-m", "tests.bench.server", which, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:  # noqa: S603
        assert process.stdout is not None
        client = Client(int(process.stdout.readline()))
        try:
            yield client
        finally:
            client.close()
            process.kill()
