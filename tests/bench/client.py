"""One connection that stays open, and the servers of this folder that it asks."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.server import HOST

WAIT_S = 10
CHUNK_BYTES = 1 << 16
_ROOT = Path(__file__).parents[2]
_LENGTH = b"content-length:"


class Client:
    """Sends one request again and again; it costs next to nothing beside what it measures."""

    def __init__(self, port: int, head: str, body: str = "") -> None:
        self._socket = socket.create_connection((HOST, port), timeout=WAIT_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._request = f"{head}\r\nHost: {HOST}:{port}\r\n\r\n{body}".encode()

    def ask(self) -> tuple[int, bytes]:
        """Send the request; return the status and the body of the answer."""
        self._socket.sendall(self._request)
        told = b""
        while b"\r\n\r\n" not in told:
            told += self._socket.recv(CHUNK_BYTES)
        head, _, body = told.partition(b"\r\n\r\n")
        length = int(head.lower().partition(_LENGTH)[2].partition(b"\r\n")[0] or 0)
        while len(body) < length:
            body += self._socket.recv(CHUNK_BYTES)
        return int(head.split()[1]), body

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


@contextmanager
def serving(which: str, folder: Path) -> Iterator[int]:
    """Start a server in a process of its own and yield its port."""
    command = [sys.executable, "-m", "tests.bench.server", which, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=_ROOT) as process:  # noqa: S603
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()
