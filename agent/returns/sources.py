"""Whence a return has its sale: this store's journal, what the centre tells, or the slip."""

from datetime import datetime
from enum import Enum, auto
from uuid import UUID

from sqlalchemy import Connection

from agent.commit import store as sales
from agent.journal import store as facts
from agent.packs import NoPackError
from agent.quote.service import effective_pack
from agent.reserve import store as claims
from agent.reserve.store import ClaimState
from agent.returns import elsewhere
from agent.station import Station
from shared.errors import Kind, LoyaltyError
from shared.rules.return_terms import ReturnPolicies
from shared.runtime.sqlite import reading
from shared.wire.facts import Fact, ReceiptCommitted, body_of, is_intact


class UnknownReceiptError(LoyaltyError):
    """A receipt that this store did not sell; what comes back is asked for at the centre too."""

    kind = Kind.NOT_FOUND
    code = "unknown_receipt"
    ru = "Чек {receipt} не найден. Проверьте номер и магазин, где он пробит."
    en = "Receipt {receipt} is not found. Check its number, and which store has sold it."


class DamagedReceiptError(UnknownReceiptError):
    """The disk has changed what a receipt says: nothing may be paid back by it."""

    code = "damaged_receipt"
    ru = "Чек {receipt} на диске повреждён. Верните товар, когда центр будет на связи."
    en = "Receipt {receipt} is damaged on the disk. Take it back when the centre is in reach."


class DepartedReceiptError(UnknownReceiptError):
    """A receipt that this store has sold and keeps no more: the centre has it."""

    code = "receipt_departed"
    ru = "Чек {receipt} давний: в магазине его больше не хранят, он в центре. Оформите возврат."
    en = "Receipt {receipt} is an old one, kept at the centre only. Return its goods instead."


class SoldElsewhereError(LoyaltyError):
    """A receipt that is not in this store's journal while the centre is out of reach."""

    kind = Kind.CONFLICT
    code = "sold_elsewhere"
    ru = (
        "Без связи чек {receipt} здесь не вернуть: он давний или другого магазина. Дождитесь "
        "связи или оформите возврат там, где была покупка."
    )
    en = (
        "Receipt {receipt} is an old one or of another store, and cannot be returned here without "
        "the line. Wait for it, or return the goods where they were bought."
    )


class SlipNeededError(LoyaltyError):
    """A receipt of another store, which could come back by its slip while the centre is away."""

    kind = Kind.CONFLICT
    code = "slip_needed"
    ru = "Нет связи, а чек {receipt} давний или другого магазина: отсканируйте код на его слипе."
    en = "The line is out and receipt {receipt} is old or of another store: scan its slip's code."


class LineNeededError(LoyaltyError):
    """A return while the centre is out of reach, where the programme allows none."""

    kind = Kind.CONFLICT
    code = "line_needed"
    ru = "Без связи с центром возврат не оформляется: дождитесь связи."
    en = "Goods are not taken back while the centre is out of reach: wait for the line."


class Source(Enum):
    """Whence a return has the data of its sale."""

    OWN = auto()
    CENTRE = auto()
    SLIP = auto()


def hear_of(station: Station, sale: UUID, at: datetime) -> None:
    """Let the centre tell what it knows of a sale that is to come back, with all of its data.

    Raises what `source_of` raises.
    """
    source_of(station, sale, "", at)


def sale_of(station: Station, connection: Connection, receipt: UUID) -> ReceiptCommitted:
    """Return a sale of this store, or one that the centre has told of.

    Raises UnknownReceiptError.
    """
    told = elsewhere.find(connection, receipt)
    return told.sale if told is not None else find_sale(station, connection, receipt)[1]


def source_of(station: Station, sale: UUID, slip: str, at: datetime) -> Source:
    """Ask the centre, if it is in reach, and say whence a return has the data of its sale.

    Raises UnknownReceiptError, SoldElsewhereError, SlipNeededError, LineNeededError.
    """
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


def find_sale(
    station: Station, connection: Connection, receipt: UUID
) -> tuple[Fact, ReceiptCommitted]:
    """Return a sale of this store from its journal.

    Raises UnknownReceiptError; DepartedReceiptError if it was sold here long ago;
    DamagedReceiptError if its bytes do not give its hash any more.
    """
    sold = sales.find(connection, receipt)
    if sold is None and claims.find(connection, receipt) is ClaimState.COMMITTED:
        raise DepartedReceiptError(receipt=receipt)
    fact = sold and facts.fact_by_id(connection, station.identity.agent, sold.fact)
    if not fact:
        raise UnknownReceiptError(receipt=receipt)
    if not is_intact(fact):
        raise DamagedReceiptError(receipt=receipt)
    body = body_of(fact)
    assert isinstance(body, ReceiptCommitted)
    return fact, body
