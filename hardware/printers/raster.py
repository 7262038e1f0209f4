"""Lines of text as dots, for printers that have no Cyrillic of their own."""

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from hardware.printers.layout import Line
from shared.errors import Kind, LoyaltyError
from shared.slip import Align, Size, Weight

if TYPE_CHECKING:
    from PIL import ImageFont

CELL_DOTS = 12
LINE_DOTS = 30
FONT_SIZE = 20
"""DejaVu Sans Mono of this size is a cell wide."""
FONT = "DejaVuSansMono.ttf"

_RASTER = b"\x1dv0\x00"
_DLE = 0x10
_REAL_TIME = frozenset({0x04, 0x05, 0x14})
_ONE_DOT = 0x08


class FontMissingError(LoyaltyError):
    """There is no font with Cyrillic to draw slips with."""

    kind = Kind.UNAVAILABLE
    code = "slip_font_missing"
    ru = "Нет шрифта {font}: поставьте пакет Debian fonts-dejavu-core."
    en = "The font {font} is missing: install the Debian package fonts-dejavu-core."


def raster(line: Line, dots: int) -> bytes:
    """Return the command that draws a line (`GS v 0`), as wide as its letters need.

    Raises FontMissingError.
    """
    from PIL import Image, ImageDraw  # a tenth of a second that other printers do not need

    times = 2 if line.size is Size.DOUBLE else 1
    cell, height = CELL_DOTS * times, LINE_DOTS * times
    left = _left(line, cell, dots)
    width = min(dots, left + cell * len(line.text))
    picture = Image.new("1", ((width + 7) // 8 * 8 or 8, height), 0)
    brush = ImageDraw.Draw(picture)
    strikes = range(times + 1) if line.weight is Weight.BOLD else range(1)
    for at, sign in enumerate(line.text):
        for shift in strikes:
            brush.text((left + at * cell + shift, 0), sign, 1, font(FONT_SIZE * times))
    head = (picture.width // 8).to_bytes(2, "little") + height.to_bytes(2, "little")
    return _RASTER + head + harmless(picture.tobytes())


def harmless(dots: bytes) -> bytes:
    """Return dots in which no printer finds a real-time command, at the price of one dot each.

    Printers look for DLE EOT, DLE ENQ and DLE DC4 in whatever comes, pictures too; one of them
    opens the cash drawer.
    """
    safe = bytearray(dots)
    for at in range(len(safe) - 1):
        if safe[at] == _DLE and safe[at + 1] in _REAL_TIME:
            safe[at] |= _ONE_DOT
    return bytes(safe)


@cache
def font(size: int) -> "ImageFont.FreeTypeFont":
    """Load DejaVu Sans Mono from python-barcode, which brings it along, or from the system.

    Raises FontMissingError.
    """
    from PIL import ImageFont

    for place in (str(files("barcode") / "fonts" / FONT), FONT):
        try:
            return ImageFont.truetype(place, size)
        except OSError:
            continue
    raise FontMissingError(font=FONT)


def _left(line: Line, cell: int, dots: int) -> int:
    spare = max(0, dots - cell * len(line.text))
    return {Align.LEFT: 0, Align.CENTER: spare // 2, Align.RIGHT: spare}[line.align]
