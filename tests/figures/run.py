"""What every figure is given, and what it gives: rows beside a goal."""

from dataclasses import dataclass
from pathlib import Path

from tests.figures.book import Book

FULL = 1.0


@dataclass(frozen=True, slots=True)
class Row:
    """A figure's number beside its goal; `kept` says whether this run kept to the goal."""

    name: str
    ours: float
    goal_number: float
    unit: str
    goal: str
    kept: bool
    how: str


@dataclass(frozen=True, slots=True)
class Run:
    """The scale of a run, where it keeps what it has done, and how many pieces it does at once."""

    scale: float
    folder: Path
    jobs: int = 1

    def of(self, full: int, least: int = 1) -> int:
        """Return a count at this scale."""
        return max(least, round(full * self.scale))

    def book(self, figure: int) -> Book:
        """Return the pieces of a figure at this scale."""
        return Book.open(self.place(f"figure-{figure}") / "pieces.json")

    def place(self, name: str) -> Path:
        """Return a folder for what belongs to this scale."""
        return self.folder / f"scale-{self.scale:g}" / name
