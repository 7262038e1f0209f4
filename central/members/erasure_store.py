"""The table of members whose personal data were erased, under numbers that only grow."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Connection, func, select
from sqlmodel import Field

from central.schema import Instant, Table, table_of
from central.sets import insert_rows, rows_of


class ErasureTable(Table, table=True):
    """A member whose personal data were erased; the number is that of its row in the stores."""

    __tablename__ = "erasure"
    no: int = Field(primary_key=True)
    member: UUID = Field(unique=True)
    at: datetime = Field(sa_type=Instant)


@dataclass(frozen=True, slots=True)
class Erasure:
    """A member whose personal data were erased, and when; the numbers only grow."""

    no: int
    member: UUID
    at: datetime


_NUMBERED_SINCE = datetime(2020, 1, 1, tzinfo=UTC)
_erasure = table_of(ErasureTable)


def insert_erasures(connection: Connection, members: Iterable[UUID], at: datetime) -> list[Erasure]:
    """Number erasures; the caller has the turn to.

    Stores remember the highest number that they have followed. Numbers follow the clock, so that a
    centre that is put back from a backup gives none of those again that came after it.
    """
    last = connection.scalar(select(func.max(_erasure.c.no))) or 0
    first = max(last + 1, int((at - _NUMBERED_SINCE).total_seconds()))
    found = [Erasure(no, member, at) for no, member in enumerate(members, first)]
    insert_rows(connection, _erasure, *rows_of(Erasure, found))
    return found


def members(connection: Connection) -> dict[UUID, datetime]:
    """Return all members who were erased, and when, in that order."""
    rows = connection.execute(select(_erasure.c.member, _erasure.c.at).order_by(_erasure.c.no))
    return {row[0]: row[1] for row in rows}


def state(connection: Connection) -> tuple[int, int]:
    """Return how many members were erased, and the highest number: they tell whether there are
    other ones than before."""
    row = connection.execute(select(func.count(), func.max(_erasure.c.no))).one()
    return row[0], row[1] or 0


def erasures(connection: Connection, limit: int) -> list[Erasure]:
    """Return the latest erasures, the latest first."""
    rows = connection.execute(select(_erasure).order_by(_erasure.c.no.desc()).limit(limit))
    return [Erasure(**row._mapping) for row in rows]
