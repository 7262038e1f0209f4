"""Take goods back by line and quantity, on the allocations that the sale has frozen."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

import structlog
from msgspec import Struct
from sqlalchemy import Connection

from agent.commit import store as sales
from agent.journal import answers, changes
from agent.journal import service as journal
from agent.journal import store as facts
from agent.journal.service import NewFact
from agent.leases.standing import Reach
from agent.printing import store as spool
from agent.printing.parts import points_of
from agent.quote.service import pack_of, store_settings
from agent.returns import store
from agent.returns.preview import Preview, look
from agent.returns.shares import buyer, held_here
from agent.returns.slip import Statement, return_slip
from agent.returns.store import Document
from agent.station import Station
from shared.errors import Kind, LoyaltyError
from shared.ids import derived
from shared.rules.moment import Moment
from shared.rules.returns import Part
from shared.runtime.sqlite import reading, transaction
from shared.wire.codec import decoder, encode
from shared.wire.facts import (
    Exchange,
    Fact,
    FactKind,
    ReceiptCommitted,
    ReceiptReturned,
    ReturnedLine,
    body_of,
)

OPERATION = "return"

log = structlog.get_logger()


class UnknownReceiptError(LoyaltyError):
    """A receipt that this store did not sell."""

    kind = Kind.NOT_FOUND
    code = "unknown_receipt"
    ru = "Чек {receipt} не найден в этом магазине. Оформите возврат там, где была покупка."
    en = "Receipt {receipt} is not of this store. Return the goods where they were bought."


@dataclass(frozen=True, slots=True)
class ReturnOrder:
    """A return as the till states it."""

    uid: UUID
    content: bytes
    sale: UUID
    parts: tuple[Part, ...]
    cashier: str = ""
    exchange: Exchange | None = None
    """Set when other goods are sold for them."""


class Returned(Struct, frozen=True):
    """A return that is in the journal."""

    uid: UUID
    sale: UUID
    fact: UUID
    slip: UUID
    money_minor: int
    restored_points: int
    taken_points: int
    debt_points: int
    withheld_minor: int = 0
    withheld_points: int = 0
    forgiven_points: int = 0
    lapsed_points: int = 0
    recharged_minor: int = 0
    certificates: tuple[tuple[str, int], ...] = ()


_decode = decoder(Returned)


def preview(station: Station, sale: UUID, parts: Sequence[Part], at: datetime) -> Preview:
    """Tell what a return would move, changing nothing.

    Raises UnknownReceiptError, NotReturnableError, BundleBrokenError.
    """
    moment = Moment(at, store_settings(station).zone)
    with reading(station.journal) as connection:
        _, sold = find_sale(station, connection, sale)
        return look(station, connection, sold, parts, moment)


def give_back_goods(station: Station, order: ReturnOrder, at: datetime) -> Returned:
    """Journal a return and spool its slip; repeating a uid is safe.

    Points that paid go back into their lots, last spent first; points that were earned are taken
    out of theirs, first what this store still holds of them. Raises UnknownReceiptError,
    NotReturnableError, BundleBrokenError, UidReusedError.
    """
    with transaction(station.journal) as connection:
        done = answers.recall(connection, order.uid, OPERATION, order.content)
        if done is not None:
            return _decode(done)
        returned = take_in(connection, station, order, at)
        answers.remember(connection, order.uid, OPERATION, order.content, encode(returned), at)
    station.wakes.push.set()
    station.wakes.print.set()
    log.info("receipt.returned", sale=str(order.sale), uid=str(order.uid))
    return returned


def find_sale(
    station: Station, connection: Connection, receipt: UUID
) -> tuple[Fact, ReceiptCommitted]:
    """Return a sale of this store from its journal; raises UnknownReceiptError."""
    sold = sales.find(connection, receipt)
    fact = sold and facts.fact_by_id(connection, station.identity.agent, sold.fact)
    if not fact:
        raise UnknownReceiptError(receipt=receipt)
    body = body_of(fact)
    assert isinstance(body, ReceiptCommitted)
    return fact, body


def take_in(connection: Connection, station: Station, order: ReturnOrder, at: datetime) -> Returned:
    """Journal a return and spool its slip in the caller's transaction.

    Raises what `give_back_goods` does, but for a repeated uid.
    """
    settings = store_settings(station)
    moment = Moment(at, settings.zone)
    _, sold = find_sale(station, connection, order.sale)
    seen = look(station, connection, sold, order.parts, moment)
    pack = pack_of(station, sold.evaluation.pack_hash)
    counted_on = moment.day if pack is None else pack.counting_day(moment)
    body = _body(order, sold, seen, moment, counted_on)
    who = buyer(station, connection, sold)
    new = NewFact(
        FactKind.RECEIPT_RETURNED,
        body,
        takings=held_here(who, (*seen.clawed.taken, *seen.clawed.reached)),
        changes=changes.of_return(body, sold.member),
    )
    fact = journal.append(connection, station, new, at)
    statement = statement_of(station, connection, sold, moment)
    if statement is not None:
        statement = replace(
            statement,
            debt_points=seen.debt_points,
            forgiven_points=seen.forgiven_points,
            lapsed_points=seen.lapsed_points,
        )
    slip_id = derived("slip", fact.id)
    slip = return_slip(settings, sold, body, statement, seen.certificates, slip_id)
    spool.enqueue(connection, slip, at)
    document = Document(
        order.uid, order.sale, fact.id, slip.id, recharged_minor=seen.recharged_minor
    )
    store.add(connection, document, seen.lines)
    return Returned(
        uid=order.uid,
        sale=order.sale,
        fact=fact.id,
        slip=slip.id,
        money_minor=seen.money_minor,
        restored_points=seen.restored_points,
        taken_points=seen.taken_points,
        debt_points=seen.debt_points,
        withheld_minor=seen.clawed.withheld_minor,
        withheld_points=seen.withheld_points,
        forgiven_points=seen.forgiven_points,
        lapsed_points=seen.lapsed_points,
        recharged_minor=seen.recharged_minor,
        certificates=seen.certificates,
    )


def _body(
    order: ReturnOrder, sold: ReceiptCommitted, seen: Preview, moment: Moment, counted_on: date
) -> ReceiptReturned:
    return ReceiptReturned(
        uid=order.uid,
        sale=order.sale,
        lines=tuple(
            ReturnedLine(
                line.no,
                line.quantity,
                line.money_minor,
                line.restored_points,
                line.taken_points,
                line.turnover_minor,
            )
            for line in seen.lines
        ),
        restored=seen.restored,
        taken=seen.clawed.taken,
        money_minor=seen.money_minor,
        turnover_minor=seen.turnover_minor,
        member=sold.member.id if sold.member else None,
        cashier=order.cashier,
        at=moment.instant,
        day=moment.day,
        counted_on=counted_on,
        withheld=seen.clawed.withheld,
        withheld_minor=seen.clawed.withheld_minor,
        forgives=seen.policies.lets_go,
        reached=seen.clawed.reached,
        kept=seen.clawed.kept,
        grace_days=seen.policies.grace_days,
        recharged_minor=seen.recharged_minor,
        refilled=seen.refilled,
        exchange=order.exchange,
    )


def statement_of(
    station: Station, connection: Connection, sold: ReceiptCommitted, moment: Moment
) -> Statement | None:
    """Say how the buyer stands now that the fact is in the journal; None without a buyer."""
    who = buyer(station, connection, sold)
    if who is None:
        return None
    line = station.link.state()
    return Statement(
        name=who.display_name,
        accounts=who.accounts,
        points=points_of(who.view(Reach.CHAIN).lots, moment),
        as_of=None if line.up else line.last_contact_at,
    )
