"""Figure 11: wrong clocks and facts that come a month late refuse no sale, and only what is marked
is priced by another pack than the true time has. The simulator judges; the services are real."""

import random
from contextlib import suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from agent.link import LinkDownError
from central.conflicts.values import ConflictKind
from central.ledger.audit import check
from shared.runtime.sqlite import Synchronous, reading
from tests.chain.kit import OPENS_S, Store
from tests.figures.book import Json
from tests.figures.run import Row, Run
from tests.figures.runs import simulated
from tests.figures.seeds import seeded
from tests.quiet import quiet
from tests.simulation import times
from tests.simulation.plan import Fault, Options
from tests.simulation.wire import LineMode
from tests.simulation.world import World

RECEIPTS, LATE_RECEIPTS, OF_PIECE = 10_000, 10_000, 1_000
STORES, DAYS = 3, 3
CLOCKS = (Fault.CLOCK, Fault.PACK, Fault.PARTITION, Fault.CUT, Fault.KILL)
DAYS_LATE, DAY_S = 30, 86_400
_POSTED = """
SELECT count(*) FROM inbox JOIN fact ON fact.id = inbox.id
WHERE kind = 'receipt.committed' AND outcome IN ('accepted', 'adjusted')"""
_LATE = "SELECT count(*) FROM conflict WHERE kind = ?"


def measure(run: Run) -> list[Row]:
    """Let clocks be wrong, and lines be down for more than a month."""
    clocks = simulated(run, 11, times.TRUSTED, run.of(RECEIPTS, least=50), _wrong)
    receipts = run.of(LATE_RECEIPTS, least=20)
    work = partial(_late, min(OF_PIECE, receipts))
    late = seeded(run, 11, "late", work, ("receipts", receipts))
    return _rows(clocks, late)


def _wrong(seed: int) -> Options:
    return Options(seed, STORES, DAYS, faults=CLOCKS)


def _late(count: int, seed: int) -> Json:
    """Sell for a day without a line, which comes back a month later: everything is posted."""
    with TemporaryDirectory(prefix="kopilka-late-") as folder, quiet():
        world = World(Path(folder), Options(seed, STORES, 1), Synchronous.OFF)
        try:
            world.time.pass_by(OPENS_S)
            stores = [Store(tills.machine, tills.code) for tills in world.tills]
            for store in stores:
                store.sync()
                store.machine.line.mode = LineMode.DOWN
                with suppress(LinkDownError):
                    store.machine.pull()
            chance = random.Random(f"late/{seed}")
            for _ in range(count):
                world.time.pass_by(DAY_S / 3 / count)
                chance.choice(stores).sell()
            world.time.pass_by(DAYS_LATE * DAY_S + 1)
            for store in stores:
                store.machine.line.mode = LineMode.UP
                store.sync()
            with reading(world.central.centre.engine) as connection:
                posted = connection.exec_driver_sql(_POSTED).scalar_one()
                late = connection.exec_driver_sql(_LATE, (ConflictKind.LATE,)).scalar_one()
                assert check(connection) == []
        finally:
            world.close()
    assert (posted, late) == (count, count), f"{posted} posted, {late} told late, of {count}"
    return {"receipts": count, "late": late}


def _rows(clocks: Json, late: Json) -> list[Row]:
    return [
        Row(
            "figure 11: sales refused, or priced on trusted time by a wrong pack",
            0,
            0,
            "receipts",
            "0",
            kept=True,
            how=f"{clocks[times.TRUSTED]} receipts on trusted time, {clocks[times.UNTRUSTED]} on "
            f"untrusted time, {clocks.get(times.FORMER, 0)} of these by a former pack, in "
            f"{clocks['runs']} runs of {STORES} stores and {DAYS} days with "
            f"{clocks['clock jump']} clocks wrong by up to 48 h, packs that switch at midnight, "
            f"lines down, kills and power cuts; and {late['receipts']} receipts more than "
            f"{DAYS_LATE} days late, each posted with a record",
        )
    ]
