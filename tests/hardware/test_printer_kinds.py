"""Printers that are not what they say: no echo, other tables, no Cyrillic; drawers, displays."""

import os
import pty
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as some
from PIL import Image, ImageDraw

from hardware.display import COLUMNS, beside, screen, show
from hardware.drawer import DrawerState, drawer_state, kick
from hardware.printers.codec import to_cp866
from hardware.printers.encoder import encode, head_of
from hardware.printers.layout import Line
from hardware.printers.outcome import Paper, Printed, Proof, Ready, Reason, Unreachable
from hardware.printers.printer import Printer, print_job, print_stream, printer_at
from hardware.printers.probe import Findings, needs_probe, probe, trusted
from hardware.printers.profile import Feature, Profile, Provenance, profile_named, with_page
from hardware.printers.raster import CELL_DOTS, FONT_SIZE, LINE_DOTS, font, harmless, raster
from hardware.printers.session import Limits
from hardware.printers.strip import SAMPLE, strip
from hardware.simulator.mechanism import Mechanism
from hardware.simulator.outbox import Outbox, RollSize
from hardware.simulator.paper import PrintedRaster, Sheet, sheet_text
from hardware.simulator.printer_sim import PrinterSim
from hardware.simulator.sensors import Build, Dialect, Drawer, Firmware, Mute, Roll, Sensors
from shared.clock import SystemClock
from shared.slip import Align, Size, Slip, Text, Weight
from tests.hardware.test_print_session import CLEAR, ECHO, told

SlipMaker = Callable[..., Slip]
TM = profile_named("TM-T20III")
QUICK = Limits(connect_s=1.0, answer_s=0.3, poll_s=0.05, job_s=2.0)
REAL_TIME = (b"\x10\x04", b"\x10\x05", b"\x10\x14")
CLONE = Firmware(Dialect.NO_ECHO, model="TM-T20III")


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(tmp_path, RollSize(TM.roll_mm, TM.dots, TM.columns))


@contextmanager
def plugged(firmware: Firmware, outbox: Outbox) -> Iterator[tuple[PrinterSim, Printer]]:
    device = PrinterSim(Build(TM.columns, firmware=firmware), outbox, SystemClock())
    device.start()
    yield device, printer_at(f"tcp://127.0.0.1:{device.port}?profile=TM-T20III")
    device.stop()


@pytest.mark.fault(23)
def test_a_printer_without_the_echo_is_found_out_and_its_slips_are_proved_by_the_fence(
    outbox: Outbox, clock: SystemClock, make_slip: SlipMaker
) -> None:
    with plugged(CLONE, outbox) as (_, claimed):
        findings = probe(claimed, clock=clock, limits=QUICK)
        known = trusted(claimed, findings)
        outcome = print_job(known, make_slip(), job_no=1, clock=clock, limits=QUICK)

    assert needs_probe(claimed)
    assert not needs_probe(known)
    assert findings.answers_fence
    assert outcome == Printed(Proof.FENCE, Paper.PLENTY)
    assert len(outbox.slips()) == 1


@pytest.mark.fault(24)
def test_a_clone_that_lies_about_its_name_is_believed_by_what_it_does(
    outbox: Outbox, clock: SystemClock
) -> None:
    with plugged(CLONE, outbox) as (_, claimed):
        findings = probe(claimed, clock=clock, limits=QUICK)

    assert findings.model == "TM-T20III"
    assert findings.features == {Feature.STATUS_BACK}
    capabilities = trusted(claimed, findings).profile.capabilities
    assert [(one.feature, one.provenance) for one in capabilities] == [
        (Feature.STATUS_BACK, Provenance.PROBED)
    ]


def test_a_probe_moves_no_paper_and_leaves_nothing_to_print(
    outbox: Outbox, clock: SystemClock, make_slip: SlipMaker
) -> None:
    with plugged(Firmware(), outbox) as (_, claimed):
        findings = probe(claimed, clock=clock, limits=QUICK)
        before = outbox.slips()
        print_job(trusted(claimed, findings), make_slip(Text("Чек")), job_no=1, clock=clock)

    assert before == ()
    assert findings.features == set(Feature)
    assert outbox.slips()[0].text.read_text() == "Чек\n"


def test_a_printer_that_is_not_ready_is_asked_nothing_more_and_keeps_its_claims(
    outbox: Outbox, clock: SystemClock
) -> None:
    with plugged(Firmware(), outbox) as (device, claimed):
        device.set_roll(Roll.OUT)
        findings = probe(claimed, clock=clock, limits=QUICK)

    assert not isinstance(findings.health, Ready)
    assert findings == Findings(findings.health)
    assert trusted(claimed, findings) is claimed
    assert probe(claimed, clock=clock, limits=QUICK).health == Unreachable(Reason.NO_LINK)


