"""Tables of the auditor: how far it has looked, what it passed over, what it found and granted."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Connection, Select, and_, delete, func, or_, select, update
from sqlmodel import Field

from central.ledger.rows import chunks
from central.schema import Instant, Table, insert_new, table_of, upsert
from shared.ledger.books import Holder

_ONLY = 1


class Verdict(StrEnum):
    """What a second evaluation over exactly what a fact says has given."""

    SAME = "same"
    RESULT = "other_result"
    """The kernel finds something else than the store."""
    STATED = "other_hash"
    """The fact's own evaluation does not give the hash that it states."""
    GRANTS = "other_grants"
    """The fact grants other lots, or brings other codes, than its evaluation."""
    FAILED = "kernel_failed"
    UNKNOWN_PACK = "unknown_pack"
    """Nobody can tell: this centre has not published the pack. Looked at again when it has."""


DIVERGENT = (Verdict.RESULT, Verdict.STATED, Verdict.GRANTS, Verdict.FAILED)


class StepTable(Table, table=True):
    """The number of steps taken; who takes one moves it, so that no two take the same."""

    __tablename__ = "audit_step"
    id: int = Field(primary_key=True)
    no: int = Field(sa_type=BigInteger)


class MarkTable(Table, table=True):
    """How far a journal is audited."""

    __tablename__ = "audit_mark"
    agent: UUID = Field(primary_key=True)
    epoch: int = Field(primary_key=True)
    seq: int = Field(sa_type=BigInteger)


class GapTable(Table, table=True):
    """A place that was passed over because its fact is not posted; looked at when it is."""

    __tablename__ = "audit_gap"
    agent: UUID = Field(primary_key=True)
    epoch: int = Field(primary_key=True)
    seq: int = Field(sa_type=BigInteger, primary_key=True)


class AuditTable(Table, table=True):
    """A receipt at which something was found, or that is to be looked at (again).

    The differences are the centre's less the store's: kopecks of discount, hundredths of points.
    A receipt of a journal that the mark has passed, and that has no row, shows no difference.
    """

    __tablename__ = "audit"
    fact: UUID = Field(primary_key=True)
    receipt: UUID = Field(index=True)
    store: str
    day: date
    pack: str
    verdict: str = Field(index=True)
    found: str
    ours: str
    """The pack that was in force there, as the centre sees it."""
    discount_minor: int = Field(sa_type=BigInteger)
    points: int = Field(sa_type=BigInteger)
    granted: int = Field(sa_type=BigInteger)
    due: bool = Field(index=True)
    looked_at: datetime = Field(sa_type=Instant)


class StalenessTable(Table, table=True):
    """What receipts of a store, pack and day come to: how many, and what stale knowledge cost.

    `more` is what the centre's view would have given beyond the store's, `less` the other way.
    `untimed` are receipts of a clock that was not right: they have no such difference.
    """

    __tablename__ = "staleness"
    store: str = Field(primary_key=True)
    pack: str = Field(primary_key=True)
    day: date = Field(primary_key=True)
    receipts: int = Field(sa_type=BigInteger)
    untimed: int = Field(sa_type=BigInteger)
    divergent: int = Field(sa_type=BigInteger)
    stale: int = Field(sa_type=BigInteger)
    discount_more_minor: int = Field(sa_type=BigInteger)
    discount_less_minor: int = Field(sa_type=BigInteger)
    points_more: int = Field(sa_type=BigInteger)
    points_less: int = Field(sa_type=BigInteger)
    granted: int = Field(sa_type=BigInteger)


@dataclass(frozen=True, slots=True)
class Audited:
    """A row of the receipts at which something was found."""

    fact: UUID
    receipt: UUID
    store: str
    day: date
    pack: str
    verdict: Verdict = Verdict.SAME
    found: str = ""
    ours: str = ""
    discount_minor: int = 0
    points: int = 0
    granted: int = 0
    due: bool = False


