"""How much of a member's points his usual stores hold, so that he can spend offline where he shops.

Shares are of what a lot has left, so that sizing again after a sale tops up what was spent and
does not creep over the part that stays free for every other store.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from shared.bearer import Bearer
from shared.ledger.books import Account, Books, Holder, Lot
from shared.ledger.postings import raise_lease

HOME_PERCENT = 60
SECOND_PERCENT = 30
SHARES_PERCENT = (HOME_PERCENT, SECOND_PERCENT)
"""Of the most usual store, and of the next."""
PIECES = 100
REST_PERCENT = 100 - HOME_PERCENT - SECOND_PERCENT
"""Stays free for every other store, also when a member moves and his former stores hold much."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Receipts of an account at a store; the registration counts as the first."""

    account: UUID
    store: str
    receipts: int
    last_at: datetime


def usual_stores(visits: Iterable[Visit]) -> list[str]:
    """Return the one or two stores with most receipts, ties to the latest visit."""
    receipts: dict[str, int] = {}
    last: dict[str, datetime] = {}
    for visit in visits:
        receipts[visit.store] = receipts.get(visit.store, 0) + visit.receipts
        last[visit.store] = max(last.get(visit.store, visit.last_at), visit.last_at)
    ranked = sorted(receipts, key=lambda code: (receipts[code], last[code], code), reverse=True)
    return ranked[: len(SHARES_PERCENT)]


def size(
    books: Books, accounts: Iterable[Account], holders: Sequence[Holder | None], day: date
) -> None:
    """Lease free points of live and pending lots to the holders, most usual first.

    None stands for a usual store without an agent that may hold leases.
    """
    for account in accounts:
        for lot in books.lots_of(account.id):
            if lot.expires_on is None or lot.expires_on >= day:
                _size_lot(books, lot, holders)


def piece(lot: Lot) -> int:
    """Return how much of a budget a store gets at least that asks for some: it will need more."""
    return lot.free // PIECES if lot.wallet == Bearer.BUDGET else 0


def _size_lot(books: Books, lot: Lot, holders: Sequence[Holder | None]) -> None:
    whole = lot.balance - lot.held
    for holder, percent in zip(holders, SHARES_PERCENT, strict=False):
        if holder is None:
            continue
        lease = books.leases.get((lot.id, holder.agent, holder.epoch))
        has = 0 if lease is None else lease.left
        more = min(whole * percent // 100 - has, lot.free - whole * REST_PERCENT // 100)
        if more > 0 and (lease is None or not lease.closed):
            raise_lease(books, lot, holder, more)
