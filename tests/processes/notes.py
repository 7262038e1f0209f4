"""What tills were told: the only thing besides files and papers that the judge believes."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.simulation.told import ViolationError

Json = dict[str, Any]
PATIENCE_S = 0.1


@dataclass(frozen=True, slots=True)
class Sold:
    """A sale: what it was priced as, what was paid, and what the commit answered."""

    store: str
    priced: Json
    tenders: tuple[int, ...]
    committed: Json


@dataclass(frozen=True, slots=True)
class TakenBack:
    """A return as it was answered."""

    store: str
    returned: Json


@dataclass(frozen=True, slots=True)
class Joined:
    """A registration of somebody new, as it was answered."""

    store: str
    registered: Json


Note = Sold | TakenBack | Joined


@dataclass(slots=True)
class Notebook:
    """Notes of all tills in the order of their answers, and what the answers took."""

    notes: list[Note] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)
    """Operations by kind."""
    refused: Counter[str] = field(default_factory=Counter)
    """Answers that were a refusal, by code."""
    repeated: int = 0
    slowest_s: float = 0.0
    """The longest time without an answer of a running agent."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, note: Note) -> None:
        """Enter what was told."""
        with self._lock:
            self.notes.append(note)

    def count(self, kind: str, tries: int, waited_s: float, refusal: str) -> None:
        """Enter that an operation has its answer."""
        with self._lock:
            self.asked[kind] += 1
            self.repeated += tries - 1
            self.slowest_s = max(self.slowest_s, waited_s)
            if refusal:
                self.refused[refusal] += 1

    def take(self) -> list[Note]:
        """Hand over the notes since the last time."""
        with self._lock:
            taken, self.notes = self.notes, []
        return taken


class Door:
    """Lets customers in while it is open; closing waits until those inside have left."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._open = False
        self._inside = 0
        self.stopping = threading.Event()
        self.failure: BaseException | None = None

    @contextmanager
    def customer(self) -> Iterator[bool]:
        """Wait for the open door, and tell whether there is one: there is none in the end."""
        with self._changed:
            while not self._open and not self.stopping.is_set():
                self._changed.wait(PATIENCE_S)
            self._inside += 1
        try:
            yield not self.stopping.is_set()
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    def open(self) -> None:
        """Let customers in."""
        with self._changed:
            self._open = True
            self._changed.notify_all()

    def shut(self, seconds: float) -> None:
        """Let nobody in and wait until all have left; raises ViolationError, or what failed."""
        with self._changed:
            self._open = False
            empty = self._changed.wait_for(lambda: not self._inside or self.failure, seconds)
        self.check()
        if not empty:
            raise ViolationError("progress", f"tills are not done after {seconds:g} s")

    def fail(self, error: BaseException) -> None:
        """Keep the first failure, and end everything."""
        with self._changed:
            self.failure = self.failure or error
        self.stopping.set()

    def check(self) -> None:
        """Raise what has failed anywhere."""
        if self.failure is not None:
            raise self.failure
