"""Take goods back by line and quantity, on the allocations that the sale has frozen."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import Enum, auto
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
from agent.packs import NoPackError
from agent.printing import store as spool
from agent.printing.parts import points_of
from agent.quote.service import effective_pack, pack_of, store_settings
from agent.returns import elsewhere, store
from agent.returns.by_slip import SlipClaim, SlipReturn, look_by_slip, take_in_by_slip
from agent.returns.preview import Preview, look
from agent.returns.shares import buyer, held_here
from agent.returns.slip import Statement, return_slip
from agent.returns.store import Document
from agent.station import Station
from shared.errors import Kind, LoyaltyError
from shared.ids import derived
from shared.rules.moment import Moment
from shared.rules.return_terms import ReturnPolicies
from shared.rules.returns import Part
from shared.runtime.sqlite import reading, transaction
from shared.wire.codec import decoder, encode
from shared.wire.facts import Fact, FactKind, ReceiptCommitted, body_of
from shared.wire.taken_back import Exchange, ReceiptReturned, ReturnedLine

OPERATION = "return"

log = structlog.get_logger()


class UnknownReceiptError(LoyaltyError):
    """A receipt that this store did not sell, and the centre does not know."""

    kind = Kind.NOT_FOUND
    code = "unknown_receipt"
    ru = "Чек {receipt} не найден ни в этом магазине, ни в центре. Проверьте номер."
    en = "Neither this store nor the centre knows receipt {receipt}. Check its number."


class SoldElsewhereError(LoyaltyError):
    """A receipt of another store while the centre is out of reach."""

    kind = Kind.CONFLICT
    code = "sold_elsewhere"
    ru = (
        "Без связи чек {receipt} здесь не вернуть: он не этого магазина. Дождитесь связи "
        "или оформите возврат там, где была покупка."
    )
    en = (
        "Receipt {receipt} is not of this store and cannot be returned here without the line. "
        "Wait for it, or return the goods where they were bought."
    )


class SlipNeededError(LoyaltyError):
    """A receipt of another store, which could come back by its slip while the centre is away."""

    kind = Kind.CONFLICT
    code = "slip_needed"
    ru = "Нет связи, а чек {receipt} не этого магазина: отсканируйте код на его слипе."
    en = "The line is out and receipt {receipt} is of another store: scan the code of its slip."


class LineNeededError(LoyaltyError):
    """A return while the centre is out of reach, where the programme allows none."""

    kind = Kind.CONFLICT
    code = "line_needed"
    ru = "Без связи с центром возврат не оформляется: дождитесь связи."
    en = "Goods are not taken back while the centre is out of reach: wait for the line."


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
    slip: str = ""
    """The code of the slip, if the customer has it."""


class Source(Enum):
    """Whence a return has the data of its sale."""

    OWN = auto()
    CENTRE = auto()
    SLIP = auto()


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
    is_provisional: bool = False
    """By the slip alone: the centre moves the points when it has the sale."""


_decode = decoder(Returned)


def preview(station: Station, sale: UUID, parts: Sequence[Part], at: datetime) -> Preview:
    """Tell what a return would move, changing nothing of the sale.

    A sale of another store is asked of the centre. Raises UnknownReceiptError, SoldElsewhereError,
    SlipNeededError, LineNeededError, NotReturnableError, BundleBrokenError, ReceiptVoidedError.
    """
    hear_of(station, sale, at)
    moment = Moment(at, store_settings(station).zone)
    with reading(station.journal) as connection:
        return look(station, connection, sale_of(station, connection, sale), parts, moment)


def preview_by_slip(station: Station, claim: SlipClaim, at: datetime) -> Preview | SlipReturn:
    """Tell what a return would move; while the centre is out of reach, by the slip's code alone.

    Raises what `preview` and `look_by_slip` raise.
    """
    if _source(station, claim.receipt, claim.code, at) is not Source.SLIP:
        return preview(station, claim.receipt, claim.parts, at)
    with reading(station.journal) as connection:
        return look_by_slip(station, connection, claim, at)


def give_back_goods(station: Station, order: ReturnOrder, at: datetime) -> Returned:
    """Journal a return and spool its slip; repeating a uid is safe.

    Points that paid go back into their lots, last spent first; points that were earned are taken
    out of theirs, first what this store still holds of them. Raises UidReusedError, and what
    `preview` raises.
    """
    with reading(station.journal) as connection:
        done = answers.recall(connection, order.uid, OPERATION, order.content)
    if done is not None:
        return _decode(done)
    source = _source(station, order.sale, order.slip, at)
    with transaction(station.journal) as connection:
        done = answers.recall(connection, order.uid, OPERATION, order.content)
        if done is not None:
            return _decode(done)
        if source is Source.SLIP:
            returned = _by_slip(connection, station, order, at)
        else:
            returned = take_in(connection, station, order, at)
        answers.remember(connection, order.uid, OPERATION, order.content, encode(returned), at)
    station.wakes.push.set()
    station.wakes.print.set()
    log.info("receipt.returned", sale=str(order.sale), uid=str(order.uid), source=source.name)
    return returned


def hear_of(station: Station, sale: UUID, at: datetime) -> None:
    """Let the centre tell what it knows of a sale that is to come back, with all of its data.

    Raises what `preview` raises of a sale that cannot come back here now.
    """
    _source(station, sale, "", at)


def sale_of(station: Station, connection: Connection, receipt: UUID) -> ReceiptCommitted:
    """Return a sale of this store, or one that the centre has told of.

    Raises UnknownReceiptError.
    """
    told = elsewhere.find(connection, receipt)
    return told.sale if told is not None else find_sale(station, connection, receipt)[1]


def _source(station: Station, sale: UUID, slip: str, at: datetime) -> Source:
    """Ask the centre, if it is in reach, and say whence a return has the data of its sale."""
    with reading(station.journal) as connection:
        own = sales.find(connection, sale)
        unsent = own is not None and facts.outcome_of(connection, own.fact) is None
    in_reach = station.link.state().up and (unsent or elsewhere.ask(station, sale, at))
    policies = _policies(station, at)
    if not in_reach and policies.offline_return == "none":
        raise LineNeededError
    if own is not None:
        return Source.OWN
    with reading(station.journal) as connection:
        told = elsewhere.find(connection, sale)
    if in_reach and told is not None:
        return Source.CENTRE
    if policies.offline_return == "cap" and slip:
        return Source.SLIP
    if in_reach:
        raise UnknownReceiptError(receipt=sale)
    if policies.offline_return == "cap":
        raise SlipNeededError(receipt=sale)
    raise SoldElsewhereError(receipt=sale)


def _policies(station: Station, at: datetime) -> ReturnPolicies:
    try:
        return effective_pack(station, at)[1].source.policies
    except NoPackError:
        return ReturnPolicies()


def _by_slip(
    connection: Connection, station: Station, order: ReturnOrder, at: datetime
) -> Returned:
    claim = SlipClaim(order.sale, order.parts, order.slip)
    seen = look_by_slip(station, connection, claim, at)
    document = take_in_by_slip(connection, station, order.uid, seen, order.cashier, at)
    return Returned(
        uid=order.uid,
        sale=order.sale,
        fact=document.fact,
        slip=document.slip,
        money_minor=seen.money_minor,
        restored_points=sum(line.restored_points for line in seen.lines),
        taken_points=sum(line.taken_points for line in seen.lines),
        debt_points=0,
        is_provisional=True,
    )


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

    Raises UnknownReceiptError, NotReturnableError, BundleBrokenError, ReceiptVoidedError,
    UidReusedError.
    """
    settings = store_settings(station)
    moment = Moment(at, settings.zone)
    sold = sale_of(station, connection, order.sale)
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
