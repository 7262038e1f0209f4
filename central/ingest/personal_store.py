"""The table of personal parts of facts, which are erased while the chain stays whole."""

from collections.abc import Collection, Iterable
from uuid import UUID

from sqlalchemy import (
    Connection,
    delete,
)
from sqlmodel import Field

from central.ingest.store import pairs
from central.ledger.rows import chunks
from central.schema import Table, insert_new, table_of
from central.sets import one_of


class PersonalTable(Table, table=True):
    """The personal part of a fact, erasable."""

    __tablename__ = "personal"
    fact: UUID = Field(primary_key=True)
    personal: bytes
    member: UUID | None = Field(default=None, index=True, nullable=True)


_personal = table_of(PersonalTable)


def insert_personal(
    connection: Connection, parts: Collection[tuple[UUID, bytes, UUID | None]]
) -> None:
    """Keep personal parts, each with the member whom its fact names."""
    if parts:
        rows = [
            {"fact": fact, "personal": personal, "member": member}
            for fact, personal, member in parts
        ]
        connection.execute(insert_new(connection, PersonalTable), rows)


def personal(connection: Connection, ids: Iterable[UUID]) -> dict[UUID, bytes]:
    """Return the personal parts of facts, as far as they are not erased."""
    return pairs(connection, _personal.c.fact, _personal.c.personal, ids)


def erase_personal(
    connection: Connection, facts: Iterable[UUID], members: Iterable[UUID] = ()
) -> None:
    """Erase the personal parts of facts, and of whatever names these members."""
    for few in chunks(facts):
        connection.execute(delete(_personal).where(one_of(connection, _personal.c.fact, few)))
    for few in chunks(members):
        connection.execute(delete(_personal).where(one_of(connection, _personal.c.member, few)))
