"""Lay a slip out on a roll of some columns: wrap, align, keep money at the right edge."""

from collections.abc import Iterator
from dataclasses import dataclass

from hardware.printers.codec import NO_BREAK_SPACE, printable
from shared.slip import (
    FEED_LINES_MAX,
    Align,
    Barcode,
    Block,
    Divider,
    Feed,
    Qr,
    Row,
    Size,
    Slip,
    Text,
    Weight,
)

RULE = "─"
QR_MARK = "QR "


@dataclass(frozen=True, slots=True)
class Line:
    """One printed line of text that fits the roll, in characters that the printer has."""

    text: str
    align: Align = Align.LEFT
    weight: Weight = Weight.NORMAL
    size: Size = Size.NORMAL


Printable = Line | Qr | Barcode | Feed


def lay_out(slip: Slip, columns: int) -> tuple[Printable, ...]:
    """Return what is printed, top to bottom; no line is wider than `columns` cells."""
    blocks = (*_heading(slip), *slip.blocks)
    return tuple(
        line
        for block in _with_quiet_zones(blocks)
        for line in ([block] if isinstance(block, Qr | Barcode | Feed) else _lines(block, columns))
    )


def as_text(slip: Slip, columns: int) -> str:
    """Return the slip as plain text of at most `columns` characters a line.

    It reads as the paper does; codes are shown by their content.
    """
    lines = (text for item in lay_out(slip, columns) for text in _as_plain(item, columns))
    return "\n".join(lines).strip("\n") + "\n"


def wrap(text: str, columns: int) -> list[str]:
    """Return lines of at most `columns` characters; words break only when longer than a line.

    Every line of a paragraph keeps its indent, of at most half the columns.
    """
    lines: list[str] = []
    for paragraph in text.split("\n"):
        words = paragraph.lstrip(" ")
        indent = paragraph[: len(paragraph) - len(words)][: columns // 2]
        if _fits_as_it_is(words, columns - len(indent)):
            lines.append(indent + words)
            continue
        lines += [indent + line for line in _wrapped(words, columns - len(indent))]
    return [line.replace(NO_BREAK_SPACE, " ") for line in lines]


def _fits_as_it_is(words: str, columns: int) -> bool:
    """Tell whether wrapping would change nothing: a short line without spaces to drop."""
    return len(words) <= columns and "  " not in words and not words.endswith(" ")


def _wrapped(paragraph: str, columns: int) -> Iterator[str]:
    line = ""
    for word in _pieces(paragraph, columns):
        if line and len(line) + 1 + len(word) > columns:
            yield line
            line = word
        else:
            line = f"{line} {word}" if line else word
    yield line


def _heading(slip: Slip) -> tuple[Block, ...]:
    if slip.copy_no == 0:
        return ()
    word = "COPY" if slip.lang == "en" else "КОПИЯ"
    return (Text(f"{word} {slip.copy_no}", Align.CENTER, Weight.BOLD, Size.DOUBLE), Feed())


def _with_quiet_zones(blocks: tuple[Block, ...]) -> Iterator[Block]:
    """Yield the blocks with the blank lines that scanners need around codes.

    One line beside text, two between a QR and a Code128: strict readers fail with less.
    """
    previous: Block | None = None
    gap = 0
    for block in blocks:
        if isinstance(block, Feed):
            gap += block.lines
            continue
        if (lines := max(gap, _quiet_lines(previous, block))) > 0:
            yield Feed(min(lines, FEED_LINES_MAX))
        yield block
        previous, gap = block, 0
    if gap:
        yield Feed(min(gap, FEED_LINES_MAX))


def _quiet_lines(above: Block | None, below: Block) -> int:
    return 0 if above is None else sum(isinstance(block, Qr | Barcode) for block in (above, below))


def _lines(block: Text | Row | Divider, columns: int) -> list[Line]:
    if isinstance(block, Divider):
        return [Line(RULE * columns)]
    if isinstance(block, Row):
        return [Line(text, weight=block.weight) for text in _row(block, columns)]
    cells = columns if block.size is Size.NORMAL else columns // 2
    texts = wrap(printable(block.text), cells)
    return [Line(text, block.align, block.weight, block.size) for text in texts]


def _row(row: Row, columns: int) -> list[str]:
    """Return the lines of a row: the right text ends the last one.

    A right text that would leave too little room for the left one gets lines of its own.
    """
    right = wrap(printable(row.right), columns)
    room = columns - len(right[0]) - 1
    if len(right) > 1 or room < columns // 3:
        return [*wrap(printable(row.left), columns), *(text.rjust(columns) for text in right)]
    *above, last = wrap(printable(row.left), room)
    return [*above, last.ljust(room + 1) + right[0]]


def _pieces(paragraph: str, columns: int) -> Iterator[str]:
    for word in paragraph.split(" "):
        for start in range(0, len(word), columns):
            yield word[start : start + columns]


def _as_plain(item: Printable, columns: int) -> list[str]:
    if isinstance(item, Feed):
        return [""] * item.lines
    if isinstance(item, Barcode):
        return [_placed(item.digits, Align.CENTER, columns)]
    if isinstance(item, Qr):
        text = QR_MARK + item.text
        return [text[start : start + columns] for start in range(0, len(text), columns)]
    return [_placed(item.text, item.align, columns)]


def _placed(text: str, align: Align, columns: int) -> str:
    placed = {Align.LEFT: text, Align.RIGHT: text.rjust(columns)}
    return placed.get(align, " " * ((columns - len(text)) // 2) + text).rstrip()
