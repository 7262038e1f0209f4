"""Synchronisation beside PouchDB, and two stores that spend the same points without a line."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from threading import Event
from time import perf_counter
from typing import Any
from uuid import UUID

import msgspec
import pytest

from agent.jobs import Jobs
from agent.journal import store as facts
from agent.meeting import catch_up
from agent.push import Pushed, push
from agent.quote.lines import Item
from agent.quote.shortage import OverLeaseError
from agent.replica import store as rows
from agent.station import Station
from central.centre import Centre
from central.members.imports import COLUMNS, Row, import_lots
from shared.clock import SystemClock
from shared.receipt import Redeem
from shared.runtime.serve import settle
from shared.runtime.sqlite import reading
from shared.wire.facts import FactKind, body_of
from shared.wire.rows import AccountRow
from tests.bench import chain, pouch
from tests.bench.results import Comparison, now_text, write_down
from tests.central.journal_builder import Person
from tests.chain.kit import Chain, Store
from tests.simulation.world import quiet

MEMBERS = 10_000
RECEIPTS = 2_000
CHANGES = 30
ROUNDS = 3
SEEN_S_MAX = 10.0
LOOK_S = 0.001
PULL_RATIO_MIN = 6.0
PUSH_RATIO_MIN = 4.0
CHANGE_RATIO_MAX = 0.25
BALANCE = 100_00
WISHES = (80_00, 90_00)
DEAR = Item(1, 1000, "CHEESE", price_minor=100_000_00)
"""Points may pay for all of the wishes."""

pytestmark = pytest.mark.bench


@dataclass(frozen=True)
class Estate:
    """A served centre with members."""

    centre: Centre
    url: str
    people: list[Person]
    folder: Path

    def empty(self, name: str) -> str:
        """Make an empty folder; return its name."""
        made = self.folder / name
        made.mkdir()
        return str(made)

    def documents(self) -> Path:
        """Write what a store reads of each member as one document."""
        made = (
            {
                "_id": str(person.member),
                "name": "Анна П.",
                "card": person.card,
                "phone": person.phone,
                "tier": "base",
                "account": str(person.account),
                "balance": chain.WELCOME_POINTS,
                "lots": [[str(person.account), chain.WELCOME_POINTS, "2027-01-01"]],
            }
            for person in self.people
        )
        return pouch.write_documents(self.folder / "members.jsonl", made)


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[Estate]:
    centre, people = chain.with_members(tmp_path / "centre", MEMBERS)
    with chain.serving(centre, tmp_path / "ready.json") as url:
        yield Estate(centre, url, people, tmp_path)
    centre.engine.dispose()


def test_members_into_an_empty_replica(estate: Estate) -> None:
    """Members a second, durable, with their cards, phones, lots and balances; all sums equal."""
    pouch.demand("pouchdb")
    ours, theirs = list[float](), list[float]()
    with pouch.serving(estate.folder / "server", estate.documents()) as url:
        for turn in range(ROUNDS):
            settle()
            station = chain.follower(estate.centre, estate.url, estate.folder / f"agent-{turn}")
            start = perf_counter()
            catch_up(station)
            ours.append(MEMBERS / (perf_counter() - start))
            balance = _balance(station)
            chain.close(station)
            told = pouch.run("pouch.mjs", "pull", url, estate.empty(f"pouch-{turn}"))
            assert (told["written"], told["balance"]) == (MEMBERS, balance)
            theirs.append(MEMBERS / told["seconds"])
    ratio = median(ours) / median(theirs)
    _write(
        "pull of members into an empty durable replica / PouchDB",
        (median(ours), median(theirs), "members/s (median of 3)"),
        f">= {PULL_RATIO_MIN}",
        reached=ratio >= PULL_RATIO_MIN,
        how=f"{MEMBERS} members, in turn; ours over HTTP from the centre's process, with accounts, "
        f"lots, cards and phones as rows of their own; {pouch.HOW}, one document a member",
    )


def test_receipts_up(estate: Estate) -> None:
    """Receipts a second from a store's disk to the other side's, which knows each once."""
    pouch.demand("pouchdb")
    station = chain.follower(estate.centre, estate.url, estate.folder / "agent")
    catch_up(station)
    ours, theirs = list[float](), list[float]()
    with pouch.serving(estate.folder / "server") as url:
        for turn in range(ROUNDS):
            chain.sell(station, RECEIPTS)
            documents = pouch.write_documents(estate.folder / f"{turn}.jsonl", _receipts(station))
            settle()
            start = perf_counter()
            while push(station) is Pushed.SOME:
                pass
            ours.append(RECEIPTS / (perf_counter() - start))
            told = pouch.run(
                "pouch.mjs", "push", url, estate.empty(f"pouch-{turn}"), str(documents)
            )
            assert told["written"] == RECEIPTS
            theirs.append(RECEIPTS / told["seconds"])
    with reading(estate.centre.engine) as connection:
        query = "SELECT count(*) FROM fact WHERE kind = 'receipt.committed'"
        taken = connection.exec_driver_sql(query).scalar()
    assert taken == ROUNDS * RECEIPTS
    chain.close(station)
    ratio = median(ours) / median(theirs)
    _write(
        "durable idempotent push of receipts / PouchDB",
        (median(ours), median(theirs), "receipts/s (median of 3)"),
        f">= {PUSH_RATIO_MIN}",
        reached=ratio >= PUSH_RATIO_MIN,
        how=f"{RECEIPTS} receipts of {chain.LINES} lines, in turn; ours checked, posted to the "
        f"ledger and fed, the centre on SQLite; {pouch.HOW}, the same receipts as documents",
    )


def test_one_change(estate: Estate) -> None:
    """Seconds from a change's commit at the centre until a store that listens has it on disk."""
    pouch.demand("pouchdb")
    station = chain.follower(estate.centre, estate.url, estate.folder / "agent")
    with _listening(station):
        ours = [_seen_after(estate, station, 100 + turn) for turn in range(CHANGES)]
    chain.close(station)
    with pouch.serving(estate.folder / "server") as url:
        told = pouch.run("pouch.mjs", "live", url, estate.empty("pouch"), str(CHANGES))
    theirs = told["seconds"]
    ratio = median(ours) / median(theirs)
    _write(
        "one change visible at an agent that listens / PouchDB",
        (median(ours) * 1e3, median(theirs) * 1e3, "ms (median)"),
        f"<= {CHANGE_RATIO_MAX}",
        reached=ratio <= CHANGE_RATIO_MAX,
        how=f"{CHANGES} changes, one after the other; ours written by another process than the "
        f"one that serves; {pouch.HOW}, live replication, written through the same server",
    )


