"""What befalls a printer in the middle of a slip: the paper and what is said of it agree."""

import os
import pty
import socket
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from hardware.printers.layout import as_text
from hardware.printers.outcome import Doubt, Held, Printed, Reason, Uncertain, Unreachable
from hardware.printers.printer import Printer, print_job, printer_at
from hardware.printers.profile import Feature, Profile, profile_named
from hardware.printers.session import Limits, Patience
from hardware.simulator.counter import Counter
from hardware.simulator.outbox import Outbox, RollSize
from hardware.simulator.printer_sim import PrinterSim
from hardware.simulator.sensors import Build, Cover, Cutter, Mishap, Mute, Power, Roll
from hardware.transport.url import TcpAddress
from shared.clock import SystemClock
from shared.slip import Slip, Text

SlipMaker = Callable[..., Slip]
LONG = tuple(Text(f"Позиция {no}: вино игристое белое брют") for no in range(1, 61))
QUESTIONS_BYTES = 12
MENDS: dict[Mishap, tuple[Reason, Callable[[PrinterSim], None]]] = {
    Mishap.PAPER_OUT: (Reason.PAPER_OUT, lambda printer: printer.set_roll(Roll.IN)),
    Mishap.COVER_OPEN: (Reason.COVER_OPEN, lambda printer: printer.set_cover(Cover.CLOSED)),
    Mishap.CUTTER_JAM: (Reason.CUTTER_JAM, lambda printer: printer.set_cutter(Cutter.FREE)),
}


@pytest.mark.fault(2)
@pytest.mark.fault(3)
@pytest.mark.fault(4)
@pytest.mark.parametrize("mishap", list(MENDS))
def test_what_stops_a_slip_is_named_and_once_it_is_mended_one_whole_paper_comes(
    counter: Counter, printer: Printer, clock: SystemClock, make_slip: SlipMaker, mishap: Mishap
) -> None:
    named, mend = MENDS[mishap]
    tells = printer.profile.has(Feature.STATUS_BACK) or mishap is not Mishap.CUTTER_JAM
    expected = named if tells else Reason.FAULT
    heard: list[Reason | None] = []

    def help_once_it_is_named(reason: Reason | None) -> Patience:
        heard.append(reason)
        if reason is expected:
            mend(counter.printer)
        return Patience.WAIT

    counter.printer.suffer_after(200, mishap)
    outcome = print_job(
        printer,
        make_slip(),
        job_no=1,
        clock=clock,
        watch=help_once_it_is_named,
        limits=Limits(hold_max_s=5.0),
    )

    assert isinstance(outcome, Printed)
    assert expected in heard
    assert [slip.text.read_text() for slip in counter.outbox.slips()] == [
        as_text(make_slip(), printer.profile.columns)
    ]


@pytest.mark.fault(6)
@pytest.mark.parametrize("received_bytes", [60, 500, 1500])
def test_a_link_reset_after_some_bytes_is_in_doubt_and_no_paper_follows_by_itself(
    counter: Counter,
    printer: Printer,
    clock: SystemClock,
    make_slip: SlipMaker,
    received_bytes: int,
) -> None:
    counter.printer.reset_after(QUESTIONS_BYTES + received_bytes)

    outcome = print_job(printer, make_slip(*LONG), job_no=1, clock=clock)

    assert isinstance(outcome, Uncertain)
    assert outcome.evidence.doubt is Doubt.LINK_LOST
    assert received_bytes <= outcome.evidence.sent_bytes <= outcome.evidence.slip_bytes
    assert counter.outbox.slips() == ()
    again = print_job(printer, make_slip(*LONG, copy_no=1), job_no=2, clock=clock)
    assert isinstance(again, Printed)
    (paper,) = counter.outbox.slips()
    assert "КОПИЯ 1" in paper.text.read_text()


