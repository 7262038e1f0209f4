"""Corrections of the ledger: each is a document of its own, and no entry is ever edited."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from central.auditor.granting import KIND as STALENESS
from central.feed import service as feed
from central.ledger import service as ledger
from central.ledger.entries import entries_of_documents
from central.members import service as members
from shared.ledger.books import Books, Lot
from shared.ledger.debts import forgive
from shared.ledger.entries import Document, Entry, EntryKind, lot_id
from shared.ledger.postings import grant, take

KIND = "adjustment"
LIVES = timedelta(days=90)
"""At least so long live points that a correction gives."""


@dataclass(frozen=True, slots=True)
class Forgiven:
    """Debt (hundredths of a point) that is let go, and what points had settled and comes back."""

    let_go: int = 0
    granted: int = 0


def forgive_debts(
    connection: Connection,
    accounts: Iterable[UUID],
    documents: Iterable[UUID],
    correction: UUID,
    at: datetime,
) -> Forgiven:
    """Undo the debts that documents have left on members' accounts; the same correction does it
    once. What certificates, codes and budgets gave too much is no member's debt."""
    wanted, named = sorted(set(accounts)), set(documents)
    debts = [
        entry
        for account in wanted
        for entry in entries_of_documents(connection, account, named)
        if entry.kind is EntryKind.DEBT
    ]
    lots = {entry.lot for entry in debts} | {
        lot_id(correction, no, entry.account) for no, entry in enumerate(debts)
    }
    books = ledger.load(connection, {entry.account for entry in debts}, lots=lots)
    roll = members.load(connection, {account.member for account in books.accounts.values()}, ())
    document = Document(correction, at)
    done = [
        _forgive(books, entry, no, document)
        for no, entry in enumerate(debts)
        if not books.accounts[entry.account].is_bearer
    ]
    changes = ledger.save(connection, books)
    feed.append(connection, [*changes, *members.save(connection, roll, books)])
    return Forgiven(sum(one.let_go for one in done), sum(one.granted for one in done))


def take_back(
    connection: Connection,
    accounts: Iterable[UUID],
    documents: Iterable[UUID],
    correction: UUID,
    at: datetime,
) -> int:
    """Take back the lots that the audit has granted by documents; what is spent becomes debt.

    Returns how many points (hundredths) that were.
    """
    named = set(documents)
    granted = {
        entry.lot: entry.account
        for account in sorted(set(accounts))
        for entry in entries_of_documents(connection, account, named)
        if entry.kind is EntryKind.GRANT
    }
    books = ledger.load(connection, granted.values(), lots=granted)
    roll = members.load(connection, {account.member for account in books.accounts.values()}, ())
    document = Document(correction, at)
    lots = [books.lots[lot] for lot in sorted(granted) if books.lots[lot].kind == STALENESS]
    for lot in lots:
        take(books, lot, lot.granted, document)
    changes = ledger.save(connection, books)
    feed.append(connection, [*changes, *members.save(connection, roll, books)])
    return sum(lot.granted for lot in lots)


def _forgive(books: Books, owed: Entry, no: int, document: Document) -> Forgiven:
    lot = books.lot(owed.lot)
    let_go = forgive(books, lot, owed.amount, document)
    settled = owed.amount - let_go
    if settled:
        grant(books, _lot(lot, settled, no, document), document, holder=None, kept=0)
    return Forgiven(let_go, settled)


def _lot(paid: Lot, amount: int, no: int, document: Document) -> Lot:
    """Return a lot of the same wallet that takes in what points have settled."""
    return Lot(
        id=lot_id(document.uid, no, paid.account),
        account=paid.account,
        wallet=paid.wallet,
        kind=KIND,
        rule="",
        document=document.uid,
        granted=amount,
        balance=0,
        free=0,
        held=0,
        activates_at=document.at,
        expires_on=_last_day(paid.expires_on, document.at.date()),
    )


def _last_day(expires_on: date | None, day: date) -> date | None:
    return None if expires_on is None else max(expires_on, day + LIVES)
