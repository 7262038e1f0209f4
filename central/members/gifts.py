"""Points given by hand: to a member or to a whole segment, with a limit, a reason and a name.

Whoever gives chooses how many and for how long. Each gift is kept with who gave it and why, and its
lots have a kind of their own, so that what burns of them is told apart.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from uuid import UUID

import structlog
from sqlalchemy import Connection

from central.centre import Centre
from central.feed import service as feed
from central.leases import service as leases
from central.ledger import service as ledger
from central.members import gift_store, store
from central.members import service as members
from central.members.gift_store import Gift
from central.members.imports import identifier_index
from central.members.roll import Roll
from central.packs import service as packs
from shared.errors import Kind, LoyaltyError
from shared.ids import derived
from shared.ledger.books import Books, Lot
from shared.ledger.entries import Document, lot_id
from shared.ledger.postings import grant
from shared.points import format_points
from shared.runtime.retries import retried
from shared.runtime.sqlite import transaction

MEMBERS_PER_TRANSACTION = 200
REASON_MAX = 200

log = structlog.get_logger()


class NoReasonError(LoyaltyError):
    """Points by hand need a reason and the name of who gives them."""

    kind = Kind.INVALID
    code = "no_reason"
    ru = "Укажите причину (до {most} знаков) и кто начисляет."
    en = "State a reason (up to {most} characters) and who gives the points."


class GiftLimitError(LoyaltyError):
    """More points than the settings let anybody give at once, or one person in a day."""

    kind = Kind.FORBIDDEN
    code = "gift_limit"
    ru = "Больше {most} бонусов {scope_ru} начислить нельзя."
    en = "At most {most} points may be given {scope_en}."


class NobodyToGiveError(LoyaltyError):
    """No member has this card or phone, several do, or nobody is in the segment."""

    kind = Kind.NOT_FOUND
    code = "nobody_to_give"
    ru = "Начислять некому: «{who}»."
    en = "There is nobody to give to: '{who}'."


class GiftChangedError(LoyaltyError):
    """The uid of a gift that was given with other terms."""

    kind = Kind.CONFLICT
    code = "gift_changed"
    ru = "Начисление {uid} уже было, и с другими условиями."
    en = "Gift {uid} was given already, with other terms."


@dataclass(frozen=True, slots=True)
class Order:
    """What is given to each member: hundredths of a point, spendable at once up to a day.

    `to` is a card, a phone, or `segment:` and its name.
    """

    uid: UUID
    to: str
    points: int
    wallet: str
    kind: str
    expires_on: date | None
    reason: str
    actor: str


@dataclass(frozen=True, slots=True)
class Given:
    """Members who were given points now, who had them from this order before, and the points."""

    members: int
    before: int
    points: int


def give(centre: Centre, order: Order, at: datetime) -> Given:
    """Grant a lot to every member that the order names; repeating a uid grants what is missing.

    Raises NoReasonError, GiftLimitError, UnknownWalletError, NobodyToGiveError, GiftChangedError.
    """
    if not order.reason.strip() or not order.actor.strip() or len(order.reason) > REASON_MAX:
        raise NoReasonError(most=REASON_MAX)
    takers = _ordered(centre, order, at)
    given = sum(_give_some(centre, order, few, at) for few in _pieces(takers))
    log.info("points.given", members=given, points=given * order.points, kind=order.kind)
    return Given(given, len(takers) - given, given * order.points)


@retried
def _ordered(centre: Centre, order: Order, at: datetime) -> list[UUID]:
    """Keep the order and return whom it names."""
    with transaction(centre.engine) as connection:
        packs.check_wallet(connection, order.wallet, at)
        takers = _takers(connection, centre, order)
        if not takers:
            raise NobodyToGiveError(who=order.to)
        _note(connection, centre, order, len(takers), at)
    return takers


def _takers(connection: Connection, centre: Centre, order: Order) -> list[UUID]:
    word, _, name = order.to.partition(":")
    if word == "segment":
        found = store.in_segment(connection, name)
        roll = members.load(connection, found, ())
        return sorted({roll.survivor(one).id for one in found})
    index = identifier_index(centre, order.to)
    roll = members.load(connection, (), [] if index is None else [index])
    living = {roll.survivor(one.member).id for one in roll.identifiers.values()}
    return sorted(living) if len(living) == 1 else []


def _note(connection: Connection, centre: Centre, order: Order, takers: int, at: datetime) -> None:
    """Keep who gives what and why, once, within the limits."""
    terms = (order.to, order.points, order.wallet, order.kind, order.expires_on, order.reason)
    gift = Gift(
        uid=order.uid,
        actor=order.actor,
        reason=order.reason,
        kind=order.kind,
        terms=str(derived("gift", *terms, order.actor)),
        members=takers,
        points=takers * order.points,
        at=at,
    )
    known = gift_store.gift(connection, order.uid)
    if known is not None:
        if known.terms != gift.terms:
            raise GiftChangedError(uid=order.uid)
        return
    most, a_day = centre.settings.gift_points_max, centre.settings.gift_points_a_day_max
    if not 0 < order.points <= most:
        raise GiftLimitError(
            most=format_points(most), scope_ru="одному участнику сразу", scope_en="a member at once"
        )
    morning = datetime.combine(at.astimezone(UTC).date(), time(), UTC)
    if gift_store.given_since(connection, order.actor, morning) + gift.points > a_day:
        raise GiftLimitError(
            most=format_points(a_day), scope_ru="за день одному сотруднику", scope_en="by one a day"
        )
    gift_store.add_gift(connection, gift)


@retried
def _give_some(centre: Centre, order: Order, few: Sequence[UUID], at: datetime) -> int:
    with transaction(centre.engine) as connection:
        leases.keep_roster(connection)
        roll, locked = members.load_locked(connection, few, (), set())
        books = ledger.read(connection, locked, ())
        takers = sorted({roll.survivor(member).id for member in few})
        members.extend(connection, roll, {account.owner for account in locked.rows})
        lots = [lot for member in takers for lot in _lots_of(order, roll, books, member)]
        books = ledger.read(connection, locked, lots)
        granted = {member for member in takers if _grant(roll, books, order, member, at)}
        payers = {roll.payer(member) for member in granted}
        visits = leases.load_visits(connection, centre, books.accounts)
        leases.size(connection, books, visits, payers, at)
        changes = ledger.save(connection, books)
        members.extend(connection, roll, {account.member for account in books.accounts.values()})
        feed.append(connection, [*changes, *members.save(connection, roll, books)])
    return len(granted)


def _grant(roll: Roll, books: Books, order: Order, member: UUID, at: datetime) -> bool:
    accounts = members.accounts_of(roll, books, member)
    lots = _lots_of(order, roll, books, member)
    if not accounts or any(lot in books.lots for lot in lots):
        return False
    document = derived("gift", order.uid, member)
    lot = Lot(
        id=lot_id(document, 0, accounts[0].id),
        account=accounts[0].id,
        wallet=order.wallet,
        kind=order.kind,
        rule="",
        document=document,
        granted=order.points,
        balance=0,
        free=0,
        held=0,
        activates_at=at,
        expires_on=order.expires_on,
    )
    return grant(books, lot, Document(document, at), holder=None, kept=0)


def _lots_of(order: Order, roll: Roll, books: Books, member: UUID) -> list[UUID]:
    """Return every lot that the order may have brought to a member, or to one who joined him."""
    accounts = members.accounts_of(roll, books, member)
    owners = {account.owner for account in accounts}
    people = {member, *(one for one in owners if roll.survivor(one).id == member)}
    documents = [derived("gift", order.uid, one) for one in sorted(people)]
    return [lot_id(document, 0, account.id) for document in documents for account in accounts]


def _pieces(takers: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    for start in range(0, len(takers), MEMBERS_PER_TRANSACTION):
        yield takers[start : start + MEMBERS_PER_TRANSACTION]
