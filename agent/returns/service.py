"""Take goods back by line and quantity, on the allocations that the sale has frozen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
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
from agent.returns.shares import Part, Preview, buyer, held_here, look
from agent.returns.slip import Statement, return_slip
from agent.station import Station
from shared.errors import Kind, LoyaltyError
from shared.ids import derived
from shared.rules.moment import Moment
from shared.runtime.sqlite import reading, transaction
from shared.wire.codec import decoder, encode
from shared.wire.facts import (
    Fact,
    FactKind,
    ReceiptCommitted,
    ReceiptReturned,
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


_decode = decoder(Returned)


def preview(station: Station, sale: UUID, parts: Sequence[Part]) -> Preview:
    """Tell what a return would move, changing nothing.

    Raises UnknownReceiptError, NotReturnableError.
    """
    with reading(station.journal) as connection:
        _, sold = find_sale(station, connection, sale)
        return look(station, connection, sold, parts)


def give_back_goods(station: Station, order: ReturnOrder, at: datetime) -> Returned:
    """Journal a return and spool its slip; repeating a uid is safe.

    Points that paid go back into their lots, last spent first; points that were earned are taken
    out of theirs, first what this store still holds of them. Raises UnknownReceiptError,
    NotReturnableError, UidReusedError.
    """
    with transaction(station.journal) as connection:
        done = answers.recall(connection, order.uid, OPERATION, order.content)
        if done is not None:
            return _decode(done)
        sale_fact, sold = find_sale(station, connection, order.sale)
        seen = look(station, connection, sold, order.parts)
        returned = _write(connection, station, order, sold, seen, at)
        answers.remember(connection, order.uid, OPERATION, order.content, encode(returned), at)
    station.wakes.push.set()
    station.wakes.print.set()
    log.info("receipt.returned", sale=str(order.sale), after=sale_fact.seq)
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


def _write(
    connection: Connection,
    station: Station,
    order: ReturnOrder,
    sold: ReceiptCommitted,
    seen: Preview,
    at: datetime,
) -> Returned:
    settings = store_settings(station)
    moment = Moment(at, settings.zone)
    pack = pack_of(station, sold.evaluation.pack_hash)
    body = ReceiptReturned(
        uid=order.uid,
        sale=order.sale,
        lines=seen.lines,
        restored=seen.restored,
        taken=seen.taken,
        money_minor=seen.money_minor,
        turnover_minor=seen.turnover_minor,
        member=sold.member.id if sold.member else None,
        cashier=order.cashier,
        at=at,
        day=moment.day,
        counted_on=moment.day if pack is None else pack.counting_day(moment),
        withheld=seen.withheld,
        withheld_minor=seen.withheld_minor,
        forgives=seen.forgives,
    )
    who = buyer(station, connection, sold)
    new = NewFact(
        FactKind.RECEIPT_RETURNED,
        body,
        takings=held_here(who, seen.taken),
        changes=changes.of_return(body, sold.member.account if sold.member else None),
    )
    fact = journal.append(connection, station, new, at)
    store.add(connection, order.uid, order.sale, seen.lines)
    statement = _statement(station, connection, sold, seen, moment)
    slip = return_slip(settings, sold, body, statement, derived("slip", fact.id))
    spool.enqueue(connection, slip, at)
    return Returned(
        uid=order.uid,
        sale=order.sale,
        fact=fact.id,
        slip=slip.id,
        money_minor=seen.money_minor,
        restored_points=seen.restored_points,
        taken_points=seen.taken_points,
        debt_points=seen.debt_points,
        withheld_minor=seen.withheld_minor,
        withheld_points=seen.withheld_points,
        forgiven_points=seen.forgiven_points,
    )


def _statement(
    station: Station,
    connection: Connection,
    sold: ReceiptCommitted,
    seen: Preview,
    moment: Moment,
) -> Statement | None:
    """Say how the buyer stands now that the return is in the journal."""
    who = buyer(station, connection, sold)
    if who is None:
        return None
    line = station.link.state()
    return Statement(
        name=who.display_name,
        debt_points=seen.debt_points,
        forgiven_points=seen.forgiven_points,
        points=points_of(who.view(Reach.CHAIN).lots, moment),
        as_of=None if line.up else line.last_contact_at,
    )
