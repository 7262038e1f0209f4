"""Tables of signed passes: what was issued to which account, and which sales have drawn by it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Connection, func, select, tuple_
from sqlmodel import Field

from central.ledger.rows import chunks
from central.schema import Instant, Table, table_of
from central.sets import columns_of, insert_rows, rows_of


class PassTable(Table, table=True):
    """A pass; of an account the highest counter is the one that may be good."""

    __tablename__ = "signed_pass"
    account: UUID = Field(primary_key=True)
    counter: int = Field(primary_key=True, sa_type=BigInteger)
    points: int = Field(sa_type=BigInteger)
    issued_at: datetime = Field(sa_type=Instant)
    ends_at: datetime = Field(sa_type=Instant, index=True)
    actor: str


class PassUseTable(Table, table=True):
    """A sale that has drawn by a pass, posted or set aside; a second one is a conflict."""

    __tablename__ = "pass_use"
    account: UUID = Field(primary_key=True)
    counter: int = Field(primary_key=True, sa_type=BigInteger)
    fact: UUID = Field(primary_key=True)
    store: str
    points: int = Field(sa_type=BigInteger)
    at: datetime = Field(sa_type=Instant)


@dataclass(frozen=True, slots=True)
class StoredPass:
    """A pass as the centre has issued it, in hundredths of a point."""

    account: UUID
    counter: int
    points: int
    issued_at: datetime
    ends_at: datetime
    actor: str


@dataclass(frozen=True, slots=True)
class StoredUse:
    """What a fact of a store has drawn by a pass, in hundredths; `at` is its agent's time."""

    account: UUID
    counter: int
    fact: UUID
    store: str
    points: int
    at: datetime

    @property
    def of(self) -> tuple[UUID, int]:
        """Which pass it is of."""
        return self.account, self.counter


@dataclass(frozen=True, slots=True)
class Outstanding:
    """Passes that are not over since an instant: how many, their points, the most of an account."""

    passes: int
    points: int
    of_member: int

    def beside(self, other: "Outstanding") -> "Outstanding":
        """Return both together: the one with most may have most of the other too."""
        return Outstanding(
            self.passes + other.passes,
            self.points + other.points,
            self.of_member + other.of_member,
        )


_pass = table_of(PassTable)
_use = table_of(PassUseTable)


def newest(connection: Connection, account: UUID) -> StoredPass | None:
    """Return the pass of an account with the highest counter."""
    found = issued(connection, account, 1)
    return found[0] if found else None


def issued(connection: Connection, account: UUID, limit: int) -> list[StoredPass]:
    """Return the latest passes of an account, the newest first."""
    query = select(*columns_of(_pass, StoredPass)).where(_pass.c.account == account)
    rows = connection.execute(query.order_by(_pass.c.counter.desc()).limit(limit))
    return [StoredPass(*row) for row in rows]


def insert_pass(connection: Connection, new: StoredPass) -> None:
    """Write a pass; its counter is new."""
    insert_rows(connection, _pass, *rows_of(StoredPass, [new]))


def uses(connection: Connection, passes: Iterable[tuple[UUID, int]]) -> list[StoredUse]:
    """Return what sales have drawn by passes, in the order of their facts."""
    found: list[StoredUse] = []
    wanted = set(passes)
    for few in chunks(account for account, _ in wanted):
        keys = [key for key in sorted(wanted) if key[0] in set(few)]
        query = select(*columns_of(_use, StoredUse))
        query = query.where(tuple_(_use.c.account, _use.c.counter).in_(keys))
        rows = connection.execute(query.order_by(_use.c.account, _use.c.counter, _use.c.fact))
        found.extend(StoredUse(*row) for row in rows)
    return found


def highest_used(connection: Connection, account: UUID) -> int:
    """Return the highest counter by which sales have drawn, also of passes that a backup lacks."""
    query = select(func.max(_use.c.counter)).where(_use.c.account == account)
    return int(connection.scalar(query) or 0)


def insert_uses(connection: Connection, new: Collection[StoredUse]) -> None:
    """Write what sales have drawn by passes, each once."""
    insert_rows(connection, _use, *rows_of(StoredUse, new))


def outstanding(connection: Connection, since: datetime) -> Outstanding:
    """Return what the passes come to that were not over at an instant."""
    each = (
        select(func.count().label("passes"), func.sum(_pass.c.points).label("points"))
        .where(_pass.c.ends_at > since)
        .group_by(_pass.c.account)
        .subquery()
    )
    row = connection.execute(
        select(
            func.coalesce(func.sum(each.c.passes), 0),
            func.coalesce(func.sum(each.c.points), 0),
            func.coalesce(func.max(each.c.points), 0),
        )
    ).one()
    return Outstanding(int(row[0]), int(row[1]), int(row[2]))
