"""Tables of ingest: what agents said, word for word, what became of it, and what waits for what."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Index,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlmodel import Field

from central.ingest.values import (
    POSTED,
    WRECK,
    Document,
    KeptFact,
    Letter,
    Watermark,
    Word,
)
from central.ledger.rows import chunks
from central.schema import Instant, Table, insert_new, locked, table_of
from central.sets import insert_rows, one_of, plain, rows_of
from shared.ledger.books import Holder
from shared.wire.codec import decoder, encode
from shared.wire.push import Cover, OutcomeKind
from shared.wire.taken_back import ReceiptReturned


class WatermarkTable(Table, table=True):
    """How far a journal is known; the row is the lock under which it is read on."""

    __tablename__ = "watermark"
    agent: UUID = Field(primary_key=True)
    epoch: int = Field(primary_key=True)
    seq: int = Field(sa_type=BigInteger)
    hash: bytes


class InboxTable(Table, table=True):
    """A place of a journal, or of a branch of it, and what became of the fact there."""

    __tablename__ = "inbox"
    agent: UUID = Field(primary_key=True)
    epoch: int = Field(primary_key=True)
    seq: int = Field(sa_type=BigInteger, primary_key=True)
    hash: bytes = Field(primary_key=True)
    id: UUID = Field(index=True)
    branch: bool
    outcome: str = Field(index=True)
    reason: str
    waits_for: UUID | None = Field(index=True)
    posting: UUID


class PostingTable(Table, table=True):
    """A transaction of ingest: the streams' numbers at which its effects are in the rows."""

    __tablename__ = "posting"
    id: UUID = Field(primary_key=True)
    covers: bytes


class FactTable(Table, table=True):
    """A fact's bytes, under its id; what is damaged is kept under an id of its own."""

    __tablename__ = "fact"
    __table_args__ = (
        Index(
            "ix_fact_branch", "id", sqlite_where=text("branch = 1"), postgresql_where=text("branch")
        ),
    )
    id: UUID = Field(primary_key=True)
    agent: UUID
    epoch: int
    seq: int = Field(sa_type=BigInteger)
    hlc: int = Field(sa_type=BigInteger)
    kind: str
    prev_hash: bytes
    hash: bytes
    envelope: bytes
    body: bytes
    personal_digest: bytes
    store: str
    branch: bool
    content: bytes
    received_at: datetime = Field(sa_type=Instant)


class DocumentTable(Table, table=True):
    """A posted document by its uid; a return names its sale."""

    __tablename__ = "document"
    uid: UUID = Field(primary_key=True)
    fact: UUID
    kind: str
    sale: UUID | None = Field(index=True)
    store: str


class ResolvedTable(Table, table=True):
    """What a return by slip came to when its sale was there: a return with all of its data."""

    __tablename__ = "resolved"
    uid: UUID = Field(primary_key=True)
    body: bytes


class BirthTable(Table, table=True):
    """A lot whose fact is not posted yet: what draws it waits for that fact."""

    __tablename__ = "birth"
    lot: UUID = Field(primary_key=True)
    fact: UUID


class OnceTable(Table, table=True):
    """What stands for what a person gets once (`lot`), and the account that got it first."""

    __tablename__ = "once"
    lot: UUID = Field(primary_key=True)
    account: UUID


_V = TypeVar("_V")
_watermark = table_of(WatermarkTable)
_inbox = table_of(InboxTable)
_posting = table_of(PostingTable)
_fact = table_of(FactTable)
_birth = table_of(BirthTable)
_document = table_of(DocumentTable)
_resolved = table_of(ResolvedTable)
_decode_returned = decoder(ReceiptReturned)
_decode_covers = decoder(tuple[Cover, ...])
_PLACE = (_inbox.c.agent, _inbox.c.epoch, _inbox.c.seq, _inbox.c.hash)
_OPEN = (OutcomeKind.WAITING.value, OutcomeKind.QUARANTINED.value, OutcomeKind.DAMAGED.value)


def watermark(connection: Connection, holder: Holder) -> Watermark:
    """Return how far a journal is known."""
    query = select(_watermark.c.seq, _watermark.c.hash).where(*_of(holder))
    row = connection.execute(query).one_or_none()
    return Watermark() if row is None else Watermark(*row)


def locked_watermark(connection: Connection, holder: Holder) -> Watermark:
    """Return how far a journal is known, and lock it until the transaction ends."""
    start = {"agent": holder.agent, "epoch": holder.epoch, **asdict(Watermark())}
    connection.execute(insert_new(connection, WatermarkTable), start)
    query = select(_watermark.c.seq, _watermark.c.hash).where(*_of(holder))
    return Watermark(*connection.execute(locked(connection, query)).one())


def move_watermark(connection: Connection, holder: Holder, to: Watermark) -> None:
    """Note how far a journal is known now."""
    connection.execute(update(_watermark).where(*_of(holder)).values(**asdict(to)))


