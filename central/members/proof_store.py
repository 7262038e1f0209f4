"""One-time codes by which members show that a phone or an e-mail address is theirs."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, delete, func, or_, select, update
from sqlmodel import Field

from central.ledger.rows import chunks
from central.schema import Instant, Table, locked, table_of
from central.sets import columns_of, insert_rows, one_of, rows_of


class ProofTable(Table, table=True):
    """A code that was sent: a keyed hash of it, and of whom it was sent to; neither as it is."""

    __tablename__ = "proof"
    id: UUID = Field(primary_key=True)
    member: UUID = Field(index=True)
    field: str
    target: bytes = Field(index=True)
    code: bytes
    sent_at: datetime = Field(sa_type=Instant)
    ends_at: datetime = Field(sa_type=Instant)
    failures: int
    is_over: bool
    actor: str


@dataclass(frozen=True, slots=True)
class Proof:
    """A code that was sent to a member's phone or address; over once it served or was replaced."""

    id: UUID
    member: UUID
    field: str
    target: bytes
    code: bytes
    sent_at: datetime
    ends_at: datetime
    failures: int
    is_over: bool
    actor: str


_proof = table_of(ProofTable)


def insert(connection: Connection, proof: Proof) -> None:
    """Keep a code, in the place of those that the member has for the field."""
    earlier = (_proof.c.member == proof.member, _proof.c.field == proof.field)
    connection.execute(update(_proof).where(*earlier).values(is_over=True))
    insert_rows(connection, _proof, *rows_of(Proof, [proof]))


def sent_since(
    connection: Connection, member: UUID, target: bytes, at: datetime
) -> tuple[int, datetime | None]:
    """Return how many codes were sent to a member or a target since an instant, and when last."""
    concerned = or_(_proof.c.member == member, _proof.c.target == target)
    query = select(func.count(), func.max(_proof.c.sent_at)).where(concerned, _proof.c.sent_at > at)
    row = connection.execute(query).one()
    return row[0], row[1]


def open_one(connection: Connection, member: UUID, field: str) -> Proof | None:
    """Return the code that a member has for a field, locked to the end of the transaction."""
    query = select(*columns_of(_proof, Proof)).where(
        _proof.c.member == member, _proof.c.field == field, _proof.c.is_over.is_(False)
    )
    row = connection.execute(locked(connection, query)).first()
    return None if row is None else Proof(*row)


def move(connection: Connection, proof: Proof) -> None:
    """Write how often a code was typed wrong, and whether it is over."""
    values = {"failures": proof.failures, "is_over": proof.is_over}
    connection.execute(update(_proof).where(_proof.c.id == proof.id).values(values))


def latest(connection: Connection, members: Collection[UUID], limit: int) -> list[Proof]:
    """Return the codes that were sent to members last, the latest first."""
    found: list[Proof] = []
    for few in chunks(members):
        query = select(*columns_of(_proof, Proof)).where(one_of(connection, _proof.c.member, few))
        rows = connection.execute(query.order_by(_proof.c.sent_at.desc(), _proof.c.id).limit(limit))
        found += [Proof(*row) for row in rows]
    return sorted(found, key=lambda one: (one.sent_at, one.id), reverse=True)[:limit]


def forget(connection: Connection, members: Collection[UUID]) -> None:
    """Let go the codes of members who are erased."""
    for few in chunks(members):
        connection.execute(delete(_proof).where(one_of(connection, _proof.c.member, few)))
