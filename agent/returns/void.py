"""Void a receipt in the shift in which it was sold: undone, as if it had not been."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

import structlog
from msgspec import Struct
from sqlalchemy import Connection

from agent import cashiers
from agent.bearers import used
from agent.journal import answers, changes, once
from agent.journal import service as journal
from agent.journal.service import NewFact
from agent.leases import store as holds
from agent.packs import NoPackError
from agent.printing import store as spool
from agent.quote.paper import paper_by
from agent.quote.service import effective_pack, store_settings
from agent.returns import elsewhere, store
from agent.returns.endings import endings, whole_of
from agent.returns.preview import TAIL_CHARS
from agent.returns.service import holding_certificates, statement_of
from agent.returns.shares import (
    ReceiptVoidedError,
    buyer,
    earned_terms,
    held_here,
    reachable,
)
from agent.returns.slip import OnCertificates, Undone, void_slip
from agent.returns.sources import find_sale
from agent.returns.store import Document, DocumentKind
from agent.station import Station
from shared.errors import Kind, LoyaltyError
from shared.ids import derived
from shared.rules.clawback import claw_back
from shared.rules.moment import Moment
from shared.rules.result import Draw
from shared.rules.return_terms import ReturnPolicies
from shared.rules.returns import Before, shares
from shared.wire.codec import decoder, encode
from shared.wire.facts import FactKind, ReceiptCommitted
from shared.wire.frozen import frozen_of
from shared.wire.taken_back import ReceiptVoided, ReturnedLine

OPERATION = "void"

log = structlog.get_logger()


class OtherShiftError(LoyaltyError):
    """A receipt of another business day, or of another till: a shift is one day of one till."""

    kind = Kind.CONFLICT
    code = "other_shift"
    ru = "Чек {receipt} не этой смены (касса {till}, {day}): оформите возврат."
    en = "Receipt {receipt} is not of this shift (till {till}, {day}): return the goods instead."


class AlreadyReturnedError(LoyaltyError):
    """A receipt of which something has come back."""

    kind = Kind.CONFLICT
    code = "already_returned"
    ru = "По чеку {receipt} уже был возврат: аннулировать нельзя, верните остальное."
    en = "Something of receipt {receipt} was returned: it cannot be voided, return the rest."


@dataclass(frozen=True, slots=True)
class VoidOrder:
    """A void as the till states it."""

    uid: UUID
    content: bytes
    sale: UUID
    till: str
    cashier: str = ""
    reason: str = ""


class Voided(Struct, frozen=True):
    """A void that is in the journal."""

    uid: UUID
    sale: UUID
    fact: UUID
    slip: UUID
    money_minor: int
    restored_points: int
    taken_points: int
    debt_points: int
    certificates: tuple[tuple[str, int], ...] = ()


_decode = decoder(Voided)


def void(station: Station, order: VoidOrder, at: datetime) -> Voided:
    """Journal a void and spool its slip; repeating a uid is safe.

    All that the sale did is taken back: points that paid, all lots that were granted (what is spent
    of them becomes debt), turnover, visit, uses of limited rules, what a person gets once.
    A certificate that was sold must be whole, and this store must hold it: the centre is asked.
    Raises NotPermittedError, UnknownReceiptError, OtherShiftError, AlreadyReturnedError,
    ReceiptVoidedError, CertificateUsedError, CertificateAwayError, UidReusedError.
    """
    operation = (order.uid, OPERATION, order.content)
    with holding_certificates(station, operation, order.sale, None, at) as connection:
        done = answers.recall(connection, *operation)
        if done is not None:
            return _decode(done)
        store.check_new(connection, order.uid)
        cashiers.demand_role(station, order.cashier, _role_needed(station, at))
        moment = station.time.moment(at, store_settings(station).zone)
        _, sold = find_sale(station, connection, order.sale)
        days = {moment.day, moment.day_of(station.time.settled(at))}
        _check(connection, sold, order, days)
        voided = _undo(connection, station, order, sold, moment)
        answers.remember(connection, *operation, encode(voided), at)
    station.wakes.push.set()
    station.wakes.print.set()
    station.events.publish("receipt.voided", receipt=str(order.sale))
    log.info("receipt.voided", sale=str(order.sale), uid=str(order.uid))
    return voided


def _role_needed(station: Station, at: datetime) -> str:
    try:
        return effective_pack(station, at)[1].source.policies.voided_by
    except NoPackError:
        return ReturnPolicies().voided_by


def _check(
    connection: Connection, sold: ReceiptCommitted, order: VoidOrder, days: Collection[date]
) -> None:
    """Check that nothing has come back and that it is the shift of the sale; on untrusted time it
    may still be that of the last trusted day."""
    done = elsewhere.done(connection, order.sale)
    if done.is_voided:
        raise ReceiptVoidedError(receipt=order.sale)
    if done.before.quantities:
        raise AlreadyReturnedError(receipt=order.sale)
    if sold.day not in days or sold.receipt.till != order.till:
        day = f"{sold.day:%d.%m.%Y}"
        raise OtherShiftError(receipt=order.sale, till=sold.receipt.till, day=day)


def _undo(
    connection: Connection,
    station: Station,
    order: VoidOrder,
    sold: ReceiptCommitted,
    moment: Moment,
) -> Voided:
    frozen = frozen_of(sold)
    found = shares(frozen, Before({}, {}), whole_of(sold))
    to_certificates = sum(amount for _, amount in found.certificates)
    body = ReceiptVoided(
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
            for line in found.lines
        ),
        restored=tuple(sold.evaluation.redemption.draws),
        taken=tuple(Draw(lot.lot, lot.account, lot.amount) for lot in sold.granted if lot.amount),
        money_minor=sum(line.money_minor for line in found.lines) - to_certificates,
        turnover_minor=sold.evaluation.totals.turnover_minor,
        member=sold.member.id if sold.member else None,
        cashier=order.cashier,
        till=order.till,
        reason=order.reason,
        at=moment.instant,
        day=moment.day,
        refilled=sold.bearers,
        revoked=tuple(Draw(lot.lot, lot.account, lot.amount) for lot in sold.issued),
        trusted=moment.trusted,
    )
    tails = tuple((code[-TAIL_CHARS:], amount) for code, amount in found.certificates)
    return _write(connection, station, body, sold, tails)


def _write(
    connection: Connection,
    station: Station,
    body: ReceiptVoided,
    sold: ReceiptCommitted,
    certificates: tuple[tuple[str, int], ...],
) -> Voided:
    settings = store_settings(station)
    moment = Moment(body.at, settings.zone, body.trusted)
    who = buyer(station, connection, sold)
    ended = endings(station, connection, sold, {}, whole_of(sold))
    ended.check_here()
    asks = holds.open_asks(connection, body.uid)
    terms = earned_terms(sold, None)
    within = reachable(connection, who, body.taken, moment)
    clawed = claw_back(body.taken, terms, within, ReturnPolicies(), 0)
    new = NewFact(
        FactKind.RECEIPT_VOIDED,
        body,
        takings=[*held_here(who, body.taken), *ended.takings],
        ends=[one.ask for one in asks],
        changes=[*changes.of_void(body, sold), *changes.of_bearers(body)],
    )
    fact = journal.append(connection, station, new, moment.instant)
    holds.end_asks(connection, body.uid)
    once.remove(connection, once.of_facts((*sold.granted, *sold.issued)))
    used.give_back(connection, sold.receipt, sold.evaluation.budgets, sold.day)
    statement = statement_of(station, connection, sold, moment)
    if statement is not None:
        statement = replace(statement, debt_points=clawed.missing_points)
    slip_id = derived("slip", fact.id)
    tails = [one.tail for one in ended.sold]
    moved = OnCertificates(certificates, tails)
    paper = paper_by(station, settings, sold.evaluation.pack_hash)
    slip = void_slip(paper, Undone(sold, statement, moved), body, slip_id)
    spool.enqueue(connection, slip, moment.instant)
    document = Document(body.uid, body.sale, fact.id, slip.id, DocumentKind.VOID)
    store.add(connection, document, body.lines)
    own = who.accounts if who else ()
    return Voided(
        uid=body.uid,
        sale=body.sale,
        fact=fact.id,
        slip=slip.id,
        money_minor=body.money_minor,
        restored_points=sum(draw.amount for draw in body.restored),
        taken_points=sum(draw.amount for draw in body.taken if draw.account in own),
        debt_points=clawed.missing_points,
        certificates=certificates,
    )
