"""Paper as it leaves a printer: lines and codes in their places, and how it reads as text."""

from dataclasses import dataclass
from enum import StrEnum

QR_MARK = "QR "
PICTURE = "▦"


class Side(StrEnum):
    """Where a line stands."""

    LEFT = "left"
    CENTER = "center"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class Style:
    """How characters look; `wide` and `tall` multiply the cell."""

    bold: bool = False
    wide: int = 1
    tall: int = 1


@dataclass(frozen=True, slots=True)
class Run:
    """Characters of one style."""

    text: str
    style: Style

    @property
    def cells(self) -> int:
        """Return how many cells of the roll the run takes."""
        return len(self.text) * self.style.wide


@dataclass(frozen=True, slots=True)
class PrintedLine:
    """A line of text; without runs it is a blank one."""

    runs: tuple[Run, ...]
    side: Side

    @property
    def text(self) -> str:
        """Return the characters, whatever they look like."""
        return "".join(run.text for run in self.runs)


@dataclass(frozen=True, slots=True)
class PrintedQr:
    """A QR code: its content, error correction (L M Q H) and dots a module."""

    text: str
    level: str
    module_dots: int
    side: Side


@dataclass(frozen=True, slots=True)
class PrintedBars:
    """A Code128: its modules as `0` and `1`, what it says, and its measures in dots."""

    modules: str
    text: str
    module_dots: int
    height_dots: int
    side: Side


@dataclass(frozen=True, slots=True)
class PrintedRaster:
    """A picture: its rows of dots as `0` and `1`."""

    rows: tuple[str, ...]
    side: Side


Mark = PrintedLine | PrintedQr | PrintedBars | PrintedRaster


class Ending(StrEnum):
    """How a sheet left the printer."""

    CUT = "cut"
    TORN = "torn"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A piece of paper: what is on it, how it ended, and the bytes that made it."""

    marks: tuple[Mark, ...]
    ending: Ending
    raw: bytes


def sheet_text(sheet: Sheet, columns: int) -> str:
    """Return what a person reads on a sheet, placed as it is on the paper; codes by content."""
    lines = (line for mark in sheet.marks for line in _texts(mark, columns))
    return "\n".join(line.rstrip() for line in lines).strip("\n") + "\n"


def _texts(mark: Mark, columns: int) -> list[str]:
    if isinstance(mark, PrintedQr):
        text = QR_MARK + mark.text
        return [text[start : start + columns] for start in range(0, len(text), columns)]
    if isinstance(mark, PrintedRaster):
        return [PICTURE]
    if mark.side is Side.CENTER:
        return [" " * ((columns - len(mark.text)) // 2) + mark.text]
    return [mark.text.rjust(columns) if mark.side is Side.RIGHT else mark.text]