def letters_between(connection: Connection, holder: Holder, first: int, last: int) -> list[Letter]:
    """Return what is known of the places from `first` to `last` of a journal and its branches."""
    where = (_inbox.c.agent == holder.agent, _inbox.c.epoch == holder.epoch)
    query = select(_inbox).where(*where, _inbox.c.seq >= first, _inbox.c.seq <= last)
    return [_letter(row) for row in connection.execute(query)]


def journal_between(connection: Connection, holder: Holder, first: int, limit: int) -> list[Letter]:
    """Return what is known of at most so many places of a journal from `first` on, in order; its
    branches are left out."""
    where = (_inbox.c.agent == holder.agent, _inbox.c.epoch == holder.epoch)
    query = select(_inbox).where(*where, _inbox.c.seq >= first, ~_inbox.c.branch)
    return [_letter(row) for row in connection.execute(query.order_by(_inbox.c.seq).limit(limit))]


def has_branch(connection: Connection, holder: Holder) -> bool:
    """Tell whether a journal is known to have branches."""
    where = (_inbox.c.agent == holder.agent, _inbox.c.epoch == holder.epoch, _inbox.c.branch)
    return connection.execute(select(_inbox.c.seq).where(*where).limit(1)).first() is not None


def letters_of(connection: Connection, ids: Iterable[UUID]) -> list[Letter]:
    """Return the places at which facts were told, in order."""
    found: list[Letter] = []
    for few in chunks(ids):
        query = select(_inbox).where(one_of(connection, _inbox.c.id, few))
        found.extend(_letter(row) for row in connection.execute(query.order_by(*_PLACE)))
    return found


def waiting_for(connection: Connection, keys: Iterable[UUID]) -> list[tuple[UUID, UUID]]:
    """Return (fact, what it waits for) of facts that wait for one of these, and lock their places.

    Two transactions that could both post a waiting fact do so one after the other.
    """
    found: dict[UUID, UUID] = {}
    for few in chunks(keys):
        query = select(_inbox.c.id, _inbox.c.waits_for).where(
            _is_waiting, one_of(connection, _inbox.c.waits_for, few)
        )
        rows = connection.execute(locked(connection, query.order_by(*_PLACE)))
        found.update((row.id, row.waits_for) for row in rows)
    return sorted(found.items())


def lock_open(connection: Connection, facts: Iterable[UUID], *outcomes: OutcomeKind) -> set[UUID]:
    """Lock the places of facts that still have one of some outcomes; return those facts."""
    found: set[UUID] = set()
    for few in chunks(facts):
        this = (one_of(connection, _inbox.c.id, few), _inbox.c.outcome.in_(outcomes))
        query = select(_inbox.c.id).where(*this).order_by(*_PLACE)
        found.update(row.id for row in connection.execute(locked(connection, query)))
    return found


def without_lot(connection: Connection, holders: Iterable[Holder], reason: str) -> list[UUID]:
    """Return facts of journals, without their branches, that wait for another one or are refused
    for a reason."""
    refused = and_(_inbox.c.outcome == OutcomeKind.QUARANTINED.value, _inbox.c.reason == reason)
    found: list[UUID] = []
    for one in holders:
        where = (_inbox.c.agent == one.agent, _inbox.c.epoch == one.epoch, ~_inbox.c.branch)
        query = select(_inbox.c.id).where(*where, or_(_is_waiting, refused))
        found.extend(connection.scalars(query.order_by(_inbox.c.seq)))
    return found


def know_as(connection: Connection, former: UUID, now: UUID) -> None:
    """Let what waits for a fact, or for its lots, wait for it under another id."""
    waiting = (_is_waiting, _inbox.c.waits_for == former)
    connection.execute(update(_inbox).where(*waiting).values(waits_for=now))
    connection.execute(update(_birth).where(_birth.c.fact == former).values(fact=now))


def overslept(connection: Connection, limit: int) -> list[UUID]:
    """Return waiting facts whose sale or fact is posted: two transactions missed each other."""
    posted = _inbox.alias("posted")
    is_posted = posted.c.outcome.in_(POSTED)
    documents = select(_document.c.uid).where(_document.c.uid == _inbox.c.waits_for)
    facts = select(posted.c.id).where(posted.c.id == _inbox.c.waits_for, is_posted)
    query = select(_inbox.c.id).where(_is_waiting, or_(documents.exists(), facts.exists()))
    return list(connection.scalars(query.distinct().order_by(_inbox.c.id).limit(limit)))


def insert_letters(connection: Connection, letters: Collection[Letter]) -> None:
    """Write what became of new places."""
    insert_rows(connection, _inbox, *rows_of(Letter, letters))


def change_words(connection: Connection, words: Collection[Word]) -> None:
    """Write a later word on facts that were not posted, at all places that name them."""
    if words:
        statement = (
            update(_inbox)
            .where(_inbox.c.id == bindparam("of"))
            .where(or_(*(_inbox.c.outcome == kind for kind in _OPEN)))
            .values({name: bindparam(f"new_{name}") for name in _WORD})
        )
        rows = [
            {"of": one.id, **{f"new_{name}": plain(getattr(one, name)) for name in _WORD}}
            for one in words
        ]
        connection.execute(statement, rows)


