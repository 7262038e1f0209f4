"""One change beside PouchDB, and two stores that spend the same points without a line."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from threading import Event
from time import perf_counter
from uuid import UUID

import pytest

from agent.jobs import Jobs
from agent.quote.lines import Item
from agent.quote.shortage import OverLeaseError
from agent.replica import store as rows
from agent.station import Station
from central.members.imports import COLUMNS, Row, import_lots
from shared.receipt import Redeem
from shared.runtime.sqlite import reading
from shared.wire.rows import AccountRow
from tests.bench import chain
from tests.bench.estate import Estate
from tests.bench.peer import POUCH, SPENDING_CRSQLITE, SPENDING_POUCH, Peer
from tests.bench.results import compare
from tests.chain.kit import Chain, Store
from tests.quiet import quiet

CHANGES = 30
SEEN_S_MAX = 10.0
LOOK_S = 0.001
CHANGE_RATIO_MAX = 0.25
BALANCE = 100_00
WISHES = (80_00, 90_00)
DEAR = Item(1, 1000, "CHEESE", price_minor=100_000_00)
"""Points may pay for all of the wishes."""

pytestmark = pytest.mark.bench


def test_one_change(estate: Estate) -> None:
    """Seconds from a change's commit at the centre until a store that listens has it on disk."""
    POUCH.demand()
    station = chain.follower(estate.centre, estate.url, estate.folder / "agent")
    with _listening(station):
        ours = [_seen_after(estate, station, 100 + turn) for turn in range(CHANGES)]
    chain.close(station)
    with POUCH.serving(estate.folder / "server") as url:
        told = POUCH.run("live", url, estate.empty("pouch"), str(CHANGES))
    theirs = told["seconds"]
    ratio = median(ours) / median(theirs)
    compare(
        "one change visible at an agent that listens / PouchDB",
        (median(ours) * 1e3, median(theirs) * 1e3, "ms (median)"),
        (f"<= {CHANGE_RATIO_MAX}", ratio <= CHANGE_RATIO_MAX),
        how=f"{CHANGES} changes, one after the other; ours written by another process than the "
        f"one that serves; {POUCH.how}, live replication, written through the same server",
    )


@pytest.mark.parametrize("peer", [SPENDING_POUCH, SPENDING_CRSQLITE], ids=lambda peer: peer.name)
def test_two_stores_that_spend_the_same_points(tmp_path: Path, peer: Peer) -> None:
    """Points spent of 100 by two stores without a line, of which one wants 80 and one 90."""
    peer.demand()
    with quiet():
        made = Chain(tmp_path)
        anna = made.member(BALANCE, phone="+79161234567")
        given = _all_lots(made)
        for store in made.stores:
            store.cut()
        wishes = [wish * given // BALANCE for wish in WISHES]
        spent = sum(
            _spend(store, anna.member, wish)
            for store, wish in zip(made.stores, wishes, strict=True)
        )
        made.heal()
        assert made.debts() == []
        made.close()
    told = peer.run(peer.name)
    ours, theirs = 100 * spent / given, float(told["spent"])
    compare(
        f"points spent of 100 by two offline stores that want 80 and 90 / {peer.name}",
        (ours, theirs, "points of 100"),
        ("<= 100", ours <= 100),
        how="ours: all that a member has, of which each store spends what it may; "
        f"{peer.how}: each store reads the balance, spends if it is enough, and both meet again",
    )


@contextmanager
def _listening(station: Station) -> Iterator[None]:
    jobs = Jobs(station)
    jobs.start()
    try:
        yield
    finally:
        jobs.stop()


def _seen_after(estate: Estate, station: Station, points: int) -> float:
    """Give points to a member; return how long it takes until the store sees them."""
    phone = estate.people[points].phone
    row = Row(points, dict(zip(COLUMNS, (phone, f"{points}.00", "bonus", ""), strict=True)))
    account = estate.people[points].account
    expected = chain.WELCOME_POINTS + points * 100
    assert not import_lots(estate.centre, [row], estate.centre.clock.now()).faults
    written = perf_counter()
    while _points_of(station, account) != expected:
        assert perf_counter() - written < SEEN_S_MAX
        station.clock.wait(Event(), LOOK_S)
    return perf_counter() - written


def _points_of(station: Station, account: UUID) -> int:
    with reading(station.replica) as connection:
        row = rows.find(connection, AccountRow, account.bytes)
    return sum(lot.amount for lot in row.lots) if row else 0


def _spend(store: Store, member: UUID, wish: int) -> int:
    """Spend what is wished, or else what the store says that it may."""
    try:
        claim = _redeem(store, member, wish)
    except OverLeaseError as refused:
        claim = _redeem(store, member, int(str(refused.details["available_points"])))
    return claim


def _redeem(store: Store, member: UUID, points: int) -> int:
    claim = store.sell(DEAR, member=member, redeem=Redeem.EXACT, redeem_points=points)
    return claim.evaluation.redemption.redeemed


def _all_lots(made: Chain) -> int:
    with reading(made.centre.engine) as connection:
        return int(connection.exec_driver_sql("SELECT sum(balance) FROM lot").scalar_one())
