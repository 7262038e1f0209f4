"""Members down and receipts up, beside every peer that is installed, all in turn in one run."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from statistics import median
from time import perf_counter
from typing import Any

import msgspec
import pytest

from agent.journal import store as facts
from agent.meeting import catch_up
from agent.push import Pushed, push
from agent.replica import store as rows
from agent.station import Station
from shared.runtime.serve import settle
from shared.runtime.sqlite import reading
from shared.wire.facts import FactKind, body_of
from shared.wire.rows import AccountRow
from tests.bench import chain
from tests.bench.estate import MEMBERS, Estate
from tests.bench.peer import (
    JETSTREAM,
    JETSTREAM_BATCHES,
    MORANGO,
    POUCH,
    RXDB,
    Peer,
    write_documents,
)
from tests.bench.results import compare

RECEIPTS = 2_000
ROUNDS = 3
PULLED: dict[Peer, float] = {POUCH: 6.0, RXDB: 1.2}
PUSHED: dict[Peer, float] = {
    POUCH: 4.0,
    RXDB: 3.0,
    MORANGO: 20.0,
    JETSTREAM: 1.0,
    JETSTREAM_BATCHES: 1.0,
}
"""Each peer, and how many times its rate ours has to be."""

pytestmark = pytest.mark.bench

Speeds = dict[Peer, list[float]]


@pytest.mark.parametrize("peer", PUSHED, ids=lambda peer: peer.name)
def test_a_peer_is_installed(peer: Peer) -> None:
    """Name the peer that is skipped."""
    peer.demand()


def test_members_into_an_empty_replica(estate: Estate) -> None:
    """Members a second, with their cards, phones, lots and balances; all sums equal."""
    ours, theirs = list[float](), _speeds(PULLED)
    documents = estate.documents()
    with ExitStack() as stack:
        urls = {
            peer: stack.enter_context(peer.serving(estate.folder / peer.script[0], documents))
            for peer in theirs
        }
        for turn in range(ROUNDS):
            settle()
            station = chain.follower(estate.centre, estate.url, estate.folder / f"agent-{turn}")
            start = perf_counter()
            catch_up(station)
            ours.append(MEMBERS / (perf_counter() - start))
            balance = _balance(station)
            chain.close(station)
            for peer, speeds in theirs.items():
                told = peer.run("pull", urls[peer], estate.empty(f"{peer.script[0]}-{turn}"))
                assert (told["written"], told["balance"]) == (MEMBERS, balance), peer.name
                speeds.append(MEMBERS / told["seconds"])
    _compare(
        "pull of members into an empty durable replica",
        (ours, theirs, PULLED),
        f"members/s (median of {ROUNDS})",
        f"{MEMBERS} members, in turn; ours over HTTP from the centre's process, with accounts, "
        "lots, cards and phones as rows of their own; {peer}, one document a member",
    )


def test_receipts_up(estate: Estate) -> None:
    """Receipts a second from a store's disk to the other side's, which knows each once."""
    station = chain.follower(estate.centre, estate.url, estate.folder / "agent")
    catch_up(station)
    ours, theirs = list[float](), _speeds(PUSHED)
    with ExitStack() as stack:
        urls = {
            peer: stack.enter_context(peer.serving(estate.folder / f"server-{no}"))
            for no, peer in enumerate(theirs)
        }
        for turn in range(ROUNDS):
            chain.sell(station, RECEIPTS)
            documents = write_documents(estate.folder / f"{turn}.jsonl", _receipts(station))
            settle()
            start = perf_counter()
            while push(station) is Pushed.SOME:
                pass
            ours.append(RECEIPTS / (perf_counter() - start))
            for no, (peer, speeds) in enumerate(theirs.items()):
                told = peer.run("push", urls[peer], estate.empty(f"{no}-{turn}"), str(documents))
                assert told["written"] == RECEIPTS, peer.name
                speeds.append(RECEIPTS / told["seconds"])
    with reading(estate.centre.engine) as connection:
        query = "SELECT count(*) FROM fact WHERE kind = 'receipt.committed'"
        assert connection.exec_driver_sql(query).scalar() == ROUNDS * RECEIPTS
    chain.close(station)
    _compare(
        "durable idempotent push of receipts",
        (ours, theirs, PUSHED),
        f"receipts/s (median of {ROUNDS})",
        f"{RECEIPTS} receipts of {chain.LINES} lines, in turn; ours checked, posted to the "
        "ledger and fed, the centre on SQLite; {peer}, the same receipts as documents",
    )


def _speeds(goals: Mapping[Peer, float]) -> Speeds:
    """Return an empty list of each peer that is here; skip the test where none is."""
    found: Speeds = {peer: [] for peer in goals if peer.is_there}
    if not found:
        pytest.skip("no peer is installed: skipped (make bench installs them)")
    return found


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


def _compare(
    what: str, measured: tuple[list[float], Speeds, Mapping[Peer, float]], unit: str, how: str
) -> None:
    ours, theirs, goals = measured
    for peer, speeds in theirs.items():
        ratio = median(ours) / median(speeds)
        compare(
            f"{what} / {peer.name}",
            (median(ours), median(speeds), unit),
            (f">= {goals[peer]}", ratio >= goals[peer]),
            how=how.format(peer=peer.how),
        )
