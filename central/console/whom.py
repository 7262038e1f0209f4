"""How pages name a member in a few letters: as stores see him, or by the end of his id."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from central.console.ask import Ask
from central.members import store as members
from central.people.roles import Right
from shared.runtime.sqlite import reading

TAIL = 8


def names(ask: Ask, ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return what members are called, to who may see them; of nobody for an id without a name."""
    wanted = set(ids)
    if not wanted or not ask.me.may(Right.SEE_MEMBERS):
        return {}
    with reading(ask.centre.engine) as connection:
        return {
            one.id: one.display_name
            for one in members.members(connection, wanted)
            if one.display_name
        }


def tail(member: UUID) -> str:
    """Return the end of an id: enough to tell it from others of a page."""
    return str(member)[-TAIL:]


def told(text: str, named: Mapping[UUID, str]) -> str:
    """Return a sentence with names in the place of ids; two of one name are told apart by these."""
    for member, name in named.items():
        text = text.replace(str(member), f"{name} (…{tail(member)})")
    return text
