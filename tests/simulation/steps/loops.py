"""Steps of the loops of agents and of the centre, and of the judge."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from agent.replica import service as replica
from central.feed import service as feed
from central.ingest import recovering
from central.leases import expiry
from central.snapshots import service as snapshots
from tests.simulation.foreign import INTRUDER
from tests.simulation.plan import Step
from tests.simulation.till import Tills
from tests.simulation.told import ViolationError

if TYPE_CHECKING:
    from tests.simulation.world import World

AUDIT_EVERY = 4
"""Steps by which a pull is preceded by an audit."""


def push(world: World, step: Step) -> str:
    tills = world.at(step.store)
    read, before = tills.read_up_to(), tills.shown()
    told = world.loop(tills.machine.push)
    if tills.read_up_to() == read:
        world.oracle.check_shown(tills.code, before, tills.shown())
    tills.seen.clear()
    return told


def pull(world: World, step: Step) -> str:
    tills = world.at(step.store)
    world.central.order(lambda centre: snapshots.run(centre, centre.clock.now()))
    if step.no % AUDIT_EVERY == 0:
        world.audit()
    told = world.loop(lambda: tills.machine.pull(by_tail=step.args["tail"]))
    _check_list(world, tills)
    return told


def _check_list(world: World, tills: Tills) -> None:
    """Check that a store never goes back to an older list of keys, or by one of nobody's."""
    row = replica.premises(tills.machine.station).keys
    if row and INTRUDER.public in row.pack_keys:
        raise ViolationError("list of keys", f"store {tills.code} goes by a foreign list")
    version, before = row.version if row else 0, world.lists.get(tills.code, 0)
    if version < before:
        what = f"store {tills.code} goes by list {version} after {before}"
        raise ViolationError("list of keys", what)
    world.lists[tills.code] = version


def print_slips(world: World, step: Step) -> str:
    tills = world.at(step.store)
    return world.loop(tills.machine.print_all)


def expire(world: World, _step: Step) -> str:
    world.central.order(lambda centre: recovering.run(centre, centre.clock.now()))
    burnt = world.central.order(lambda centre: expiry.run(centre, centre.clock.now()))
    world.central.order(lambda centre: feed.seal(centre, centre.clock.now()))
    world.audit()
    return str(burnt)


def judge(world: World, _step: Step) -> str:
    world.oracle.check_all()
    return "all well"


STEPS: dict[str, Callable[[World, Step], str]] = {
    "push": push,
    "pull": pull,
    "print": print_slips,
    "expire": expire,
    "judge": judge,
}
