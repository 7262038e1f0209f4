"""Take goods back by line and quantity, on the allocations that the sale has frozen."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

import structlog
from msgspec import Struct
from sqlalchemy import Connection

from agent.journal import answers, changes
from agent.journal import service as journal
from agent.journal.service import NewFact
from agent.leases import service as leases
from agent.leases import store as holds
from agent.leases.lots import Reach
from agent.printing import store as spool
from agent.printing.parts import points_of
from agent.quote.paper import paper_by
from agent.quote.service import pack_of, store_settings
from agent.reserve import store as claims
from agent.returns import elsewhere, store
from agent.returns.by_slip import Payout, SlipClaim, SlipReturn, look_by_slip, take_in_by_slip
from agent.returns.endings import endings, whole_of
from agent.returns.preview import Preview, look
from agent.returns.shares import buyer, held_here
from agent.returns.slip import OnCertificates, Statement, Undone, return_slip
from agent.returns.sources import Source, hear_of, sale_of, source_of
from agent.returns.store import Document
from agent.station import Station
from shared.errors import LoyaltyError
from shared.ids import derived
from shared.rules.moment import Moment
from shared.rules.returns import Part
from shared.runtime.sqlite import reading, transaction
from shared.wire.codec import decoder, encode
from shared.wire.facts import FactKind, ReceiptCommitted
from shared.wire.taken_back import Exchange, ReceiptReturned, ReturnedLine

OPERATION = "return"

log = structlog.get_logger()


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
    till: str = ""


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

    A sale of another store is asked of the centre. Raises NotReturnableError, BundleBrokenError,
    ReceiptVoidedError, CertificateUsedError, and what `source_of` raises.
    """
    hear_of(station, sale, at)
    moment = station.time.moment(at, store_settings(station).zone)
    with reading(station.journal) as connection:
        return look(station, connection, sale_of(station, connection, sale), parts, moment)


def preview_by_slip(station: Station, claim: SlipClaim, at: datetime) -> Preview | SlipReturn:
    """Tell what a return would move; while the centre is out of reach, by the slip's code alone.

    Raises what `preview` and `look_by_slip` raise.
    """
    if source_of(station, claim.receipt, claim.code, at) is not Source.SLIP:
        return preview(station, claim.receipt, claim.parts, at)
    with reading(station.journal) as connection:
        return look_by_slip(station, connection, claim, at)


def give_back_goods(station: Station, order: ReturnOrder, at: datetime) -> Returned:
    """Journal a return and spool its slip; repeating a uid is safe.

    Points that paid go back into their lots, last spent first; points that were earned are taken
    out of theirs, first what this store still holds of them. A certificate that was sold is taken
    back whole, when this store holds it: the centre is asked. Raises CertificateAwayError,
    UidReusedError, and what `preview_by_slip` raises.
    """
    operation = (order.uid, OPERATION, order.content)
    with reading(station.journal) as connection:
        done = answers.recall(connection, *operation)
    if done is not None:
        return _decode(done)
    source = source_of(station, order.sale, order.slip, at)
    if source is Source.SLIP:
        writing, take = transaction(station.journal), _by_slip
    else:
        writing = holding_certificates(station, operation, order.sale, order.parts, at)
        take = take_in
    with writing as connection:
        done = answers.recall(connection, *operation)
        if done is not None:
            return _decode(done)
        store.check_new(connection, order.uid)
        returned = take(connection, station, order, at)
        answers.remember(connection, *operation, encode(returned), at)
    station.wakes.push.set()
    station.wakes.print.set()
    log.info("receipt.returned", sale=str(order.sale), uid=str(order.uid), source=source.name)
    return returned


def _by_slip(
    connection: Connection, station: Station, order: ReturnOrder, at: datetime
) -> Returned:
    claim = SlipClaim(order.sale, order.parts, order.slip)
    seen = look_by_slip(station, connection, claim, at)
    payout = Payout(order.uid, order.cashier, order.till)
    document = take_in_by_slip(connection, station, payout, seen, at)
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


@contextmanager
def holding_certificates(
    station: Station,
    operation: tuple[UUID, str, bytes],
    sale: UUID,
    parts: Sequence[Part] | None,
    at: datetime,
) -> Iterator[Connection]:
    """Ask the centre for certificates whose sale comes back, then open a transaction.

    None for parts is all of the receipt. What was asked for is given back if the transaction fails.
    Raises UidReusedError before that for the uid of another document: what a receipt of that uid
    holds stays held.
    """
    with reading(station.journal) as connection:
        if answers.recall(connection, *operation) is None:
            store.check_new(connection, operation[0])
    _ask_for_certificates(station, operation, sale, parts, at)
    try:
        with transaction(station.journal) as connection:
            yield connection
    except LoyaltyError:
        with transaction(station.journal) as connection:
            if claims.find(connection, operation[0]) is None:
                leases.cancel(connection, station, operation[0], at)
        raise


def _ask_for_certificates(
    station: Station,
    operation: tuple[UUID, str, bytes],
    sale: UUID,
    parts: Sequence[Part] | None,
    at: datetime,
) -> None:
    if station.barred or not station.link.state().up:
        return
    with reading(station.journal) as connection:
        if answers.recall(connection, *operation) is not None:
            return
        sold = sale_of(station, connection, sale)
        before = elsewhere.done(connection, sale).before.quantities
        back = whole_of(sold) if parts is None else parts
        wants = endings(station, connection, sold, before, back).wants
    leases.ask(station, operation[0], wants, at)


def take_in(connection: Connection, station: Station, order: ReturnOrder, at: datetime) -> Returned:
    """Journal a return and spool its slip in the caller's transaction.

    Raises UnknownReceiptError, NotReturnableError, BundleBrokenError, ReceiptVoidedError,
    UidReusedError.
    """
    settings = store_settings(station)
    moment = station.time.moment(at, settings.zone)
    sold = sale_of(station, connection, order.sale)
    seen = look(station, connection, sold, order.parts, moment)
    seen.endings.check_here()
    asks = holds.open_asks(connection, order.uid)
    pack = pack_of(station, sold.evaluation.pack_hash)
    counted_on = moment.day if pack is None else pack.counting_day(moment)
    body = _body(order, sold, seen, moment, counted_on)
    who = buyer(station, connection, sold)
    new = NewFact(
        FactKind.RECEIPT_RETURNED,
        body,
        takings=[
            *held_here(who, (*seen.clawed.taken, *seen.clawed.reached)),
            *seen.endings.takings,
        ],
        ends=[one.ask for one in asks],
        changes=[*changes.of_return(body, sold.member), *changes.of_bearers(body)],
    )
    fact = journal.append(connection, station, new, at)
    holds.end_asks(connection, order.uid)
    statement = _stated(statement_of(station, connection, sold, moment), seen)
    slip_id = derived("slip", fact.id)
    ended = tuple(one.tail for one in seen.endings.sold)
    moved = OnCertificates(seen.certificates, ended)
    paper = paper_by(station, settings, sold.evaluation.pack_hash)
    slip = return_slip(paper, Undone(sold, statement, moved), body, slip_id)
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


def _stated(statement: Statement | None, seen: Preview) -> Statement | None:
    if statement is None:
        return None
    return replace(
        statement,
        debt_points=seen.debt_points,
        forgiven_points=seen.forgiven_points,
        lapsed_points=seen.lapsed_points,
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
        revoked=seen.endings.revoked,
        trusted=moment.trusted,
        till=order.till,
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
