"""A sale that a till made without the agent: handed over later by card number, earning only."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import Connection

from agent.bearers import used
from agent.commit.service import Committed, Sale, record_claim
from agent.journal import answers
from agent.leases.lots import Reach
from agent.leases.standing import UnknownMemberError, identified
from agent.quote.lines import Item
from agent.quote.service import Basket, price
from agent.reserve import service as reserving
from agent.reserve import store as claims
from agent.reserve.service import ReceiptEndedError
from agent.reserve.store import Claim, ClaimState
from agent.scan import card_index, is_card
from agent.station import Station
from shared.errors import Kind, LoyaltyError
from shared.receipt import Benefits, Take, Tender
from shared.runtime.sqlite import reading, transaction
from shared.wire.codec import decoder, encode

OPERATION: Final = "late_sale"
LATE_MAX: Final = timedelta(days=30)
"""How old a sale may be that earns still."""
AHEAD_MAX: Final = timedelta(minutes=10)
"""How far a till's clock may be ahead of the store's."""
TAIL_DIGITS: Final = 4

log = structlog.get_logger()


class LateInstantError(LoyaltyError):
    """A time of sale that cannot be, or is too long ago."""

    kind = Kind.INVALID
    code = "late_instant"
    ru = "Время продажи {at} не годится: не позже нынешнего и не старше {days} дней."
    en = "The time of sale {at} will not do: not after the present, not older than {days} days."


@dataclass(frozen=True, slots=True)
class LateSale:
    """What the till says of a sale that was paid while it did not hear the agent.

    Prices are what was paid for a unit; nothing is taken off any more.
    """

    uid: UUID
    content: bytes
    receipt: UUID
    till: str
    card: str
    items: tuple[Item, ...]
    tenders: tuple[Tender, ...]
    sold_at: datetime
    fiscal_number: str = ""
    cashier: str = ""


_decode = decoder(Committed)


def take_late(station: Station, late: LateSale, at: datetime) -> Committed:
    """Journal a sale that earns by the rules of its time and spends nothing; repeating is safe.

    A reserve of the same receipt, whose answer the till may not have heard, is given up with its
    points. No slip is printed: the customer has gone. Raises LateInstantError, UnknownMemberError
    (the rows may bring the card yet: hand it over again), ReceiptEndedError if the receipt was
    committed, TendersMismatchError, UidReusedError, and what a quote raises for its lines.
    """
    with reading(station.journal) as connection:
        done = answers.recall(connection, late.uid, OPERATION, late.content)
    if done is not None:
        return _decode(done)
    sold_at = _sold_at(late, at)
    with transaction(station.journal) as connection:
        done = answers.recall(connection, late.uid, OPERATION, late.content)
        if done is not None:
            return _decode(done)
        _give_up_reserve(connection, station, late.receipt, at)
        claim = _claim(connection, station, late, sold_at)
        used.take(connection, claim.receipt, claim.evaluation.budgets, claim.moment.day)
        claims.commit(connection, late.receipt, at)
        sale = Sale(
            uid=late.uid,
            content=late.content,
            receipt=late.receipt,
            tenders=late.tenders,
            fiscal_number=late.fiscal_number,
            cashier=late.cashier,
            sold_at=sold_at,
        )
        committed = record_claim(connection, station, sale, claim, at)
        answers.remember(connection, late.uid, OPERATION, late.content, encode(committed), at)
    station.wakes.push.set()
    station.events.publish("receipt.committed", receipt=str(late.receipt))
    log.info("receipt.late", uid=str(late.receipt), age_s=round((at - sold_at).total_seconds()))
    return committed


def _sold_at(late: LateSale, at: datetime) -> datetime:
    if not at - LATE_MAX <= late.sold_at <= at + AHEAD_MAX:
        raise LateInstantError(at=late.sold_at.isoformat(), days=LATE_MAX.days)
    return min(late.sold_at, at)


def _give_up_reserve(connection: Connection, station: Station, receipt: UUID, at: datetime) -> None:
    found = claims.find(connection, receipt)
    if found is ClaimState.COMMITTED:
        raise ReceiptEndedError(receipt, found)
    if isinstance(found, Claim):
        reserving.cancel(connection, station, receipt, at)


def _claim(connection: Connection, station: Station, late: LateSale, sold_at: datetime) -> Claim:
    member, account = _whose(connection, station, late.card)
    basket = Basket(
        uid=late.receipt,
        till=late.till,
        items=late.items,
        member=member,
        account=account,
        take=Take.BONUS,
        benefits=Benefits.EARNING,
    )
    priced = price(station, connection, basket, Reach.STORE, sold_at)
    return reserving.claim_of(station, priced, late.card.strip()[-TAIL_DIGITS:])


def _whose(connection: Connection, station: Station, card: str) -> tuple[UUID, UUID | None]:
    text = card.strip()
    if not is_card(station, text):
        raise UnknownMemberError
    hits = identified(station, connection, card_index(station, text))
    if len(hits) != 1:
        raise UnknownMemberError
    member, row = hits[0]
    return member, row.account
