"""Steps by which lines, clocks, disks and machines fail, and the centre is too busy."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlalchemy.exc import DatabaseError

from agent.journal import store as facts
from agent.replica import repair
from agent.station import Station
from shared.runtime.sqlite import reading, transaction
from tests.simulation.disk import End, Moment, StoppedError
from tests.simulation.machine import wrong_by
from tests.simulation.plan import Step
from tests.simulation.steps import visits
from tests.simulation.till import Tills
from tests.simulation.told import Points, ViolationError
from tests.simulation.wire import LineMode

if TYPE_CHECKING:
    from tests.simulation.world import World

POISON_POINTS = 5_000
CYRILLIC = b"\xd0"
"""Begins most of the alphabet's capitals: a bit of what follows makes another letter."""


def line(world: World, step: Step) -> str:
    mode = LineMode(step.args["mode"])
    tills = world.at(step.store)
    tills.machine.line.mode = mode
    world.sightings.line(tills.code, mode, world.time.at)
    if mode is not LineMode.UP:
        world.counts["silent" if step.args.get("silent") else f"line {mode}"] += 1
    return mode


def noise(world: World, step: Step) -> str:
    world.at(step.store).machine.line.misfortune = step.args["share"]
    return str(step.args["share"])


def cache(world: World, step: Step) -> str:
    world.at(step.store).machine.line.cache = step.args["share"]
    return str(step.args["share"])


def busy(world: World, step: Step) -> str:
    world.network.busy = step.args["on"]
    return str(world.network.busy)


def burn(world: World, step: Step) -> str:
    how = End.CUT if step.args["how"] == "cut" else End.KILL
    disk = world.central.disk if step.store < 0 else world.at(step.store).machine.disk
    disk.burn(step.args["writes"], how, Moment(step.args["moment"]))
    return how.name


def full(world: World, step: Step) -> str:
    world.at(step.store).machine.disk.full_writes = step.args["writes"]
    return "full"


def clock(world: World, step: Step) -> str:
    hours = step.args["hours"]
    world.at(step.store).machine.clock.offset = wrong_by(hours)
    world.counts["clock jump"] += bool(hours)
    return str(hours)


def flip(world: World, step: Step) -> str:
    """Turn one bit of the body of a fact that is not sent yet, below the agent's feet."""
    machine = world.at(step.store).machine
    place, bit = world.chance.random(), 1 << world.chance.randrange(8)
    found = _first_unsent(machine.station)
    if found is None:
        return "all sent"
    world.oracle.flipped(found[0].hex(), found[1])
    body = bytearray(found[1])
    body[int(place * len(body))] ^= bit
    try:
        machine.run(lambda station: _overwrite(station, found[0], bytes(body)))
    except (StoppedError, DatabaseError):
        return "in vain"
    world.counts["bit flip"] += 1
    return found[0].hex()


def clone(world: World, step: Step) -> str:
    """Let a store's disk go on twice, as when an image of it is started beside it."""
    if step.store in world.twins:
        return "two already"
    tills = world.tills[step.store]
    code, machine = f"{tills.code}b", tills.machine.clone(world.meanwhile, world.time)
    world.oracle.cloned(tills.code, machine.seen_as(code, world.options.zones[tills.code]))
    machine.on_start = lambda: world.oracle.check_restart(code)
    world.twins[step.store] = Tills(code, machine, world.oracle)
    world.counts["clone"] += 1
    return code


def image(world: World, step: Step) -> str:
    """Take an image of a store's disk."""
    world.images[step.store] = world.tills[step.store].machine.image()
    return "taken"


def put_back(world: World, step: Step) -> str:
    """Let a store go on from an older image of its disk, as after a repair."""
    former = world.images.pop(step.store, None)
    if former is None or step.store in world.twins:
        return "none"
    tills = world.tills[step.store]
    before = tills.facts()
    tills.machine.put_back(former)
    world.oracle.put_back(tills.code, before)
    tills.machine.restart()
    kept = tills.facts()
    for receipt in [one for one in world.receipts.values() if one.tills is tills]:
        if receipt.committed is None or receipt.returned:
            del world.receipts[receipt.name]  # what the till forgot could be done twice
    tills.seen.clear()
    world.lists.pop(tills.code, None)
    world.counts["image put back"] += 1
    return str(len(before) - len(kept))


