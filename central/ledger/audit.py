"""The ledger's laws, checked over the stored rows: what breaks one is named, nothing is repaired.

Its statements read only, and each joins the rows of one account.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    func,
    literal,
    null,
    or_,
    select,
)
from sqlalchemy import Table as SqlTable

from central.ledger.store import (
    AccountTable,
    EntryTable,
    HeldTable,
    LeaseTable,
    LotTable,
    TurnoverTable,
)
from central.schema import allow, table_of
from shared.ledger.entries import BESIDE_BALANCE

VIOLATIONS_MAX = 1000
STATEMENT_S_MAX = 3600
"""It looks at every row that there is."""

_account = table_of(AccountTable)
_lot = table_of(LotTable)
_entry = table_of(EntryTable)
_lease = table_of(LeaseTable)
_held = table_of(HeldTable)
_turnover = table_of(TurnoverTable)
_beside = _entry.c.kind.in_(sorted(BESIDE_BALANCE))


@dataclass(frozen=True, slots=True)
class Violation:
    """A law that an account (and mostly one lot of it) breaks: what is there, what should be."""

    law: str
    account: UUID
    lot: UUID | None
    found: int
    expected: int


def check(connection: Connection) -> list[Violation]:
    """Return what breaks a law, at most `VIOLATIONS_MAX` of each.

    entries: a lot's balance is the sum of its entries. parts: it is free + held + what open leases
    have left. held: what is held is the sum of the single holdings. negative: no number of a lot
    or lease is below zero. debt, turnover: an account's number is the sum of its entries.
    """
    allow(connection, "statement_timeout", STATEMENT_S_MAX)
    laws = {
        "entries": _per_lot(_lot.c.balance, _sum_by_lot(_entry, _entry.c.amount, ~_beside)),
        "parts": _per_lot(_lot.c.balance - _lot.c.free - _lot.c.held, _sum_by_lot(_lease, _left())),
        "held": _per_lot(_lot.c.held, _sum_by_lot(_held, _held.c.covered)),
        "negative": _negative(),
        "debt": _per_account(_account.c.debt, _sum_by_account(_entry, _entry.c.amount, _beside)),
        "turnover": _per_account(
            _account.c.turnover_minor, _sum_by_account(_turnover, _turnover.c.amount_minor)
        ),
    }
    return [
        Violation(law, row.account, row.lot, int(row.found), int(row.expected))
        for law, query in laws.items()
        for row in connection.execute(query.limit(VIOLATIONS_MAX))
    ]


def _left() -> ColumnElement[int]:
    is_open = and_(_lease.c.closed.is_(False), _lease.c.granted > _lease.c.gone)
    return case((is_open, _lease.c.granted - _lease.c.gone), else_=0)


def _sum_by_lot(
    table: SqlTable, amount: ColumnElement[int], *where: ColumnElement[bool]
) -> Select[Any]:
    columns = (table.c.account, table.c.lot, func.sum(amount).label("expected"))
    return select(*columns).where(*where).group_by(table.c.account, table.c.lot)


def _sum_by_account(
    table: SqlTable, amount: ColumnElement[int], *where: ColumnElement[bool]
) -> Select[Any]:
    columns = (table.c.account, func.sum(amount).label("expected"))
    return select(*columns).where(*where).group_by(table.c.account)


def _per_lot(found: ColumnElement[int], sums: Select[Any]) -> Select[Any]:
    of = sums.subquery()
    expected = func.coalesce(of.c.expected, 0)
    same = and_(of.c.account == _lot.c.account, of.c.lot == _lot.c.lot)
    columns = (_lot.c.account, _lot.c.lot, found.label("found"), expected.label("expected"))
    return select(*columns).select_from(_lot.outerjoin(of, same)).where(found != expected)


def _per_account(found: ColumnElement[int], sums: Select[Any]) -> Select[Any]:
    of = sums.subquery()
    expected = func.coalesce(of.c.expected, 0)
    columns = (
        _account.c.account,
        null().label("lot"),
        found.label("found"),
        expected.label("expected"),
    )
    joined = _account.outerjoin(of, of.c.account == _account.c.account)
    return select(*columns).select_from(joined).where(found != expected)


def _negative() -> Select[Any]:
    below = or_(_lot.c.balance < 0, _lot.c.free < 0, _lot.c.held < 0)
    lowest = case(
        (_lot.c.free < 0, _lot.c.free), (_lot.c.held < 0, _lot.c.held), else_=_lot.c.balance
    )
    columns = (_lot.c.account, _lot.c.lot, lowest.label("found"), literal(0).label("expected"))
    return select(*columns).where(below)
