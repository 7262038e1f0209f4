"""The table of members whose personal data were erased, numbered without gaps."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
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
    """A member whose personal data were erased, and when; the numbers have no gaps."""

    no: int
    member: UUID
    at: datetime


_erasure = table_of(ErasureTable)


def insert_erasures(connection: Connection, members: Iterable[UUID], at: datetime) -> list[Erasure]:
    """Number erasures; the caller has the turn to."""
    last = connection.scalar(select(func.max(_erasure.c.no))) or 0
    found = [Erasure(no, member, at) for no, member in enumerate(members, last + 1)]
    insert_rows(connection, _erasure, *rows_of(Erasure, found))
    return found


def erasures(connection: Connection, limit: int) -> list[Erasure]:
    """Return the latest erasures, the latest first."""
    rows = connection.execute(select(_erasure).order_by(_erasure.c.no.desc()).limit(limit))
    return [Erasure(**row._mapping) for row in rows]
