"""The line between an agent and the centre, over real sockets, in each of its modes."""

import asyncio
import json
import socket
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from demo.proxy import LATE_S, Answer, Line, Mode, main, serve
from shared.clock import SystemClock

WAIT_S = 5.0
SILENCE_S = 0.3


class _Shouter(socketserver.StreamRequestHandler):
    """A centre that answers each line in capitals, and remembers what it was told."""

    server: "_Centre"

    def handle(self) -> None:
        with suppress(ConnectionError):
            for line in self.rfile:
                self.server.heard.append(line.strip())
                self.server.told.set()
                self.wfile.write(line.upper())


class _Centre(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.told = threading.Event()
        super().__init__(("127.0.0.1", 0), _Shouter)

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Rig:
    """A line in front of a centre, and its control port."""

    def __init__(self, centre: _Centre, addresses: Answer) -> None:
        self.centre = centre
        self.listen = str(addresses["listen"])
        self.control = str(addresses["control"])

    def dial(self) -> socket.socket:
        host, _, port = self.listen.rpartition(":")
        return socket.create_connection((host, int(port)), WAIT_S)

    def command(self, line: str) -> Answer:
        host, _, port = self.control.rpartition(":")
        with socket.create_connection((host, int(port)), WAIT_S) as dialled:
            dialled.sendall(f"{line}\n".encode())
            answer: Answer = json.loads(dialled.makefile("rb").readline())
            return answer


@contextmanager
def _served(centre: _Centre) -> Iterator[_Rig]:
    ready: list[Answer] = []
    listening = threading.Event()
    running: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    def on_ready(addresses: Answer) -> None:
        ready.append(addresses)
        listening.set()

    async def run() -> None:
        stop = asyncio.Event()
        running.append((asyncio.get_running_loop(), stop))
        await serve(Line("127.0.0.1", centre.port), on_ready, stop)

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    assert listening.wait(WAIT_S)
    try:
        yield _Rig(centre, ready[0])
    finally:
        loop, stop = running[0]
        loop.call_soon_threadsafe(stop.set)
        thread.join(WAIT_S)


@pytest.fixture
def rig() -> Iterator[_Rig]:
    with _Centre() as centre:
        thread = threading.Thread(target=centre.serve_forever)
        thread.start()
        with _served(centre) as rig:
            yield rig
        centre.shutdown()
        thread.join(WAIT_S)


def _ask(dialled: socket.socket, word: bytes) -> bytes:
    dialled.settimeout(WAIT_S)
    dialled.sendall(word + b"\n")
    return dialled.recv(100)


def _is_answered(rig: _Rig, word: bytes) -> bool:
    try:
        with rig.dial() as dialled:
            return bool(_ask(dialled, word))
    except ConnectionError:
        return False


def _is_silent(dialled: socket.socket) -> bool:
    dialled.settimeout(SILENCE_S)
    try:
        dialled.recv(100)
    except TimeoutError:
        return True
    return False


def test_a_whole_line_carries_both_ways(rig: _Rig) -> None:
    with rig.dial() as dialled:
        assert _ask(dialled, b"sale") == b"SALE\n"

    assert rig.centre.heard == [b"sale"]
    assert rig.command("status")["up_bytes"] == len(b"sale\n")


def test_a_refused_line_resets_open_and_new_connections(rig: _Rig) -> None:
    with rig.dial() as dialled:
        _ask(dialled, b"before")

        rig.command("mode refuse")

        with pytest.raises(ConnectionResetError):
            _ask(dialled, b"after")
    assert not _is_answered(rig, b"new")
    assert rig.centre.heard == [b"before"]


def test_a_hanging_line_freezes_what_is_open_and_lets_it_go_on(rig: _Rig) -> None:
    with rig.dial() as dialled:
        _ask(dialled, b"before")
        rig.command("mode hang")
        dialled.sendall(b"meanwhile\n")
        assert _is_silent(dialled)
        assert rig.centre.heard == [b"before"]

        rig.command("mode pass")

        dialled.settimeout(WAIT_S)
        assert dialled.recv(100) == b"MEANWHILE\n"


def test_a_hanging_line_swallows_new_connections_for_good(rig: _Rig) -> None:
    rig.command("mode hang")
    with rig.dial() as dialled:
        dialled.sendall(b"lost\n")
        assert _is_silent(dialled)

        rig.command("mode pass")

        dialled.settimeout(WAIT_S)
        with pytest.raises(ConnectionResetError):
            dialled.recv(100)
    assert rig.centre.heard == []


def test_a_half_open_line_brings_the_request_and_loses_the_answer(rig: _Rig) -> None:
    rig.command("mode half_open")
    with rig.dial() as dialled:
        dialled.sendall(b"fact\n")
        assert rig.centre.told.wait(WAIT_S)
        assert _is_silent(dialled)
        assert rig.centre.heard == [b"fact"]

        rig.command("mode pass")

        dialled.settimeout(WAIT_S)
        with pytest.raises(ConnectionResetError):
            dialled.recv(100)


def test_a_slow_line_brings_everything_late(rig: _Rig) -> None:
    rig.command("mode slow")
    clock = SystemClock()
    began = clock.monotonic()

    with rig.dial() as dialled:
        assert _ask(dialled, b"fact") == b"FACT\n"

    assert clock.monotonic() - began >= 2 * LATE_S


def test_a_line_that_tears_brings_a_part_and_then_nothing(rig: _Rig) -> None:
    rig.command("mode torn")
    words = [b"%d" % number * 40 for number in range(10, 60)]

    whole = sum(_is_whole(rig, word) for word in words)

    assert 0 < whole < len(words)
    assert int(str(rig.command("status")["lost_bytes"])) > 0
    rig.command("mode pass")
    assert all(_is_whole(rig, word) for word in words)


def _is_whole(rig: _Rig, word: bytes) -> bool:
    try:
        with rig.dial() as dialled:
            return _ask(dialled, word) == word + b"\n"
    except ConnectionError:
        return False


def test_an_absent_centre_resets_the_caller(rig: _Rig) -> None:
    rig.centre.shutdown()
    rig.centre.server_close()

    assert not _is_answered(rig, b"anybody")


@pytest.mark.parametrize("line", ["mode sideways", "mode", "", "status now"])
def test_an_unknown_command_says_what_there_is(rig: _Rig, line: str) -> None:
    answer = rig.command(line)

    assert answer["ok"] is False
    assert all(mode.value in str(answer["error"]) for mode in Mode)


def test_arguments_that_are_no_address_are_misuse(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["centre"]) == 2
    assert main([]) == 2
    assert "HOST:PORT" in capsys.readouterr().err


def test_the_process_tells_its_addresses_and_ends_quietly() -> None:
    with _Centre() as centre:
        command = [sys.executable, "-m", "demo.proxy", f"127.0.0.1:{centre.port}"]
        with subprocess.Popen(  # noqa: S603
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            told = json.loads(process.stdout.readline())
            host, _, port = told["listen"].rpartition(":")
            with socket.create_connection((host, int(port)), WAIT_S):
                process.terminate()
                errors = process.stderr.read()

    assert process.returncode == 0
    assert errors == b""
