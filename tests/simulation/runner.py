"""One run from its options, or from a list of steps, to its result."""

import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from shared.clock import SystemClock
from shared.runtime.sqlite import Synchronous
from tests.quiet import quiet
from tests.simulation.clocks import START
from tests.simulation.plan import Fault, Options, Step, make_plan
from tests.simulation.told import ViolationError
from tests.simulation.wire import MISFORTUNES
from tests.simulation.world import World

Watch = Callable[[int, int, World], None]
"""Hears after each step how many are done, of how many, and where."""

SIGNS: dict[Fault, tuple[str, ...]] = {
    Fault.PARTITION: ("line down",),
    Fault.ONE_WAY: ("answer kept back",),
    Fault.NOISE: (*(f"request {fate}" for fate in MISFORTUNES), "reordered"),
    Fault.KILL: ("killed",),
    Fault.CUT: ("power cut", "writes lost"),
    Fault.FULL: ("disk full",),
    Fault.CLOCK: ("clock jump",),
    Fault.FLIP: ("bit flip",),
    Fault.POISON: ("poison",),
    Fault.CLONE: ("clone",),
    Fault.SILENT: ("silent",),
    Fault.BUSY: ("centre busy",),
    Fault.CENTRE_KILL: ("centre killed",),
    Fault.CENTRE_CUT: ("centre cut",),
    Fault.PACK: ("pack switch",),
    Fault.IMAGE: ("image put back",),
    Fault.WRITE_OFF: ("written off",),
    Fault.RESTORE: ("centre restored",),
    Fault.ROWS: ("rows put back",),
    Fault.ROT: ("row rotten",),
    Fault.PRUNE: ("changes let go",),
    Fault.MERGE: ("merged", "parted"),
    Fault.KEYS: ("keys renewed", "older list"),
    Fault.CACHE: ("cache lied", "cache flipped"),
    Fault.ROLL: ("pack rolled",),
}
"""By what is counted each kind of fault shows that it has happened."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a run came to; `violation` is None when every invariant held."""

    options: Options
    steps: tuple[Step, ...]
    done: int
    """So many steps were taken; the last of them is the one that failed, if one did."""
    violation: ViolationError | None
    digest: str
    counts: Counter[str]
    checks: int
    facts: int
    """In the journals at the end."""
    answered: int
    """Sales, returns and poisoned facts that tills were told of."""
    stranded: tuple[int, int]
    """Leases that nobody can spend or give back any more, and their points (hundredths)."""
    offline_asked: int
    offline_granted: int
    virtual: timedelta
    wall_s: float


def missing(faults: Sequence[Fault], counts: Counter[str]) -> list[str]:
    """Name the signs of wanted faults that have never happened."""
    return [sign for fault in faults for sign in SIGNS[fault] if not counts[sign]]


def simulate(
    options: Options,
    steps: Sequence[Step] | None = None,
    *,
    synchronous: Synchronous = Synchronous.FULL,
    watch: Watch = lambda _done, _all, _world: None,
) -> Result:
    """Run a plan, or the given steps, in a folder of its own that is gone afterwards."""
    taken = tuple(make_plan(options) if steps is None else steps)
    clock = SystemClock()
    began = clock.monotonic()
    violation = None
    done = 0
    with tempfile.TemporaryDirectory(prefix="kopilka-sim-") as folder, quiet():
        world = World(Path(folder), options, synchronous)
        try:
            for done, _ in enumerate(world.run(taken), 1):
                watch(done, len(taken), world)
        except ViolationError as found:
            violation = found
            done = min(done + 1, len(taken))
        finally:
            facts, stranded = world.facts(), world.stranded()
            world.close()
    stores = world.everywhere()
    world.counts["writes lost"] = sum(tills.machine.disk.lost_writes for tills in stores)
    return Result(
        options=options,
        steps=taken,
        done=done,
        violation=violation,
        digest=world.digest(),
        counts=world.counts,
        checks=world.oracle.checks,
        facts=facts,
        answered=sum(len(store.facts) for store in world.oracle.stores.values()),
        stranded=stranded,
        offline_asked=sum(tills.offline_asked for tills in stores),
        offline_granted=sum(tills.offline_granted for tills in stores),
        virtual=world.time.at - START,
        wall_s=clock.monotonic() - began,
    )
