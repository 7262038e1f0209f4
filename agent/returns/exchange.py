"""An exchange: goods come back and others are sold for them, both or neither."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import structlog
from msgspec import Struct
from sqlalchemy import Connection

from agent.commit import service as sales
from agent.commit.service import Committed, Sale, Swap
from agent.journal import answers
from agent.journal.answers import UidReusedError
from agent.leases.lots import Reach
from agent.quote.service import Basket, Quote, admit, pack_of, price, store_settings
from agent.reserve import store as claims
from agent.reserve.service import AlreadyReservedError, ReceiptEndedError, ReserveOrder
from agent.reserve.store import ClaimState
from agent.returns import store
from agent.returns.endings import CertificateAwayError
from agent.returns.preview import Preview, look
from agent.returns.promise import keep_promise
from agent.returns.service import Returned, ReturnOrder, take_in
from agent.returns.sources import SlipNeededError, hear_of, sale_of
from agent.station import Station
from shared.errors import Kind, LoyaltyError
from shared.receipt import Tender
from shared.rules.returns import Part
from shared.runtime.sqlite import reading, transaction, trying
from shared.wire.codec import decoder, encode
from shared.wire.taken_back import Exchange

OPERATION = "exchange"

log = structlog.get_logger()


class ReturnAloneError(LoyaltyError):
    """Goods that come back by a slip, or with a certificate that the centre must let go first."""

    kind = Kind.CONFLICT
    code = "return_alone"
    ru = "Обменом это не оформить: сделайте возврат, а новый товар продайте отдельным чеком."
    en = "This is no exchange: take the goods back first, then sell the new ones by themselves."


@dataclass(frozen=True, slots=True)
class Wish:
    """What comes back of a receipt, and what is wanted for it."""

    sale: UUID
    parts: tuple[Part, ...]
    basket: Basket


@dataclass(frozen=True, slots=True)
class ExchangeOrder:
    """An exchange as the till states it; `returned` is the uid of the return."""

    uid: UUID
    content: bytes
    wish: Wish
    returned: UUID
    digest: str
    tenders: tuple[Tender, ...]
    fiscal_number: str = ""
    cashier: str = ""
    card_tail: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """What an exchange would do; the customer pays a difference above zero, and gets one below."""

    returned: Preview
    sold: Quote

    @property
    def credit_minor(self) -> int:
        """What of the refund pays for the new goods, after certificates."""
        return min(self.returned.money_minor, self.sold.evaluation.totals.money_minor)

    @property
    def difference_minor(self) -> int:
        """What is to pay in money, less what is refunded."""
        return self.sold.evaluation.totals.money_minor - self.returned.money_minor


class Exchanged(Struct, frozen=True):
    """Both documents of an exchange, which are in the journal."""

    uid: UUID
    returned: Returned
    sold: Committed
    credit_minor: int
    difference_minor: int


_decode = decoder(Exchanged)


def preview(station: Station, wish: Wish, at: datetime) -> Seen:
    """Tell what an exchange would do, changing nothing: the new goods are priced after the return.

    They may be paid with points that this store holds. Raises ReturnAloneError, and what a return
    and a quote raise.
    """
    admit(station, wish.basket, at)
    with _alone_if_need_be():
        hear_of(station, wish.sale, at)
        with transaction(station.journal) as connection:
            return _seen(connection, station, wish, at)[0]


def exchange(station: Station, order: ExchangeOrder, at: datetime) -> Exchanged:
    """Journal a return and a sale that name each other, and spool their slips; repeating is safe.

    Both are durable or neither is. Raises ReturnAloneError, what a return raises, and for the new
    goods QuoteChangedError, OverLeaseError, TendersMismatchError, AlreadyReservedError,
    ReceiptEndedError, UidReusedError.
    """
    with reading(station.journal) as connection:
        done = answers.recall(connection, order.uid, OPERATION, order.content)
    if done is not None:
        return _decode(done)
    admit(station, order.wish.basket, at)
    with _alone_if_need_be():
        hear_of(station, order.wish.sale, at)
    with _alone_if_need_be(), transaction(station.journal) as connection:
        done = answers.recall(connection, order.uid, OPERATION, order.content)
        if done is not None:
            return _decode(done)
        _check_new(connection, order)
        seen, basket = _seen(connection, station, order.wish, at)
        exchanged = _both(connection, station, order, seen, basket, at)
        answers.remember(connection, order.uid, OPERATION, order.content, encode(exchanged), at)
    sales.tell(station, exchanged.sold)
    log.info("receipt.exchanged", sale=str(order.wish.sale), uid=str(order.uid))
    return exchanged


@contextmanager
def _alone_if_need_be() -> Iterator[None]:
    """Say what to do instead where an exchange leads nowhere, since it asks for no slip and no
    certificate."""
    try:
        yield
    except (CertificateAwayError, SlipNeededError) as error:
        raise ReturnAloneError(reason=error.code) from error


def _check_new(connection: Connection, order: ExchangeOrder) -> None:
    """Refuse a receipt that is reserved or has ended: it is priced after the return, here."""
    receipt = order.wish.basket.uid
    store.check_new(connection, order.returned)
    if order.returned == receipt:
        raise UidReusedError(uid=receipt)
    found = claims.find(connection, receipt)
    if isinstance(found, ClaimState):
        raise ReceiptEndedError(receipt, found)
    if found is not None:
        raise AlreadyReservedError(receipt=receipt)


def _seen(
    connection: Connection, station: Station, wish: Wish, at: datetime
) -> tuple[Seen, Basket]:
    """Try the return and price the new goods after it; also return them as they are promised."""
    moment = station.time.moment(at, store_settings(station).zone)
    sold = sale_of(station, connection, wish.sale)
    returned = look(station, connection, sold, wish.parts, moment)

    def priced(basket: Basket) -> Quote:
        return price(station, connection, basket, Reach.STORE, at)

    with trying(connection):
        order = ReturnOrder(wish.basket.uid, b"", wish.sale, wish.parts)
        take_in(connection, station, order, at)
        pack = pack_of(station, sold.evaluation.pack_hash)
        basket = wish.basket
        if pack is not None and pack.source.policies.exchange_price == "promised":
            basket = keep_promise(basket, sold, wish.parts, priced)
        return Seen(returned, priced(basket)), basket


def _both(
    connection: Connection,
    station: Station,
    order: ExchangeOrder,
    seen: Seen,
    basket: Basket,
    at: datetime,
) -> Exchanged:
    wish = order.wish
    link = Exchange(order.uid, basket.uid, seen.credit_minor)
    back = ReturnOrder(order.returned, b"", wish.sale, wish.parts, order.cashier, link)
    back = replace(back, till=basket.till)
    returned = take_in(connection, station, back, at)
    sale = Sale(
        uid=order.uid,
        content=b"",
        receipt=basket.uid,
        tenders=order.tenders,
        fiscal_number=order.fiscal_number,
        cashier=order.cashier,
        order=ReserveOrder(order.uid, b"", basket, order.digest, order.card_tail),
        swap=Swap(order.uid, order.returned, returned.money_minor),
    )
    sold = sales.record(connection, station, sale, at)
    return Exchanged(order.uid, returned, sold, seen.credit_minor, seen.difference_minor)
