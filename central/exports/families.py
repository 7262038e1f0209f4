"""Families as an import reads them: a row for each relative."""

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import Connection

from central.exports.members import MEMBERS_PER_READ, ways_of
from central.members import store

COLUMNS = ("member", "head", "role")


def rows(connection: Connection) -> Iterator[list[str]]:
    """Yield relatives in the order of ids, each and his head by a card, else by a phone."""
    after: UUID | None = None
    while found := store.living_after(connection, after, MEMBERS_PER_READ):
        after = found[-1]
        relatives = [one for one in store.members(connection, found) if one.head is not None]
        heads = {one.head for one in relatives if one.head is not None}
        ways = ways_of(connection, {*heads, *(one.id for one in relatives)}) if relatives else {}
        yield from (
            [ways.get(one.id, ""), ways.get(one.head, ""), one.family_role]
            for one in sorted(relatives, key=lambda one: one.id)
            if one.head is not None
        )
