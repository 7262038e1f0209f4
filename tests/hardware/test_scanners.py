"""From a scanner's bytes to scans: frames, letters, double reads, and a cable that is pulled."""

import queue
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from hardware.scanners.parse import FRAME_MAX, Debounce, Encoding, Framer, decode
from hardware.scanners.scanner import LinkState, ScanEvent, Scanner
from hardware.simulator.scanner_sim import ScannerBusyError, ScannerSim
from hardware.transport.dial import dial
from hardware.transport.node import Access, open_node
from hardware.transport.port import Transport
from hardware.transport.url import DeviceAddress, NodeAddress, NodeKind, parse_device_url
from shared.clock import SystemClock
from tests.hardware.test_scanner_kinds import report, typed

PATIENCE_S = 10.0


@pytest.mark.fault(33)
@pytest.mark.fault(34)
@pytest.mark.fault(37)
@pytest.mark.fault(40)
@pytest.mark.parametrize(
    ("stream", "codes"),
    [
        (b"4600\r", [b"4600"]),
        (b"4600\n", [b"4600"]),
        (b"4600\r\n4601\r\n", [b"4600", b"4601"]),
        (b"\x024600\x03\x024601\x03", [b"4600", b"4601"]),
        (b"\x024600\x03\r\n", [b"4600"]),
        (b"\r\r\n\n", []),
        (b"46\x024601\r", [b"4601"]),
        (b"]C1010460\x1d10ABC\r", [b"]C1010460\x1d10ABC"]),
        (b"x" * 8_192 + b"\r4600\r", [b"4600"]),
        (b"x" * FRAME_MAX + b"\r", [b"x" * FRAME_MAX]),
    ],
)
def test_codes_are_cut_out_of_the_stream_however_it_comes(
    stream: bytes, codes: list[bytes]
) -> None:
    at_once, torn = Framer(), Framer()

    assert at_once.feed(stream, 0.0) == codes
    assert [code for byte in stream for code in torn.feed(bytes([byte]), 0.0)] == codes


@pytest.mark.fault(35)
def test_a_code_without_its_end_is_dropped_and_does_not_join_the_next() -> None:
    framer = Framer()

    assert framer.feed(b"4600", 1.0) == []
    assert framer.feed(b"46", 1.2) == []
    assert framer.feed(b"4601\r", 1.6) == [b"4601"]
    assert framer.dropped == 1


@given(some.lists(some.binary(max_size=300), max_size=30))
def test_noise_never_raises_and_memory_stays_small(chunks: list[bytes]) -> None:
    framer = Framer()

    for at, chunk in enumerate(chunks):
        for code in framer.feed(chunk * 20, at / 100):
            decode(code)

    assert len(framer._frame) <= FRAME_MAX


@given(some.text(min_size=1))
def test_utf8_is_read_as_it_is(text: str) -> None:
    assert decode(text.encode("utf-8", "replace")) == (
        text.encode("utf-8", "replace").decode(),
        Encoding.UTF8,
    )


@pytest.mark.fault(39)
def test_cp1251_is_read_and_flagged() -> None:
    assert decode("Карта 42".encode("cp1251")) == ("Карта 42", Encoding.CP1251)


def test_a_card_held_before_the_scanner_counts_once() -> None:
    debounce = Debounce()

    doubles = [debounce.is_double(b"4600", at_s) for at_s in (0.0, 0.5, 1.0, 1.9)]

    assert doubles == [False, True, True, False]
    assert debounce.dropped == 2
    assert not debounce.is_double(b"4601", 1.9)


@contextmanager
def listening(*scanners: Scanner) -> Iterator[None]:
    """Listen inside the block, until its end or its failure."""
    for scanner in scanners:
        scanner.start()
    try:
        yield
    finally:
        for scanner in scanners:
            scanner.stop()


@pytest.fixture
def heard() -> "queue.SimpleQueue[ScanEvent]":
    return queue.SimpleQueue()


