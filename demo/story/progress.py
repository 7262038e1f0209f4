"""What the owner sees while the demo runs: one line a step, with its time and what it proved."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding

from shared.clock import Clock
from shared.errors import LoyaltyError

INDENT = 11
TICK, CROSS = "[bold green]✓[/]", "[bold red]✗[/]"


@dataclass(slots=True)
class Step:
    """One step of the story: what it has proved, and what did not happen as promised."""

    title: str
    seconds: float = 0.0
    proofs: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    quotes: list[str] = field(default_factory=list)

    def proved(self, what: str) -> None:
        """Say what was seen."""
        self.proofs.append(what)

    def quote(self, said: str) -> None:
        """Repeat word for word what the system told a person."""
        self.quotes.append(said)

    def expect(self, outcome: object, otherwise: str) -> None:
        """Compare with what was promised; `otherwise` says what was seen instead."""
        if not outcome:
            self.fail(otherwise)

    def fail(self, what: str) -> None:
        """Say what should not have happened; the story goes on, and fails at its end."""
        self.broken.append(what)


@dataclass(slots=True)
class Progress:
    """Prints steps as they end; on a terminal the one that runs is shown live."""

    console: Console
    clock: Clock
    steps: list[Step] = field(default_factory=list)

    def warn(self, what: str) -> None:
        """Say something that colours all that follows."""
        self.console.print(f"[bold yellow]{escape(what)}[/]")

    def chapter(self, title: str) -> None:
        """Begin a chapter."""
        self.console.print()
        self.console.print(f"[bold]{escape(title)}[/]")

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Run a step and print its line; an exception marks it and goes on its way."""
        step = Step(title)
        self.steps.append(step)
        began = self.clock.monotonic()
        try:
            with self.console.status(f"[cyan]{escape(title)}…[/]", spinner="dots"):
                yield step
        except KeyboardInterrupt:
            step.broken.append("interrupted")
            raise
        except LoyaltyError as error:
            step.broken.append(error.sentence("en"))
            raise
        except Exception as error:
            step.broken.append(f"{type(error).__name__}: {error}")
            raise
        finally:
            step.seconds = round(self.clock.monotonic() - began, 2)
            self._print(step)

    @property
    def broken(self) -> list[str]:
        """Return every promise that was not kept."""
        return [f"{step.title}: {promise}" for step in self.steps for promise in step.broken]

    @property
    def seconds(self) -> float:
        """Return how long all steps took."""
        return round(sum(step.seconds for step in self.steps), 1)

    def as_json(self) -> list[dict[str, Any]]:
        """Return all steps for the report."""
        return [asdict(step) for step in self.steps]

    def _print(self, step: Step) -> None:
        mark = CROSS if step.broken else TICK
        self.console.print(f" {mark} [dim]{step.seconds:5.1f} s[/]  {escape(step.title)}")
        for proof in step.proofs:
            self._under(f"[dim]{escape(proof)}[/]")
        for said in step.quotes:
            self._under(f"[italic cyan]{escape(said)}[/]")
        for promise in step.broken:
            self._under(f"[red]{escape(promise)}[/]")

    def _under(self, text: str) -> None:
        self.console.print(Padding(text, (0, 0, 0, INDENT)))
