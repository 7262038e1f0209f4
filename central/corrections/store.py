"""The table of corrections: points given or taken by hand, who asked for it and who agreed."""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Connection, Select, func, or_, select, update
from sqlmodel import Field

from central.schema import Instant, Table, insert_unless_there, locked, table_of
from central.sets import in_order


class CorrectionState(StrEnum):
    """Where a correction is."""

    DONE = "done"
    WAITING = "waiting"
    """For a second person."""
    REFUSED = "refused"


class CorrectionTable(Table, table=True):
    """A correction of a member's points, in hundredths; below zero they are taken."""

    __tablename__ = "correction"
    uid: UUID = Field(primary_key=True)
    member: UUID = Field(index=True)
    points: int = Field(sa_type=BigInteger)
    wallet: str
    expires_on: date | None
    reason: str
    asked_by: str = Field(index=True)
    asked_at: datetime = Field(sa_type=Instant, index=True)
    state: str = Field(index=True)
    decided_by: str
    decided_at: datetime | None = Field(sa_type=Instant, nullable=True)
    note: str


@dataclass(frozen=True, slots=True)
class Correction:
    """A correction as it is kept; its uid is also that of the document that posts it."""

    uid: UUID
    member: UUID
    points: int
    wallet: str
    expires_on: date | None
    reason: str
    asked_by: str
    asked_at: datetime
    state: CorrectionState = CorrectionState.WAITING
    decided_by: str = ""
    decided_at: datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Sought:
    """Which corrections are looked for, and in which order; what is empty does not limit."""

    text: str = ""
    """Part of the reason, or of who asked or decided."""
    state: CorrectionState | None = None
    member: UUID | None = None
    order: str = ""


_correction = table_of(CorrectionTable)
_SORTED = {
    "at": _correction.c.asked_at,
    "points": _correction.c.points,
    "who": _correction.c.asked_by,
    "note": _correction.c.reason,
    "state": _correction.c.state,
    "decided": _correction.c.decided_by,
}
SORTED = frozenset(_SORTED)
"""By which they can be sorted."""


def find(connection: Connection, uid: UUID) -> Correction | None:
    """Return a correction, locked in a writing transaction."""
    query = select(_correction).where(_correction.c.uid == uid)
    row = connection.execute(locked(connection, query)).one_or_none()
    return None if row is None else Correction(**_read(row))


def add(connection: Connection, new: Correction) -> bool:
    """Write a correction; False if its uid is there."""
    return insert_unless_there(
        connection, CorrectionTable, {**asdict(new), "state": new.state.value}
    )


def decide(
    connection: Connection, uid: UUID, state: CorrectionState, by: str, at: datetime
) -> None:
    """Write who has decided."""
    values = {"state": state.value, "decided_by": by, "decided_at": at}
    connection.execute(update(_correction).where(_correction.c.uid == uid).values(**values))


def done_since(connection: Connection, by: str, at: datetime) -> int:
    """Return how many points (hundredths) somebody has corrected alone since an instant."""
    alone = (
        _correction.c.asked_by == by,
        _correction.c.decided_by == by,
        _correction.c.state == CorrectionState.DONE.value,
        _correction.c.asked_at >= at,
    )
    total = select(func.coalesce(func.sum(func.abs(_correction.c.points)), 0)).where(*alone)
    return int(connection.scalar(total) or 0)


def search(connection: Connection, sought: Sought, limit: int, offset: int) -> list[Correction]:
    """Return corrections: those that wait first, then the latest, unless another order is named."""
    is_waiting = _correction.c.state == CorrectionState.WAITING.value
    usual = (is_waiting.desc(), _correction.c.asked_at.desc(), _correction.c.uid)
    query = in_order(_where(select(_correction), sought), sought.order, _SORTED, usual)
    return [
        Correction(**_read(row)) for row in connection.execute(query.limit(limit).offset(offset))
    ]


def count(connection: Connection, sought: Sought) -> int:
    """Count corrections."""
    query = _where(select(func.count()).select_from(_correction), sought)
    return connection.scalar(query) or 0


def _where(query: Select[Any], sought: Sought) -> Select[Any]:
    if sought.state is not None:
        query = query.where(_correction.c.state == sought.state.value)
    if sought.member is not None:
        query = query.where(_correction.c.member == sought.member)
    if sought.text:
        said = (_correction.c.reason, _correction.c.asked_by, _correction.c.decided_by)
        query = query.where(or_(*(one.contains(sought.text, autoescape=True) for one in said)))
    return query


def _read(row: Any) -> dict[str, Any]:
    values = dict(row._mapping)
    return {**values, "state": CorrectionState(values["state"])}
