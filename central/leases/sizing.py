"""How much of a member's points his usual stores hold, so that he can spend offline where he shops.

Who wishes for more than his store holds gets less than he wished. So what one receipt may take is
meant for the most usual store first, then for the next; only what is beyond that is shared out, and
a part of it stays free for every other store. Shares are of what a lot has left, so that sizing
again after a sale tops up what was spent and does not creep over that part.
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
"""Of the most usual store, and of the next, where more is there than a receipt takes."""
PIECES = 100
REST_PERCENT = 100 - HOME_PERCENT - SECOND_PERCENT
"""Stays free then for every other store, also when a member moves and his former ones hold much."""
NEEDS = 4
"""How many times what a member redeemed most at once his next receipt may take."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Receipts of an account at a store; the registration counts as the first.

    `redeemed_most` is what one of them took, in hundredths of a point.
    """

    account: UUID
    store: str
    receipts: int
    last_at: datetime
    redeemed_most: int = 0


def usual_stores(visits: Iterable[Visit]) -> list[str]:
    """Return the one or two stores with most receipts, ties to the latest visit."""
    receipts: dict[str, int] = {}
    last: dict[str, datetime] = {}
    for visit in visits:
        receipts[visit.store] = receipts.get(visit.store, 0) + visit.receipts
        last[visit.store] = max(last.get(visit.store, visit.last_at), visit.last_at)
    ranked = sorted(receipts, key=lambda code: (receipts[code], last[code], code), reverse=True)
    return ranked[: len(SHARES_PERCENT)]


def need(visits: Iterable[Visit], first: int) -> int:
    """Return how many hundredths of a point a receipt of a member may take; `first` if he has not
    redeemed yet."""
    most = max((visit.redeemed_most for visit in visits), default=0)
    return NEEDS * most if most else first


def size(
    books: Books,
    accounts: Iterable[Account],
    holders: Sequence[Holder | None],
    day: date,
    needed: int,
) -> None:
    """Lease free points of live and pending lots to the holders, most usual first.

    Each is meant to have what a receipt needs, and of what is beyond that its share. None among the
    holders stands for a usual store without an agent that may hold leases.
    """
    lots = [
        lot
        for account in accounts
        for lot in books.lots_of(account.id)
        if lot.expires_on is None or lot.expires_on >= day
    ]
    lacking = [needed for _ in holders]
    for lot in sorted(lots, key=lambda lot: lot.spending_order):
        _size_lot(books, lot, holders, lacking)


def piece(lot: Lot) -> int:
    """Return how much of a budget a store gets at least that asks for some: it will need more."""
    return lot.free // PIECES if lot.wallet == Bearer.BUDGET else 0


def _size_lot(books: Books, lot: Lot, holders: Sequence[Holder | None], lacking: list[int]) -> None:
    """Lease a lot; `lacking` is what each holder still needs of this lot and the next."""
    whole = left = lot.balance - lot.held
    meant: list[tuple[Holder, int]] = []
    for place, (holder, percent) in enumerate(zip(holders, SHARES_PERCENT, strict=False)):
        if holder is not None:
            part = min(left, max(whole * percent // 100, lacking[place]))
            left -= part
            lacking[place] -= min(part, lacking[place])
            meant.append((holder, part))
    rest = min(left, whole * REST_PERCENT // 100)
    for holder, part in meant:
        lease = books.leases.get((lot.id, holder.agent, holder.epoch))
        has = 0 if lease is None else lease.left
        more = min(part - has, lot.free - rest)
        if more > 0 and (lease is None or not lease.closed):
            raise_lease(books, lot, holder, more)
