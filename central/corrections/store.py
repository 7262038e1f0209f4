"""The table of corrections: points given or taken by hand, who asked for it and who agreed."""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Connection, func, select, update
from sqlmodel import Field

from central.schema import Instant, Table, insert_unless_there, locked, table_of


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


_correction = table_of(CorrectionTable)


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


def latest(
    connection: Connection, limit: int, offset: int = 0, *, member: UUID | None = None
) -> list[Correction]:
    """Return corrections, those that wait first, then the latest."""
    is_waiting = _correction.c.state == CorrectionState.WAITING.value
    order = (is_waiting.desc(), _correction.c.asked_at.desc(), _correction.c.uid)
    query = select(_correction).order_by(*order).limit(limit).offset(offset)
    if member is not None:
        query = query.where(_correction.c.member == member)
    return [Correction(**_read(row)) for row in connection.execute(query)]


def count(connection: Connection, state: CorrectionState | None = None) -> int:
    """Count corrections."""
    query = select(func.count()).select_from(_correction)
    if state is not None:
        query = query.where(_correction.c.state == state.value)
    return connection.scalar(query) or 0


def _read(row: Any) -> dict[str, Any]:
    values = dict(row._mapping)
    return {**values, "state": CorrectionState(values["state"])}
