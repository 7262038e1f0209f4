"""The simulated counter: any bytes are survived, and its knobs turn what they say."""

import json
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from hardware.printers.outcome import Printed
from hardware.printers.printer import Printer, print_job, printer_at
from hardware.simulator.commands import LENGTH_MAX
from hardware.simulator.counter import Counter, Ports, PortTakenError
from hardware.simulator.mechanism import KANJI, Mechanism
from hardware.simulator.paper import Sheet, sheet_text
from hardware.simulator.sensors import Sensors
from shared.clock import SystemClock


def printed(stream: bytes, columns: int = 32) -> str:
    happenings = Mechanism(columns).feed(stream, Sensors())
    return "".join(sheet_text(each, columns) for each in happenings if isinstance(each, Sheet))


@given(some.lists(some.binary(max_size=400), max_size=20))
def test_any_bytes_are_survived_in_any_portions(chunks: list[bytes]) -> None:
    torn, whole = Mechanism(32), Mechanism(32)

    pieces = [each for chunk in chunks for each in torn.feed(chunk, Sensors())]
    whole.feed(b"".join(chunks), Sensors())

    assert len(torn._pending) <= LENGTH_MAX
    assert all(isinstance(piece, bytes | Sheet) for piece in pieces)


@given(some.lists(some.sampled_from([b"\x1d(k", b"\x1dkI", b"\x1dv0", b"\x1b", b"\x1dV", b"\xff"])))
def test_commands_without_their_ends_are_survived(parts: list[bytes]) -> None:
    Mechanism(32).feed(b"".join(parts) + bytes(64), Sensors())


@pytest.mark.parametrize(
    ("stream", "paper"),
    [
        (b"\x1b@\x1c.\x1bt\x11" + "Чек".encode("cp866"), "Чек\n"),
        (b"\x1c.\x1bt\x11\x1b@\x1c." + "Чек".encode("cp866"), "ùÑ¬\n"),
        (b"\x1b@\x1bt\x11" + "Чек".encode("cp866"), KANJI * 3 + "\n"),
        (b"\x1c.\x1bt\x00" + "Чек".encode("cp866"), "ùÑ¬\n"),
        (b"a" * 40, "a" * 32 + "\n" + "a" * 8 + "\n"),
        (b"\x1ba\x01mid\n\x1ba\x02end", " " * 14 + "mid\n" + " " * 29 + "end\n"),
        (b"\x1d!\x11" + b"W" * 20, "W" * 16 + "\n" + "W" * 4 + "\n"),
        (b"a\x1bd\x03b\x10\x04\x01c", "a\n\n\nbc\n"),
    ],
)
def test_paper_shows_what_a_printer_would_have_made_of_it(stream: bytes, paper: str) -> None:
    assert printed(stream + b"\n\x1dV\x00") == paper


def call(address: str, *lines: str) -> list[dict[str, Any]]:
    host, _, port = address.rpartition(":")
    link = socket.create_connection((host, int(port)), timeout=10.0)
    answers = []
    with link, link.makefile("r") as told:
        for line in lines:
            link.sendall(line.encode() + b"\n")
            answers.append(json.loads(told.readline()))
    return answers


def test_the_control_port_turns_every_knob(
    counter: Counter, printer: Printer, clock: SystemClock, make_slip: Any
) -> None:
    print_job(printer, make_slip(), job_no=1, clock=clock)

    answers = call(
        counter.addresses.control,
        *("paper out", "cover open", "mute on", "power off", "status"),
        *("power on", "mute off", "cover closed", "paper low", "status"),
        *("slips", "scan 4600"),
    )

    assert all(answer["ok"] for answer in answers)
    knobs = ("power", "roll", "cover", "mute")
    assert [answers[4]["printer"][knob] for knob in knobs] == ["off", "out", "open", "on"]
    assert [answers[9]["printer"][knob] for knob in knobs] == ["on", "low", "closed", "off"]
    (slip,) = answers[10]["slips"]
    assert "Спасибо" in Path(slip["text"]).read_text()
    assert Path(slip["png"]).stat().st_size > 1_000
    assert slip["codes"] == ["HTTPS://KOPILKA.EXAMPLE/S/7K2M9Q4X8B1C", "2912345678905"]


def test_wrong_commands_are_answered_with_the_reason(counter: Counter) -> None:
    answers = call(counter.addresses.control, "fly", "paper gone", "scan", "\ufffd")

    assert [answer["ok"] for answer in answers] == [False] * 4
    assert "there are: scan" in answers[0]["error"]
    assert "in, low, out" in answers[1]["error"]


def test_a_counter_leaves_no_thread_and_no_scanner_behind(
    tmp_path: Path, profile: Any, clock: SystemClock
) -> None:
    before = threading.active_count()

    with Counter(tmp_path, profile, Ports(), clock) as counter:
        call(counter.addresses.control, "quit")
        assert counter.quitting.is_set()

    assert threading.active_count() == before
    assert list(tmp_path.iterdir()) == []


def test_a_taken_port_is_told_and_nothing_is_left(
    tmp_path: Path, profile: Any, clock: SystemClock
) -> None:
    before = threading.active_count()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        for ports in (Ports(printer=port), Ports(control=port)):
            with pytest.raises(PortTakenError), Counter(tmp_path, profile, ports, clock):
                pass

    assert threading.active_count() == before
    assert list(tmp_path.iterdir()) == []


def test_the_command_tells_its_addresses_prints_and_ends_cleanly(
    tmp_path: Path, clock: SystemClock, make_slip: Any
) -> None:
    command = [sys.executable, "-c", "from hardware.cli import app; app()", "simulate"]
    with subprocess.Popen(  # noqa: S603
        [*command, "--out", str(tmp_path), "--width", "58"], stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        addresses = json.loads(running.stdout.readline())
        printer = printer_at(addresses["printer"])

        outcome = print_job(printer, make_slip(), job_no=1, clock=clock)
        running.send_signal(signal.SIGTERM)

        assert running.wait(timeout=20.0) == 0
    assert isinstance(outcome, Printed)
    assert {path.name for path in tmp_path.iterdir()} == {
        "slip-0001.txt",
        "slip-0001.png",
        "slip-0001.bin",
    }
