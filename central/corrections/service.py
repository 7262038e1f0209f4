"""Points corrected by hand: an entry with a reason, a limit per role, four eyes above it.

Nothing that was posted is changed. What is taken comes out of the free rest of the member's lots,
those that expire first; what stores hold of it is asked for, and is debt at once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from uuid import UUID

import structlog
from sqlalchemy import Connection

from central.centre import Centre
from central.corrections import store
from central.corrections.store import Correction, CorrectionState, Sought
from central.feed import service as feed
from central.leases import service as leases
from central.ledger import service as ledger
from central.members import service as members
from central.members.merging import UnknownMemberError
from central.packs import service as packs
from shared.errors import Kind, LoyaltyError
from shared.ids import derived, uuid7
from shared.ledger.books import Account, Books, Lot
from shared.ledger.entries import Document, lot_id
from shared.ledger.postings import grant, take
from shared.points import format_points
from shared.runtime.retries import retried
from shared.runtime.sqlite import reading, transaction

KIND = "correction"
REASON_MAX = 500

log = structlog.get_logger()


class NoCorrectionReasonError(LoyaltyError):
    """A correction says why; it is kept."""

    kind = Kind.INVALID
    code = "no_correction_reason"
    ru = "Укажите причину исправления (до {most} знаков) и сумму, не равную нулю."
    en = "State why points are corrected (up to {most} characters), and a sum that is not zero."


class CorrectionLimitError(LoyaltyError):
    """More points than anybody may correct at once."""

    kind = Kind.FORBIDDEN
    code = "correction_limit"
    ru = "Больше {most} бонусов за раз не исправляют и вдвоём."
    en = "At most {most} points are corrected at once, also by two."


class PastExpiryError(LoyaltyError):
    """Points that would have expired before they are there."""

    kind = Kind.INVALID
    code = "past_expiry"
    ru = "Срок бонусов уже прошёл: {day:%d.%m.%Y}."
    en = "The day on which the points expire is over: {day}."


class NotEnoughPointsError(LoyaltyError):
    """A member has fewer points than are to be taken."""

    kind = Kind.CONFLICT
    code = "not_enough_points"
    ru = "У участника {there} бонусов: снять {wanted} нельзя."
    en = "The member has {there} points: {wanted} cannot be taken."


class UnknownCorrectionError(LoyaltyError):
    """No correction has this uid."""

    kind = Kind.NOT_FOUND
    code = "unknown_correction"
    ru = "Исправления {uid} нет."
    en = "There is no correction {uid}."


class DecidedBeforeError(LoyaltyError):
    """A correction that somebody has decided on already."""

    kind = Kind.CONFLICT
    code = "decided_before"
    ru = "По исправлению уже решил {by}."
    en = "{by} has decided on the correction already."


class SameEyesError(LoyaltyError):
    """Who has asked for a correction is not the second person that has to agree."""

    kind = Kind.FORBIDDEN
    code = "same_eyes"
    ru = "Согласиться должен другой сотрудник."
    en = "Another person has to agree."


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to correct; `points` in hundredths, below zero to take.

    `alone_max` and `a_day_max` are what he may do alone, at once and in a day of UTC. The same wish
    with the same `once` is one, however often it comes: a form that is sent twice.
    """

    member: UUID
    points: int
    wallet: str
    expires_on: date | None
    reason: str
    by: str
    alone_max: int
    a_day_max: int
    once: str = ""


def wish(centre: Centre, wanted: Wish) -> Correction:
    """Correct a member's points, or let it wait for a second person if it is over the limit.

    Repeating is safe with a `once`. Raises NoCorrectionReasonError, CorrectionLimitError,
    PastExpiryError, UnknownWalletError, UnknownMemberError, NotEnoughPointsError.
    """
    reason = wanted.reason.strip()
    if not wanted.points or not 0 < len(reason) <= REASON_MAX:
        raise NoCorrectionReasonError(most=REASON_MAX)
    most = centre.settings.gift_points_max
    if abs(wanted.points) > most:
        raise CorrectionLimitError(most=format_points(most))
    at = centre.clock.now()
    if wanted.expires_on is not None and wanted.expires_on < at.astimezone(UTC).date():
        raise PastExpiryError(day=wanted.expires_on)
    new = Correction(
        uid=_uid(wanted) if wanted.once else uuid7(at, centre.chance),
        member=wanted.member,
        points=wanted.points,
        wallet=wanted.wallet,
        expires_on=wanted.expires_on,
        reason=reason,
        asked_by=wanted.by,
        asked_at=at,
    )
    try:
        return _take_up(centre, new, wanted)
    except _RepeatedError as repeated:
        return repeated.done


class _RepeatedError(Exception):
    """A wish that was taken up before: the transaction ends without a trace."""

    def __init__(self, done: Correction) -> None:
        super().__init__(done.uid)
        self.done = done


def _uid(wanted: Wish) -> UUID:
    told = (wanted.member, wanted.points, wanted.wallet, wanted.expires_on, wanted.reason)
    return derived("correction", wanted.by, wanted.once, *told)


