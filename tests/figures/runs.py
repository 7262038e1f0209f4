"""Runs of the simulator and of the torment, a piece each, until they have counted enough."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.figures.book import Book, Json
from tests.processes.plan import Options as Blows
from tests.processes.torment import torment
from tests.simulation.plan import Options
from tests.simulation.runner import Result, simulate


def simulated(book: Book, name: str, wanted: int, options: Callable[[int], Options]) -> Json:
    """Run seeds until `wanted` of what the name says is counted; return the sums of all counts.

    Raises the first violation of an invariant.
    """
    total: Json = {}
    for seed in range(1, 1_000_000):
        if total.get(name, 0) >= wanted:
            break
        found = book.once(f"{name} {seed}", lambda seed=seed: _simulated(options(seed)))  # type: ignore[misc]
        total = _added(total, found)
    return total


def tormented(book: Book, name: str, cycles: int, options: Callable[[int, int], Blows]) -> Json:
    """Let blows fall on real processes, a seed a piece; return the sums, and the longest recovery.

    Raises the first violation of an invariant.
    """
    total: Json = {"blows": 0}
    seed = 0
    while total["blows"] < cycles:
        seed += 1
        few = min(BLOWS_A_PIECE, cycles - total["blows"])
        found = book.once(f"{name} {seed}", lambda: _tormented(options(seed, few)))  # noqa: B023
        longest_s = max(found["longest_s"], total.get("longest_s", 0.0))
        total = {**_added(total, found), "longest_s": longest_s}
    return total


BLOWS_A_PIECE = 200
ALL_KEPT = ("facts", "answered", "checks", "offline_asked", "offline_granted")


def _simulated(options: Options) -> Json:
    result: Result = simulate(options)
    if result.violation is not None:
        raise result.violation
    own = {name: getattr(result, name) for name in ALL_KEPT}
    return {**result.counts, **own, "wall_s": result.wall_s, "runs": 1}


def _tormented(options: Blows) -> Json:
    folder = Path(tempfile.mkdtemp(prefix="kopilka-torment-"))
    result = torment(folder, options)
    if result.violation is not None:
        raise result.violation
    shutil.rmtree(folder)
    return {
        "blows": result.blows.total(),
        "kills": sum(many for kind, many in result.blows.items() if "kill" in kind),
        "facts": result.facts.total(),
        "answers": result.answers,
        "longest_s": result.longest_recovery_s,
        "wall_s": result.wall_s,
        "runs": 1,
    }


def _added(total: Json, more: Json) -> Json:
    return {name: total.get(name, 0) + more.get(name, 0) for name in {*total, *more}}
