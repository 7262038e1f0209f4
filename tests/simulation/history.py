"""Histories of failed runs: written down, read again, and shortened to what is needed to fail."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from shared.clock import SystemClock
from tests.simulation.plan import Fault, Options, Step
from tests.simulation.programmes import NO_CAPS, Programme
from tests.simulation.runner import Result, simulate
from tests.simulation.told import SURPRISE, ViolationError

SHORTEN_S_MAX = 120.0
SET_UP = frozenset({"push", "pull", "register"})
"""Kinds of steps without which there is nothing to see."""


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
    told["programme"] = Programme(told.get("programme", Programme.WINE))
    told["caps"] = tuple(told.get("caps", NO_CAPS))
    return Options(**told), [Step(**json.loads(line)) for line in lines]


def shorten(result: Result) -> list[Step]:
    """Leave out steps as long as the same invariant still fails, within a bounded time.

    First whole kinds of steps and whole stores, then halves and smaller pieces (after Zeller's
    delta debugging).
    """
    assert result.violation is not None
    attempt = _Attempt(result, _kind(result.violation))
    steps = list(result.steps[: result.done])
    for kind in sorted({step.do for step in steps} - SET_UP):
        steps = attempt.without([step for step in steps if step.do == kind], steps)
    for store in sorted({step.store for step in steps} - {-1}):
        steps = attempt.without([step for step in steps if step.store == store], steps)
    size = len(steps) // 2
    while size:
        for start in range(len(steps) - size, -1, -size):
            steps = attempt.without(steps[start : start + size], steps)
        size //= 2
    return steps


class _Attempt:
    """Tries fewer steps, until the time is over."""

    def __init__(self, result: Result, kind: tuple[str, str]) -> None:
        self._result = result
        self._kind = kind
        self._clock = SystemClock()
        self._until = self._clock.monotonic() + SHORTEN_S_MAX

    def without(self, left_out: Sequence[Step], steps: list[Step]) -> list[Step]:
        """Return the steps without these if that fails alike, else all of them."""
        if not left_out or self._clock.monotonic() > self._until:
            return steps
        numbers = {step.no for step in left_out}
        fewer = [step for step in steps if step.no not in numbers]
        again = simulate(self._result.options, fewer)
        if again.violation is None or _kind(again.violation) != self._kind:
            return steps
        return fewer[: again.done]


def _kind(violation: ViolationError) -> tuple[str, str]:
    """Return what has to fail alike: the invariant, of a surprise also which error it was."""
    if violation.invariant != SURPRISE:
        return violation.invariant, ""
    return SURPRISE, violation.what.rstrip().splitlines()[-1].split(":")[0]
