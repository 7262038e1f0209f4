"""The bytes of a job: the same every time, and nothing in them that a printer could misread."""

import logging
from collections.abc import Callable

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as some

from hardware.printers.encoder import (
    QR_MODULE_DOTS_MAX,
    QUIET_MODULES,
    code128,
    encode,
    fence_id,
    qr_module_dots,
)
from hardware.printers.profile import profile_named
from hardware.simulator.mechanism import Mechanism
from hardware.simulator.paper import PrintedBars, Sheet, sheet_text
from hardware.simulator.sensors import Sensors
from hardware.simulator.symbols import read_code128
from shared.slip import QR_MAX, Align, Barcode, Qr, Row, Slip, Text, Weight

SlipMaker = Callable[..., Slip]

GOLDEN = (
    "1b40 1c2e 1b7411 1d610e"  # reset, no Kanji, CP866, tell of troubles
    "1b2100 1b2100 1b2100 1b4501 1b6101 4c4f a5a6 0a"  # bold, centred
    "1b2100 1b2100 1b2100 1b4500 1b6100 88e2aea3ae" + "20" * 42 + "37 0a"
    "0a 1b6101"  # QR: model 2, 6 dots, level M
    "1d286b0400314132 00 1d286b0300314306 1d286b0300314531"
    "1d286b0600315030 4b2f31 1d286b0300315130"
    "0a0a 1b2100 1b2100 1b2100 1b6101"  # Code128: pair 12, then 3
    "1d6850 1d7702 1d6600 1d4802 1d6b49 06 7b430c 7b4233"
    "1b6406 1d5600"  # feed and cut
    "1d284806003030 3030 3052"  # the fence: echo of job 27
)


def test_a_small_slip_is_these_bytes(make_slip: SlipMaker) -> None:
    slip = make_slip(
        Text("LOеж", Align.CENTER, Weight.BOLD), Row("Итого", "7"), Qr("K/1"), Barcode("123")
    )

    stream = encode(slip, profile_named("TM-T20III"), job_no=27)

    assert stream.hex() == GOLDEN.replace(" ", "")


def test_a_printer_without_echo_gets_the_other_fence_and_no_status_request(
    make_slip: SlipMaker,
) -> None:
    stream = encode(make_slip(Text("а")), profile_named("generic-58"), job_no=1)

    assert stream.startswith(b"\x1b@\x1c.\x1bt\x11\x1b!")
    assert stream.endswith(b"\x1dV\x00\x1dr1")


@pytest.mark.fault(21)
def test_the_second_russian_slip_sets_the_code_page_again(make_slip: SlipMaker) -> None:
    profile = profile_named("generic-58")
    mechanism = Mechanism(profile.columns)

    sheets = [
        happening
        for job_no in (1, 2)
        for happening in mechanism.feed(
            encode(make_slip(Text("Спасибо")), profile, job_no=job_no), Sensors()
        )
        if isinstance(happening, Sheet)
    ]

    assert [sheet_text(sheet, 32).split() for sheet in sheets] == [["Спасибо"], ["Спасибо"]]


def test_encoding_leaves_no_log_handler_and_prints_nothing(
    make_slip: SlipMaker, capsys: pytest.CaptureFixture[str]
) -> None:
    before = list(logging.root.handlers)

    encode(make_slip(), profile_named("TM-T20III"), job_no=1)

    assert logging.root.handlers == before
    assert capsys.readouterr() == ("", "")


@given(some.from_regex(r"[0-9]{1,22}", fullmatch=True))
def test_a_barcode_reads_as_its_digits_and_never_as_a_real_time_command(digits: str) -> None:
    symbol = code128(digits)

    read = read_code128(symbol)

    assert read is not None
    assert read.text == digits
    assert not any(command in symbol for command in (b"\x10\x04", b"\x10\x05", b"\x10\x14"))


@pytest.mark.parametrize("digits", ["1620012345678", "162001", "0162016", "16201620"])
def test_digits_that_would_open_the_drawer_are_written_another_way(digits: str) -> None:
    assert b"\x10" not in code128(digits)


def test_the_longest_barcode_fits_the_narrow_roll(make_slip: SlipMaker) -> None:
    profile = profile_named("generic-58")
    stream = encode(make_slip(Barcode("1" * 22)), profile, job_no=1)
    sheet = next(
        happening
        for happening in Mechanism(profile.columns).feed(stream, Sensors())
        if isinstance(happening, Sheet)
    )

    (bars,) = (mark for mark in sheet.marks if isinstance(mark, PrintedBars))

    assert len(bars.modules) * bars.module_dots <= profile.dots


@pytest.mark.parametrize("length", [1, 60, 150, 300])
def test_a_qr_code_fits_the_narrow_roll_with_modules_that_a_camera_sees(length: int) -> None:
    assert qr_module_dots("A" * length, dots=384) >= 4


@given(
    some.text("0123456789ABCXYZ $%*+-./:", min_size=1, max_size=QR_MAX)
    | some.integers(1, QR_MAX).map(lambda length: "7" * length),
    some.sampled_from([100, 200, 384]),
)
def test_a_qr_code_is_measured_by_the_number_of_its_characters_alone(text: str, dots: int) -> None:
    symbol = segno.make(text, error="m", micro=False, boost_error=False)
    width, _ = symbol.symbol_size(border=QUIET_MODULES)

    assert qr_module_dots(text, dots) == max(1, min(QR_MODULE_DOTS_MAX, dots // int(width)))


def test_neighbouring_jobs_have_different_fences() -> None:
    ids = {fence_id(job_no) for job_no in range(5_000)}

    assert len(ids) == 5_000
    assert all(len(fence) == 4 and fence.isalnum() for fence in ids)
