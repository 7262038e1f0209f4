"""The paid receipt: whatever happens on the way from reserve to commit, there is one answer and one
fact, it says what was agreed, and no ask is left open.

Every point is tried: each write to the disk, and each transaction of the journal.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from agent import epochs
from agent.commit.service import Committed
from agent.journal import store as facts
from agent.replica import following
from agent.replica import service as replica
from central.estate.service import How, import_goods
from central.packs.service import publish
from shared.receipt import Redeem
from shared.runtime.sqlite import reading
from shared.wire.codec import encode
from shared.wire.facts import ReceiptCommitted, body_of
from tests.simulation.disk import End, Moment
from tests.simulation.machine import wrong_by
from tests.simulation.plan import Options, Step, make_plan
from tests.simulation.programmes import Programme, goods_of, pack_text
from tests.simulation.till import LeftError, OpenReceipt, Tills, Wanted
from tests.simulation.world import World

WRITES_LEAST, WRITES_MAX = 20, 400
"""Of a reserve that asks."""
SYNC_STRIDE = 5
"""There are few syncs: not every number of writes before one is another story."""
USES_LEAST, USES_MAX = 8, 60
"""Transactions and readings of the journal."""
FEED_KINDS = 4
FIRST_DAY_S = 10
GIFT_POINTS = 400_000
SHARE = 0.02
BUYER = 1


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Two stores whose members are registered; the buyer has points, none leased to `here`, which
    has the centre on the line whenever it starts.
    """
    made = World(tmp_path, Options(7, stores=2, days=1))
    for step in make_plan(made.options):
        if step.at_s < FIRST_DAY_S:
            made.take(step)
    tills = made.tills[here(made)]
    tills.impatience = 0
    judged = tills.machine.on_start

    def start_and_meet() -> None:
        judged()
        tills.machine.station.link.session()

    tills.machine.on_start = start_and_meet
    take(made, "gift", customer=BUYER, points=GIFT_POINTS, days=300)
    take(made, "push")
    take(made, "pull", tail=True)
    tills.machine.run(replica.settle)
    yield made
    made.close()


def here(world: World) -> int:
    """Return the store where the buyer is not at home: it asks for each of his points."""
    return 1 - world.customers[BUYER].stores[0]


def take(world: World, do: str, **args: object) -> None:
    world.take(Step(10_000 + world.steps, 3600, do, here(world), args))


def take_at_the_centre(world: World, do: str, **args: object) -> None:
    world.take(Step(10_000 + world.steps, 3600, do, -1, args))


def in_force_at_once(version: int) -> str:
    """Return a further pack that counts since the first day."""
    text = pack_text(Programme.WINE).replace("version: 1\n", f"version: {version}\n")
    return text.replace("15 %", f"{5 + version % 10} %")


def reserved(world: World, name: str) -> OpenReceipt:
    """Reserve a receipt that pays with points; online the store asks for them."""
    tills = world.tills[here(world)]
    found = tills.member(world.customers[BUYER].cards[0])
    wanted = Wanted((("CHEESE", 9000),), Redeem.EXACT, SHARE, reserve=True)
    return tills.open(name, wanted, found)


def journalled(tills: Tills, committed: Committed) -> ReceiptCommitted:
    """Return a sale as the journal has it."""
    station = tills.machine.station
    with reading(station.journal) as connection:
        fact = facts.fact_by_id(connection, station.identity.agent, committed.fact)
    assert fact is not None
    body = body_of(fact)
    assert isinstance(body, ReceiptCommitted)
    return body


def count(tills: Tills, query: str) -> int:
    with tills.machine.station.journal.connect() as connection:
        return int(connection.exec_driver_sql(query).scalar_one())


def sell_and_check(world: World, name: str) -> None:
    check(world, *sell(world, name))


def sell(world: World, name: str) -> tuple[OpenReceipt, Committed, Committed]:
    """Reserve and pay, and pay again; return both answers."""
    tills = world.tills[here(world)]
    receipt = reserved(world, name)
    return receipt, tills.pay(receipt), tills.pay(receipt)


def check(world: World, receipt: OpenReceipt, first: Committed, again: Committed) -> None:
    """Check for one fact, the same bytes, what was agreed, and nothing left open."""
    tills, claim = world.tills[here(world)], receipt.claim
    sold = journalled(tills, first)
    assert encode(again) == encode(first)
    assert first.digest == claim.digest
    assert encode(sold.evaluation) == encode(claim.evaluation)
    assert encode((sold.receipt, sold.member, sold.moment)) == encode(
        (claim.receipt, claim.member, claim.moment)
    )
    sales = count(tills, "SELECT count(*) FROM fact WHERE kind = 'receipt.committed'")
    assert sales == count(tills, "SELECT count(*) FROM receipt")
    check_nothing_open(tills)


def check_nothing_open(tills: Tills) -> None:
    assert count(tills, "SELECT count(*) FROM ask WHERE NOT ended") == 0
    assert count(tills, "SELECT count(*) FROM hold") == 0


