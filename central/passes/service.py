"""Passes issued: one good pass an account, signed, by the terms of the programme in force.

Nothing is reserved for a pass. What it can cost is stated instead: its points at every store that
does not hear of the others, once each (`kopilka central policy risk`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from uuid import UUID

import structlog
from sqlalchemy import Connection

from central.centre import Centre
from central.feed import service as feed
from central.ledger import service as ledger
from central.packs.library import Library, catalogue, in_force
from central.passes import posting, store
from central.passes.store import StoredPass, StoredUse
from shared.bearer import Bearer
from shared.errors import Kind, LoyaltyError
from shared.ledger.books import Account, Books
from shared.points import format_points
from shared.rules.force import Place
from shared.rules.model import Policies
from shared.rules.moment import Moment
from shared.runtime.retries import retried
from shared.runtime.sqlite import reading, transaction
from shared.wire.passes import FIRST_MINUTE, MINUTE, Pass, write

SHOWN_MAX = 20
ACTOR_MAX = 200

log = structlog.get_logger()


class NoPassesError(LoyaltyError):
    """A programme that lets nobody redeem by a pass, or none at all."""

    kind = Kind.CONFLICT
    code = "no_passes"
    ru = "Программа не списывает по пропускам: в пакете нет offline_redemption: signed_pass."
    en = "The programme takes no passes: its pack has no offline_redemption: signed_pass."


class NothingToPassError(LoyaltyError):
    """An account without points that are not owed."""

    kind = Kind.CONFLICT
    code = "nothing_to_pass"
    ru = "На счёте {account} нет бонусов для пропуска: {balance}, долг {debt}."
    en = "Account {account} has no points for a pass: {balance}, with a debt of {debt}."


class NoMemberAccountError(LoyaltyError):
    """An account that is no member's."""

    kind = Kind.NOT_FOUND
    code = "no_member_account"
    ru = "Счёта участника {account} нет."
    en = "There is no member's account {account}."


class PassNotOverError(LoyaltyError):
    """An account whose last pass was used or replaced, and is not over by its time."""

    kind = Kind.CONFLICT
    code = "pass_not_over"
    ru = (
        "Прежний пропуск использован, но действует до {until} UTC: магазин без связи может принять "
        "и его. Новый — тогда, или сейчас: --anew."
    )
    en = (
        "The former pass is used, and good until {until} UTC: a store without a line may take it "
        "as well. A new one then, or now: --anew."
    )


class BadPassError(LoyaltyError):
    """Points that no pass of the programme may have."""

    kind = Kind.INVALID
    code = "bad_pass"
    ru = "Пропуск бывает от 0,01 до {most} бонусов."
    en = "A pass is of 0.01 to {most} points."


class NoIssuerError(LoyaltyError):
    """A pass is issued by somebody."""

    kind = Kind.INVALID
    code = "no_issuer"
    ru = "Укажите, кто выдаёт пропуск (до {most} знаков)."
    en = "Say who issues the pass (up to {most} characters)."


class Renewal(Enum):
    """What becomes of a pass that is not over: it is given again, or a new one ends it."""

    GIVE_AGAIN = auto()
    REPLACE = auto()


@dataclass(frozen=True, slots=True)
class PassOrder:
    """Who is given a pass by whom; without `points` (hundredths) it is of the programme's cap."""

    account: UUID
    actor: str
    points: int | None = None
    renewal: Renewal = Renewal.GIVE_AGAIN


@dataclass(frozen=True, slots=True)
class Issued:
    """A pass with its code; `is_new` unless it was good already."""

    granted: Pass
    code: str
    is_new: bool


