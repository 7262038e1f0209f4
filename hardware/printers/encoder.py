"""A slip as the bytes of one print job: settings, text, codes, cut, and a fence behind it.

Commands follow Epson's "ESC/POS Command Reference".
"""

import logging
from functools import cache, lru_cache
from typing import Any

import segno

from hardware.printers.codec import to_cp866
from hardware.printers.layout import Line, Printable, lay_out
from hardware.printers.profile import Feature, Profile
from hardware.printers.raster import raster
from shared.slip import QR_MAX, Barcode, Feed, Qr, Size, Slip, Weight

FENCE_ID_LENGTH = 4
QUIET_MODULES = 4
QR_MODULE_DOTS_MAX = 6
BARCODE_MODULE_DOTS = 2
BARCODE_HEIGHT_DOTS = 80

_FENCE_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
RESET = b"\x1b@"
NO_KANJI = b"\x1c."
CODE_PAGE = b"\x1bt"
STATUS_BACK = b"\x1da\x0e"
ECHO = b"\x1d(H\x06\x0000"
PAPER_SENSOR = b"\x1dr1"
_DLE = 0x10


def encode(slip: Slip, profile: Profile, *, job_no: int) -> bytes:
    """Return everything that is sent for a slip, in one piece.

    A fresh python-escpos object makes each job: its memory of the code page outlives the reset at
    the head of a job, which turns the Russian of a second slip into garbage.
    """
    printer = _dummy()
    printer._raw(head_of(profile))
    previous: Printable | None = None
    for item in lay_out(slip, profile.columns):
        if isinstance(item, Line) and not _same_style(previous, item):
            _style(printer, item, profile)
        _put(printer, item, profile)
        previous = item
    printer.cut()
    printer._raw(fence_of(profile, job_no))
    return bytes(printer.output)


def head_of(profile: Profile) -> bytes:
    """Return what begins every job: nothing of the job before it stays in force."""
    head = RESET + NO_KANJI
    if profile.page.number is not None:
        head += CODE_PAGE + bytes([profile.page.number])
    return head + STATUS_BACK if profile.has(Feature.STATUS_BACK) else head


def fence_of(profile: Profile, job_no: int) -> bytes:
    """Return the question behind a job whose answer shows that the job was done."""
    return ECHO + fence_id(job_no) if profile.has(Feature.ECHO) else PAPER_SENSOR


def fence_id(job_no: int) -> bytes:
    """Return the four characters by which a printer names a job; they repeat after 1.6 million."""
    characters = ""
    for _ in range(FENCE_ID_LENGTH):
        job_no, digit = divmod(job_no, len(_FENCE_DIGITS))
        characters = _FENCE_DIGITS[digit] + characters
    return characters.encode()


def qr_module_dots(text: str, dots: int) -> int:
    """Return how many dots a module of a QR code takes, so that it fits the roll with its edge."""
    width = _modules(len(text), is_number=text.isdigit())
    return max(1, min(QR_MODULE_DOTS_MAX, dots // width))


@lru_cache(2 * QR_MAX)
def _modules(length: int, *, is_number: bool) -> int:
    """Return how wide the symbol of so many characters is: which they are does not matter."""
    text = ("1" if is_number else "A") * length
    symbol = segno.make(text, error="m", micro=False, boost_error=False, mask=0)
    width, _ = symbol.symbol_size(border=QUIET_MODULES)
    return int(width)


def code128(digits: str) -> bytes:
    """Return the digits as Code128 for `GS k`, two to a symbol where that is safe.

    A pair is sent as the byte of its value, and the pair 16 is DLE: followed by 04, 05 or 20 a
    printer would take it for a real-time command, of which one opens the cash drawer. The odd
    digit then goes first, and if that does not help, digits are sent one by one.
    """
    for single in (0, 1):
        symbol = _symbol(digits, single)
        if _DLE not in symbol:
            return symbol
    return _symbol(digits, len(digits))


def _symbol(digits: str, single: int) -> bytes:
    """Encode the first `single` digits one by one, then pairs, then the digit that is left."""
    end = single + (len(digits) - single) // 2 * 2
    pairs = bytes(int(digits[at : at + 2]) for at in range(single, end, 2))
    parts = ((b"{B", digits[:single].encode()), (b"{C", pairs), (b"{B", digits[end:].encode()))
    return b"".join(code_set + part for code_set, part in parts if part)


def _put(printer: Any, item: Printable, profile: Profile) -> None:
    if isinstance(item, Line):
        is_drawn = profile.page.number is None and item.text
        printer._raw(raster(item, profile.dots) if is_drawn else to_cp866(item.text) + b"\n")
    elif isinstance(item, Feed):
        printer._raw(b"\n" * item.lines)
    elif isinstance(item, Qr):
        printer.set(align="center")
        printer.qr(item.text, ec=1, size=qr_module_dots(item.text, profile.dots), native=True)
    else:
        _put_barcode(printer, item)


def _same_style(previous: Printable | None, line: Line) -> bool:
    if not isinstance(previous, Line):
        return False
    before = (previous.align, previous.weight, previous.size)
    return before == (line.align, line.weight, line.size)


def _style(printer: Any, line: Line, profile: Profile) -> None:
    """Set how letters look; drawn ones look and stand as they are drawn."""
    if profile.page.number is None:
        printer.set(align="left", normal_textsize=True)
        return
    double = line.size is Size.DOUBLE
    printer.set(
        align=line.align.value,
        bold=line.weight is Weight.BOLD,
        double_width=double,
        double_height=double,
        normal_textsize=not double,
    )


def _put_barcode(printer: Any, barcode: Barcode) -> None:
    """Send a Code128 with its digits below; python-escpos would write to standard output."""
    symbol = code128(barcode.digits)
    printer.set(align="center", normal_textsize=True)
    printer._raw(b"\x1dh" + bytes([BARCODE_HEIGHT_DOTS]) + b"\x1dw" + bytes([BARCODE_MODULE_DOTS]))
    printer._raw(b"\x1df\x00\x1dH\x02\x1dkI" + bytes([len(symbol)]) + symbol)


def _dummy() -> Any:
    return _dummy_class()()


@cache
def _dummy_class() -> Any:
    """Import python-escpos at its first use, which takes a second, and undo its root log handler.

    The import calls `logging.basicConfig()`, and every program's log lines would appear twice.
    """
    before = list(logging.root.handlers)
    from escpos.printer import Dummy

    for handler in list(logging.root.handlers):
        if handler not in before:
            logging.root.removeHandler(handler)
    return Dummy
