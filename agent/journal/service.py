"""Append facts to the chain: what is written here is what has happened in this store."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from agent.journal import store, uses
from agent.journal.store import Change
from agent.station import Station
from shared.clock import tick
from shared.ids import uuid7
from shared.ledger.leases import LeaseUse
from shared.wire.codec import encode
from shared.wire.facts import Birth, Body, Envelope, Fact, FactKind, LeaseMove, PassUse, seal


@dataclass(frozen=True, slots=True)
class Taking:
    """What a fact takes from the store's lease of a lot, in hundredths of a point."""

    lot: UUID
    account: UUID
    drawn: int = 0
    given_back: int = 0


@dataclass(frozen=True, slots=True)
class NewFact:
    """A fact before it has its place in the chain."""

    kind: FactKind
    body: Body
    takings: Sequence[Taking] = ()
    births: Sequence[Birth] = ()
    ends: Sequence[UUID] = ()
    changes: Sequence[Change] = ()
    personal: bytes = b""
    by_pass: PassUse | None = None


def append(connection: Connection, station: Station, new: NewFact, at: datetime) -> Fact:
    """Chain a fact in the caller's transaction, with its envelope counted on.

    It is durable when that transaction is: nobody may be told before.
    """
    identity = station.identity
    tip = store.tip(connection, identity.epoch)
    moves = _moves(connection, station, new)
    envelope = Envelope(moves, tuple(new.births), tuple(new.ends), new.by_pass)
    fact = seal(
        Fact(
            agent=identity.agent,
            epoch=identity.epoch,
            seq=tip.seq + 1,
            id=uuid7(at, station.chance),
            hlc=tick(tip.hlc, at),
            kind=new.kind.value,
            prev_hash=tip.hash,
            hash=b"",
            envelope=encode(envelope),
            body=encode(new.body),
            personal=new.personal,
        )
    )
    store.add_fact(connection, fact, at)
    station.time.note(connection, at)
    store.add_changes(connection, fact.id, new.changes)
    return fact


def _moves(connection: Connection, station: Station, new: NewFact) -> tuple[LeaseMove, ...]:
    """Advance the sums of every lot that the fact touches and return its moves."""
    epoch = station.identity.epoch
    accounts = {taking.account for taking in new.takings} | {birth.account for birth in new.births}
    used = uses.of(connection, epoch, accounts)
    moves = []
    for birth in new.births:
        if birth.kept:
            kept = LeaseUse(birth.lot, birth.account, kept=birth.kept)
            uses.put(connection, epoch, kept)
    for taking in new.takings:
        before = used.get(taking.lot, LeaseUse(taking.lot, taking.account))
        after = LeaseUse(
            taking.lot,
            taking.account,
            before.kept,
            before.drawn + taking.drawn,
            before.given_back + taking.given_back,
        )
        uses.put(connection, epoch, after)
        move = LeaseMove(taking.lot, taking.account, taking.drawn, taking.given_back, after.gone)
        moves.append(move)
    return tuple(moves)
