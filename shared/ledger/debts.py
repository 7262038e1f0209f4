"""What members owe: how debt comes, what pays it, how it is let go.

Accounts of one member pay each other's debts; a debt stays on the account on which it has come, so
that who is parted from others has what is left of his own.
"""

from dataclasses import replace

from shared.ledger.books import Books, Lot
from shared.ledger.entries import Document, EntryKind, entry_of

SETTLING = 1
"""Effect number of the claw-back that pays debts, beside one that the document itself asks."""


def owe(books: Books, lot: Lot, amount: int, document: Document) -> int:
    """Add to the account's debt; return what was added."""
    if not amount or not books.post(
        entry_of(lot.account, lot.id, EntryKind.DEBT, amount, document)
    ):
        return 0
    books.accounts[lot.account].debt += amount
    return amount


def settle(books: Books, lot: Lot, document: Document) -> int:
    """Pay debts from what is free of a lot, its own account's first; return what was paid.

    What draws that are set aside still lack of the lot comes first: it was spent out of it. An
    entry of each account that owed names the lot that has paid; a document pays by a lot once.
    """
    _keep_aside(books, lot)
    owing = [account for account in books.debtors(lot.account) if account.debt]
    if not owing or not lot.free:
        return 0
    taken = entry_of(lot.account, lot.id, EntryKind.CLAWBACK, 0, document, SETTLING)
    if taken.id in books.posted:
        return 0
    paid = 0
    for account in owing:
        part = min(account.debt, lot.free - paid)
        settled = entry_of(account.id, lot.id, EntryKind.DEBT_SETTLE, -part, document)
        if part and books.post(settled):
            account.debt -= part
            paid += part
    if paid:
        books.post(replace(taken, amount=-paid))
        lot.free -= paid
        lot.balance -= paid
    return paid


def forgive(books: Books, lot: Lot, amount: int, document: Document) -> int:
    """Let go of debt that a lot was short of; return how much of it was not settled yet."""
    account = books.accounts[lot.account]
    let_go = min(amount, account.debt)
    if not let_go or not books.post(
        entry_of(lot.account, lot.id, EntryKind.DEBT_SETTLE, -let_go, document)
    ):
        return 0
    account.debt -= let_go
    return let_go


def _keep_aside(books: Books, lot: Lot) -> None:
    for key in sorted(key for key, held in books.held.items() if held.lot == lot.id):
        held = books.held[key]
        more = min(held.amount - held.covered, lot.free)
        if more > 0:
            books.held[key] = replace(held, covered=held.covered + more)
            lot.free -= more
            lot.held += more
            books.touched.add(lot.account)