def delete_letters(connection: Connection, letters: Collection[Letter]) -> None:
    """Forget what was said of places that are told anew."""
    keys = ("agent", "epoch", "seq", "hash")
    statement = delete(_inbox).where(*(_inbox.c[name] == bindparam(f"old_{name}") for name in keys))
    if letters:
        rows = [{f"old_{name}": getattr(one, name) for name in keys} for one in letters]
        connection.execute(statement, rows)


def insert_posting(connection: Connection, posting: UUID, covers: tuple[Cover, ...]) -> None:
    """Write at which numbers a transaction's effects are in the rows."""
    connection.execute(insert(_posting), {"id": posting, "covers": encode(covers)})


def covers_of(connection: Connection, postings: Iterable[UUID]) -> dict[UUID, tuple[Cover, ...]]:
    """Return the numbers of transactions."""
    found = pairs(connection, _posting.c.id, _posting.c.covers, postings)
    return {posting: _decode_covers(covers) for posting, covers in found.items()}


def outcomes(connection: Connection) -> dict[str, int]:
    """Count facts by outcome."""
    query = select(_inbox.c.outcome, func.count().label("facts")).group_by(_inbox.c.outcome)
    return {row.outcome: row.facts for row in connection.execute(query.order_by("outcome"))}


def insert_facts(connection: Connection, facts: Collection[KeptFact]) -> None:
    """Keep facts; of a damaged one that is there stays what was kept first.

    If another transaction was faster to keep the same fact from another place, this one fails.
    """
    sound = [fact for fact in facts if fact.kind != WRECK]
    insert_rows(connection, _fact, *rows_of(KeptFact, sound))
    wrecks = [asdict(fact) for fact in facts if fact.kind == WRECK]
    if wrecks:
        connection.execute(insert_new(connection, FactTable), wrecks)


def facts(connection: Connection, ids: Iterable[UUID]) -> list[KeptFact]:
    """Return kept facts in the order of their places."""
    found: list[KeptFact] = []
    for few in chunks(ids):
        rows = connection.execute(select(_fact).where(one_of(connection, _fact.c.id, few)))
        found.extend(KeptFact(**row._mapping) for row in rows)
    return sorted(found, key=lambda fact: (fact.agent, fact.epoch, fact.seq))


def contents(connection: Connection, ids: Iterable[UUID]) -> dict[UUID, bytes]:
    """Return the digests of what known facts say."""
    return pairs(connection, _fact.c.id, _fact.c.content, ids)


def insert_documents(connection: Connection, documents: Collection[Document]) -> None:
    """Write posted documents."""
    insert_rows(connection, _document, *rows_of(Document, documents))


def lock_sales(connection: Connection, sales: Iterable[UUID]) -> None:
    """Lock sales before their returns are read: two returns of one must see each other."""
    for few in chunks(sales):
        query = (
            select(_document.c.uid)
            .where(one_of(connection, _document.c.uid, few))
            .order_by(_document.c.uid)
        )
        connection.execute(locked(connection, query)).all()


def documents(
    connection: Connection, uids: Iterable[UUID], sales: Iterable[UUID] = ()
) -> list[Document]:
    """Return posted documents by uid, and the returns of sales."""
    found: dict[UUID, Document] = {}
    for column, keys in ((_document.c.uid, uids), (_document.c.sale, sales)):
        for few in chunks(keys):
            for row in connection.execute(select(_document).where(one_of(connection, column, few))):
                found[row.uid] = Document(**row._mapping)
    return [found[uid] for uid in sorted(found)]


def insert_resolved(connection: Connection, returns: Mapping[UUID, ReceiptReturned]) -> None:
    """Keep what returns came to that move something else than they say."""
    rows = [{"uid": uid, "body": encode(body)} for uid, body in sorted(returns.items())]
    if rows:
        connection.execute(insert(_resolved), rows)


def resolved(connection: Connection, uids: Iterable[UUID]) -> dict[UUID, ReceiptReturned]:
    """Return what returns came to that move something else than they say."""
    found = pairs(connection, _resolved.c.uid, _resolved.c.body, uids)
    return {uid: _decode_returned(body) for uid, body in found.items()}


_is_waiting = _inbox.c.outcome == OutcomeKind.WAITING.value
_WORD = ("outcome", "reason", "waits_for", "posting")


def pairs(
    connection: Connection, key: ColumnElement[UUID], value: ColumnElement[_V], keys: Iterable[UUID]
) -> dict[UUID, _V]:
    """Return the values of some keys, as far as they are there."""
    found: dict[UUID, _V] = {}
    for few in chunks(keys):
        found.update(
            (row[0], row[1])
            for row in connection.execute(select(key, value).where(one_of(connection, key, few)))
        )
    return found


def _of(holder: Holder) -> tuple[Any, Any]:
    return (_watermark.c.agent == holder.agent, _watermark.c.epoch == holder.epoch)


def _letter(row: Any) -> Letter:
    return Letter(**{**row._mapping, "outcome": OutcomeKind(row.outcome)})