@pytest.mark.fault(27)
@given(some.lists(some.sampled_from([0x10, 0x04, 0x05, 0x14, 0x01, 0x18, 0xFF])).map(bytes))
def test_no_picture_has_a_real_time_command_in_it(dots: bytes) -> None:
    safe = harmless(dots)

    assert not any(command in safe for command in REAL_TIME)
    assert len(safe) == len(dots)
    changed = [(before, after) for before, after in zip(dots, safe, strict=True) if before != after]
    assert set(changed) <= {(0x10, 0x18)}


@pytest.mark.fault(27)
def test_an_answer_that_nobody_asked_for_in_a_slip_does_no_harm(make_slip: SlipMaker) -> None:
    assert told([*CLEAR, b"\x12", b"\x12", ECHO], make_slip()) == Printed(Proof.ECHO, Paper.PLENTY)


def drawn(profile: Profile) -> Profile:
    return with_page(profile, "raster")


def printed(stream: bytes, profile: Profile, firmware: Firmware) -> Sheet:
    happenings = Mechanism(profile.columns, firmware).feed(stream, Sensors())
    (sheet,) = (one for one in happenings if isinstance(one, Sheet))
    return sheet


def glyph(sign: str) -> tuple[str, ...]:
    """A letter as this font draws it in its cell."""
    picture = Image.new("1", (CELL_DOTS, LINE_DOTS), 0)
    ImageDraw.Draw(picture).text((0, 0), sign, 1, font(FONT_SIZE))
    return tuple(
        "".join("1" if picture.getpixel((x, y)) else "0" for x in range(CELL_DOTS))
        for y in range(LINE_DOTS)
    )


def cells(mark: PrintedRaster) -> list[tuple[str, ...]]:
    """Cut a picture of text into its letters, without the blank ones around them."""
    width = len(mark.rows[0])
    cut = [
        tuple(row[at : at + CELL_DOTS] for row in mark.rows)
        for at in range(0, width - CELL_DOTS + 1, CELL_DOTS)
    ]
    while cut and cut[-1] == glyph(" "):
        cut.pop()
    while cut and cut[0] == glyph(" "):
        cut.pop(0)
    return cut


def pictures(sheet: Sheet) -> list[PrintedRaster]:
    return [mark for mark in sheet.marks if isinstance(mark, PrintedRaster)]


@pytest.mark.parametrize("name", ["generic-58", "generic-80"])
@pytest.mark.parametrize("align", [Align.LEFT, Align.CENTER])
def test_a_printer_without_cyrillic_shows_it_drawn(
    name: str, align: Align, make_slip: SlipMaker
) -> None:
    profile = drawn(profile_named(name))
    stream = encode(make_slip(Text(SAMPLE, align), Text("b" * 8)), profile, job_no=1)

    shown = pictures(printed(stream, profile, Firmware(cyrillic=None)))

    assert [cells(picture) for picture in shown] == [
        [glyph(sign) for sign in SAMPLE],
        [glyph("b")] * 8,
    ]
    assert all(len(picture.rows[0]) <= profile.dots for picture in shown)
    assert to_cp866("Съешь") not in stream


def test_drawn_letters_are_dark_large_and_right_as_they_should_be() -> None:
    usual, bold = (raster(Line("Ж", weight=weight), 384) for weight in Weight)
    large = raster(Line("Ж" * 16, size=Size.DOUBLE), 384)

    assert sum(byte.bit_count() for byte in bold) > sum(byte.bit_count() for byte in usual)
    assert large[4:8] == bytes([48, 0, 60, 0])
    assert raster(Line("Ж", Align.RIGHT), 384)[4:6] == bytes([48, 0])


def test_a_drawn_slip_can_be_scanned_and_has_no_real_time_command(
    make_slip: SlipMaker, tmp_path: Path
) -> None:
    profile = drawn(profile_named("generic-58"))
    stream = encode(make_slip(), profile, job_no=1)
    outbox = Outbox(tmp_path, RollSize(58, profile.dots, profile.columns))

    outbox.land(printed(stream, profile, Firmware(cyrillic=None)))

    (slip,) = outbox.slips()
    with Image.open(slip.png) as picture:
        read = sorted(result.text for result in zxingcpp.read_barcodes(picture))
    assert read == ["2912345678905", "HTTPS://KOPILKA.EXAMPLE/S/7K2M9Q4X8B1C"]
    assert not any(command in stream for command in REAL_TIME)