@pytest.fixture
def scanner(
    scanner_sim: ScannerSim, clock: SystemClock, heard: "queue.SimpleQueue[ScanEvent]"
) -> Iterator[Scanner]:
    scanner = Scanner(scanner_sim.url, clock, heard.put)
    assert scanner.health().state is LinkState.UNKNOWN
    with listening(scanner):
        assert scanner.wait_until(lambda health: health.state is LinkState.OK, PATIENCE_S)
        yield scanner
    assert scanner.health().state is LinkState.UNKNOWN


def test_scans_arrive_in_order_with_letters_and_instant(
    scanner: Scanner, scanner_sim: ScannerSim, heard: "queue.SimpleQueue[ScanEvent]"
) -> None:
    for code in ("2900000000018", "HTTPS://K.RU/1", "Ёлка"):
        scanner_sim.scan(code)
    scanner_sim.send("Ель".encode("cp1251") + b"\r\n")

    events = [heard.get(timeout=PATIENCE_S) for _ in range(4)]

    assert [event.text for event in events] == ["2900000000018", "HTTPS://K.RU/1", "Ёлка", "Ель"]
    assert [event.encoding for event in events[2:]] == [Encoding.UTF8, Encoding.CP1251]
    assert {event.device for event in events} == {scanner_sim.url}
    assert scanner.wait_until(lambda health: health.scans == 4, PATIENCE_S)


@pytest.mark.fault(36)
def test_a_double_read_is_one_scan(
    scanner: Scanner, scanner_sim: ScannerSim, heard: "queue.SimpleQueue[ScanEvent]"
) -> None:
    scanner_sim.send(b"4600\r4600\r4601\r")

    assert [heard.get(timeout=PATIENCE_S).text for _ in range(2)] == ["4600", "4601"]
    assert scanner.health().doubles == 1


@pytest.mark.fault(32)
def test_a_scanner_pulled_in_the_middle_of_a_code_comes_back_without_half_of_it(
    scanner: Scanner, scanner_sim: ScannerSim, heard: "queue.SimpleQueue[ScanEvent]"
) -> None:
    scanner_sim.send(b"4600\r29000")
    assert heard.get(timeout=PATIENCE_S).text == "4600"

    scanner_sim.unplug()
    assert scanner.wait_until(lambda health: health.state is LinkState.UNREACHABLE, PATIENCE_S)
    scanner_sim.plug()
    assert scanner.wait_until(lambda health: health.connects == 2, PATIENCE_S)
    scanner_sim.scan("2900000000018")

    assert heard.get(timeout=PATIENCE_S).text == "2900000000018"
    assert scanner.health().torn == 1


def test_a_missing_scanner_is_unreachable_and_says_why(
    scanner_sim: ScannerSim, clock: SystemClock, heard: "queue.SimpleQueue[ScanEvent]"
) -> None:
    scanner_sim.unplug()
    scanner = Scanner(scanner_sim.url, clock, heard.put)
    scanner.start()

    assert scanner.wait_until(lambda health: health.state is LinkState.UNREACHABLE, PATIENCE_S)

    assert "scanner" in (scanner.health().fault or "")
    scanner.stop()
    scanner.stop()


@pytest.mark.fault(43)
def test_a_port_that_another_program_holds_is_unreachable_and_heard_once_it_is_free(
    scanner_sim: ScannerSim, clock: SystemClock, heard: "queue.SimpleQueue[ScanEvent]"
) -> None:
    holder = dial(parse_device_url(scanner_sim.url), 1.0)
    scanner = Scanner(scanner_sim.url, clock, heard.put)
    with listening(scanner):
        assert scanner.wait_until(lambda health: health.state is LinkState.UNREACHABLE, PATIENCE_S)

        holder.close()
        assert scanner.wait_until(lambda health: health.state is LinkState.OK, PATIENCE_S)
        scanner_sim.scan("2900000000018")

        assert heard.get(timeout=PATIENCE_S).text == "2900000000018"