@dataclass(frozen=True, slots=True)
class Sums:
    """Numbers of the staleness table, of one row or of many."""

    receipts: int = 0
    untimed: int = 0
    divergent: int = 0
    stale: int = 0
    discount_more_minor: int = 0
    discount_less_minor: int = 0
    points_more: int = 0
    points_less: int = 0
    granted: int = 0

    def plus(self, other: "Sums") -> "Sums":
        """Return both together."""
        return Sums(*(getattr(self, name) + getattr(other, name) for name in _SUMS))

    def minus(self, other: "Sums") -> "Sums":
        """Return this without the other."""
        return Sums(*(getattr(self, name) - getattr(other, name) for name in _SUMS))


Row = tuple[str, str, date]
"""Store, pack, day."""

_SUMS = tuple(field.name for field in fields(Sums))
_step = table_of(StepTable)
_mark = table_of(MarkTable)
_gap = table_of(GapTable)
_audit = table_of(AuditTable)
_staleness = table_of(StalenessTable)
_AUDITED = tuple(_audit.c[field.name] for field in fields(Audited))


def step(connection: Connection) -> int:
    """Return how many steps were taken."""
    return connection.scalars(select(_step.c.no)).first() or 0


def take_step(connection: Connection, seen: int) -> bool:
    """Move the number of steps on from what was seen; False if another process was faster."""
    connection.execute(insert_new(connection, StepTable), {"id": _ONLY, "no": 0})
    moved = update(_step).where(_step.c.no == seen).values(no=seen + 1)
    return connection.execute(moved).rowcount == 1


def marks(connection: Connection) -> dict[Holder, int]:
    """Return how far each journal is audited."""
    return {Holder(row.agent, row.epoch): row.seq for row in connection.execute(select(_mark))}


def move_marks(connection: Connection, to: Mapping[Holder, int]) -> None:
    """Note how far journals are audited now."""
    if to:
        rows = [{"agent": one.agent, "epoch": one.epoch, "seq": seq} for one, seq in to.items()]
        connection.execute(upsert(connection, MarkTable), rows)


def add_gaps(connection: Connection, gaps: Iterable[tuple[Holder, int]]) -> None:
    """Note places that are passed over."""
    rows = [{"agent": one.agent, "epoch": one.epoch, "seq": seq} for one, seq in gaps]
    if rows:
        connection.execute(insert_new(connection, GapTable), rows)


def close_gaps(connection: Connection, gaps: Iterable[tuple[Holder, int]]) -> None:
    """Forget places that have been looked at."""
    for one, seq in gaps:
        where = (_gap.c.agent == one.agent, _gap.c.epoch == one.epoch, _gap.c.seq == seq)
        connection.execute(delete(_gap).where(*where))


def gaps_among(connection: Connection, places: Select[Any], most: int) -> list[tuple[Holder, int]]:
    """Return places that were passed over and are among these (agent, epoch, seq)."""
    of = places.subquery()
    same = and_(of.c.agent == _gap.c.agent, of.c.epoch == _gap.c.epoch, of.c.seq == _gap.c.seq)
    query = select(_gap).join(of, same).order_by(_gap.c.agent, _gap.c.epoch, _gap.c.seq)
    rows = connection.execute(query.limit(most))
    return [(Holder(row.agent, row.epoch), row.seq) for row in rows]


def gaps_of(
    connection: Connection, places: Iterable[tuple[Holder, int]]
) -> set[tuple[Holder, int]]:
    """Return those of these places that were passed over."""
    found = set()
    for one, seq in places:
        where = (_gap.c.agent == one.agent, _gap.c.epoch == one.epoch, _gap.c.seq == seq)
        if connection.execute(select(_gap.c.seq).where(*where)).first() is not None:
            found.add((one, seq))
    return found


def count_gaps(connection: Connection, places: Select[Any]) -> int:
    """Count the places that were passed over and are among these (agent, epoch, seq)."""
    of = places.subquery()
    same = and_(of.c.agent == _gap.c.agent, of.c.epoch == _gap.c.epoch, of.c.seq == _gap.c.seq)
    return connection.scalars(select(func.count()).select_from(_gap.join(of, same))).one()


