"""Activate a member's pending points before their time, on request."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from msgspec import Struct
from sqlalchemy import Connection

from agent.journal import answers
from agent.journal import service as journal
from agent.journal.service import NewFact
from agent.journal.store import Change
from agent.leases.standing import LotStanding, standing
from agent.quote.service import effective_pack
from agent.station import Station
from shared.errors import Kind, LoyaltyError
from shared.runtime.sqlite import transaction
from shared.wire.codec import decoder, encode
from shared.wire.facts import FactKind, LotActivated

OPERATION = "activate"

log = structlog.get_logger()


class ActivationForbiddenError(LoyaltyError):
    """The programme does not let a store activate points early."""

    kind = Kind.FORBIDDEN
    code = "activation_forbidden"
    ru = "Программа не разрешает досрочную активацию бонусов."
    en = "The programme does not allow early activation of points."


class NotPendingError(LoyaltyError):
    """A lot that this member does not have, or that is active already."""

    kind = Kind.CONFLICT
    code = "not_pending"
    ru = "У участника нет ожидающей партии бонусов {lot}."
    en = "The member has no pending lot {lot}."


@dataclass(frozen=True, slots=True)
class Activation:
    """A request for early activation, with its reason."""

    uid: UUID
    content: bytes
    lot: UUID
    member: UUID
    reason: str
    cashier: str = ""


class Activated(Struct, frozen=True):
    """A lot that can be spent from now on, in hundredths of a point."""

    lot: UUID
    member: UUID
    amount: int
    activates_at: datetime


_decode = decoder(Activated)


def activate(station: Station, order: Activation, at: datetime) -> Activated:
    """Make a pending lot spendable from now on; repeating a uid is safe.

    Raises NotPendingError, ActivationForbiddenError, UnknownMemberError, UidReusedError.
    """
    with transaction(station.journal) as connection:
        done = answers.recall(connection, order.uid, OPERATION, order.content)
        if done is not None:
            return _decode(done)
        lot = _pending(station, connection, order, at)
        body = LotActivated(order.uid, lot.id, lot.account, order.reason, order.cashier, at)
        change = Change(lot.account, lot=lot.id, activates_at=at)
        new = NewFact(FactKind.LOT_ACTIVATED, body, changes=[change])
        journal.append(connection, station, new, at)
        activated = Activated(lot.id, order.member, lot.amount, at)
        answers.remember(connection, order.uid, OPERATION, order.content, encode(activated), at)
    station.wakes.push.set()
    log.info("lot.activated", lot=str(lot.id))
    return activated


def _pending(
    station: Station, connection: Connection, order: Activation, at: datetime
) -> LotStanding:
    who = standing(station, connection, order.member)
    lot = next((lot for lot in who.lots if lot.id == order.lot), None)
    if lot is None or lot.activates_at <= at or lot.amount <= 0:
        raise NotPendingError(lot=order.lot)
    _, pack = effective_pack(station, at)
    if pack.wallet(lot.wallet).early_activation != "allowed":
        raise ActivationForbiddenError
    return lot
