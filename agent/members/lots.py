"""Activate a member's pending points before their time, on request."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from msgspec import Struct
from sqlalchemy import Connection

from agent.journal import answers, store
from agent.journal import service as journal
from agent.journal.service import NewFact
from agent.journal.store import Change
from agent.leases.lots import LotStanding
from agent.leases.standing import standing, unconfirmed
from agent.quote.service import effective_pack
from agent.replica import store as rows
from agent.station import Station
from shared.errors import Kind, LoyaltyError
from shared.points import format_points
from shared.rules.model import Wallet
from shared.runtime.sqlite import reading, transaction
from shared.wire.codec import decoder, encode
from shared.wire.facts import FactKind, LotActivated
from shared.wire.rows import CashierRow

OPERATION = "activate"

log = structlog.get_logger()


class ActivationForbiddenError(LoyaltyError):
    """The programme does not let a store activate points early."""

    kind = Kind.FORBIDDEN
    code = "activation_forbidden"
    ru = "Программа не разрешает досрочную активацию бонусов."
    en = "The programme does not allow early activation of points."


class ActivationNotYoursError(LoyaltyError):
    """The cashier's role has no right to activate points early."""

    kind = Kind.FORBIDDEN
    code = "activation_not_yours"
    ru = "Досрочно активировать бонусы могут только: {roles}."
    en = "Only these may activate points early: {roles}."


class ActivationLimitError(LoyaltyError):
    """More points in a lot, or more lots in a day, than the programme lets a store activate."""

    kind = Kind.FORBIDDEN
    code = "activation_limit"
    ru = "Досрочная активация ограничена: не больше {limit}."
    en = "Early activation is limited: at most {limit}."


class ActivationUnconfirmedError(LoyaltyError):
    """A gift that a store has given itself and the centre may not accept: nobody's as yet."""

    kind = Kind.CONFLICT
    code = "activation_unconfirmed"
    ru = (
        "Центр ещё не подтвердил эти бонусы: активировать их можно будет, когда появится связь. "
        "Сами они станут активны в свой срок."
    )
    en = (
        "The centre has not confirmed these points yet: they can be activated when the line is "
        "back. By themselves they become active in their time."
    )


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

    Offline as well. The fact keeps who did it and why. Raises NotPendingError,
    ActivationUnconfirmedError, ActivationForbiddenError, ActivationNotYoursError,
    ActivationLimitError, UnknownMemberError, UidReusedError.
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
    if lot.id in unconfirmed(connection, who):
        raise ActivationUnconfirmedError
    settings, pack = effective_pack(station, at)
    wallet = pack.source.wallets.get(lot.wallet)  # an older pack may have known others
    if wallet is None or wallet.early_activation != "allowed":
        raise ActivationForbiddenError
    _check_right(station, wallet, order.cashier)
    if wallet.early_activation_max is not None and lot.amount > wallet.early_activation_max:
        raise ActivationLimitError(limit=format_points(wallet.early_activation_max))
    most = wallet.early_activation_a_day
    moment = station.time.moment(at, settings.zone)
    today = moment.start_of(moment.day_of(station.time.settled(at)))
    if most is not None and store.activated_since(connection, lot.account, today) >= most:
        raise ActivationLimitError(limit=most)
    return lot


def _check_right(station: Station, wallet: Wallet, cashier: str) -> None:
    if not wallet.early_activation_by:
        return
    with reading(station.replica) as replica:
        row = rows.find(replica, CashierRow, cashier.encode())
    if row is None or row.role not in wallet.early_activation_by:
        raise ActivationNotYoursError(roles=", ".join(wallet.early_activation_by))
