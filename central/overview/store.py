"""The table of overviews: the last count of each, as JSON."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Connection, select
from sqlmodel import Field

from central.schema import Instant, Table, table_of, upsert


class OverviewTable(Table, table=True):
    """What a count has found, when, and how long it took."""

    __tablename__ = "overview"
    name: str = Field(primary_key=True)
    at: datetime = Field(sa_type=Instant)
    took_ms: int = Field(sa_type=BigInteger)
    found: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A count as it is kept."""

    at: datetime
    took: timedelta
    found: str


_overview = table_of(OverviewTable)


def kept(connection: Connection, name: str) -> Kept | None:
    """Return the last count of a name."""
    row = connection.execute(select(_overview).where(_overview.c.name == name)).one_or_none()
    return None if row is None else Kept(row.at, timedelta(milliseconds=row.took_ms), row.found)


def keep(connection: Connection, name: str, one: Kept) -> None:
    """Keep a count in place of the one before."""
    took_ms = int(one.took / timedelta(milliseconds=1))
    row = {"name": name, "at": one.at, "took_ms": took_ms, "found": one.found}
    connection.execute(upsert(connection, OverviewTable), row)
