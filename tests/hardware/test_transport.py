"""Device addresses, and the one contract that every transport keeps."""

import os
import pty
import socket
import tty
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import given
from hypothesis import strategies as some

from hardware.printers.printer import printer_at
from hardware.printers.profile import UnknownProfileError, profile_named
from hardware.transport.dial import dial
from hardware.transport.port import LinkFailedError, LinkLostError, Transport
from hardware.transport.url import (
    BadDeviceUrlError,
    DeviceAddress,
    NodeAddress,
    NodeKind,
    SerialAddress,
    TcpAddress,
    parse_device_url,
)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("tcp://10.0.0.5", TcpAddress("10.0.0.5")),
        ("tcp://till-3:9101?profile=TM-T20III", TcpAddress("till-3", 9101, "TM-T20III")),
        ("tcp://[::1]:9100", TcpAddress("::1", 9100)),
        ("serial:///dev/ttyS0", SerialAddress("/dev/ttyS0", 9600)),
        (
            "serial:///dev/serial/by-id/usb-a%20b?baud=115200&profile=generic-58",
            SerialAddress("/dev/serial/by-id/usb-a b", 115200, "generic-58"),
        ),
        (
            "usblp:///dev/usb/lp0?profile=generic-58",
            NodeAddress(NodeKind.USB_PRINTER, "/dev/usb/lp0", "generic-58"),
        ),
        ("tcp://a:9100?profile=generic-58&page=7", TcpAddress("a", 9100, "generic-58", "7")),
        ("serial:///dev/a?baud=9600&page=raster", SerialAddress("/dev/a", 9600, None, "raster")),
        ("evdev:///dev/input/event3", NodeAddress(NodeKind.WEDGE, "/dev/input/event3")),
        ("hidraw:///dev/hidraw0", NodeAddress(NodeKind.HID_SCANNER, "/dev/hidraw0")),
    ],
)
def test_a_url_states_an_address_and_an_address_its_url(url: str, address: DeviceAddress) -> None:
    assert parse_device_url(url) == address
    assert parse_device_url(str(address)) == address


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("10.0.0.5:9100", "expected one of tcp"),
        ("usb://1", "expected one of tcp"),
        ("usblp://lp0", "usblp:///path"),
        ("evdev:///dev/input/event3?profile=a", "unknown: profile"),
        ("tcp://", "host"),
        ("tcp://a:0", "port"),
        ("tcp://a:99999", "port"),
        ("tcp://a:9100/x", "path"),
        ("tcp://a?page=256", "no page 256"),
        ("tcp://a?page=x", "no page x"),
        ("tcp://a?baud=9600", "unknown: baud"),
        ("serial://ttyS0", "serial:///path"),
        ("serial:///dev/ttyS0?baud=9601", "no speed 9601"),
        ("tcp://[::1", "is no device address"),
    ],
)
def test_a_bad_url_names_its_fault(url: str, fault: str) -> None:
    with pytest.raises(BadDeviceUrlError, match=fault) as refused:
        parse_device_url(url)

    assert "не адрес устройства" in refused.value.sentence("ru")


@given(some.text())
def test_any_text_is_an_address_or_a_refusal(url: str) -> None:
    try:
        address = parse_device_url(url)
    except BadDeviceUrlError:
        return
    assert parse_device_url(str(address)) == address


def test_a_printer_of_no_known_kind_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownProfileError, match="generic-58"):
        printer_at("tcp://a?profile=abc")
    assert profile_named(None).name == "generic-58"


class Peer(Protocol):
    """The far end of a link, in the hands of the test."""

    address: DeviceAddress

    def send(self, chunk: bytes) -> None: ...
    def receive(self, size: int) -> bytes: ...
    def vanish(self) -> None: ...


class TcpPeer:
    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._link: socket.socket | None = None
        self.address = TcpAddress("127.0.0.1", self._listener.getsockname()[1])

    def _accepted(self) -> socket.socket:
        if self._link is None:
            self._link = self._listener.accept()[0]
            self._link.settimeout(5.0)
        return self._link

    def send(self, chunk: bytes) -> None:
        self._accepted().sendall(chunk)

    def receive(self, size: int) -> bytes:
        return self._accepted().recv(size, socket.MSG_WAITALL)

    def vanish(self) -> None:
        if self._link is not None:
            self._link.close()
        self._listener.close()


