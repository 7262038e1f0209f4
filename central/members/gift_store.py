"""Points given by hand, as they are kept."""

from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Connection, func, insert, select
from sqlmodel import Field

from central.schema import Instant, Table, table_of


@dataclass(frozen=True, slots=True)
class Gift:
    """Points given by hand, in hundredths to all members together; `terms` names what was asked."""

    uid: UUID
    actor: str
    reason: str
    kind: str
    terms: str
    members: int
    points: int
    at: datetime


class GiftTable(Table, table=True):
    """Points given by hand: who gave them, why, and how much in all; never changed."""

    __tablename__ = "gift"
    uid: UUID = Field(primary_key=True)
    actor: str = Field(index=True)
    reason: str
    kind: str
    terms: str
    members: int
    points: int = Field(sa_type=BigInteger)
    at: datetime = Field(sa_type=Instant)


_gift = table_of(GiftTable)


def gift(connection: Connection, uid: UUID) -> Gift | None:
    """Return points given by hand by the uid of their order."""
    row = connection.execute(select(_gift).where(_gift.c.uid == uid)).first()
    return None if row is None else Gift(**row._mapping)


def given_since(connection: Connection, actor: str, at: datetime) -> int:
    """Return how many points (hundredths) somebody has given by hand since an instant."""
    total = select(func.coalesce(func.sum(_gift.c.points), 0))
    return int(connection.scalar(total.where(_gift.c.actor == actor, _gift.c.at >= at)) or 0)


def gifts(connection: Connection, limit: int) -> list[Gift]:
    """Return the latest points given by hand."""
    rows = connection.execute(select(_gift).order_by(_gift.c.at.desc(), _gift.c.uid).limit(limit))
    return [Gift(**row._mapping) for row in rows]


def add_gift(connection: Connection, given: Gift) -> None:
    """Keep points given by hand."""
    connection.execute(insert(_gift), [asdict(given)])