@retried
def _take_up(centre: Centre, new: Correction, wanted: Wish) -> Correction:
    at = new.asked_at
    with transaction(centre.engine) as connection:
        leases.keep_roster(connection)
        if (done := store.find(connection, new.uid)) is not None:
            raise _RepeatedError(done)
        morning = datetime.combine(at.astimezone(UTC).date(), time(), UTC)
        today = store.done_since(connection, wanted.by, morning) + abs(new.points)
        if new.points > 0:
            packs.check_wallet(connection, new.wallet, at)
        if abs(new.points) <= wanted.alone_max and today <= wanted.a_day_max:
            _post(connection, new, at)
            new = replace(new, state=CorrectionState.DONE, decided_by=wanted.by, decided_at=at)
        else:
            _books(connection, new.member)
        store.add(connection, new)
    log.info("points.corrected", state=new.state.value, points=new.points)
    return new


@retried
def agree(centre: Centre, uid: UUID, by: str) -> Correction:
    """Post a correction that waited for a second person.

    Raises UnknownCorrectionError, DecidedBeforeError, SameEyesError, NotEnoughPointsError.
    """
    at = centre.clock.now()
    with transaction(centre.engine) as connection:
        leases.keep_roster(connection)
        waiting = _waiting(connection, uid)
        if waiting.asked_by == by:
            raise SameEyesError
        _post(connection, waiting, at)
        store.decide(connection, uid, CorrectionState.DONE, by, at)
    log.info("points.corrected", state="agreed", points=waiting.points)
    return waiting


@retried
def refuse(centre: Centre, uid: UUID, by: str) -> Correction:
    """End a correction that waited, also one of his own.

    Raises UnknownCorrectionError, DecidedBeforeError.
    """
    at = centre.clock.now()
    with transaction(centre.engine) as connection:
        waiting = _waiting(connection, uid)
        store.decide(connection, uid, CorrectionState.REFUSED, by, at)
    log.info("points.not_corrected", points=waiting.points)
    return waiting


def look(centre: Centre, sought: Sought, limit: int, offset: int = 0) -> list[Correction]:
    """Return corrections: those that wait first, then the latest, unless another order is named."""
    with reading(centre.engine) as connection:
        return store.search(connection, sought, limit, offset)


def count(centre: Centre, sought: Sought) -> int:
    """Count corrections."""
    with reading(centre.engine) as connection:
        return store.count(connection, sought)


def _waiting(connection: Connection, uid: UUID) -> Correction:
    found = store.find(connection, uid)
    if found is None:
        raise UnknownCorrectionError(uid=uid)
    if found.state is not CorrectionState.WAITING:
        raise DecidedBeforeError(by=found.decided_by)
    return found


def _books(connection: Connection, member: UUID) -> tuple[Books, list[Account], UUID]:
    """Lock what a member has; raises UnknownMemberError."""
    roll, locked = members.load_locked(connection, [member], (), set())
    if member not in roll.members:
        raise UnknownMemberError(member=member)
    survivor = roll.survivor(member).id
    books = ledger.read(connection, locked, ())
    return books, members.accounts_of(roll, books, survivor), survivor


def _post(connection: Connection, one: Correction, at: datetime) -> None:
    books, accounts, survivor = _books(connection, one.member)
    if not accounts:
        raise UnknownMemberError(member=one.member)
    document = Document(one.uid, at)
    if one.points > 0:
        grant(books, _lot(one, accounts[0].id, at), document, holder=None, kept=0)
    else:
        for lot, amount in _shares(books, accounts, one):
            take(books, lot, amount, document)
    changes = ledger.save(connection, books)
    roll = members.load(connection, [survivor], ())
    members.extend(connection, roll, {account.owner for account in accounts})
    feed.append(connection, [*changes, *members.save(connection, roll, books)])


def _shares(
    books: Books, accounts: Sequence[Account], one: Correction
) -> Iterator[tuple[Lot, int]]:
    """Yield how much to take of which lot: what is free first, then what stores hold."""
    lots = [lot for account in accounts for lot in books.lots_of(account.id)]
    lots = [lot for lot in lots if lot.wallet == one.wallet and lot.balance - lot.held > 0]
    lots.sort(key=lambda lot: (lot.expires_on or date.max, lot.activates_at, lot.id))
    wanted, there = -one.points, sum(lot.balance - lot.held for lot in lots)
    if there < wanted:
        raise NotEnoughPointsError(there=format_points(there), wanted=format_points(wanted))
    shares = {lot.id: 0 for lot in lots}
    for bound in ("free", "balance"):
        for lot in lots:
            most = lot.free if bound == "free" else lot.balance - lot.held
            more = min(wanted, most - shares[lot.id])
            shares[lot.id] += more
            wanted -= more
    for lot in lots:
        if shares[lot.id]:
            yield lot, shares[lot.id]


def _lot(one: Correction, account: UUID, at: datetime) -> Lot:
    return Lot(
        id=lot_id(one.uid, 0, account),
        account=account,
        wallet=one.wallet,
        kind=KIND,
        rule="",
        document=one.uid,
        granted=one.points,
        balance=0,
        free=0,
        held=0,
        activates_at=at,
        expires_on=one.expires_on,
    )
