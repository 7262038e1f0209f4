"""The journal's tables and their SQL: facts, the centre's word on them, and what they changed."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Connection,
    Row,
    and_,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlmodel import Field

from agent.schema import JournalTable, closed_field, id_field, instant_field, table_of
from shared.clock import from_milliseconds, milliseconds
from shared.crypto.chain import GENESIS
from shared.runtime.sqlite import listed, run, run_many
from shared.wire.facts import Fact, FactKind
from shared.wire.push import Outcome, OutcomeKind

SETTLED = (OutcomeKind.ACCEPTED, OutcomeKind.ADJUSTED)


class FactRecord(JournalTable, table=True):
    """A fact, appended and never changed."""

    __tablename__ = "fact"

    epoch: int = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    id: UUID = id_field(unique=True)
    hlc: int
    kind: str
    prev_hash: bytes
    hash: bytes
    envelope: bytes
    body: bytes
    personal: bytes = closed_field("personal")
    personal_digest: bytes
    at: datetime = instant_field()


class AckRecord(JournalTable, table=True):
    """The centre's last word on a fact; `cover` is its number in the global stream."""

    __tablename__ = "ack"

    fact: UUID = id_field(primary_key=True)
    epoch: int
    seq: int
    outcome: str = Field(index=True)
    reason: str
    cover: int | None


class ChangeRecord(JournalTable, table=True):
    """What a fact changed for a member's display: shown until the rows cover it.

    Hundredths of a point of a lot, kopecks of turnover; a new lot carries its dates.
    """

    __tablename__ = "change"

    fact: UUID = id_field(primary_key=True)
    ordinal: int = Field(primary_key=True)
    account: UUID = id_field(index=True)
    lot: UUID | None = id_field(nullable=True)
    wallet: str
    amount: int
    activates_at: datetime | None = instant_field(nullable=True)
    expires_on: date | None
    turnover_minor: int
    receipts: int
    counted_on: date | None
    earned: int
    rule: str
    cover: int | None


@dataclass(frozen=True, slots=True)
class Tip:
    """The end of an epoch's chain."""

    seq: int = 0
    hash: bytes = GENESIS
    hlc: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """A difference that a fact makes to what the cashier sees of an account."""

    account: UUID
    lot: UUID | None = None
    wallet: str = ""
    amount: int = 0
    activates_at: datetime | None = None
    expires_on: date | None = None
    turnover_minor: int = 0
    receipts: int = 0
    counted_on: date | None = None
    earned: int = 0
    rule: str = ""
    """Of a limited rule that served the member on a day; an `amount` below zero: after all not."""


@dataclass(frozen=True, slots=True)
class Queue:
    """What the centre has not taken yet, and what it has taken without posting."""

    depth: int
    oldest_at: datetime | None
    outcomes: dict[str, int]


_FACTS = table_of(FactRecord)
_ACKS = table_of(AckRecord)
_CHANGES = table_of(ChangeRecord)

_TIP = "SELECT seq, hash, hlc FROM fact WHERE epoch = ? ORDER BY seq DESC LIMIT 1"
_HASH_AT = """
SELECT hash FROM fact WHERE epoch = ? AND seq = ?
UNION ALL SELECT prev_hash FROM fact WHERE epoch = ? AND seq = ? LIMIT 1"""
_LAST_HLC = "SELECT hlc FROM fact WHERE epoch < ? ORDER BY epoch DESC, seq DESC LIMIT 1"
_ADD_FACT = """
INSERT INTO fact (epoch, seq, id, hlc, kind, prev_hash, hash,
    envelope, body, personal, personal_digest, at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, closed('personal', ?), ?, ?)
"""
_ADD_CHANGE = """
INSERT INTO change (fact, ordinal, account, lot, wallet, amount, activates_at, expires_on,
    turnover_minor, receipts, counted_on, earned, rule)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_WORDS = "SELECT fact, outcome, cover FROM ack WHERE fact IN (?*)"
_UNCOVERED = """
SELECT account, lot, wallet, amount, activates_at, expires_on,
    turnover_minor, receipts, counted_on, earned, rule
FROM change WHERE account IN (?*) AND lot IS NOT NULL AND (cover IS NULL OR cover > ?)
ORDER BY rowid
"""
"""As they were written: ids are minted by a clock that may go back."""


def tip(connection: Connection, epoch: int) -> Tip:
    """Return where an epoch's chain ends; a new one is at its start, its clock goes on."""
    row = run(connection, _TIP, (epoch,)).fetchone()
    if row is not None:
        return Tip(*row)
    before = run(connection, _LAST_HLC, (epoch,)).fetchone()
    return Tip(hlc=before[0] if before else 0)


