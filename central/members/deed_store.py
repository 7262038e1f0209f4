"""What people do to members by hand: who, when and why; never changed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Connection, func, select
from sqlmodel import Field

from central.ledger.rows import chunks
from central.schema import Instant, Table, table_of
from central.sets import insert_rows, one_of, rows_of


class DeedTable(Table, table=True):
    """What a person has done to a member by hand: who, when, with which words; never changed."""

    __tablename__ = "member_deed"
    id: UUID = Field(primary_key=True)
    member: UUID = Field(index=True)
    other: UUID | None = Field(index=True)
    deed: str
    at: datetime = Field(sa_type=Instant)
    actor: str
    note: str


class Deed(StrEnum):
    """What a person does to a member by hand."""

    MERGED = "merged"
    UNMERGED = "unmerged"
    VERIFIED = "verified"
    EDITED = "edited"
    ERASED = "erased"
    PHONE_ADDED = "phone_added"
    PHONE_DROPPED = "phone_dropped"
    FAMILY_JOINED = "joined_family"
    FAMILY_LEFT = "left_family"
    FAMILY_ROLE = "given_family_role"
    RELATIVE_JOINED = "relative_joined"
    RELATIVE_LEFT = "relative_left"
    RELATIVE_ROLE = "relative_given_role"


@dataclass(frozen=True, slots=True)
class Done:
    """A deed with who did it and why; `other` is the survivor of a merge, the head or relative of a
    family."""

    id: UUID
    member: UUID
    other: UUID | None
    deed: Deed
    at: datetime
    actor: str
    note: str


_deed = table_of(DeedTable)
_OF_BOTH = (Deed.MERGED.value, Deed.UNMERGED.value)


def insert_deed(connection: Connection, done: Done) -> None:
    """Write what a person has done."""
    insert_rows(connection, _deed, *rows_of(Done, [done]))


def deeds(connection: Connection, members: Iterable[UUID], limit: int) -> list[Done]:
    """Return the latest of what was done to members, the latest first; of a merge and its undoing,
    also to who stayed."""
    found: dict[UUID, Done] = {}
    for few in chunks(members):
        is_theirs = one_of(connection, _deed.c.member, few)
        is_of_both = one_of(connection, _deed.c.other, few) & _deed.c.deed.in_(_OF_BOTH)
        query = select(_deed).where(is_theirs | is_of_both)
        rows = connection.execute(query.order_by(_deed.c.at.desc(), _deed.c.id).limit(limit))
        done = (Done(**{**row._mapping, "deed": Deed(row.deed)}) for row in rows)
        found.update((one.id, one) for one in done)
    return sorted(found.values(), key=lambda done: (done.at, done.id), reverse=True)[:limit]


def with_whom(done: Done, member: UUID) -> UUID | None:
    """Return the other one of a deed, as one of the two sees it."""
    return done.member if done.other == member else done.other


def merged_at(connection: Connection, members: Iterable[UUID]) -> dict[UUID, datetime]:
    """Return when members were merged by hand, the last time."""
    found: dict[UUID, datetime] = {}
    for few in chunks(members):
        query = select(_deed.c.member, func.max(_deed.c.at)).where(
            one_of(connection, _deed.c.member, few), _deed.c.deed == Deed.MERGED.value
        )
        found.update((row[0], row[1]) for row in connection.execute(query.group_by(_deed.c.member)))
    return found
