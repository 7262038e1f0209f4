"""Tables of campaigns: unique promo codes, whose they are, and what became of them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Connection, func, select
from sqlmodel import Field

from central.ledger.rows import chunks
from central.schema import Instant, Table, locked, table_of
from central.sets import insert_rows, one_of, rows_of, update_rows
from shared.receipt import CodeState


class CodeTable(Table, table=True):
    """A unique promo code by its blind index; the code itself is nowhere, only its end."""

    __tablename__ = "code"
    index: bytes = Field(primary_key=True)
    account: UUID = Field(index=True)
    batch: int = Field(index=True)
    serial: int
    tail: str = Field(index=True)
    owner: UUID | None
    state: str
    used_at: datetime | None = Field(sa_type=Instant, nullable=True)
    used_in: str
    sum_minor: int = Field(sa_type=BigInteger)
    first_day: date | None
    last_day: date | None


class OwnerTable(Table, table=True):
    """Whose the codes of a personal batch are, in their order."""

    __tablename__ = "code_owner"
    batch: int = Field(primary_key=True)
    place: int = Field(primary_key=True)
    owner: UUID


@dataclass(frozen=True, slots=True)
class StoredCode:
    """A unique promo code as the centre keeps it; a used one with the sum of its receipt, kopecks.

    `used_in` is a store. A coupon has days of its own.
    """

    index: bytes
    account: UUID
    batch: int
    serial: int
    tail: str
    owner: UUID | None = None
    state: CodeState = CodeState.ACTIVE
    used_at: datetime | None = None
    used_in: str = ""
    sum_minor: int = 0
    first_day: date | None = None
    last_day: date | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """How many codes of a batch are in a state, and the sums of their receipts (kopecks)."""

    codes: int
    sum_minor: int


_code = table_of(CodeTable)
_owner = table_of(OwnerTable)


def insert_owners(connection: Connection, batch: int, owners: Sequence[UUID]) -> None:
    """Write whose the codes of a batch are to be."""
    rows = [(batch, place, one) for place, one in enumerate(owners)]
    insert_rows(connection, _owner, ("batch", "place", "owner"), rows)


def owners(connection: Connection, batch: int, start: int, count: int) -> list[UUID]:
    """Return the owners of some codes of a batch, in order; none if it is nobody's."""
    between = (_owner.c.place >= start, _owner.c.place < start + count)
    query = select(_owner.c.owner).where(_owner.c.batch == batch, *between)
    return list(connection.scalars(query.order_by(_owner.c.place)))


def insert_codes(connection: Connection, new: Collection[StoredCode]) -> None:
    """Write new codes."""
    insert_rows(connection, _code, *rows_of(StoredCode, new))


def taken(connection: Connection, indexes: Iterable[bytes]) -> set[bytes]:
    """Return which of these indexes a code has already."""
    found: set[bytes] = set()
    for few in chunks(indexes):
        query = select(_code.c.index).where(one_of(connection, _code.c.index, few))
        found.update(connection.scalars(query))
    return found


def by_index(connection: Connection, index: bytes) -> StoredCode | None:
    """Return a code by its index, locked to the end of the transaction."""
    row = connection.execute(
        locked(connection, select(_code).where(_code.c.index == index))
    ).first()
    return None if row is None else _read(row)


def by_accounts(connection: Connection, accounts: Iterable[UUID]) -> dict[UUID, StoredCode]:
    """Return codes by their accounts, locked to the end of the transaction."""
    found: dict[UUID, StoredCode] = {}
    for few in chunks(accounts):
        query = select(_code).where(one_of(connection, _code.c.account, few))
        for row in connection.execute(locked(connection, query.order_by(_code.c.account))):
            code = _read(row)
            found[code.account] = code
    return found


def by_tail(connection: Connection, tail: str, limit: int) -> list[StoredCode]:
    """Return some codes that end so."""
    query = select(_code).where(_code.c.tail == tail).order_by(_code.c.index).limit(limit)
    return [_read(row) for row in connection.execute(query)]


def of_batch(connection: Connection, batch: int, after: int, limit: int) -> list[StoredCode]:
    """Return some codes of a batch whose numbers follow one, in order."""
    query = select(_code).where(_code.c.batch == batch, _code.c.serial > after)
    rows = connection.execute(query.order_by(_code.c.serial).limit(limit))
    return [_read(row) for row in rows]


def change(connection: Connection, codes: Collection[StoredCode]) -> None:
    """Write what became of codes."""
    names = ("index", "state", "used_at", "used_in", "sum_minor")
    update_rows(connection, _code, ("index",), names, [*map(attrgetter(*names), codes)])


def usage(connection: Connection, batch: int) -> dict[CodeState, Usage]:
    """Count the codes of a batch by state."""
    sums = func.coalesce(func.sum(_code.c.sum_minor), 0)
    query = select(_code.c.state, func.count(), sums).where(_code.c.batch == batch)
    rows = connection.execute(query.group_by(_code.c.state).order_by(_code.c.state))
    return {CodeState(row[0]): Usage(row[1], int(row[2])) for row in rows}


def _read(row: Any) -> StoredCode:
    return StoredCode(**{**row._mapping, "state": CodeState(row.state)})