def hash_at(connection: Connection, epoch: int, seq: int) -> bytes:
    """Return the hash of the fact at a place, of the chain's start at 0; empty beyond the end.

    Of a fact that has left, the next one tells it, if that is here.
    """
    if seq == 0:
        return GENESIS
    found = run(connection, _HASH_AT, (epoch, seq, epoch, seq + 1)).fetchone()
    return found[0] if found else b""


def add_fact(connection: Connection, fact: Fact, at: datetime, *, line: int | None = None) -> None:
    """Append a sealed fact to its epoch's chain, or to another line beside it."""
    place = (fact.epoch if line is None else line, fact.seq)
    link = (*place, fact.id.bytes, fact.hlc, fact.kind, fact.prev_hash, fact.hash)
    content = (fact.envelope, fact.body, fact.personal, fact.personal_digest)
    run(connection, _ADD_FACT, (*link, *content, milliseconds(at)))


def add_changes(connection: Connection, fact: UUID, changes: Sequence[Change]) -> None:
    """Keep what a fact changed until the rows cover it."""
    rows = [(fact.bytes, ordinal, *_written(one)) for ordinal, one in enumerate(changes)]
    run_many(connection, _ADD_CHANGE, rows)


def uncovered(connection: Connection, accounts: Collection[UUID], cursor: int) -> list[Change]:
    """Return own changes of accounts' lots that rows up to a cursor of the global stream lack."""
    keys = {account.bytes: account for account in accounts}
    found = run(connection, listed(_UNCOVERED, len(keys)), (*keys, cursor))
    return [_read(row, keys) for row in found]


def activated_since(connection: Connection, account: UUID, at: datetime) -> int:
    """Return how many lots of an account this store has activated early since an instant.

    What a return brings back names its lot as an activation does, and is none.
    """
    query = (
        select(func.count())
        .join_from(_CHANGES, _FACTS, _FACTS.c.id == _CHANGES.c.fact)
        .where(
            _CHANGES.c.account == account,
            _CHANGES.c.activates_at >= at,
            _FACTS.c.kind == FactKind.LOT_ACTIVATED,
        )
    )
    return int(connection.scalar(query) or 0)


def facts_from(connection: Connection, agent: UUID, epoch: int, seq: int, most: int) -> list[Fact]:
    """Return at most `most` facts of an epoch from a number on, in order."""
    rows = connection.execute(
        select(_FACTS)
        .where(_FACTS.c.epoch == epoch, _FACTS.c.seq >= seq)
        .order_by(_FACTS.c.seq)
        .limit(most)
    )
    return [_fact(agent, row) for row in rows]


def fact_by_id(connection: Connection, agent: UUID, fact: UUID) -> Fact | None:
    """Return a fact by its id."""
    row = connection.execute(select(_FACTS).where(_FACTS.c.id == fact)).first()
    return _fact(agent, row) if row else None


def next_to_send(connection: Connection, epoch: int) -> int:
    """Return the lowest number that has no word of the centre yet: the journal is the outbox."""
    last = connection.execute(
        select(func.max(_ACKS.c.seq)).where(_ACKS.c.epoch == epoch)
    ).scalar_one()
    return (last or 0) + 1


def acknowledge(connection: Connection, epoch: int, outcome: Outcome, cover: int | None) -> None:
    """Write the centre's word on a fact; what it has posted is covered from a number on."""
    values = {
        "fact": outcome.id,
        "epoch": epoch,
        "seq": outcome.seq,
        "outcome": outcome.kind.value,
        "reason": outcome.reason,
        "cover": cover,
    }
    connection.execute(
        upsert(_ACKS).on_conflict_do_update(index_elements=[_ACKS.c.fact], set_=values), values
    )
    _show(connection, outcome.id, outcome.kind, cover)


def words(connection: Connection, facts: Collection[UUID]) -> dict[UUID, tuple[str, int | None]]:
    """Return the word that was written on each of some facts, with its cover."""
    keys = [fact.bytes for fact in facts]
    found = run(connection, listed(_WORDS, len(keys)), keys) if keys else ()
    return {UUID(bytes=fact): (outcome, cover) for fact, outcome, cover in found}


def reword(
    connection: Connection, fact: UUID, outcome: OutcomeKind, reason: str, cover: int | None
) -> bool:
    """Write a later word on a fact; False when there is no earlier one, or it says the same.

    A restored centre may post a fact again: then the same word has another cover.
    """
    is_new = or_(_ACKS.c.outcome != outcome.value, _ACKS.c.cover.is_distinct_from(cover))
    changed = connection.execute(
        update(_ACKS)
        .where(_ACKS.c.fact == fact, is_new)
        .values(outcome=outcome.value, reason=reason, cover=cover)
    )
    if changed.rowcount:
        _show(connection, fact, outcome, cover)
    return bool(changed.rowcount)


