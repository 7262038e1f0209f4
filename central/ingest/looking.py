"""What ingest keeps, for those who look on: journals, places, facts and documents. Reads only."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, func, select

from central.ingest import gap_store, store
from central.ingest.store import FactTable, InboxTable, WatermarkTable
from central.ingest.values import POSTED, Document, KeptFact, Watermark
from central.schema import table_of
from shared.ledger.books import Holder
from shared.wire.push import OutcomeKind

_inbox = table_of(InboxTable)
_watermark = table_of(WatermarkTable)
_fact = table_of(FactTable)
_PLACE = (_inbox.c.agent, _inbox.c.epoch, _inbox.c.seq, _inbox.c.id, _inbox.c.outcome)
_own = _inbox.c.branch.is_(False)


@dataclass(frozen=True, slots=True)
class Place:
    """A place of a journal: the fact that was first told there, if it is kept and posted."""

    holder: Holder
    seq: int
    is_posted: bool
    fact: KeptFact | None


def journals(connection: Connection) -> dict[Holder, int]:
    """Return up to which number each journal is known."""
    query = select(_watermark.c.agent, _watermark.c.epoch, _watermark.c.seq)
    return {Holder(row.agent, row.epoch): row.seq for row in connection.execute(query)}


def watermarks(connection: Connection) -> dict[Holder, Watermark]:
    """Return up to which place each journal is known, with the hash of the fact there; those are
    left out in which facts are missing that their stores may have."""
    found = connection.execute(select(_watermark))
    known = {Holder(row.agent, row.epoch): Watermark(row.seq, row.hash) for row in found}
    lacking = gap_store.with_facts_elsewhere(connection)
    return {holder: last for holder, last in known.items() if holder not in lacking}


def places_after(connection: Connection, holder: Holder, seq: int, most: int) -> list[Place]:
    """Return the places of a journal that follow a number, in order, without its branches."""
    where = (*_of(holder), _inbox.c.seq > seq)
    rows = connection.execute(_places().where(*where).order_by(_inbox.c.seq).limit(most))
    return _with_facts(connection, rows.all())


def places_at(connection: Connection, places: Iterable[tuple[Holder, int]]) -> list[Place]:
    """Return places of journals, without branches."""
    rows: list[Any] = []
    for holder, seq in places:
        rows.extend(connection.execute(_places().where(*_of(holder), _inbox.c.seq == seq)))
    return _with_facts(connection, rows)


def told_places() -> Select[Any]:
    """Return the query for (agent, epoch, seq) of all places of journals whose facts have come."""
    return select(_inbox.c.agent, _inbox.c.epoch, _inbox.c.seq).where(_own)


def posted_places() -> Select[Any]:
    """Return the query for (agent, epoch, seq) of all places whose facts are posted."""
    return told_places().where(_inbox.c.outcome.in_(POSTED))


def posted_branches(kind: str) -> Select[Any]:
    """Return the query for ids of posted facts of a kind that are of no journal's own chain."""
    told = select(_inbox.c.id).where(_inbox.c.id == _fact.c.id, _inbox.c.outcome.in_(POSTED))
    return select(_fact.c.id).where(_fact.c.branch, _fact.c.kind == kind, told.exists())


def count_open(connection: Connection) -> dict[str, int]:
    """Count the facts that are not posted, by outcome."""
    kinds = [kind.value for kind in OutcomeKind if kind not in POSTED]
    query = select(_inbox.c.outcome, func.count()).where(_inbox.c.outcome.in_(kinds))
    found = {row[0]: row[1] for row in connection.execute(query.group_by(_inbox.c.outcome))}
    return {kind: found.get(kind, 0) for kind in kinds}


def refused(connection: Connection, reason: str, most: int) -> Iterator[list[UUID]]:
    """Yield facts that are quarantined for a reason, the oldest first, so many at a time."""
    this = (_inbox.c.outcome == OutcomeKind.QUARANTINED.value, _inbox.c.reason == reason)
    query = select(_inbox.c.id).where(*this).distinct().order_by(_inbox.c.id).limit(most)
    found = list(connection.scalars(query))
    while found:
        yield found
        found = list(connection.scalars(query.where(_inbox.c.id > found[-1])))


def refused_behind(connection: Connection, holder: Holder, seq: int) -> dict[UUID, str]:
    """Return why facts of a journal behind a place are quarantined."""
    this = (_inbox.c.seq > seq, _inbox.c.outcome == OutcomeKind.QUARANTINED.value)
    query = select(_inbox.c.id, _inbox.c.reason).where(*_of(holder), _own, *this)
    return {row.id: row.reason for row in connection.execute(query)}


def facts(connection: Connection, ids: Iterable[UUID]) -> list[KeptFact]:
    """Return kept facts in the order of their places."""
    return store.facts(connection, ids)


def latest(connection: Connection, kind: str, most: int) -> list[KeptFact]:
    """Return the last posted facts of a kind, at most so many, in the order of their places."""
    told = select(_inbox.c.id).where(_inbox.c.id == _fact.c.id, _inbox.c.outcome.in_(POSTED))
    query = select(_fact.c.id).where(_fact.c.kind == kind, told.exists())
    newest = query.order_by(_fact.c.id.desc()).limit(most)
    return store.facts(connection, list(connection.scalars(newest)))


def documents(
    connection: Connection, uids: Iterable[UUID], sales: Iterable[UUID] = ()
) -> list[Document]:
    """Return posted documents by uid, and the returns of sales."""
    return store.documents(connection, uids, sales)


def _places() -> Select[Any]:
    return select(*_PLACE).where(_own)


def _of(holder: Holder) -> tuple[Any, Any]:
    return (_inbox.c.agent == holder.agent, _inbox.c.epoch == holder.epoch)


def _with_facts(connection: Connection, rows: Sequence[Any]) -> list[Place]:
    """Put facts to places; one that was told at another place first counts there alone."""
    kept = {fact.id: fact for fact in store.facts(connection, {row.id for row in rows})}
    found = []
    for agent, epoch, seq, fact_id, outcome in rows:
        fact = kept.get(fact_id)
        if fact is not None and (fact.agent, fact.epoch, fact.seq) != (agent, epoch, seq):
            fact = None
        found.append(Place(Holder(agent, epoch), seq, outcome in POSTED, fact))
    return found


def stores_of(connection: Connection, documents: Iterable[UUID]) -> dict[UUID, str]:
    """Return in which store posted documents were made, as far as they are known."""
    return {one.uid: one.store for one in store.documents(connection, documents)}