@pytest.mark.fault(44)
def test_two_scanners_of_one_make_are_told_apart_and_read_the_same_code_each(
    tmp_path: Path, clock: SystemClock, heard: "queue.SimpleQueue[ScanEvent]"
) -> None:
    twins = [ScannerSim(tmp_path / name) for name in ("usb-Maker_S1-port0", "usb-Maker_S2-port0")]
    for twin in twins:
        twin.plug()
    scanners = [Scanner(twin.url, clock, heard.put) for twin in twins]
    with listening(*scanners):
        for scanner in scanners:
            assert scanner.wait_until(lambda health: health.state is LinkState.OK, PATIENCE_S)

        for twin in twins:
            twin.scan("2900000000018")

        events = [heard.get(timeout=PATIENCE_S) for _ in twins]
    assert {event.device for event in events} == {twin.url for twin in twins}
    for twin in twins:
        twin.unplug()


@pytest.mark.fault(46)
def test_what_comes_while_the_agent_starts_is_whole_or_nothing(
    scanner_sim: ScannerSim, clock: SystemClock, heard: "queue.SimpleQueue[ScanEvent]"
) -> None:
    def opened_in_the_middle(address: DeviceAddress, timeout_s: float) -> Transport:
        link = dial(address, timeout_s)
        scanner_sim.send(b"0000018\r")
        return link

    scanner = Scanner(scanner_sim.url, clock, heard.put, opened_in_the_middle)
    scanner_sim.send(b"4600000000015\r290000")
    with listening(scanner):
        assert scanner.wait_until(lambda health: health.state is LinkState.OK, PATIENCE_S)
        scanner_sim.scan("2900000000018")

        assert heard.get(timeout=PATIENCE_S).text == "2900000000018"
    assert heard.empty()


def grabbed(address: DeviceAddress, _timeout_s: float) -> Transport:
    """Open a terminal in place of a keyboard: only the kernel's grab is left out."""
    assert isinstance(address, NodeAddress)
    return open_node(address.path, Access.READ, lambda _: None)


@pytest.mark.parametrize("kind", list(NodeKind)[1:])
def test_scanners_that_are_files_keep_the_contract_of_a_scanner(
    scanner_sim: ScannerSim,
    clock: SystemClock,
    heard: "queue.SimpleQueue[ScanEvent]",
    kind: NodeKind,
) -> None:
    def said(code: str) -> bytes:
        return typed(code) if kind is NodeKind.WEDGE else report(code.encode())

    path = scanner_sim.url.removeprefix("serial://").partition("?")[0]
    opened = grabbed if kind is NodeKind.WEDGE else dial
    scanner = Scanner(f"{kind}://{path}", clock, heard.put, opened)
    with listening(scanner):
        assert scanner.wait_until(lambda health: health.state is LinkState.OK, PATIENCE_S)

        scanner_sim.send(said("2901") * 2 + said("7") + said("460015")[:30])
        assert [heard.get(timeout=PATIENCE_S).text for _ in range(2)] == ["2901", "7"]
        scanner_sim.unplug()
        assert scanner.wait_until(lambda health: health.state is LinkState.UNREACHABLE, PATIENCE_S)
        scanner_sim.plug()
        assert scanner.wait_until(lambda health: health.connects == 2, PATIENCE_S)
        scanner_sim.send(said("460015"))

        assert heard.get(timeout=PATIENCE_S).text == "460015"
        assert scanner.wait_until(
            lambda health: (health.doubles, health.scans) == (1, 3), PATIENCE_S
        )


def test_a_simulated_scanner_that_nobody_reads_says_so(scanner_sim: ScannerSim) -> None:
    with pytest.raises(ScannerBusyError):
        scanner_sim.scan("4" * 1_000_000)
    scanner_sim.unplug()
    with pytest.raises(ScannerBusyError):
        scanner_sim.scan("4600")
