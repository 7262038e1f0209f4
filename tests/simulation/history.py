"""Histories of failed runs: written down, read again, and shortened to what is needed to fail."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from shared.clock import SystemClock
from tests.simulation.plan import Fault, Options, Step
from tests.simulation.runner import Result, simulate

SHORTEN_S_MAX = 90.0
SHORTEN_RUNS_MAX = 120


def save(path: Path, result: Result, steps: Sequence[Step]) -> None:
    """Write a history: the options and what failed in the first line, then a step a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    head = {"options": asdict(result.options), "violation": str(result.violation)}
    lines = [head, *(asdict(step) for step in steps)]
    text = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
    path.write_text(text + "\n", "utf-8")


def load(path: Path) -> tuple[Options, list[Step]]:
    """Read a history."""
    head, *lines = path.read_text("utf-8").splitlines()
    told = json.loads(head)["options"]
    told["faults"] = tuple(Fault(name) for name in told["faults"])
    return Options(**told), [Step(**json.loads(line)) for line in lines]


def shorten(result: Result) -> list[Step]:
    """Leave out steps as long as the same invariant still fails, within a bounded time.

    Halves are tried first, then smaller pieces (Zeller's delta debugging, without complements).
    """
    assert result.violation is not None
    invariant, clock = result.violation.invariant, SystemClock()
    until, runs = clock.monotonic() + SHORTEN_S_MAX, 0
    steps = list(result.steps[: result.done])
    size = len(steps) // 2
    while size:
        start = 0
        while start < len(steps):
            if clock.monotonic() > until or runs >= SHORTEN_RUNS_MAX:
                return steps
            runs += 1
            fewer = steps[:start] + steps[start + size :]
            again = simulate(result.options, fewer)
            if again.violation is not None and again.violation.invariant == invariant:
                steps = fewer[: again.done]
            else:
                start += size
        size //= 2
    return steps