def forget_words(connection: Connection, epoch: int, seq: int) -> None:
    """Forget the centre's word on facts from a number on: it does not have them any more."""
    facts = select(_ACKS.c.fact).where(_ACKS.c.epoch == epoch, _ACKS.c.seq >= seq)
    connection.execute(update(_CHANGES).where(_CHANGES.c.fact.in_(facts)).values(cover=None))
    send_again(connection, epoch, seq)


def send_again(connection: Connection, epoch: int, seq: int) -> None:
    """Send facts from a number on once more; what is shown of them stays as it is."""
    connection.execute(delete(_ACKS).where(_ACKS.c.epoch == epoch, _ACKS.c.seq >= seq))


def uncover(connection: Connection, number: int) -> None:
    """Show by their facts again what only rows beyond a number of the global stream held."""
    connection.execute(update(_CHANGES).where(_CHANGES.c.cover > number).values(cover=None))


def trust_rows(connection: Connection, epoch: int, seq: int, cover: int) -> None:
    """Let the rows from a number on show facts below `seq` that have no word yet.

    The centre has them.
    """
    told = select(_ACKS.c.fact).where(_ACKS.c.epoch == epoch)
    below = select(_FACTS.c.id).where(_FACTS.c.epoch == epoch, _FACTS.c.seq < seq)
    this = (_CHANGES.c.fact.in_(below), _CHANGES.c.fact.not_in(told))
    connection.execute(update(_CHANGES).where(*this).values(cover=cover))


def outcome_of(connection: Connection, fact: UUID) -> tuple[str, str] | None:
    """Return the centre's word on a fact and its reason."""
    row = connection.execute(
        select(_ACKS.c.outcome, _ACKS.c.reason).where(_ACKS.c.fact == fact)
    ).first()
    return (row[0], row[1]) if row else None


def next_unsent(connection: Connection, epochs: Iterable[int]) -> tuple[int, int] | None:
    """Return epoch and number of the oldest fact that is still to be sent, if there is one."""
    for epoch in epochs:
        seq = next_to_send(connection, epoch)
        if tip(connection, epoch).seq >= seq:
            return epoch, seq
    return None


def queue(connection: Connection, epochs: Iterable[int]) -> Queue:
    """Count what is still to be sent and what the centre has said of the rest."""
    unsent = [
        and_(_FACTS.c.epoch == epoch, _FACTS.c.seq >= next_to_send(connection, epoch))
        for epoch in epochs
    ]
    depth, oldest = connection.execute(
        select(func.count(), func.min(_FACTS.c.at)).where(or_(*unsent))
    ).one()
    outcomes = connection.execute(
        select(_ACKS.c.outcome, func.count()).group_by(_ACKS.c.outcome).order_by(_ACKS.c.outcome)
    )
    return Queue(depth, oldest, {row[0]: row[1] for row in outcomes})


def _show(connection: Connection, fact: UUID, outcome: OutcomeKind, cover: int | None) -> None:
    """Let the rows show what a posted fact changed, from the number that covers it; else the fact.

    A fact that changed no row, because something was there first, is covered at once.
    """
    shown = (cover or 0) if outcome in SETTLED else None
    connection.execute(update(_CHANGES).where(_CHANGES.c.fact == fact).values(cover=shown))


def _written(change: Change) -> tuple[object, ...]:
    return (
        change.account.bytes,
        change.lot.bytes if change.lot is not None else None,
        change.wallet,
        change.amount,
        milliseconds(change.activates_at) if change.activates_at is not None else None,
        change.expires_on.isoformat() if change.expires_on is not None else None,
        change.turnover_minor,
        change.receipts,
        change.counted_on.isoformat() if change.counted_on is not None else None,
        change.earned,
        change.rule,
    )


def _read(row: Sequence[Any], accounts: Mapping[bytes, UUID]) -> Change:
    account, lot, wallet, amount, activates_at, expires_on, minor, receipts, day, earned, rule = row
    return Change(
        account=accounts[account],
        lot=None if lot is None else UUID(bytes=lot),
        wallet=wallet,
        amount=amount,
        activates_at=None if activates_at is None else from_milliseconds(activates_at),
        expires_on=None if expires_on is None else date.fromisoformat(expires_on),
        turnover_minor=minor,
        receipts=receipts,
        counted_on=None if day is None else date.fromisoformat(day),
        earned=earned,
        rule=rule,
    )


def _fact(agent: UUID, row: Row[tuple[object, ...]]) -> Fact:
    found = row._mapping
    return Fact(
        agent=agent,
        epoch=abs(found["epoch"]),
        seq=found["seq"],
        id=found["id"],
        hlc=found["hlc"],
        kind=found["kind"],
        prev_hash=found["prev_hash"],
        hash=found["hash"],
        envelope=found["envelope"],
        body=found["body"],
        personal=found["personal"],
        personal_digest=found["personal_digest"],
    )
