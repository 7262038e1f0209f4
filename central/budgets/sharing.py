"""How a budget is spread over stores: by use, with a rest that stays for whoever runs short."""

from collections.abc import Sequence

from shared.ledger.books import Books, Holder, Lot
from shared.ledger.postings import raise_lease

REST_PERCENT = 50
"""Of what is left of a budget: no share is taken of it, receipts ask for it."""


def share(books: Books, lot: Lot, holders: Sequence[Holder]) -> None:
    """Top up the stores' parts of what is left of a budget, by what each has used of it so far.

    A store that has half of its part or more gets nothing, so that sharing again moves little. Who
    comes when everything is spread has his first part of the rest: his line may be down tomorrow.
    """
    rest = lot.balance * REST_PERCENT // 100
    used = [1 + _gone(books, lot, holder) for holder in holders]
    for holder, weight in zip(holders, used, strict=True):
        part = (lot.balance - rest) * weight // sum(used)
        lease = books.leases.get((lot.id, holder.agent, holder.epoch))
        has = 0 if lease is None else lease.left
        more = min(part - has, lot.free if lease is None else lot.free - rest)
        if more > 0 and has * 2 < part and (lease is None or not lease.closed):
            raise_lease(books, lot, holder, more)


def _gone(books: Books, lot: Lot, holder: Holder) -> int:
    """Return what a store has used up: what it gave back is not used."""
    lease = books.leases.get((lot.id, holder.agent, holder.epoch))
    return 0 if lease is None else lease.gone - lease.given_back
