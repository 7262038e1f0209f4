"""Accounts and what they have counted, for those who look on. Reads only, and locks nothing."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, String, case, cast, func, literal, select

from central.ledger.rows import chunks
from central.ledger.store import AccountTable, LotTable, TurnoverTable
from central.schema import table_of
from shared.ledger.books import Account
from shared.ledger.entries import Turnover

_account = table_of(AccountTable)
_lot = table_of(LotTable)
_turnover = table_of(TurnoverTable)
_ENTRY = tuple(_turnover.c[field.name] for field in fields(Turnover))


def accounts_of(connection: Connection, accounts: Collection[UUID]) -> dict[UUID, list[Account]]:
    """Return for each of these accounts all accounts of its member."""
    named = _accounts(connection, _account.c.account, accounts)
    members = {account.member for account in named}
    by_member: dict[UUID, list[Account]] = {}
    for account in _accounts(connection, _account.c.member, members):
        by_member.setdefault(account.member, []).append(account)
    return {account.id: by_member[account.member] for account in named}


def turnover_since(
    connection: Connection, accounts: Collection[UUID], at: datetime
) -> list[Turnover]:
    """Return what documents of accounts from an instant on have counted, in order."""
    found: list[Turnover] = []
    for few in chunks(accounts):
        found.extend(_turnovers(connection, _turnover.c.account.in_(few), _turnover.c.at >= at))
    return sorted(found, key=lambda one: (one.at, one.document))


def turnover_of(
    connection: Connection, account: UUID, documents: Collection[UUID]
) -> list[Turnover]:
    """Return what documents have counted on an account."""
    found: list[Turnover] = []
    for few in chunks(documents):
        where = (_turnover.c.account == account, _turnover.c.document.in_(few))
        found.extend(_turnovers(connection, *where))
    return found


def known_lots(
    connection: Connection, lots: Collection[tuple[UUID, UUID]]
) -> set[tuple[UUID, UUID]]:
    """Return those of (account, lot) that are in the ledger."""
    found: set[tuple[UUID, UUID]] = set()
    for few in chunks(lot for _, lot in lots):
        accounts = {account for account, lot in lots if lot in set(few)}
        where = (_lot.c.account.in_(accounts), _lot.c.lot.in_(few))
        rows = connection.execute(select(_lot.c.account, _lot.c.lot).where(*where))
        found.update((row.account, row.lot) for row in rows)
    return found & set(lots)


def debts(connection: Connection) -> tuple[int, int]:
    """Return what members owe (hundredths of a point), and how many accounts do."""
    query = select(func.coalesce(func.sum(_account.c.debt), 0), func.count())
    row = connection.execute(query.where(_account.c.debt > 0)).one()
    return int(row[0]), int(row[1])


@dataclass(frozen=True, slots=True)
class Balances:
    """How many people have an account and how many members have points; hundredths that they have.

    Who was merged, or is in a family, still counts among people: a store may not have heard of it.
    `capped` counts of each at most a cap, less what he owes.
    """

    accounts: int
    members: int
    points: int
    capped: int


def balances(connection: Connection, cap: int) -> Balances:
    """Return what members have in all; it reads every lot that is not empty."""
    of_member = _account.c.member != _account.c.account
    accounts = connection.scalar(
        select(func.count(func.distinct(_account.c.owner))).where(of_member)
    )
    lots = (
        select(_lot.c.account, func.sum(_lot.c.balance).label("balance"))
        .where(_lot.c.balance > 0)
        .group_by(_lot.c.account)
        .subquery()
    )
    each = (
        select(
            func.sum(lots.c.balance).label("has"),
            func.sum(lots.c.balance - _account.c.debt).label("net"),
        )
        .join_from(lots, _account, _account.c.account == lots.c.account)
        .where(of_member)
        .group_by(_account.c.member)
        .subquery()
    )
    most = case((each.c.net > cap, cap), (each.c.net > 0, each.c.net), else_=0)
    row = connection.execute(
        select(
            func.count(),
            func.coalesce(func.sum(each.c.has), 0),
            func.coalesce(func.sum(most), 0),
        ).select_from(each)
    ).one()
    return Balances(int(accounts or 0), int(row[0]), int(row[1]), int(row[2]))


def liability(connection: Connection) -> list[tuple[str, int]]:
    """Return the points (hundredths) of members by the month of their last day, such as `2026-05`,
    in order; an empty month is of those that never expire. It reads every lot that is not empty."""
    month = func.substr(cast(_lot.c.expires_on, String), 1, 7)
    query = select(month, func.sum(_lot.c.balance)).join_from(
        _lot, _account, _account.c.account == _lot.c.account
    )
    query = query.where(_lot.c.balance > 0, _account.c.member != _account.c.account)
    rows = connection.execute(query.group_by(month))
    return sorted((found or "", int(points)) for found, points in rows)


def by_turnover(connection: Connection, steps: Sequence[int]) -> list[int]:
    """Count members by the highest of these steps (kopecks, ascending) that all of his accounts
    have turned over together. It reads every account."""
    each = (
        select(func.sum(_account.c.turnover_minor).label("turnover"))
        .where(_account.c.member != _account.c.account)
        .group_by(_account.c.member)
        .subquery()
    )
    reached = (
        case(
            *((each.c.turnover >= steps[no], no) for no in reversed(range(1, len(steps)))), else_=0
        )
        if len(steps) > 1
        else literal(0)
    )
    found = connection.execute(select(reached, func.count()).select_from(each).group_by(reached))
    counts: dict[int, int] = {row[0]: row[1] for row in found}
    return [int(counts.get(no, 0)) for no in range(len(steps))]


def turnover_by_month(
    connection: Connection, accounts: Collection[UUID]
) -> list[tuple[str, int, int]]:
    """Return by month, such as `2026-05`, what accounts have turned over (kopecks) and how often,
    in order."""
    month = func.substr(cast(_turnover.c.day, String), 1, 7)
    sums = (func.sum(_turnover.c.amount_minor), func.sum(_turnover.c.visits))
    found: dict[str, tuple[int, int]] = {}
    for few in chunks(accounts):
        query = select(month, *sums).where(_turnover.c.account.in_(few)).group_by(month)
        for name, amount, visits in connection.execute(query):
            before = found.get(name, (0, 0))
            found[name] = (before[0] + int(amount), before[1] + int(visits))
    return [(name, *found[name]) for name in sorted(found)]


def _turnovers(connection: Connection, *where: ColumnElement[bool]) -> list[Turnover]:
    return [Turnover(*row) for row in connection.execute(select(*_ENTRY).where(*where))]


def _accounts(
    connection: Connection, column: ColumnElement[UUID], wanted: Iterable[UUID]
) -> list[Account]:
    found: list[Account] = []
    for few in chunks(wanted):
        query = select(*_COLUMNS).where(column.in_(few)).order_by(_account.c.account)
        found.extend(Account(*row) for row in connection.execute(query))
    return found


def _column(name: str) -> Any:
    return _account.c["account" if name == "id" else name]


_COLUMNS = tuple(_column(field.name) for field in fields(Account))
