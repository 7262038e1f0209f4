"""What a member's points and purchases came to: every lot with what moved it, every turnover."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection

from central.centre import Centre
from central.ledger import service as ledger
from central.members import service as members
from central.members.merging import UnknownMemberError
from shared.ledger.books import Lot
from shared.ledger.entries import Entry, Turnover
from shared.runtime.sqlite import reading

ENTRIES_MAX = 1000
"""Of one account, the latest."""


@dataclass(frozen=True, slots=True)
class LotStory:
    """A lot, spent or not, how it stands on a day, and what has moved it, in order."""

    lot: Lot
    state: str
    entries: tuple[Entry, ...]


def lots_of(centre: Centre, member: UUID) -> list[LotStory]:
    """Return the lots on whose accounts a member buys, spent ones too, the latest granted first.

    Raises UnknownMemberError.
    """
    now = centre.clock.now()
    with reading(centre.engine) as connection:
        accounts = _accounts(connection, member)
        moved: dict[UUID, list[Entry]] = defaultdict(list)
        for account in accounts:
            for entry in ledger.entries_of(connection, account, ENTRIES_MAX):
                moved[entry.lot].append(entry)
        books = ledger.load(connection, accounts, lots=[*moved])
    stories = [
        LotStory(lot, _state(lot, now), tuple(moved[lot.id]))
        for account in accounts
        for lot in books.lots_of(account)
    ]
    return sorted(stories, key=lambda one: (_granted_at(one), one.lot.id), reverse=True)


def turnover_of(centre: Centre, member: UUID, limit: int = ENTRIES_MAX) -> list[Turnover]:
    """Return the purchases and returns that count for a member, the latest first.

    Raises UnknownMemberError.
    """
    with reading(centre.engine) as connection:
        accounts = _accounts(connection, member)
        found = [one for each in accounts for one in ledger.turnovers_of(connection, each, limit)]
    return sorted(found, key=lambda one: (one.at, one.document), reverse=True)[:limit]


def _accounts(connection: Connection, member: UUID) -> list[UUID]:
    roll = members.load(connection, [member], ())
    if member not in roll.members:
        raise UnknownMemberError(member=member)
    books = ledger.load(connection, (), members=[roll.payer(member)])
    return [one.id for one in books.accounts_of(roll.payer(member))]


def _granted_at(story: LotStory) -> datetime:
    return min((entry.at for entry in story.entries), default=story.lot.activates_at)


def _state(lot: Lot, now: datetime) -> str:
    """Return where a lot is in its life, by its dates of UTC: a store's day may be another one."""
    if not lot.balance:
        return "expired" if lot.burnt else "spent"
    if lot.activates_at > now:
        return "pending"
    return "active" if _is_open(lot.expires_on, now.date()) else "over"


def _is_open(last: date | None, today: date) -> bool:
    return last is None or today <= last
