"""Slips on a simulated printer: what is said of them is what the paper shows."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from pyzbar import pyzbar

from hardware.printers.layout import as_text
from hardware.printers.outcome import (
    Blocked,
    Doubt,
    Held,
    Paper,
    Printed,
    Proof,
    Ready,
    Reason,
    Uncertain,
    Unreachable,
)
from hardware.printers.printer import Printer, examine, print_job
from hardware.printers.profile import Feature, Profile
from hardware.printers.session import Limits, Patience
from hardware.simulator.counter import Counter
from hardware.simulator.outbox import LandedSlip, Outbox, RollSize
from hardware.simulator.sensors import Cover, Mishap, Mute, Power, Roll
from shared.clock import SystemClock
from shared.slip import Barcode, Qr, Slip, Text

SlipMaker = Callable[..., Slip]
CODES = ["2912345678905", "HTTPS://KOPILKA.EXAMPLE/S/7K2M9Q4X8B1C"]


def test_the_paper_reads_as_the_slip_was_laid_out(
    counter: Counter, printer: Printer, clock: SystemClock, make_slip: SlipMaker
) -> None:
    slips = [make_slip(), make_slip(Text("Баланс «Ёлка»: 5 ₽")), make_slip(copy_no=1)]

    outcomes = [print_job(printer, slip, job_no=no, clock=clock) for no, slip in enumerate(slips)]

    proof = Proof.ECHO if printer.profile.has(Feature.ECHO) else Proof.FENCE
    assert outcomes == [Printed(proof, Paper.PLENTY)] * 3
    columns = printer.profile.columns
    assert [slip.text.read_text() for slip in counter.outbox.slips()] == [
        as_text(slip, columns) for slip in slips
    ]


@pytest.mark.fault(31)
def test_every_code_on_the_paper_can_be_scanned(
    counter: Counter, printer: Printer, clock: SystemClock, make_slip: SlipMaker
) -> None:
    print_job(printer, make_slip(), job_no=1, clock=clock)
    print_job(printer, make_slip(Qr("A" * 300), Barcode("1620012345678")), job_no=2, clock=clock)

    first, second = counter.outbox.slips()

    assert read_by_zxing(first) == read_by_zbar(first) == CODES
    assert read_by_zxing(second) == read_by_zbar(second) == ["1620012345678", "A" * 300]
    assert sorted(first.codes) == CODES


def read_by_zxing(slip: LandedSlip) -> list[str]:
    with Image.open(slip.png) as picture:
        return sorted(result.text for result in zxingcpp.read_barcodes(picture))


def read_by_zbar(slip: LandedSlip) -> list[str]:
    with Image.open(slip.png) as picture:
        return sorted(result.data.decode() for result in pyzbar.decode(picture))


@pytest.mark.fault(1)
@pytest.mark.parametrize(
    ("roll", "cover", "reason"),
    [
        (Roll.OUT, Cover.CLOSED, Reason.PAPER_OUT),
        (Roll.IN, Cover.OPEN, Reason.COVER_OPEN),
        (Roll.OUT, Cover.OPEN, Reason.COVER_OPEN),
    ],
)
def test_a_printer_that_cannot_print_gets_no_byte_of_the_slip(
    counter: Counter,
    printer: Printer,
    clock: SystemClock,
    make_slip: SlipMaker,
    roll: Roll,
    cover: Cover,
    reason: Reason,
) -> None:
    counter.printer.set_roll(roll)
    counter.printer.set_cover(cover)

    outcome = print_job(printer, make_slip(), job_no=1, clock=clock)

    assert outcome == Blocked(reason)
    assert counter.printer.state().buffered_bytes <= len(b"\x10\x04\x01" * 4)
    counter.printer.set_roll(Roll.IN)
    counter.printer.set_cover(Cover.CLOSED)
    assert isinstance(print_job(printer, make_slip(), job_no=1, clock=clock), Printed)
    assert len(counter.outbox.slips()) == 1


def test_paper_near_its_end_prints_and_warns(
    counter: Counter, printer: Printer, clock: SystemClock, make_slip: SlipMaker
) -> None:
    counter.printer.set_roll(Roll.LOW)

    health = examine(printer, clock=clock)
    outcome = print_job(printer, make_slip(), job_no=1, clock=clock)

    assert health == Ready(Paper.NEAR_END)
    assert isinstance(outcome, Printed)
    assert outcome.paper is Paper.NEAR_END


@pytest.mark.fault(9)
def test_a_mute_printer_is_said_not_to_answer(
    counter: Counter, printer: Printer, clock: SystemClock, make_slip: SlipMaker, hasty: Limits
) -> None:
    counter.printer.set_mute(Mute.ON)
    started_s = clock.monotonic()

    outcome = print_job(printer, make_slip(), job_no=1, clock=clock, limits=hasty)

    assert outcome == Unreachable(Reason.SILENT)
    assert clock.monotonic() - started_s < 2.0
    assert counter.outbox.slips() == ()


@pytest.mark.fault(8)
def test_a_printer_that_is_off_is_unreachable_and_prints_once_it_is_on(
    counter: Counter, printer: Printer, clock: SystemClock, make_slip: SlipMaker
) -> None:
    counter.printer.set_power(Power.OFF)
    assert print_job(printer, make_slip(), job_no=1, clock=clock) == Unreachable(Reason.NO_LINK)
    assert examine(printer, clock=clock) == Unreachable(Reason.NO_LINK)

    counter.printer.set_power(Power.ON)

    assert isinstance(print_job(printer, make_slip(), job_no=1, clock=clock), Printed)


def test_a_link_reset_in_the_middle_of_a_slip_is_evidence_and_not_a_retry(
    counter: Counter, printer: Printer, clock: SystemClock, make_slip: SlipMaker
) -> None:
    counter.printer.reset_after(300)

    outcome = print_job(printer, make_slip(), job_no=1, clock=clock)

    assert isinstance(outcome, Uncertain)
    assert outcome.evidence.doubt is Doubt.LINK_LOST
    assert 0 < outcome.evidence.sent_bytes <= outcome.evidence.slip_bytes
    assert counter.outbox.slips() == ()


def test_paper_that_ends_in_a_slip_is_reported_and_a_new_roll_finishes_it(
    counter: Counter, printer: Printer, clock: SystemClock, make_slip: SlipMaker
) -> None:
    heard: list[Reason | None] = []

    def change_roll(reason: Reason | None) -> Patience:
        heard.append(reason)
        if reason is Reason.PAPER_OUT:
            counter.printer.set_roll(Roll.IN)
        return Patience.WAIT

    counter.printer.suffer_after(200, Mishap.PAPER_OUT)
    outcome = print_job(printer, make_slip(), job_no=1, clock=clock, watch=change_roll)

    assert isinstance(outcome, Printed)
    assert Reason.PAPER_OUT in heard
    assert [slip.text.read_text() for slip in counter.outbox.slips()] == [
        as_text(make_slip(), printer.profile.columns)
    ]


@pytest.mark.parametrize("patience", list(Patience))
def test_a_slip_without_paper_is_held_and_printed_late_without_its_client(
    counter: Counter,
    printer: Printer,
    clock: SystemClock,
    make_slip: SlipMaker,
    hasty: Limits,
    patience: Patience,
) -> None:
    def watch(reason: Reason | None) -> Patience:
        return patience if reason else Patience.WAIT

    counter.printer.suffer_after(200, Mishap.PAPER_OUT)
    outcome = print_job(printer, make_slip(), job_no=1, clock=clock, watch=watch, limits=hasty)

    assert isinstance(outcome, Held)
    assert outcome.reason is Reason.PAPER_OUT
    expected = Doubt.GIVEN_UP if patience is Patience.GIVE_UP else Doubt.DEADLINE
    assert outcome.evidence.doubt is expected
    counter.printer.set_roll(Roll.IN)
    assert len(counter.outbox.wait_until(lambda slips: len(slips) == 1, 5.0)) == 1


def test_power_lost_in_a_slip_leaves_a_torn_paper_and_a_doubt(
    counter: Counter, printer: Printer, clock: SystemClock, make_slip: SlipMaker
) -> None:
    def pull_the_plug(reason: Reason | None) -> Patience:
        if reason is Reason.PAPER_OUT:
            threading.Thread(target=counter.printer.set_power, args=(Power.OFF,)).start()
        return Patience.WAIT

    counter.printer.suffer_after(300, Mishap.PAPER_OUT)
    outcome = print_job(printer, make_slip(), job_no=1, clock=clock, watch=pull_the_plug)

    assert isinstance(outcome, Uncertain)
    assert outcome.evidence.last_reason is Reason.PAPER_OUT
    (torn,) = counter.outbox.wait_until(lambda slips: len(slips) == 1, 5.0)
    assert torn.ending == "torn"
    assert "Спасибо" not in torn.text.read_text()


def test_numbers_of_slips_go_on_in_a_used_directory(
    tmp_path: Path, profile: Profile, counter: Counter
) -> None:
    (counter.outbox._directory / "slip-0041.txt").write_text("старый")
    size = RollSize(profile.roll_mm, profile.dots, profile.columns)

    assert Outbox(counter.outbox._directory, size)._last == 41
    assert list((tmp_path / "out").glob(".*partial")) == []
