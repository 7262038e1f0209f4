"""Recorded bytes of keyboards, HID scanners and stripe readers, and what they say."""

import struct
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as some

from hardware.scanners.content import Stripe, barcode_of, is_noise, read_stripe, split_aim
from hardware.scanners.hid_pos import REPORT_BYTES, HidPos
from hardware.scanners.parse import FRAME_MAX, Cutter, Framer
from hardware.scanners.scanner import Medium, scanned
from hardware.scanners.wedge import Wedge
from tests.fakes import NOON

EVENT = struct.Struct("@llHHi")
SYN, KEY, MISC = 0, 1, 4
SHIFT, CAPS, CONTROL, ENTER, KEYPAD_ENTER, TAB = 42, 58, 29, 28, 96, 15
KEYS = dict(zip("1234567890", range(2, 12), strict=True)) | {
    "q": 16, "w": 17, "h": 35, "t": 20, "p": 25, "s": 31, "k": 37, "b": 48, ";": 39, "/": 53,
    "=": 13, ".": 52, "-": 12, "6^": 7,
}  # fmt: skip
PAYMENT = "4000000000000002"


def event(sort: int, code: int, value: int) -> bytes:
    return EVENT.pack(1_700_000_000, 0, sort, code, value)


def press(key: int) -> bytes:
    """What the kernel says of one key: scan code, down, report, up, report."""
    down = event(MISC, 4, 0x70000 + key) + event(KEY, key, 1) + event(SYN, 0, 0)
    return down + event(KEY, key, 0) + event(SYN, 0, 0)


def with_shift(key: int) -> bytes:
    return event(KEY, SHIFT, 1) + press(key) + event(KEY, SHIFT, 0)


def typed(text: str, end: int = ENTER) -> bytes:
    signs = {":": with_shift(39), "%": with_shift(6), "?": with_shift(53), "^": with_shift(7)}
    pressed = (
        signs[sign] if sign in signs
        else with_shift(KEYS[sign.lower()]) if sign.isupper()
        else press(KEYS[sign])
        for sign in text
    )  # fmt: skip
    return b"".join(pressed) + press(end)


@pytest.mark.parametrize("end", [ENTER, KEYPAD_ENTER, TAB])
def test_what_a_wedge_types_is_a_code_whatever_ends_it(end: int) -> None:
    assert Wedge().feed(typed("2900000000018", end), 0.0) == [b"2900000000018"]


@pytest.mark.fault(42)
def test_neither_caps_lock_nor_the_layout_of_the_till_changes_a_wedges_code() -> None:
    caps = press(CAPS)

    codes = Wedge().feed(caps + typed("HTTPS://K.QW/12"), 0.0)

    assert codes == [b"HTTPS://K.QW/12"]
    assert Wedge().feed(caps + typed("khtps"), 0.0) == [b"khtps"]


def test_a_wedge_knows_the_keypad_the_separator_and_a_key_that_is_held() -> None:
    held = event(KEY, KEYS["1"], 1) + event(KEY, KEYS["1"], 2) * 5 + event(KEY, KEYS["1"], 0)
    separator = event(KEY, CONTROL, 1) + press(27) + press(16) + event(KEY, CONTROL, 0)

    codes = Wedge().feed(held + press(80) + separator + press(82) + press(ENTER), 0.0)

    assert codes == [b"12\x1d0"]


def test_events_that_the_kernel_dropped_cost_their_code_and_not_the_next() -> None:
    wedge = Wedge()
    torn = typed("29000")[: -len(press(ENTER))] + event(SYN, 3, 0) + typed("0018")

    assert wedge.feed(torn + typed("2900000000018"), 0.0) == [b"2900000000018"]
    assert wedge.dropped == 1


def report(data: bytes, *, goes_on: bool = False, aim: bytes = b"]E0") -> bytes:
    padded = aim + data.ljust(56, b"\x00")
    return bytes([2, len(data)]) + padded + b"\x00\x00" + bytes([goes_on])


def test_a_report_is_a_code_with_its_identifier() -> None:
    recorded = bytes.fromhex("02 0d 5d 45 30") + b"4600000000015" + bytes(46)

    assert len(recorded) == REPORT_BYTES
    assert HidPos().feed(recorded, 0.0) == [b"]E04600000000015"]


def test_a_long_code_is_joined_from_its_reports() -> None:
    code = b"HTTPS://" + b"K" * 100

    codes = HidPos().feed(report(code[:56], goes_on=True) + report(code[56:]), 0.0)

    assert codes == [b"]E0" + code]


@pytest.mark.fault(45)
def test_a_lost_report_never_joins_two_codes() -> None:
    last, other = HidPos(), HidPos()
    part = report(b"A" * 56, goes_on=True, aim=b"]Q1")

    assert last.feed(part, 0.0) == []
    assert last.feed(report(b"4600000000015"), 0.5) == [b"]E04600000000015"]
    assert other.feed(part + report(b"4600000000015"), 0.0) == [b"]E04600000000015"]
    assert (last.dropped, other.dropped) == (1, 1)
    assert HidPos().feed(report(b"A" * 20, goes_on=True) + report(b"46"), 0.0) == [b"]E046"]


