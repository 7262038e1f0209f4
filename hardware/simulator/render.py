"""Draw printed paper as a picture: what the customer holds in the hand, two pixels a dot."""

from functools import cache
from io import BytesIO

import segno
from PIL import Image, ImageDraw

from hardware.printers.raster import font as font_of
from hardware.simulator.paper import (
    Mark,
    PrintedBars,
    PrintedLine,
    PrintedQr,
    PrintedRaster,
    Run,
    Sheet,
    Side,
    Style,
)

SCALE = 2
CELL_DOTS = 12
FONT_DOTS = 24
LINE_DOTS = 30
DOTS_PER_MM = 8
TOP_DOTS = 40
CUTTER_DOTS = 100
"""Head to cutter: that much of the feed before a cut is the top edge of the next slip."""
PAPER, INK, EDGE = 255, 16, 205

_FONT_SIZE = 40
"""DejaVu Sans Mono of this size is a cell wide: 12 dots."""
_HRI_GAP_DOTS = 4
_BOLD_STROKE = 0.8


def render(sheet: Sheet, dots: int, roll_mm: int) -> bytes:
    """Return a PNG of a sheet on a roll; raises FontMissingError."""
    marks = _without_cutter_feed(sheet.marks)
    margin = (roll_mm * DOTS_PER_MM - dots) // 2
    height = TOP_DOTS + sum(_height(mark) for mark in marks) + TOP_DOTS // 2
    size = (roll_mm * DOTS_PER_MM * SCALE, height * SCALE)
    picture = Image.new("L", size, PAPER)
    brush = ImageDraw.Draw(picture)
    top = TOP_DOTS
    for mark in marks:
        left = margin + _indent(mark, dots)
        _draw(brush, mark, left * SCALE, top * SCALE)
        top += _height(mark)
    brush.rectangle((0, 0, size[0] - 1, size[1] - 1), outline=EDGE)
    png = BytesIO()
    dpi = DOTS_PER_MM * SCALE * 25.4
    picture.save(png, "PNG", dpi=(dpi, dpi))
    return png.getvalue()


def _without_cutter_feed(marks: tuple[Mark, ...]) -> tuple[Mark, ...]:
    kept = list(marks)
    for _ in range(CUTTER_DOTS // LINE_DOTS):
        if kept and isinstance(kept[-1], PrintedLine) and not kept[-1].runs:
            kept.pop()
    return tuple(kept)


def _height(mark: Mark) -> int:
    if isinstance(mark, PrintedLine):
        tall = max((run.style.tall for run in mark.runs), default=1)
        return LINE_DOTS + (tall - 1) * FONT_DOTS
    if isinstance(mark, PrintedQr):
        return len(_qr_rows(mark.text, mark.level)) * mark.module_dots
    if isinstance(mark, PrintedRaster):
        return len(mark.rows)
    return mark.height_dots + (_HRI_GAP_DOTS + LINE_DOTS if mark.text else 0)


def _indent(mark: Mark, dots: int) -> int:
    spare = max(0, dots - _width(mark))
    return {Side.LEFT: 0, Side.CENTER: spare // 2, Side.RIGHT: spare}[mark.side]


def _width(mark: Mark) -> int:
    if isinstance(mark, PrintedLine):
        return sum(run.cells for run in mark.runs) * CELL_DOTS
    if isinstance(mark, PrintedQr):
        return len(_qr_rows(mark.text, mark.level)) * mark.module_dots
    if isinstance(mark, PrintedRaster):
        return len(mark.rows[0]) if mark.rows else 0
    return len(mark.modules) * mark.module_dots


def _draw(brush: ImageDraw.ImageDraw, mark: Mark, left: int, top: int) -> None:
    if isinstance(mark, PrintedLine):
        tall = max((run.style.tall for run in mark.runs), default=1)
        for run in mark.runs:
            baseline_shift = (tall - run.style.tall) * FONT_DOTS * SCALE
            left = _draw_run(brush, run, left, top + baseline_shift)
    elif isinstance(mark, PrintedRaster):
        for y, row in enumerate(mark.rows):
            _draw_modules(brush, row, (left, top + y * SCALE), SCALE, SCALE)
    elif isinstance(mark, PrintedQr):
        for y, row in enumerate(_qr_rows(mark.text, mark.level)):
            side = mark.module_dots * SCALE
            _draw_modules(brush, row, (left, top + y * side), side, side)
    else:
        _draw_bars(brush, mark, left, top)


def _draw_bars(brush: ImageDraw.ImageDraw, bars: PrintedBars, left: int, top: int) -> None:
    height = bars.height_dots * SCALE
    _draw_modules(brush, bars.modules, (left, top), bars.module_dots * SCALE, height)
    spare = len(bars.modules) * bars.module_dots - len(bars.text) * CELL_DOTS
    below = top + height + _HRI_GAP_DOTS * SCALE
    _draw_run(brush, Run(bars.text, Style()), left + spare // 2 * SCALE, below)


def _draw_modules(
    brush: ImageDraw.ImageDraw, modules: str, corner: tuple[int, int], width: int, height: int
) -> None:
    left, top = corner
    for x, module in enumerate(modules):
        if module == "1":
            at = left + x * width
            brush.rectangle((at, top, at + width - 1, top + height - 1), fill=INK)


def _draw_run(brush: ImageDraw.ImageDraw, run: Run, left: int, top: int) -> int:
    """Draw characters each in its cell, as a print head does; return where the next begins."""
    cell = CELL_DOTS * SCALE * run.style.wide
    font = font_of(_FONT_SIZE * run.style.tall)
    stroke = _BOLD_STROKE * run.style.tall if run.style.bold else 0
    for character in run.text:
        brush.text((left, top), character, fill=INK, font=font, stroke_width=stroke)
        left += cell
    return left


@cache
def _qr_rows(text: str, level: str) -> tuple[str, ...]:
    symbol = segno.make(text, error=level, micro=False, boost_error=False)
    return tuple("".join("1" if module else "0" for module in row) for row in symbol.matrix)
