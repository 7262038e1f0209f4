"""How pages name a member in a few letters: as stores see him, or by the end of his id."""

from collections.abc import Iterable
from uuid import UUID

from central.console.ask import Ask
from central.people.roles import Right
from central.settling import naming
from central.settling.naming import tail
from shared.runtime.sqlite import reading

__all__ = ["names", "tail"]


def names(ask: Ask, ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return what members are called, to who may see them; of nobody for an id without a name."""
    wanted = set(ids)
    if not wanted or not ask.me.may(Right.SEE_MEMBERS):
        return {}
    with reading(ask.centre.engine) as connection:
        return naming.people(connection, wanted)
