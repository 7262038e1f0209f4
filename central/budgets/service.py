"""Budgets at the centre: opened for the packs, spread over the stores, set and shown by people."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import structlog
from sqlalchemy import Connection

from central.bearers.records import record
from central.bearers.store import Record, records
from central.budgets import store
from central.budgets.sharing import share
from central.budgets.store import StoredBudget
from central.centre import Centre
from central.estate.store import stores
from central.feed import service as feed
from central.leases import service as leases
from central.ledger import service as ledger
from central.packs import service as packs
from shared.bearer import Bearer, bearer_lot
from shared.errors import Kind, LoyaltyError
from shared.ids import derived, uuid7
from shared.ledger.books import Books, Holder, Lot
from shared.ledger.entries import Document
from shared.ledger.postings import grant, grow, take, want_back
from shared.rules.budgets import Budget, budgets_of
from shared.rules.force import Place
from shared.runtime.retries import retried
from shared.runtime.sqlite import reading, transaction

BUDGETS_PER_TRANSACTION = 50
AMOUNT_MAX = 10**12
DAYS_AHEAD = 2
OVER_AFTER = timedelta(days=7)
"""So long after its last day a budget is spread no more."""
KIND = "budget"
"""Of the lot."""

log = structlog.get_logger()


class UnknownBudgetError(LoyaltyError):
    """A name that no budget has."""

    kind = Kind.NOT_FOUND
    code = "unknown_budget"
    ru = "Бюджета «{name}» нет. Список: central budgets list."
    en = "There is no budget {name}. The list: central budgets list."


class BadBudgetError(LoyaltyError):
    """An amount that no budget may have."""

    kind = Kind.INVALID
    code = "bad_budget"
    ru = "Размер бюджета должен быть от 0 до {most}."
    en = "A budget is from 0 to {most}."


class SeveralBudgetsError(LoyaltyError):
    """A name under which uses, points and discount are counted apart, and none was named."""

    kind = Kind.INVALID
    code = "several_budgets"
    ru = "Под именем «{name}» несколько бюджетов: {whats}. Укажите, какой: --of."
    en = "There are several budgets {name}: {whats}. Say which: --of."


@dataclass(frozen=True, slots=True)
class BudgetShown:
    """A budget as a person sees it: what is used, what stores hold, what was done to it.

    An `owed` amount was used beyond it: by stores that were written off, cloned or restored.
    """

    budget: StoredBudget
    left: int
    holdings: tuple[tuple[str, int], ...]
    owed: int
    records: tuple[Record, ...] = ()

    @property
    def used(self) -> int:
        """What receipts have used up, as far as the centre has heard."""
        return self.budget.amount - self.left + self.owed


def run(centre: Centre, at: datetime) -> int:
    """Open what the packs ask for and is not there, and spread what is left; return the new ones.

    Repeating it changes nothing while nothing is used.
    """
    opened = _open(centre, at)
    with reading(centre.engine) as connection:
        over = at.date() - OVER_AFTER
        known = [one for one in store.budgets(connection) if one.last is None or one.last >= over]
    for start in range(0, len(known), BUDGETS_PER_TRANSACTION):
        _spread(centre, known[start : start + BUDGETS_PER_TRANSACTION], at)
    return opened


def set_amount(centre: Centre, name: str, amount: int, what: str = "") -> list[BudgetShown]:
    """Let so much be used in all windows of a budget, also in those to come; what stores hold too
    much is asked back.

    `what` is counted, where a rule has several budgets of one window. No later version of the pack
    changes it. Raises UnknownBudgetError, BadBudgetError, SeveralBudgetsError.
    """
    if not 0 <= amount <= AMOUNT_MAX:
        raise BadBudgetError(most=AMOUNT_MAX)
    _set(centre, name, amount, what)
    return show(centre, name)


def show(centre: Centre, name: str) -> list[BudgetShown]:
    """Return the windows of a budget; raises UnknownBudgetError."""
    with reading(centre.engine) as connection:
        found = [one for one in store.budgets(connection) if one.name == name]
        if not found:
            raise UnknownBudgetError(name=name)
        told = tuple(records(connection, name))
        return [replace(_shown(connection, one), records=told) for one in found]


def summaries(centre: Centre) -> list[BudgetShown]:
    """Return all budgets."""
    with reading(centre.engine) as connection:
        return [_shown(connection, one) for one in store.budgets(connection)]


@retried
def _open(centre: Centre, at: datetime) -> int:
    with transaction(centre.engine) as connection:
        known = {one.account: one for one in store.budgets(connection)}
        wanted = {one.account: one for one in _wanted(connection, at)}
        by_hand = {one.of: one.amount for one in known.values() if one.by_hand}
        new = [
            _stored(wanted[one], at, by_hand.get(wanted[one].of))
            for one in sorted(wanted.keys() - known.keys())
        ]
        store.insert_budgets(connection, new)
        books = Books()
        for budget in new:
            _open_account(centre, books, budget)
        feed.append(connection, ledger.save(connection, books))
    for account in sorted(wanted.keys() & known.keys()):
        if wanted[account].last != known[account].last:
            _lengthen(centre, known[account], wanted[account].last)
        if wanted[account].amount != known[account].amount and not known[account].by_hand:
            _resize(centre, known[account], wanted[account].amount)
    return len(new)


def _wanted(connection: Connection, at: datetime) -> Iterable[Budget]:
    """Yield the budgets of a day in any zone, and of some after it: they open before they begin.

    What a pack says by which stores price now comes after what one to come does, so that this one
    changes nothing before its day; of packs that are in force in different stores the newest
    version comes last."""
    places = [(Place(one.code, one.region), one.zone) for one in stores(connection)]
    for pack in (*packs.live(connection, at), *packs.in_force(connection, places, at)):
        for ahead in range(-1, DAYS_AHEAD + 1):
            yield from budgets_of(pack, at.date() + timedelta(days=ahead))


def _stored(budget: Budget, at: datetime, by_hand: int | None) -> StoredBudget:
    """Return a new window of a budget, of what a person has set for those before it."""
    return StoredBudget(
        account=budget.account,
        pack=budget.pack,
        name=budget.name,
        what=budget.what,
        amount=budget.amount if by_hand is None else by_hand,
        first=budget.first,
        last=budget.last,
        by_hand=by_hand is not None,
        opened_at=at,
    )


def _open_account(centre: Centre, books: Books, budget: StoredBudget) -> None:
    at = centre.clock.now()
    books.open_bearer(budget.account, at)
    document = Document(derived("budget", budget.account), at)
    lot = Lot(
        id=bearer_lot(budget.account),
        account=budget.account,
        wallet=Bearer.BUDGET,
        kind=KIND,
        rule="",
        document=document.uid,
        granted=budget.amount,
        balance=0,
        free=0,
        held=0,
        activates_at=at,
        expires_on=None,
    )
    grant(books, lot, document, holder=None, kept=0)


@retried
def _resize(centre: Centre, budget: StoredBudget, amount: int) -> None:
    """Let a budget be of what its pack says, unless a person has set it since it was read."""
    with transaction(centre.engine) as connection:
        there = store.named(connection, budget.name)
        for now in (one for one in there if one.account == budget.account and not one.by_hand):
            _move(connection, centre, replace(now, amount=amount), amount - now.amount)


@retried
def _lengthen(centre: Centre, budget: StoredBudget, last: date | None) -> None:
    """Let a budget be spread up to another day: its campaign was made longer, or shorter."""
    with transaction(centre.engine) as connection:
        there = store.named(connection, budget.name)
        for now in (one for one in there if one.account == budget.account):
            store.put(connection, replace(now, last=last))


@retried
def _set(centre: Centre, name: str, amount: int, what: str) -> None:
    with transaction(centre.engine) as connection:
        found = [one for one in store.named(connection, name) if what in ("", one.what)]
        if not found:
            raise UnknownBudgetError(name=name)
        if len(whats := sorted({one.what for one in found})) > 1:
            raise SeveralBudgetsError(name=name, whats=", ".join(whats))
        for budget in found:
            moved = replace(budget, amount=amount, by_hand=True)
            _move(connection, centre, moved, amount - budget.amount)
        record(connection, centre, name, "set", f"{amount} {what}".rstrip())


def _move(connection: Connection, centre: Centre, budget: StoredBudget, more: int) -> None:
    """Post what a budget grows or shrinks by; what is leased or used already becomes debt."""
    lot_id = bearer_lot(budget.account)
    books = ledger.load(connection, [budget.account], lots=[lot_id])
    at = centre.clock.now()
    document = Document(uuid7(at, centre.chance), at)
    if more > 0:
        grow(books, books.lot(lot_id), more, document)
    else:
        take(books, books.lot(lot_id), -more, document)
    store.put(connection, budget)
    feed.append(connection, ledger.save(connection, books))


@retried
def _spread(centre: Centre, budgets: Sequence[StoredBudget], at: datetime) -> None:
    """Lease parts of budgets to the stores that may hold leases; a debt is asked back of them.

    Once: a store that is away would give back all that it holds when it comes. Those that are heard
    are asked in its place.
    """
    with transaction(centre.engine) as connection:
        leases.keep_roster(connection)
        holders = leases.holders(connection, {one.code for one in stores(connection)})
        books = ledger.load(connection, [budget.account for budget in budgets])
        present = frozenset(holders.values())
        for lot in [books.lots[one] for one in sorted(books.lots)]:
            share(books, lot, [holders[code] for code in sorted(holders)])
            if debt := books.accounts[lot.account].debt:
                online = leases.heard(connection, {one.agent for one in present}, at)
                for some in (online & present, present):
                    want_back(books, lot, debt - _asked(books, lot, some), some)
        feed.append(connection, ledger.save(connection, books))


def _asked(books: Books, lot: Lot, holders: frozenset[Holder]) -> int:
    """Return what holders were asked for of a lot and have not given back yet."""
    return sum(
        min(lease.recalled, lease.left)
        for lease in books.leases_of(lot.id)
        if Holder(lease.agent, lease.epoch) in holders
    )


def _shown(connection: Connection, budget: StoredBudget) -> BudgetShown:
    lot_id = bearer_lot(budget.account)
    books = ledger.load(connection, [budget.account], lots=[lot_id])
    return BudgetShown(
        budget=budget,
        left=books.lot(lot_id).balance,
        holdings=tuple(ledger.holdings(connection, books, budget.account)),
        owed=books.accounts[budget.account].debt,
    )
