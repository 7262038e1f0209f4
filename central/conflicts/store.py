"""Tables of conflicts: the records, and whom each concerns, so that they are found by that."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Connection, Index, Select, func, select, update
from sqlmodel import Field

from central.conflicts.values import (
    Conflict,
    ConflictKind,
    ConflictState,
    Party,
    Role,
    Sentence,
    parties,
)
from central.ledger.rows import chunks, storable
from central.schema import Instant, Table, insert_new, table_of
from central.sets import in_order, one_of


class ConflictTable(Table, table=True):
    """A conflict in words; only its state and who settled it change.

    The version before writes the columns up to `what` alone; the others have defaults for it.
    """

    __tablename__ = "conflict"
    id: UUID = Field(primary_key=True)
    kind: str = Field(index=True)
    at: datetime = Field(sa_type=Instant, index=True)
    fact: UUID
    stores: str
    what: str
    subject: UUID | None
    en: str
    points: int = Field(sa_type=BigInteger)
    amount_minor: int = Field(sa_type=BigInteger)
    state: str = Field(index=True)
    resolved_by: str
    resolved_at: datetime | None = Field(sa_type=Instant, nullable=True)
    note: str


class PartyTable(Table, table=True):
    """Whom or what a conflict names, and as what."""

    __tablename__ = "conflict_party"
    __table_args__ = (Index("ix_conflict_party_role_name", "role", "name"),)
    conflict: UUID = Field(primary_key=True)
    role: str = Field(primary_key=True)
    name: str = Field(primary_key=True)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which conflicts are looked for; what is None does not matter."""

    kind: ConflictKind | None = None
    state: ConflictState | None = None
    parties: tuple[Party, ...] = ()
    since: datetime | None = None
    order: str = ""
    """Of `SORTED`, `-name` the other way round; the latest first unless one is named."""


_conflict = table_of(ConflictTable)
_party = table_of(PartyTable)
_SORTED = {
    "at": _conflict.c.at,
    "kind": _conflict.c.kind,
    "store": _conflict.c.stores,
    "stakes": _conflict.c.points,
    "state": _conflict.c.state,
}
SORTED = frozenset(_SORTED)
"""By which records can be sorted."""


def insert_conflicts(connection: Connection, conflicts: Collection[Conflict]) -> None:
    """Write records; one that is there stays as it is, with those whom it names."""
    known = _known(connection, [one.id for one in conflicts])
    new = {one.id: one for one in reversed([*conflicts]) if one.id not in known}
    if not new:
        return
    connection.execute(insert_new(connection, ConflictTable), [_row(one) for one in new.values()])
    rows = [
        {"conflict": one.id, "role": party.role.value, "name": party.name}
        for one in new.values()
        for party in dict.fromkeys(one.parties)
    ]
    if rows:
        connection.execute(insert_new(connection, PartyTable), rows)


def find(connection: Connection, conflict: UUID) -> Conflict | None:
    """Return a record by its id."""
    found = _read(connection, select(_conflict).where(_conflict.c.id == conflict))
    return found[0] if found else None


def search(connection: Connection, wanted: Wanted, limit: int, offset: int) -> list[Conflict]:
    """Return records, the latest first unless another order is named."""
    usual = (_conflict.c.at.desc(), _conflict.c.id)
    query = in_order(_where(wanted), wanted.order, _SORTED, usual)
    return _read(connection, query.limit(limit).offset(offset))


def count(connection: Connection, wanted: Wanted) -> int:
    """Count records."""
    found = _where(wanted).subquery()
    return int(connection.scalar(select(func.count()).select_from(found)) or 0)


def by_state(connection: Connection) -> dict[tuple[str, ...], int]:
    """Count records by kind and state."""
    by = (_conflict.c.kind, _conflict.c.state)
    query = select(*by, func.count()).group_by(*by).order_by(*by)
    return {(row[0], row[1]): row[2] for row in connection.execute(query)}