def rows_back(world: World, step: Step) -> str:
    """Let a store's rows be older ones, or none, beside its own journal."""
    tills, former = world.tills[step.store], world.images.get(step.store)
    if former is None:
        return "none"
    tills.machine.put_rows_back(former)
    world.counts["rows put back"] += 1
    return "put back"


def rot(world: World, step: Step) -> str:
    """Turn a bit of a stored row, below the agent's feet, and let it look at its rows."""
    machine, place = world.at(step.store).machine, world.chance.random()
    try:
        if machine.run(repair.scrub):
            return "rotten before"  # the same bit would turn back
        rotten = machine.run(lambda station: _rot(station, place))
        found = machine.run(repair.scrub)
    except (StoppedError, DatabaseError):  # the disk is full, or the machine has stopped
        return "in vain"
    if not rotten:
        return "no goods"
    if not found:
        raise ViolationError("rot", f"store {step.store} does not see that {rotten} has changed")
    machine.station.suspects.update(found)
    world.counts["row rotten"] += 1
    return rotten


def poison(world: World, step: Step) -> str:
    """Sell for points with a fact whose body nobody can read, as a broken version might."""
    tills = world.at(step.store)
    here = _spendable(world, tills, step.args["customer"])
    if not here:
        return "nothing to draw"
    drawn = Points(here[0].lot, here[0].account, min(here[0].amount, POISON_POINTS))
    fact = tills.poison(drawn)
    world.counts["poison"] += 1
    world.oracle.poisoned(tills.code, fact, drawn)
    tills.touched.add(drawn.account)
    return fact


def _spendable(world: World, tills: Tills, first: int) -> list[Points]:
    """Return what the store may draw of the first customer, from one on, who has something."""
    for customer in (*world.customers[first:], *world.customers[:first]):
        found = visits.customer_at(world, tills, customer.no)
        if found is not None and (here := tills.here(found.standing.member)):
            return here
    return []


def _first_unsent(station: Station) -> tuple[bytes, bytes] | None:
    """Return the id and body of the first fact that has no word of the centre."""
    with reading(station.journal) as connection:
        seq = facts.next_to_send(connection, station.identity.epoch)
        query = "SELECT id, body FROM fact WHERE seq >= ? ORDER BY seq LIMIT 1"
        found = connection.exec_driver_sql(query, (seq,)).first()
    return None if found is None else (bytes(found[0]), bytes(found[1]))


def _rot(station: Station, place: float) -> str:
    """Turn a bit of the name of some goods, which stays text; return their number."""
    with transaction(station.replica) as connection:
        query = "SELECT key, row FROM row WHERE kind = 'goods' ORDER BY key"
        rows = connection.exec_driver_sql(query).fetchall()
        if not rows:
            return ""
        key, row = rows[int(place * len(rows))]
        rotten = bytearray(row)
        rotten[row.index(CYRILLIC) + 1] ^= 1
        values = (bytes(rotten), key)
        connection.exec_driver_sql(
            "UPDATE row SET row = ? WHERE kind = 'goods' AND key = ?", values
        )
    return str(bytes(key).decode())


def _overwrite(station: Station, fact: bytes, body: bytes) -> None:
    with transaction(station.journal) as connection:
        connection.exec_driver_sql("UPDATE fact SET body = ? WHERE id = ?", (body, fact))


STEPS: dict[str, Callable[[World, Step], str]] = {
    "line": line,
    "noise": noise,
    "cache": cache,
    "busy": busy,
    "burn": burn,
    "full": full,
    "clock": clock,
    "flip": flip,
    "clone": clone,
    "image": image,
    "put-back": put_back,
    "rows-back": rows_back,
    "rot": rot,
    "poison": poison,
}