class SerialPeer:
    address: DeviceAddress

    def __init__(self) -> None:
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self.address = SerialAddress(os.ttyname(self._slave))

    def send(self, chunk: bytes) -> None:
        os.write(self._master, chunk)

    def receive(self, size: int) -> bytes:
        return os.read(self._master, size)

    def vanish(self) -> None:
        if self._master >= 0:
            os.close(self._slave)
            os.close(self._master)
        self._master = -1


class UsbPrinterPeer(SerialPeer):
    """A terminal in place of `/dev/usb/lp0`: a file that is locked, and hangs up when pulled."""

    address: DeviceAddress

    def __init__(self) -> None:
        super().__init__()
        self.address = NodeAddress(NodeKind.USB_PRINTER, os.ttyname(self._slave))


@pytest.fixture(params=[TcpPeer, SerialPeer, UsbPrinterPeer])
def peer(request: pytest.FixtureRequest) -> Iterator[Peer]:
    peer: Peer = request.param()
    yield peer
    peer.vanish()


@pytest.fixture
def link(peer: Peer) -> Iterator[Transport]:
    link = dial(peer.address, 2.0)
    yield link
    link.close()


def test_bytes_go_both_ways_unchanged(peer: Peer, link: Transport) -> None:
    every = bytes(range(256))

    assert link.write(every, 1.0) == 256
    assert peer.receive(256) == every
    peer.send(every)
    assert read_all(link, 256) == every


def read_all(link: Transport, size: int) -> bytes:
    chunks = b""
    while len(chunks) < size:
        chunk = link.read(size, 5.0)
        assert chunk
        chunks += chunk
    return chunks


def test_a_read_without_bytes_ends_at_its_deadline(link: Transport) -> None:
    assert link.read(10, 0.0) == b""
    assert link.read(10, 0.01) == b""


def test_a_peer_that_stops_reading_is_felt(link: Transport) -> None:
    page = b"x" * 4_096
    sent = 0
    while (taken := link.write(page, 0.05)) > 0:
        sent += taken
        assert sent < 50_000_000

    assert link.write(page, 0.0) == 0


def test_a_peer_that_vanishes_is_a_lost_link(peer: Peer, link: Transport) -> None:
    peer.send(b"last")
    assert read_all(link, 4) == b"last"

    peer.vanish()

    with pytest.raises(LinkLostError):
        link.read(10, 5.0)
    link.close()
    link.close()


def test_a_closed_link_is_a_lost_one(link: Transport) -> None:
    link.close()

    with pytest.raises(LinkLostError):
        link.read(1, 0.0)
    with pytest.raises(LinkLostError):
        link.write(b"x", 0.0)


def test_nobody_there_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    for address in (TcpAddress("127.0.0.1", port), SerialAddress(str(tmp_path / "absent"))):
        with pytest.raises(LinkFailedError):
            dial(address, 1.0)


def test_plugging_again_and_again_leaves_no_descriptor_behind() -> None:
    def descriptors() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    before = descriptors()
    for peer in (kind() for kind in (TcpPeer, SerialPeer, UsbPrinterPeer) * 50):
        link = dial(peer.address, 2.0)
        peer.send(b"x")
        assert link.read(1, 5.0) == b"x"
        peer.vanish()
        with pytest.raises(LinkLostError):
            link.read(1, 5.0)
        link.close()

    assert descriptors() == before


@pytest.mark.parametrize("kind", [SerialPeer, UsbPrinterPeer])
def test_a_serial_line_or_a_usb_printer_is_held_by_one_program(kind: type[SerialPeer]) -> None:
    peer = kind()
    first = dial(peer.address, 1.0)

    with pytest.raises(LinkFailedError):
        dial(peer.address, 1.0)

    first.close()
    dial(peer.address, 1.0).close()
    peer.vanish()


def test_a_file_that_is_no_keyboard_cannot_be_grabbed_and_is_given_back() -> None:
    peer = SerialPeer()
    path = os.ttyname(peer._slave)
    before = len(list(Path("/proc/self/fd").iterdir()))

    with pytest.raises(LinkFailedError):
        dial(NodeAddress(NodeKind.WEDGE, path), 1.0)

    assert len(list(Path("/proc/self/fd").iterdir())) == before
    peer.vanish()
