"""Points burn: the free rest of lots whose last day is over in every store of the chain.

What stores hold of such a lot is asked back; when it comes, the next run burns it.
"""

from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog

from central.centre import Centre
from central.estate import store as estate
from central.feed import service as feed
from central.leases import store
from central.ledger import service as ledger
from shared.ids import derived
from shared.ledger.books import Books
from shared.ledger.entries import Document, EntryKind, entry_id
from shared.ledger.postings import expire
from shared.runtime.retries import retried
from shared.runtime.sqlite import reading, transaction

LOTS_PER_TRANSACTION = 200
WESTERNMOST = timedelta(hours=-12)
"""Of the day that counts while the chain has no stores."""

log = structlog.get_logger()


def run(centre: Centre, at: datetime) -> int:
    """Burn what is over; return the points (hundredths) burnt. Repeating a day burns nothing twice.

    A lot's last day is over when it is over in the westernmost zone of the chain's stores. A centre
    that was restored burns nothing until it knows what stores hold.
    """
    with reading(centre.engine) as connection:
        if store.is_recovering(connection):
            return 0
        zones = estate.zones(connection)
    today = min((_local_day(at, zone) for zone in zones), default=(at + WESTERNMOST).date())
    burnt, after = 0, None
    while (batch := _burn_batch(centre, today, at, after)) is not None:
        amount, after = batch
        burnt += amount
    log.info("lot.expired", day=today.isoformat(), points=burnt)
    return burnt


@retried
def _burn_batch(
    centre: Centre, today: date, at: datetime, after: tuple[UUID, UUID] | None
) -> tuple[int, tuple[UUID, UUID]] | None:
    with transaction(centre.engine) as connection:
        due = ledger.due(connection, today, after, LOTS_PER_TRANSACTION)
        if not due:
            return None
        books = ledger.load(connection, {account for account, _ in due})
        documents = {lot: Document(derived("expiry", lot, today), at) for _, lot in due}
        entries = {
            entry_id(documents[lot].uid, 0, EntryKind.EXPIRE, account, lot): account
            for account, lot in due
        }
        ledger.load_posted(connection, books, entries)
        burnt = sum(_burn(books, lot, documents[lot]) for _, lot in due)
        feed.append(connection, ledger.save(connection, books))
    return burnt, due[-1]


def _burn(books: Books, lot: UUID, document: Document) -> int:
    return expire(books, books.lots[lot], document) if lot in books.lots else 0


def _local_day(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()
