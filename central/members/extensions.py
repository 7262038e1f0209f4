"""Let lots of a kind live longer, all at once: with a reason and the name of who decided it."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import structlog

from central.centre import Centre
from central.feed import service as feed
from central.ledger import service as ledger
from central.members import gift_store
from central.members import service as members
from central.members.gift_store import Gift
from central.members.gifts import REASON_MAX, GiftChangedError, NoReasonError
from shared.ids import derived
from shared.ledger.entries import Document
from shared.ledger.postings import extend
from shared.runtime.retries import retried
from shared.runtime.sqlite import transaction

LOTS_PER_TRANSACTION = 200
KIND = "extension"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Extension:
    """Lots of a kind whose last day is between two, both included, live up to `until`."""

    uid: UUID
    kind: str
    first: date
    last: date
    until: date
    reason: str
    actor: str


def extend_lots(centre: Centre, order: Extension, at: datetime) -> tuple[int, int]:
    """Extend what the order names; return lots, and points (hundredths) in them.

    What has expired stays so. Repeating a uid extends what is left to extend. Raises
    NoReasonError, GiftChangedError.
    """
    if not order.reason.strip() or not order.actor.strip() or len(order.reason) > REASON_MAX:
        raise NoReasonError(most=REASON_MAX)
    _note(centre, order, at)
    lots = points = 0
    after: tuple[UUID, UUID] | None = None
    while (batch := _extend_some(centre, order, after, at)) is not None:
        balances, after = batch
        lots += len(balances)
        points += sum(balances)
    log.info("lots.extended", lots=lots, points=points)
    return lots, points


@retried
def _extend_some(
    centre: Centre, order: Extension, after: tuple[UUID, UUID] | None, at: datetime
) -> tuple[list[int], tuple[UUID, UUID]] | None:
    """Extend the lots after one in key order; return their balances and the last one looked at."""
    with transaction(centre.engine) as connection:
        found = ledger.expiring(
            connection, order.kind, order.first, order.last, after, LOTS_PER_TRANSACTION
        )
        if not found:
            return None
        books = ledger.load(connection, {account for account, _ in found})
        document = Document(order.uid, at, at.date())
        done = [
            books.lots[lot].balance
            for _, lot in found
            if lot in books.lots and extend(books, books.lots[lot], order.until, document)
        ]
        changes = ledger.save(connection, books)
        roll = members.load(connection, {one.member for one in books.accounts.values()}, ())
        feed.append(connection, [*changes, *members.save(connection, roll, books)])
    return done, found[-1]


@retried
def _note(centre: Centre, order: Extension, at: datetime) -> None:
    terms = (order.kind, order.first, order.last, order.until, order.reason, order.actor)
    gift = Gift(
        uid=order.uid,
        actor=order.actor,
        reason=order.reason,
        kind=KIND,
        terms=str(derived(KIND, *terms)),
        members=0,
        points=0,
        at=at,
    )
    with transaction(centre.engine) as connection:
        known = gift_store.gift(connection, order.uid)
        if known is not None and known.terms != gift.terms:
            raise GiftChangedError(uid=order.uid)
        if known is None:
            gift_store.add_gift(connection, gift)