@pytest.mark.fault(7)
@pytest.mark.parametrize("printed_bytes", [300, 1000])
def test_power_cut_after_some_printed_bytes_leaves_a_torn_paper_and_a_doubt(
    counter: Counter,
    printer: Printer,
    clock: SystemClock,
    make_slip: SlipMaker,
    printed_bytes: int,
) -> None:
    counter.printer.suffer_after(QUESTIONS_BYTES + printed_bytes, Mishap.POWER_OFF)

    outcome = print_job(printer, make_slip(*LONG), job_no=1, clock=clock)

    assert isinstance(outcome, Uncertain)
    assert outcome.evidence.doubt is Doubt.LINK_LOST
    (torn,) = counter.outbox.wait_until(lambda slips: len(slips) == 1, 5.0)
    assert torn.ending == "torn"
    assert "Позиция 60" not in torn.text.read_text()
    counter.printer.set_power(Power.ON)
    assert isinstance(print_job(printer, make_slip(), job_no=2, clock=clock), Printed)


@pytest.mark.fault(10)
def test_a_printer_whose_answers_are_garbled_gets_no_byte_of_the_slip(
    counter: Counter, printer: Printer, clock: SystemClock, make_slip: SlipMaker, hasty: Limits
) -> None:
    counter.printer.set_mute(Mute.GARBLED)

    outcome = print_job(printer, make_slip(), job_no=1, clock=clock, limits=hasty)

    assert outcome == Unreachable(Reason.GARBLED)
    counter.printer.set_mute(Mute.OFF)
    assert isinstance(print_job(printer, make_slip(), job_no=1, clock=clock), Printed)
    assert len(counter.outbox.slips()) == 1


