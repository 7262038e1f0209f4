"""Runs of the simulator and of the torment, a piece each, until they have counted enough."""

import shutil
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.figures.book import Json
from tests.figures.run import Run
from tests.figures.seeds import LONGEST, seeded
from tests.processes.plan import Options as Blows
from tests.processes.torment import torment
from tests.simulation.plan import Options
from tests.simulation.runner import Result, simulate

BLOWS_A_PIECE = 200
ALL_KEPT = ("facts", "answered", "checks", "offline_asked", "offline_granted")


def simulated(
    run: Run, figure: int, name: str, wanted: int, options: Callable[[int], Options]
) -> Json:
    """Run seeds of the simulator until `wanted` of what the name says is counted; return the sums.

    Raises AssertionError with the first violation of an invariant.
    """
    return seeded(run, figure, name, partial(_simulated, options), (name, wanted))


def tormented(
    run: Run,
    figure: int,
    name: str,
    cycles: int,
    options: Callable[[int, int], Blows],
    of_piece: int = BLOWS_A_PIECE,
) -> Json:
    """Let blows fall on real processes, a seed a piece; return the sums, and the longest recovery.

    Raises AssertionError with the first violation of an invariant.
    """
    few = min(of_piece, cycles)
    return seeded(run, figure, name, partial(_tormented, options, few), ("blows", cycles))


def _simulated(options: Callable[[int], Options], seed: int) -> Json:
    result: Result = simulate(options(seed))
    assert result.violation is None, f"seed {seed}: {result.violation}"
    own = {name: getattr(result, name) for name in ALL_KEPT}
    return {**result.counts, **own, "wall_s": result.wall_s, "runs": 1}


def _tormented(options: Callable[[int, int], Blows], few: int, seed: int) -> Json:
    folder = Path(tempfile.mkdtemp(prefix="kopilka-torment-"))
    result = torment(folder, options(seed, few))
    assert result.violation is None, f"seed {seed} in {folder}: {result.violation}"
    shutil.rmtree(folder)
    return {
        "blows": result.blows.total(),
        "kills": sum(many for kind, many in result.blows.items() if "kill" in kind),
        "facts": result.facts.total(),
        "answers": result.answers,
        LONGEST: result.longest_recovery_s,
        "wall_s": result.wall_s,
        "runs": 1,
    }
