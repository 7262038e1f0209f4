"""Find members by part of a name: whoever knows neither card nor phone is asked who he is.

Names stand in the replica as they are shown, a first name and an initial. No index of them is
kept: the rows are looked through, so that nothing else on the disk tells who shops here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import nsmallest
from uuid import UUID

import structlog
from msgspec import Raw, Struct

from agent.journal import edits, newcomers
from agent.leases.standing import UnknownMemberError, standing
from agent.members.service import Found
from agent.replica import store as rows
from agent.station import Station
from shared.errors import Kind, LoyaltyError
from shared.names import LETTERS_MIN, longest_plain_parts, may_be
from shared.runtime.sqlite import reading
from shared.wire.codec import decoder
from shared.wire.feed import GLOBAL
from shared.wire.rows import RowKind

FOUND_MAX = 20
LOOKED_MAX = 200_000
"""Rows of members that one search looks through; in a larger chain it says that there are more."""
OWN_MAX = 5_000
"""Registrations and edits of this store that the rows may lack, the newest."""
PARTS_MAX = 2
"""Words of a name that are looked for: a third one is a patronymic, which is not shown."""

log = structlog.get_logger()


class NameTooShortError(LoyaltyError):
    """Too few letters to look for."""

    kind = Kind.INVALID
    code = "name_too_short"
    ru = "Для поиска по имени нужно хотя бы {letters} буквы подряд."
    en = "A search by name needs {letters} letters in a row at least."


@dataclass(frozen=True, slots=True)
class NamedMembers:
    """Members whose shown name agrees, those of this store first; `more` says that not all are
    here, or that the chain is too large to be looked through."""

    found: tuple[Found, ...]
    more: bool


class _Named(Struct, array_like=True, frozen=True, gc=False):
    """What of a member's row ranks it: the rest is not read, as most rows are not shown."""

    id: bytes
    display_name: str
    merged_into: bytes | None
    accounts: Raw
    turnover_minor: int
    receipts: int
    registered_on: Raw
    birthday: Raw
    segments: Raw
    tier_floor: Raw
    home_store: str


_ranked_part = decoder(_Named)
_Rank = tuple[bool, int, str, bytes]


def find_by_name(station: Station, typed: str, cashier: str) -> NamedMembers:
    """Return whose shown name what was typed may be a part of: bounded, and written down by whom.

    Raises NameTooShortError.
    """
    parts = longest_plain_parts(typed)[:PARTS_MAX]
    if not parts:
        raise NameTooShortError(letters=LETTERS_MIN)
    with reading(station.replica) as replica:
        cursor = rows.cursor(replica, GLOBAL).number
        patterns = [text.encode() for part in parts for text in (part, part.upper())]
        bodies = rows.containing(replica, RowKind.MEMBER.value, patterns, LOOKED_MAX)
        best = nsmallest(FOUND_MAX + 1, _ranked(station, typed, bodies))
        is_beyond = rows.is_beyond(replica, RowKind.MEMBER.value, LOOKED_MAX)
    members = [*_own(station, typed, cursor), *(UUID(bytes=rank[-1]) for rank in best)]
    found = _standings(station, typed, list(dict.fromkeys(members)))
    log.info("members.searched", cashier=cashier, found=len(found))
    return NamedMembers(tuple(found[:FOUND_MAX]), is_beyond or len(found) > FOUND_MAX)


def _ranked(station: Station, typed: str, bodies: Iterator[bytes]) -> Iterator[_Rank]:
    """Yield who agrees, in an order: of this store first, then who buys more often."""
    agrees: dict[str, bool] = {}
    for body in bodies:
        row = _ranked_part(body)
        name = row.display_name
        if name not in agrees:
            agrees[name] = may_be(typed, name)
        if agrees[name] and row.merged_into is None:
            yield row.home_store != station.identity.store, -row.receipts, name, row.id


def _own(station: Station, typed: str, cursor: int) -> list[UUID]:
    """Return who agrees of those whom this store has registered or renamed."""
    with reading(station.journal) as journal:
        named = [*edits.names(journal, cursor, OWN_MAX), *newcomers.names(journal, OWN_MAX)]
    return [member for member, shown in named if may_be(typed, shown)][: FOUND_MAX + 1]


def _standings(station: Station, typed: str, members: list[UUID]) -> list[Found]:
    """Return how members stand here whose name agrees as it is shown now, each survivor once."""
    found: dict[UUID, Found] = {}
    with reading(station.journal) as journal:
        for member in members:
            try:
                who = standing(station, journal, member)
            except UnknownMemberError:  # a registration of a life of the centre that is no more
                continue
            if may_be(typed, who.display_name):
                found.setdefault(who.member, Found(who, "", None))
            if len(found) > FOUND_MAX:
                break
    return list(found.values())