@pytest.mark.fault(11)
def test_a_port_that_accepts_and_never_reads_is_left_in_a_bounded_time(
    profile: Profile, clock: SystemClock, make_slip: SlipMaker, hasty: Limits
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        host, port = deaf.getsockname()[:2]
        printer = printer_at(str(TcpAddress(host, port, profile.name)))
        began_s = clock.monotonic()

        outcome = print_job(printer, make_slip(), job_no=1, clock=clock, limits=hasty)

    assert outcome == Unreachable(Reason.SILENT)
    assert clock.monotonic() - began_s < 2.0


@pytest.mark.fault(12)
def test_a_printer_that_another_host_holds_is_silent_and_prints_once_it_is_let_go(
    counter: Counter, printer: Printer, clock: SystemClock, make_slip: SlipMaker, hasty: Limits
) -> None:
    holder = printer.connect(1.0)
    assert holder.write(b"\x10\x04\x01", 1.0) == 3
    assert holder.read(8, 5.0) == b"\x12"

    held = print_job(printer, make_slip(), job_no=1, clock=clock, limits=hasty)
    holder.close()
    freed = print_job(printer, make_slip(), job_no=1, clock=clock)

    assert held == Unreachable(Reason.SILENT)
    assert isinstance(freed, Printed)
    assert len(counter.outbox.slips()) == 1


@pytest.mark.fault(13)
def test_a_link_lost_while_paper_is_out_is_in_doubt_and_the_paper_comes_late(
    counter: Counter, printer: Printer, clock: SystemClock, make_slip: SlipMaker
) -> None:
    def cut_the_cable(reason: Reason | None) -> Patience:
        if reason is Reason.PAPER_OUT:
            counter.printer.reset_after(0)
        return Patience.WAIT

    counter.printer.suffer_after(200, Mishap.PAPER_OUT)
    outcome = print_job(printer, make_slip(), job_no=1, clock=clock, watch=cut_the_cable)

    assert isinstance(outcome, Uncertain)
    evidence = outcome.evidence
    assert (evidence.doubt, evidence.last_reason) == (Doubt.LINK_LOST, Reason.PAPER_OUT)
    counter.printer.set_roll(Roll.IN)
    (late,) = counter.outbox.wait_until(lambda slips: len(slips) == 1, 5.0)
    assert late.text.read_text() == as_text(make_slip(), printer.profile.columns)


@pytest.fixture
def outbox(tmp_path: Path, profile: Profile) -> Outbox:
    return Outbox(tmp_path / "paper", RollSize(profile.roll_mm, profile.dots, profile.columns))


@contextmanager
def simulated(build: Build, outbox: Outbox, clock: SystemClock) -> Iterator[TcpAddress]:
    printer = PrinterSim(build, outbox, clock)
    printer.start()
    yield TcpAddress("127.0.0.1", printer.port)
    printer.stop()


@pytest.mark.fault(16)
def test_a_slow_line_with_a_small_buffer_is_no_reason_to_give_up(
    outbox: Outbox, profile: Profile, clock: SystemClock, make_slip: SlipMaker
) -> None:
    slow = Build(profile.columns, buffer_bytes=512, bytes_s=960)
    impatient = Limits(connect_s=1.0, answer_s=1.0, poll_s=0.1, job_s=1.0, hold_max_s=1.0)

    with simulated(slow, outbox, clock) as address:
        printer = printer_at(f"{address}?profile={profile.name}")
        began_s = clock.monotonic()
        outcome = print_job(printer, make_slip(*LONG), job_no=1, clock=clock, limits=impatient)

    assert isinstance(outcome, Printed)
    assert clock.monotonic() - began_s > 2 * impatient.job_s
    assert len(outbox.slips()) == 1


class JumpingClock(SystemClock):
    """A clock that somebody sets back by an hour at every look."""

    def __init__(self) -> None:
        self._looks = 0

    def now(self) -> datetime:
        self._looks += 1
        return super().now() - timedelta(hours=self._looks)


@pytest.mark.fault(26)
def test_a_clock_that_jumps_back_changes_no_deadline(
    counter: Counter, printer: Printer, make_slip: SlipMaker, hasty: Limits
) -> None:
    clock = JumpingClock()

    outcome = print_job(printer, make_slip(), job_no=1, clock=clock, limits=hasty)
    counter.printer.suffer_after(100, Mishap.PAPER_OUT)
    held = print_job(printer, make_slip(), job_no=2, clock=clock, limits=hasty)

    assert isinstance(outcome, Printed)
    assert isinstance(held, Held)


class SerialPrinter:
    """A printer on a pseudo-terminal: answers its questions, takes some bytes of a slip, and then
    is pulled out, or hangs for ever."""

    def __init__(self, takes_bytes: int) -> None:
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self.url = f"serial://{os.ttyname(self._slave)}?baud=115200&profile=generic-58"
        self._takes_bytes = takes_bytes
        self.pulled = threading.Event()
        self._thread = threading.Thread(target=self._answer)

    def start(self) -> None:
        self._thread.start()

    def _answer(self) -> None:
        for _ in range(4):
            os.read(self._master, 3)
            os.write(self._master, b"\x12")
        taken = 0
        while taken < self._takes_bytes:
            taken += len(os.read(self._master, self._takes_bytes - taken))
        if self._takes_bytes:
            self.pull()

    def pull(self) -> None:
        if not self.pulled.is_set():
            self.pulled.set()
            os.close(self._slave)
            os.close(self._master)

    def stop(self) -> None:
        self._thread.join()
        self.pull()


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.fault(28)
def test_a_serial_printer_pulled_in_a_slip_is_in_doubt_and_leaves_no_descriptor(
    clock: SystemClock, make_slip: SlipMaker
) -> None:
    before = descriptors()

    for job_no in range(1, 6):
        device = SerialPrinter(takes_bytes=100)
        device.start()
        outcome = print_job(printer_at(device.url), make_slip(*LONG), job_no=job_no, clock=clock)
        device.stop()
        assert isinstance(outcome, Uncertain)
        assert outcome.evidence.doubt is Doubt.LINK_LOST

    assert descriptors() == before


@pytest.mark.fault(29)
def test_a_serial_line_that_is_busy_for_ever_is_given_up_at_the_deadline(
    clock: SystemClock, make_slip: SlipMaker, hasty: Limits
) -> None:
    device = SerialPrinter(takes_bytes=0)
    device.start()
    fast = replace(profile_named("TM-T20III"), slowest_bytes_s=100_000_000)
    busy = Printer(fast, printer_at(device.url).connect)
    endless = make_slip(*(Text("Ж" * 40) for _ in range(5_000)))

    outcome = print_job(busy, endless, job_no=1, clock=clock, limits=hasty)
    device.stop()

    assert isinstance(outcome, Uncertain)
    assert outcome.evidence.sent_bytes < outcome.evidence.slip_bytes
    assert outcome.evidence.doubt is Doubt.DEADLINE
