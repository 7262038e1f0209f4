"""Points that a stale view withheld: granted by a document of their own, whose id repeats.

The id follows from the receipt and from what it was granted before, so that the same finding again
grants nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import Connection

from central.auditor.judging import split
from central.centre import Centre
from central.feed import service as feed
from central.leases import service as leases
from central.ledger import service as ledger
from central.members import service as members
from shared.ids import derived
from shared.ledger.books import Books, Lot
from shared.ledger.entries import Document, lot_id
from shared.ledger.postings import grant as post_grant
from shared.rules.result import Grant
from shared.wire.facts import ReceiptCommitted

KIND = "staleness"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Due:
    """Points (hundredths) that a receipt is due beyond what it was `granted` before."""

    sale: ReceiptCommitted
    granted: int
    points: int
    more: tuple[Grant, ...]


def grant(connection: Connection, centre: Centre, due: Sequence[Due], at: datetime) -> None:
    """Post what receipts are due and send the rows down, in the caller's transaction."""
    if not due:
        return
    lots = [lot for one in due for lot in _lots(one, at)]
    accounts = {lot.account for lot in lots}
    buyers = {one.sale.member.id for one in due if one.sale.member is not None}
    leases.keep_roster(connection)
    roll, locked = members.load_locked(connection, buyers, (), accounts)
    books = ledger.read(connection, locked, {lot.id for lot in lots})
    granted = [lot for lot in lots if _post(books, lot, at)]
    visits = leases.load_visits(connection, centre, books.accounts)
    to_size = {books.accounts[lot.account].member for lot in granted}
    leases.size(connection, books, visits, to_size, at)
    changes = ledger.save(connection, books)
    members.extend(connection, roll, {account.member for account in books.accounts.values()})
    changes += members.save(connection, roll, books)
    feed.append(connection, changes)
    points = sum(lot.granted for lot in granted)
    log.info("staleness.granted", receipts=len(due), points=points)


def document_of(due: Due) -> UUID:
    """Return the document's uid, which the same due always has."""
    return derived(KIND, due.sale.receipt.uid, due.granted)


def _post(books: Books, lot: Lot, at: datetime) -> bool:
    if lot.account not in books.accounts:
        return False
    return post_grant(books, lot, Document(lot.document, at), holder=None, kept=0)


def _lots(due: Due, at: datetime) -> list[Lot]:
    """Return the lots of a due: they live as long as they would have, from the day on."""
    document = document_of(due)
    late = at.date() - due.sale.day
    lots = []
    for no, one in enumerate(split(due.more, due.points)):
        assert one.account is not None, "a difference names its account"
        expires_on = one.expires_on
        if expires_on is not None and late.days > 0:
            expires_on += late
        lots.append(
            Lot(
                id=lot_id(document, no, one.account),
                account=one.account,
                wallet=one.wallet,
                kind=KIND,
                rule=one.rule,
                document=document,
                granted=one.amount,
                balance=0,
                free=0,
                held=0,
                activates_at=one.activates_at,
                expires_on=expires_on,
            )
        )
    return lots
