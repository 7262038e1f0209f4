"""The table of the trail: one row each deed, never changed and never deleted.

The migration gives the table triggers that refuse both, on either database.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Connection, Select, func, insert, or_, select
from sqlmodel import Field

from central.schema import Instant, Table, table_of
from central.sets import in_order

READ_AT_ONCE = 500


class TrailTable(Table, table=True):
    """What a person did; `prev` is the hash of the row before, `hash` is over this row and it."""

    __tablename__ = "trail"
    no: int = Field(primary_key=True, sa_type=BigInteger)
    id: UUID = Field(unique=True)
    at: datetime = Field(sa_type=Instant)
    who: str = Field(index=True)
    role: str
    deed: str
    subject: str = Field(index=True)
    note: str
    details: str
    prev: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody does, to what and why; `details` name no personal data and no secrets."""

    who: str
    role: str
    deed: str
    subject: str = ""
    note: str = ""
    details: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A deed as it stands in the trail."""

    no: int
    id: UUID
    at: datetime
    who: str
    role: str
    deed: str
    subject: str
    note: str
    details: str
    prev: bytes
    hash: bytes

    def told(self) -> dict[str, str]:
        """Return the details by name."""
        found: dict[str, str] = json.loads(self.details)
        return found


@dataclass(frozen=True, slots=True)
class Sought:
    """Which steps are looked for; what is empty does not limit."""

    who: str = ""
    text: str = ""
    """Part of the deed, the subject or the note."""
    deeds: tuple[str, ...] = ()
    """Deeds that are looked for by the same text, as people call them."""
    order: str = ""
    """Of `SORTED`, `-name` the other way round; the latest first unless one is named."""


_trail = table_of(TrailTable)
_SORTED = {
    "no": _trail.c.no,
    "at": _trail.c.no,
    "who": _trail.c.who,
    "role": _trail.c.role,
    "deed": _trail.c.deed,
    "subject": _trail.c.subject,
}
SORTED = frozenset(_SORTED)
"""By which steps can be sorted."""


def knows(connection: Connection, deed: UUID) -> bool:
    """Tell whether a deed is written down."""
    return connection.scalar(select(_trail.c.no).where(_trail.c.id == deed)) is not None


def last(connection: Connection) -> tuple[int, bytes] | None:
    """Return the number and the hash of the last step."""
    query = select(_trail.c.no, _trail.c.hash).order_by(_trail.c.no.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    return None if row is None else (row.no, row.hash)


def add(connection: Connection, step: Step) -> None:
    """Write a step."""
    names = Step.__slots__
    connection.execute(insert(_trail), {name: getattr(step, name) for name in names})


def after(connection: Connection, no: int) -> Iterator[Step]:
    """Yield the steps behind a number, in order, some at once."""
    while True:
        query = select(_trail).where(_trail.c.no > no).order_by(_trail.c.no).limit(READ_AT_ONCE)
        steps = [Step(**row._mapping) for row in connection.execute(query)]
        yield from steps
        if len(steps) < READ_AT_ONCE:
            return
        no = steps[-1].no


def search(connection: Connection, sought: Sought, limit: int, offset: int) -> list[Step]:
    """Return steps, the latest first unless another order is named."""
    usual = (_trail.c.no.desc(),)
    query = in_order(_where(select(_trail), sought), sought.order, _SORTED, usual)
    rows = connection.execute(query.limit(limit).offset(offset))
    return [Step(**row._mapping) for row in rows]


def count(connection: Connection, sought: Sought) -> int:
    """Count steps."""
    return connection.scalar(_where(select(func.count()).select_from(_trail), sought)) or 0


def _where(query: Select[Any], sought: Sought) -> Select[Any]:
    if sought.who:
        query = query.where(_trail.c.who == sought.who)
    if sought.text:
        said = [_has(name, sought.text) for name in ("deed", "subject", "note")]
        query = query.where(or_(*said, _trail.c.deed.in_(sought.deeds)))
    return query


def _has(name: str, text: str) -> ColumnElement[bool]:
    return _trail.c[name].contains(text, autoescape=True)