@pytest.mark.parametrize("number", [0, 7, 17, 59])
def test_the_strip_shows_which_table_is_cyrillic(number: int) -> None:
    profile = profile_named("generic-58")

    sheet = printed(strip(profile), profile, Firmware(cyrillic=number))

    lines = sheet_text(sheet, profile.columns).splitlines()
    assert [line for line in lines if SAMPLE in line] == [f"page={number:<3} {SAMPLE}"]
    (last,) = pictures(sheet)
    assert cells(last) == [glyph(sign) for sign in f"page=raster {SAMPLE}"]


def test_the_page_of_the_settings_is_what_a_slip_is_printed_in(
    outbox: Outbox, clock: SystemClock, make_slip: SlipMaker
) -> None:
    with plugged(Firmware(cyrillic=7), outbox) as (device, _):
        url = f"tcp://127.0.0.1:{device.port}?profile=TM-T20III"
        for job_no, page in ((1, ""), (2, "&page=7")):
            print_job(printer_at(url + page), make_slip(Text(SAMPLE)), job_no=job_no, clock=clock)

    wrong, right = outbox.slips()
    assert SAMPLE not in wrong.text.read_text()
    assert right.text.read_text() == f"{SAMPLE}\n"
    assert head_of(printer_at(url + "&page=7").profile)[4:7] == b"\x1bt\x07"


def test_a_strip_is_one_job_with_a_proof(outbox: Outbox, clock: SystemClock) -> None:
    with plugged(Firmware(), outbox) as (_, printer):
        outcome = print_stream(printer, strip(printer.profile), job_no=1, clock=clock)

    assert outcome == Printed(Proof.ECHO, Paper.PLENTY)
    assert len(outbox.slips()) == 1


def test_the_drawer_opens_on_command_and_tells_its_contact(
    outbox: Outbox, clock: SystemClock, make_slip: SlipMaker
) -> None:
    with plugged(Firmware(), outbox) as (device, printer):
        before = drawer_state(printer, clock=clock)
        print_job(printer, make_slip(), job_no=1, clock=clock)
        after_slip = drawer_state(printer, clock=clock)
        kicked = kick(printer, clock=clock)
        print_job(printer, make_slip(), job_no=2, clock=clock)
        opened = drawer_state(printer, clock=clock)
        device.set_drawer(Drawer.LOW)
        shut = drawer_state(printer, clock=clock)

    assert (before, after_slip, kicked) == (DrawerState.LOW,) * 3
    assert (opened, shut) == (DrawerState.HIGH, DrawerState.LOW)
    assert kick(printer, clock=clock) is drawer_state(printer, clock=clock) is Reason.NO_LINK


def test_a_printer_that_does_not_answer_gets_no_kick(outbox: Outbox, clock: SystemClock) -> None:
    with plugged(Firmware(), outbox) as (device, printer):
        device.set_mute(Mute.ON)
        silent = kick(printer, clock=clock, limits=QUICK)
        device.set_mute(Mute.OFF)
        state = drawer_state(printer, clock=clock)

    assert (silent, state) == (Reason.SILENT, DrawerState.LOW)


def test_a_display_shows_two_lines_of_twenty_signs() -> None:
    shown = screen("Ваши бонусы", "1 085,50", 17)

    assert shown.hex() == (
        "1b40" "1b7411" "0c"
        + "Ваши бонусы         ".encode("cp866").hex()
        + "1 085,50            ".encode("cp866").hex()
    )  # fmt: skip
    assert beside("Ваши бонусы", "1 085,50") == "Ваши бонусы 1 085,50"
    assert beside("Итого к оплате", "1 085,50") == "Итого к опл 1 085,50"


@given(some.text(), some.text())
def test_no_text_makes_a_display_wider_or_commands_it(upper: str, lower: str) -> None:
    shown = screen(upper, lower, 17)

    assert len(shown) == 6 + 2 * COLUMNS
    assert all(byte >= 0x20 for byte in shown[6:])
    assert len(beside(upper, lower)) == COLUMNS


def test_a_display_on_a_line_is_told_what_to_show() -> None:
    master, slave = pty.openpty()
    tty.setraw(slave)

    show(f"serial://{os.ttyname(slave)}?page=6", "Спасибо!", "")

    assert os.read(master, 100) == screen("Спасибо!", "", 6)
    os.close(slave)
    os.close(master)