def unseen(connection: Connection, facts: Select[Any], most: int) -> list[UUID]:
    """Return those of these facts of which there is no row."""
    of = facts.subquery()
    query = select(of.c.id).outerjoin(_audit, _audit.c.fact == of.c.id)
    query = query.where(_audit.c.fact.is_(None)).order_by(of.c.id).limit(most)
    return list(connection.scalars(query))


def due(connection: Connection, packs: Collection[str], most: int) -> list[UUID]:
    """Return receipts to be looked at again; without a pack they wait until there is it."""
    can = or_(_audit.c.verdict != Verdict.UNKNOWN_PACK.value, _audit.c.pack.in_(packs))
    query = select(_audit.c.fact).where(_audit.c.due, can).order_by(_audit.c.fact).limit(most)
    return list(connection.scalars(query))


def count_due(connection: Connection) -> int:
    """Count the receipts to be looked at again."""
    return connection.scalars(select(func.count()).where(_audit.c.due)).one()


def audited(connection: Connection, facts: Iterable[UUID]) -> dict[UUID, Audited]:
    """Return the rows that there are of facts."""
    found: dict[UUID, Audited] = {}
    for few in chunks(facts):
        for row in connection.execute(select(*_AUDITED).where(_audit.c.fact.in_(few))):
            found[row.fact] = _read(row)
    return found


def latest(
    connection: Connection, verdicts: Collection[Verdict], at_store: str, most: int
) -> list[Audited]:
    """Return the newest rows with one of these verdicts, of a store if one is named."""
    query = select(*_AUDITED).where(_audit.c.verdict.in_([one.value for one in verdicts]))
    if at_store:
        query = query.where(_audit.c.store == at_store)
    order = (_audit.c.day.desc(), _audit.c.fact.desc())
    return [_read(row) for row in connection.execute(query.order_by(*order).limit(most))]


def count_verdicts(connection: Connection) -> dict[Verdict, int]:
    """Count the rows by verdict."""
    query = select(_audit.c.verdict, func.count()).group_by(_audit.c.verdict)
    return {Verdict(verdict): count for verdict, count in connection.execute(query)}


def put(connection: Connection, rows: Sequence[Audited], at: datetime) -> None:
    """Write rows, in the place of those that are there."""
    if rows:
        values = [{**asdict(row), "verdict": row.verdict.value, "looked_at": at} for row in rows]
        connection.execute(upsert(connection, AuditTable), values)


def want_again(connection: Connection, rows: Sequence[Audited], at: datetime) -> None:
    """Note receipts to be looked at again, whether there is a row of them or not."""
    for row in rows:
        values = {**asdict(replace(row, due=True)), "verdict": row.verdict.value, "looked_at": at}
        connection.execute(insert_new(connection, AuditTable), values)
    for few in chunks(row.fact for row in rows):
        connection.execute(update(_audit).where(_audit.c.fact.in_(few)).values(due=True))


def add_sums(connection: Connection, sums: Mapping[Row, Sums]) -> None:
    """Add numbers to the rows of stores, packs and days."""
    for (at_store, pack, day), more in sorted(sums.items()):
        key = {"store": at_store, "pack": pack, "day": day}
        new = {**key, **asdict(Sums())}
        connection.execute(insert_new(connection, StalenessTable), new)
        where = [_staleness.c[name] == value for name, value in key.items()]
        values = {name: _staleness.c[name] + getattr(more, name) for name in _SUMS}
        connection.execute(update(_staleness).where(*where).values(values))


def sums_by(connection: Connection, column: str) -> dict[str, Sums]:
    """Return the sums by `store`, `pack` or `day`, in order."""
    by = _staleness.c[column]
    query = select(by, *(func.sum(_staleness.c[name]) for name in _SUMS)).group_by(by).order_by(by)
    return {str(row[0]): Sums(*map(int, row[1:])) for row in connection.execute(query)}


def _read(row: Any) -> Audited:
    return Audited(**{**row._mapping, "verdict": Verdict(row.verdict)})
