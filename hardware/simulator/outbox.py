"""Where simulated paper lands: `slip-NNNN.txt`, `.png` and `.bin` in one directory."""

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hardware.simulator.paper import (
    Mark,
    PrintedBars,
    PrintedLine,
    PrintedRaster,
    Sheet,
    sheet_text,
)
from hardware.simulator.render import render

_NAME = re.compile(r"slip-(\d+)\.txt")


@dataclass(frozen=True, slots=True)
class RollSize:
    """The paper that is in the printer: its width and how much of it can be printed."""

    width_mm: int
    dots: int
    columns: int


@dataclass(frozen=True, slots=True)
class LandedSlip:
    """A slip that left the printer and the files that show it; `codes` are read from its marks."""

    no: int
    ending: str
    codes: tuple[str, ...]
    text: Path
    png: Path
    raw: Path


class Outbox:
    """Files every sheet, each file whole or not there; numbers go on where the directory ends."""

    def __init__(self, directory: Path, roll: RollSize) -> None:
        self._directory = directory
        self._roll = roll
        self._landed: list[LandedSlip] = []
        self._changed = threading.Condition()
        directory.mkdir(parents=True, exist_ok=True)
        matches = (_NAME.fullmatch(path.name) for path in directory.iterdir())
        self._last = max((int(match[1]) for match in matches if match), default=0)

    def land(self, sheet: Sheet) -> None:
        """File a sheet; once it is listed all its files are there."""
        self._last += 1
        stem = self._directory / f"slip-{self._last:04d}"
        codes = tuple(code for mark in sheet.marks if (code := _code(mark)))
        slip = LandedSlip(
            no=self._last,
            ending=sheet.ending.value,
            codes=codes,
            text=stem.with_suffix(".txt"),
            png=stem.with_suffix(".png"),
            raw=stem.with_suffix(".bin"),
        )
        _write(slip.raw, sheet.raw)
        _write(slip.png, render(sheet, self._roll.dots, self._roll.width_mm))
        _write(slip.text, sheet_text(sheet, self._roll.columns).encode())
        with self._changed:
            self._landed.append(slip)
            self._changed.notify_all()

    def slips(self) -> tuple[LandedSlip, ...]:
        """Return what has landed since the start, in order."""
        with self._changed:
            return tuple(self._landed)

    def wait_until(
        self, holds: Callable[[tuple[LandedSlip, ...]], bool], timeout_s: float
    ) -> tuple[LandedSlip, ...]:
        """Wait until something holds of the slips; return them, also when time is up."""
        with self._changed:
            self._changed.wait_for(lambda: holds(tuple(self._landed)), timeout_s)
            return tuple(self._landed)


def _code(mark: Mark) -> str:
    if isinstance(mark, PrintedLine | PrintedRaster):
        return ""
    return mark.text or (mark.modules if isinstance(mark, PrintedBars) else "")


def _write(path: Path, content: bytes) -> None:
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(content)
    partial.replace(path)
