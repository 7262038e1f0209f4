"""Where a process listens: connections that send at once, and a taken port in a sentence."""

import json
import socket
import threading
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from shared.runtime.manager import ALIVE, READY, SOCKET, manager
from shared.runtime.serve import PortTakenError, listen, serve

LOOPBACK = "127.0.0.1"
WAIT_S = 10.0


def test_a_connection_sends_the_parts_of_an_answer_at_once() -> None:
    with listen(LOOPBACK, 0) as listener:
        with closing(socket.create_connection(listener.getsockname())):
            connection, _ = listener.accept()

        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_taken_port_is_named() -> None:
    with listen(LOOPBACK, 0) as listener:
        port = listener.getsockname()[1]

        with pytest.raises(PortTakenError, match=str(port)):
            listen(LOOPBACK, port)


def test_a_service_manager_hears_that_requests_are_taken_and_again_and_again_that_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, ready, stop = tmp_path / "notify", tmp_path / "ready.json", threading.Event()
    monkeypatch.setenv(SOCKET, str(place))
    app = FastAPI(title="Test")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(place))
        listener.settimeout(WAIT_S)
        serving = threading.Thread(target=serve, args=(app, LOOPBACK, 0, ready, stop))
        serving.start()
        try:
            first = listener.recv(64).decode()
            url = json.loads(ready.read_text())["url"]
            status = httpx.get(url, trust_env=False).status_code
            later = {listener.recv(64).decode() for _ in range(2)}
        finally:
            stop.set()
            serving.join(WAIT_S)

    assert (first, status, later) == (READY, 404, {ALIVE})


def test_a_manager_that_has_gone_or_was_never_there_is_told_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SOCKET, str(tmp_path / "gone"))
    manager()(READY)
    monkeypatch.delenv(SOCKET)
    manager()(READY)