@pytest.mark.parametrize(("peer", "package"), [("pouch", "pouchdb"), ("crsqlite", "@vlcn.io")])
def test_two_stores_that_spend_the_same_points(tmp_path: Path, peer: str, package: str) -> None:
    """Points spent of 100 by two stores without a line, of which one wants 80 and one 90."""
    pouch.demand(package)
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
    told = pouch.run("spend.mjs", peer)
    ours, theirs = 100 * spent / given, float(told["spent"])
    _write(
        f"points spent of 100 by two offline stores that want 80 and 90 / {peer}",
        (ours, theirs, "points of 100"),
        "<= 100",
        reached=ours <= 100,
        how=f"ours: all that a member has, of which each store spends what it may; {peer}: each "
        "store reads the balance, spends if it is enough, and both meet again",
    )


def _balance(station: Station) -> int:
    with reading(station.replica) as connection:
        accounts = rows.every(connection, AccountRow, 2 * MEMBERS)
        return sum(lot.amount for account in accounts for lot in account.lots)


def _receipts(station: Station) -> Iterator[dict[str, Any]]:
    """Return what is not sent yet, as documents of the same content."""
    who = station.identity
    with reading(station.journal) as connection:
        seq = facts.next_to_send(connection, who.epoch)
        found = facts.facts_from(connection, who.agent, who.epoch, seq, 2 * RECEIPTS)
    for fact in found:
        if fact.kind == FactKind.RECEIPT_COMMITTED:
            yield {"_id": str(fact.id), "receipt": msgspec.to_builtins(body_of(fact))}


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


def _write(
    name: str, measured: tuple[float, float, str], goal: str, *, reached: bool, how: str
) -> None:
    ours, peer, unit = measured
    write_down(
        Comparison(
            name=name,
            ours=ours,
            peer=peer,
            unit=unit,
            ratio=round(ours / peer, 3),
            goal=goal,
            reached=reached,
            how=f"make bench: {how}",
            at=now_text(SystemClock().now()),
        )
    )
