"""The paid receipt: whatever stops the machine on the way, there is one answer and one fact."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.receipt import Redeem
from tests.simulation.disk import End, Moment
from tests.simulation.plan import Options, Step, make_plan
from tests.simulation.till import OpenReceipt, Tills, Wanted
from tests.simulation.wire import LineMode
from tests.simulation.world import World

WRITES_MAX = 200
STRIDE = {Moment.ANY: 1, Moment.BEFORE_SYNC: 8, Moment.AFTER_SYNC: 8}
"""There are few syncs: not every number of writes before one is another story."""
FIRST_DAY_S = 10


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A store whose members are registered and have points, and whose line is down."""
    made = World(tmp_path, Options(7, stores=1, days=1))
    for step in make_plan(made.options):
        if step.at_s < FIRST_DAY_S:
            made.take(step)
    made.tills[0].machine.line.mode = LineMode.DOWN
    yield made
    made.close()


def reserved(world: World, name: str) -> OpenReceipt:
    """Reserve a receipt that pays with points."""
    tills = world.tills[0]
    found = tills.member(world.customers[1].cards[0])
    wanted = Wanted((("CHEESE", 1000),), Redeem.EXACT, 0.02, reserve=True)
    return tills.open(name, wanted, found)


def facts(tills: Tills) -> int:
    with tills.machine.station.journal.connect() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM fact").scalar_one())


@pytest.mark.parametrize("moment", Moment)
@pytest.mark.parametrize("how", End)
def test_a_stop_at_any_write_of_a_commit_leaves_one_fact(
    world: World, how: End, moment: Moment
) -> None:
    tills = world.tills[0]
    writes = 0
    for writes in range(0, WRITES_MAX, STRIDE[moment]):
        receipt = reserved(world, str(writes))
        before, starts = facts(tills), tills.machine.starts
        tills.machine.disk.burn(writes, how, moment)

        first = tills.pay(receipt)
        again = tills.pay(receipt)

        assert again == first
        assert facts(tills) == before + 1
        if tills.machine.starts == starts:
            break  # the commit was done before the fuse had burnt down
    assert 0 < writes < WRITES_MAX
    tills.machine.disk.burn(-1, how)
    world.heal()


@pytest.mark.parametrize(
    ("do", "args"),
    [
        ("clock", {"hours": 48}),
        ("clock", {"hours": -48}),
        ("publish", {"version": 2}),
        ("activate", {"customer": 1}),
        ("pull", {"tail": True}),
        ("sell", {"receipt": "other", "customer": 1, "reserve": True, "items": [["CHEESE", 3000]],
                  "redeem": "maximum", "share": 1.0}),
    ],
)  # fmt: skip
def test_nothing_between_reserve_and_commit_changes_what_was_agreed(
    world: World, do: str, args: dict[str, object]
) -> None:
    receipt = reserved(world, "agreed")
    world.tills[0].machine.line.mode = LineMode.UP
    for no, step in enumerate((do, "push", "pull")):
        world.take(Step(1000 + no, 3600 + no, step, 0, args if no == 0 else {"tail": True}))

    told = world.tills[0].pay(receipt)

    assert told.digest == receipt.claim.digest
    world.heal()