@given(some.lists(some.binary(max_size=300), max_size=30))
def test_any_bytes_are_welcome_to_every_kind_of_scanner(chunks: list[bytes]) -> None:
    kinds: Iterable[Cutter] = (Wedge(), HidPos(), Framer())
    for cutter in kinds:
        for at, chunk in enumerate(chunks):
            for code in cutter.feed(chunk, at / 50):
                assert len(code) <= FRAME_MAX + 3
                scanned("any", code, NOON)
        cutter.expire(100.0)
        cutter.drop()


@pytest.mark.parametrize(
    ("text", "number"),
    [
        (";2900000000018?", "2900000000018"),
        ("%B2900000000018^IVANOVA/ANNA^?", "2900000000018"),
        ("%2900000000018?;2900000000018=99?", "2900000000018"),
        ("%?;2900000000018?", "2900000000018"),
        ("%E?;E?", ""),
    ],
)
def test_old_plastic_is_read_from_either_track(text: str, number: str) -> None:
    assert read_stripe(text) == Stripe(number, is_payment=False)
    event = scanned("reader", text.encode(), NOON)
    assert event is not None
    assert (event.text, event.raw, event.medium) == (number, b"", Medium.STRIPE)


@pytest.mark.parametrize(
    "text",
    [
        f"%B{PAYMENT}^IVANOVA/ANNA^2812101?",
        f";{PAYMENT}=2812101?",
        f"%B2900000000018^A^?;{PAYMENT}=2812101?",
        "%B4000 0000 0000 0002^A^?",
        ";2200000000000004=1?",
        ";501800000009=1?",
    ],
)
def test_of_a_payment_card_nothing_is_kept_but_that_it_was_one(text: str) -> None:
    event = scanned("reader", text.encode(), NOON)

    assert event is not None
    assert (event.text, event.raw, event.medium) == ("", b"", Medium.PAYMENT_CARD)
    assert read_stripe(text) == Stripe("", is_payment=True)
    assert not any(digits in repr(event) for digits in (PAYMENT, "0000000"))


@pytest.mark.parametrize(
    ("text", "aim", "code"),
    [
        ("]E04600000000015", "]E0", "4600000000015"),
        ("]C10104600000000015", "]C1", "0104600000000015"),
        ("4600000000015", "", "4600000000015"),
        ("]", "", "]"),
    ],
)
def test_the_identifier_of_the_symbology_is_no_part_of_the_code(
    text: str, aim: str, code: str
) -> None:
    assert split_aim(text) == (aim, code)


@pytest.mark.fault(40)
@pytest.mark.parametrize(
    ("code", "barcode"),
    [
        ("010460000000001521ABC\x1d93dGVz", "4600000000015"),
        ("\x1d010460000000001521ABC", "4600000000015"),
        ("0114600000000012", "14600000000012"),
        ("4600000000015", "4600000000015"),
        ("01046", "01046"),
    ],
)
def test_a_code_of_gs1_names_the_barcode_of_its_goods(code: str, barcode: str) -> None:
    assert barcode_of(code) == barcode


def line_at(code: bytes, sent_baud: int, read_baud: int) -> bytes:
    """What a receiver makes of a line that runs at another speed: eight bits, one stop bit."""
    bits = [1] * 20
    for byte in code:
        bits += [0, *(byte >> place & 1 for place in range(8)), 1, 1]
    bits += [1] * 40
    step = sent_baud / read_baud
    read, at = bytearray(), 0.0
    while at + 10 * step < len(bits):
        if bits[int(at)] == 1:
            at += step / 4
            continue
        middles = (at + (place + 0.5) * step for place in range(1, 9))
        read.append(sum(bits[int(middle)] << place for place, middle in enumerate(middles)))
        at += 9.5 * step
    return bytes(read)


@pytest.mark.fault(38)
@pytest.mark.parametrize("read_baud", [2400, 4800, 19200, 38400, 115200])
def test_a_line_at_the_wrong_speed_is_noise_and_no_code(read_baud: int) -> None:
    heard = line_at(b"2900000000018\r4600000000015\r" * 3, 9600, read_baud)

    codes = Framer().feed(heard + b"\r", 0.0)
    events = [scanned("serial", code, NOON) for code in codes]

    assert heard
    assert not [event for event in events if event and event.text.isdigit()]
    assert line_at(b"29\r", 9600, 9600) == b"29\r"


def test_noise_is_told_from_codes_in_any_letters() -> None:
    noise = ("\x00\x01", "a\x7f", "\ufffd")
    codes = ("Ёлка", "a\x1db", "[)>\x1e06\x1dP1\x04")

    assert [is_noise(text) for text in (*noise, *codes)] == [True] * 3 + [False] * 3