def open_by_store(connection: Connection) -> dict[str, dict[ConflictKind, int]]:
    """Count open records by the stores that they name, and by kind."""
    by = (_party.c.name, _conflict.c.kind)
    query = select(*by, func.count()).join(_conflict, _conflict.c.id == _party.c.conflict)
    is_open = _conflict.c.state == ConflictState.OPEN.value
    named = query.where(is_open, _party.c.role == Role.STORE.value).group_by(*by)
    found: dict[str, dict[ConflictKind, int]] = {}
    for name, kind, count_ in connection.execute(named):
        found.setdefault(name, {})[ConflictKind(kind)] = count_
    return found


def settle(
    connection: Connection,
    conflicts: Iterable[UUID],
    state: ConflictState,
    *,
    by: str,
    at: datetime,
    note: str,
) -> int:
    """Write who settled open records, when and with which words; return how many were open."""
    values = {"state": state.value, "resolved_by": by, "resolved_at": at, "note": note}
    settled = 0
    for few in chunks(conflicts):
        this = (
            one_of(connection, _conflict.c.id, few),
            _conflict.c.state == ConflictState.OPEN.value,
        )
        settled += connection.execute(update(_conflict).where(*this).values(**values)).rowcount
    return settled


def _known(connection: Connection, ids: Iterable[UUID]) -> set[UUID]:
    found: set[UUID] = set()
    for few in chunks(ids):
        found.update(
            connection.scalars(
                select(_conflict.c.id).where(one_of(connection, _conflict.c.id, few))
            )
        )
    return found


def _where(wanted: Wanted) -> Select[Any]:
    query = select(_conflict)
    if wanted.kind is not None:
        query = query.where(_conflict.c.kind == wanted.kind.value)
    if wanted.state is not None:
        query = query.where(_conflict.c.state == wanted.state.value)
    if wanted.since is not None:
        query = query.where(_conflict.c.at >= wanted.since)
    for party in wanted.parties:
        of = (_party.c.role == party.role.value, _party.c.name == party.name)
        query = query.where(_conflict.c.id.in_(select(_party.c.conflict).where(*of)))
    return query


def _read(connection: Connection, query: Select[Any]) -> list[Conflict]:
    rows = connection.execute(query).all()
    named = _parties(connection, [row.id for row in rows])
    return [_conflict_of(row, named.get(row.id, ())) for row in rows]


def _parties(connection: Connection, conflicts: Iterable[UUID]) -> dict[UUID, tuple[Party, ...]]:
    found: dict[UUID, tuple[Party, ...]] = {}
    for few in chunks(conflicts):
        query = select(_party).where(one_of(connection, _party.c.conflict, few))
        for row in connection.execute(query.order_by(_party.c.role, _party.c.name)):
            party = Party(Role(row.role), row.name)
            found[row.conflict] = (*found.get(row.conflict, ()), party)
    return found


def _conflict_of(row: Any, named: tuple[Party, ...]) -> Conflict:
    by_columns = (*parties(Role.FACT, [row.fact]), *parties(Role.STORE, row.stores.split()))
    stated = by_columns if row.subject is None else ()
    return Conflict(
        id=row.id,
        kind=ConflictKind(row.kind),
        at=row.at,
        subject=row.subject or row.fact,
        sentence=Sentence(row.what, row.en or row.what),
        parties=tuple(dict.fromkeys((*stated, *named))),
        points=row.points,
        amount_minor=row.amount_minor,
        state=ConflictState(row.state),
        resolved_by=row.resolved_by,
        resolved_at=row.resolved_at,
        note=row.note,
    )


def _row(one: Conflict) -> dict[str, object]:
    facts = one.ids(Role.FACT)
    return {
        "id": one.id,
        "kind": one.kind.value,
        "at": one.at,
        "fact": facts[0] if facts else one.subject,
        "stores": " ".join(one.named(Role.STORE)),
        "what": storable(one.sentence.ru),
        "subject": one.subject,
        "en": storable(one.sentence.en),
        "points": one.points,
        "amount_minor": one.amount_minor,
        "state": one.state.value,
        "resolved_by": one.resolved_by,
        "resolved_at": one.resolved_at,
        "note": one.note,
    }