@pytest.mark.parametrize(
    ("how", "moment", "stride"),
    [
        (End.KILL, Moment.ANY, 1),
        (End.CUT, Moment.ANY, 1),
        (End.CUT, Moment.AFTER_SYNC, SYNC_STRIDE),
    ],
)
def test_a_stop_at_any_write_from_reserve_to_commit_leaves_one_fact(
    world: World, how: End, moment: Moment, stride: int
) -> None:
    tills = world.tills[here(world)]
    writes = 0
    for writes in range(0, WRITES_MAX, stride):
        starts = tills.machine.starts
        tills.machine.disk.burn(writes, how, moment)

        sell_and_check(world, str(writes))

        if tills.machine.starts == starts:
            break  # all was done before the fuse had burnt down
    assert WRITES_LEAST < writes < WRITES_MAX
    assert count(tills, "SELECT count(*) FROM ask") >= writes / stride
    tills.machine.disk.burn(-1, how)
    world.heal()


@pytest.mark.parametrize("how", End)
def test_a_customer_who_leaves_when_the_machine_stops_strands_no_ask(
    world: World, how: End
) -> None:
    tills = world.tills[here(world)]
    tills.impatience = 1
    writes = 0
    for writes in range(WRITES_MAX):
        starts = tills.machine.starts
        tills.machine.disk.burn(writes, how)

        with suppress(LeftError):
            reserved(world, str(writes))

        tills.end_shift()
        check_nothing_open(tills)
        if tills.machine.starts == starts:
            break  # it was reserved before the fuse had burnt down
    assert WRITES_LEAST < writes < WRITES_MAX
    tills.machine.disk.burn(-1, how)
    world.heal()


def jump(world: World, no: int) -> None:
    """Set the clock of the machine another way, over the midnight of the second pack."""
    hours = (48, -48, 0)[no % 3]
    world.tills[here(world)].machine.clock.offset = wrong_by(hours)


def rows_come(world: World, no: int) -> None:
    """Bring a piece of the feed: another price, points of the buyer, or a pack in force."""
    if no % FEED_KINDS == 0:
        world.central.order(lambda centre: publish(centre, in_force_at_once(no + 3)))
    elif no % FEED_KINDS == 1:
        take_at_the_centre(world, "gift", customer=BUYER, points=no + 1, days=310)
    else:
        dearer = goods_of(Programme.WINE).replace("1000.00", f"{1000 + no}.00").encode()
        world.central.order(lambda centre: import_goods(centre, dearer, How.APPLY))
    machine = world.tills[here(world)].machine
    machine.station.doubt.open = False
    following.catch_up_all(machine.station)


@pytest.mark.parametrize("happens", [jump, rows_come])
def test_what_happens_beside_any_write_changes_nothing_of_what_was_agreed(
    world: World, happens: Callable[[World, int], None]
) -> None:
    tills = world.tills[here(world)]
    take(world, "publish", version=2)
    take(world, "pull", tail=True)
    happened: list[int] = []

    def happen() -> None:
        happened.append(len(happened))
        happens(world, happened[-1])

    for writes in range(WRITES_MAX):
        tills.machine.disk.meanwhile(writes, happen)

        sell_and_check(world, str(writes))

        if tills.machine.disk.broken is not None:
            raise tills.machine.disk.broken
        if len(happened) <= writes:
            break  # all was done before that write
    assert WRITES_LEAST < len(happened) < WRITES_MAX
    tills.machine.disk.meanwhile(0, lambda: None)
    tills.machine.clock.offset = wrong_by(0)
    world.heal()


@contextmanager
def before_use(journal: Engine, number: int, happens: Callable[[], None]) -> Iterator[list[int]]:
    """Let something happen once, before the use of the journal with this number; yields a list that
    tells afterwards whether it has."""
    happened: list[int] = []
    used = 0

    def count_one(*_connection: object) -> None:
        nonlocal used
        used += 1
        if used == number + 1:
            happened.append(number)
            happens()

    event.listen(journal, "checkout", count_one)
    try:
        yield happened
    finally:
        event.remove(journal, "checkout", count_one)


def spend(world: World, store: int, name: str) -> None:
    """Spend all that a store can get of the buyer's points."""
    what = {"items": [["CHEESE", 9000]], "redeem": "exact", "share": 1.0, "reserve": True}
    world.take(
        Step(
            10_000 + world.steps, 3600, "sell", store, {"receipt": name, "customer": BUYER, **what}
        )
    )
    world.take(Step(10_000 + world.steps, 3600, "pay", store, {"receipt": name}))


def bar_epoch(world: World, _name: str) -> None:
    """Let the epoch be barred, and the agent try to begin the next."""
    station = world.tills[here(world)].machine.station
    epochs.bar(station, epochs.BEHIND, station.time.now())
    take(world, "push")


BETWEEN: dict[str, Callable[[World, str], None]] = {
    "activate": lambda world, _: take(world, "activate", customer=BUYER),
    "push": lambda world, _: take(world, "push"),
    "pull": lambda world, _: take(world, "pull", tail=False),
    "another till": lambda world, name: spend(world, here(world), name),
    "another store": lambda world, name: spend(world, 1 - here(world), name),
    "expire": lambda world, _: take_at_the_centre(world, "expire"),
    "barred": bar_epoch,
}


@pytest.mark.parametrize("what", BETWEEN)
def test_what_happens_between_any_uses_of_the_journal_changes_nothing_of_what_was_agreed(
    world: World, what: str
) -> None:
    tills = world.tills[here(world)]
    points = 0
    for points in range(USES_MAX):
        happen = partial(BETWEEN[what], world, f"between {points}")
        with before_use(tills.machine.station.journal, points, happen) as happened:
            sold = sell(world, str(points))
        check(world, *sold)
        if not happened:
            break
    assert USES_LEAST < points < USES_MAX
    world.heal()