@retried
def issue(centre: Centre, order: PassOrder, at: datetime) -> Issued:
    """Issue a pass to an account, or give its good one again; repeating is safe.

    Of the programme's cap, the points asked for and what the account has and does not have to pay
    of debts it is the least. Raises NoPassesError, NoMemberAccountError, NothingToPassError,
    PassNotOverError, BadPassError, NoIssuerError.
    """
    if not order.actor.strip() or len(order.actor) > ACTOR_MAX:
        raise NoIssuerError(most=ACTOR_MAX)
    with transaction(centre.engine) as connection:
        policies = _policies(connection, at)
        books = ledger.load(connection, [order.account])
        account = _account(books, order.account)
        last = store.newest(connection, account.id)
        keeps = order.renewal is Renewal.GIVE_AGAIN
        if keeps and last is not None and is_good(last, account, at):
            return _written(centre, last, is_new=False)
        counter = next_counter(_highest(connection, account, last), at)
        ends_at = at + timedelta(days=policies.offline_pass_days)
        ends_at -= (ends_at - FIRST_MINUTE) % MINUTE
        points = _points(books, account, policies, order, at)
        new = StoredPass(account.id, counter, points, at, ends_at, order.actor)
        store.insert_pass(connection, new)
        posting.end(books, account.id, counter - 1)
        feed.append(connection, ledger.save(connection, books))
    log.info("pass.issued", account=str(account.id), counter=counter, points=points)
    return _written(centre, new, is_new=True)


def look(centre: Centre, account: UUID) -> list[tuple[StoredPass, list[StoredUse]]]:
    """Return the latest passes of an account, the newest first, with the sales drawn by each."""
    with reading(centre.engine) as connection:
        found = store.issued(connection, account, SHOWN_MAX)
        uses = store.uses(connection, [(one.account, one.counter) for one in found])
    return [(one, [use for use in uses if use.counter == one.counter]) for one in found]


def fullest(centre: Centre, accounts: Sequence[UUID], at: datetime) -> UUID | None:
    """Return which of a member's accounts has most points, the first of several."""
    with reading(centre.engine) as connection:
        books = ledger.load(connection, accounts)
    return max(accounts, key=lambda one: _balance(books, one, at), default=None)


def is_good(last: StoredPass, account: Account, at: datetime) -> bool:
    """Tell whether an account's last pass serves still; raises PassNotOverError for one that is
    used, and that a store without a line may take as well until its end."""
    if last.ends_at <= at:
        return False
    if last.counter <= account.passes_over:
        raise PassNotOverError(until=f"{last.ends_at:%d.%m.%Y %H:%M}")
    return True


def _policies(connection: Connection, at: datetime) -> Policies:
    """Return the policies in force now; raises NoPassesError."""
    name = in_force(catalogue(connection), Place(), Moment(at.astimezone(UTC), "UTC"))
    pack = Library().pack(connection, name)
    if pack is None or pack.source.policies.offline_redemption != "signed_pass":
        raise NoPassesError
    return pack.source.policies


def _account(books: Books, account: UUID) -> Account:
    found = books.accounts.get(account)
    if found is None or found.is_bearer:
        raise NoMemberAccountError(account=account)
    return found


def next_counter(highest: int, at: datetime) -> int:
    """Return a counter above the highest that is known of an account.

    A restored centre does not know of those that it issued after its backup: the minutes are above
    theirs.
    """
    return max(highest + 1, (at - FIRST_MINUTE) // MINUTE)


def _highest(connection: Connection, account: Account, last: StoredPass | None) -> int:
    used = store.highest_used(connection, account.id)
    return max(account.passes_over, used, last.counter if last else 0)


def _points(
    books: Books, account: Account, policies: Policies, order: PassOrder, at: datetime
) -> int:
    most = policies.offline_pass_points
    if order.points is not None and not 0 < order.points <= most:
        raise BadPassError(most=format_points(most))
    balance = _balance(books, account.id, at)
    debt = sum(one.debt for one in books.debtors(account.id))
    if balance <= debt:
        said = {"balance": format_points(balance), "debt": format_points(debt)}
        raise NothingToPassError(account=account.id, **said)
    return min(most, order.points or most, balance - debt)


def _balance(books: Books, account: UUID, at: datetime) -> int:
    """Return what an account has of points, also of those that are not active yet."""
    return sum(
        lot.balance
        for lot in books.lots_of(account)
        if lot.wallet not in frozenset(Bearer)
        and (lot.expires_on is None or lot.expires_on >= at.date())
    )


def _written(centre: Centre, found: StoredPass, *, is_new: bool) -> Issued:
    granted = Pass(found.account, found.counter, found.points, found.ends_at)
    return Issued(granted, write(granted, centre.keys.passes.sign), is_new)
