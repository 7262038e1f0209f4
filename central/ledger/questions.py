"""What is asked of the ledger's tables without moving anything."""

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    Connection,
    String,
    and_,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
    tuple_,
)

from central.ledger.rows import chunks
from central.ledger.store import OPEN, EntryTable, LeaseTable, LotTable, TurnoverTable
from central.schema import table_of
from central.sets import columns_of, one_of
from shared.ledger.books import Holder
from shared.ledger.entries import Entry, EntryKind, Turnover

OF_ANOTHER = "another_account"

_entry = table_of(EntryTable)
_lease = table_of(LeaseTable)
_lot = table_of(LotTable)
_turnover = table_of(TurnoverTable)


def entries_of(connection: Connection, account: UUID, limit: int) -> list[Entry]:
    """Return the latest entries of an account, oldest first."""
    query = select(*columns_of(_entry, Entry)).where(_entry.c.account == account)
    rows = connection.execute(query.order_by(_entry.c.at.desc(), _entry.c.id).limit(limit))
    found = [Entry(**{**row._mapping, "kind": EntryKind(row.kind)}) for row in rows]
    return found[::-1]


def documents_of(
    connection: Connection, account: UUID, after: UUID | None, limit: int
) -> list[UUID]:
    """Return the documents that have moved an account's points or turnover, in key order.

    What has only paid its debt is of another account; by what its own lots paid, they were moved.
    """
    found: set[UUID] = set()
    own = {_entry: _entry.c.kind != EntryKind.DEBT_SETTLE.value, _turnover: true()}
    for table, is_own in own.items():
        query = select(table.c.document).where(table.c.account == account, is_own).distinct()
        if after is not None:
            query = query.where(table.c.document > after)
        found.update(connection.scalars(query.order_by(table.c.document).limit(limit)))
    return sorted(found)[:limit]


def turnovers_of(connection: Connection, account: UUID, limit: int) -> list[Turnover]:
    """Return the latest purchases and returns that count for an account, oldest first."""
    query = select(*columns_of(_turnover, Turnover)).where(_turnover.c.account == account)
    latest = query.order_by(_turnover.c.at.desc(), _turnover.c.document).limit(limit)
    return [Turnover(*row) for row in connection.execute(latest)][::-1]


def turnovers(connection: Connection, accounts: Iterable[UUID]) -> list[Turnover]:
    """Return all purchases and returns that count for some accounts."""
    found: list[Turnover] = []
    for few in chunks(accounts):
        query = select(*columns_of(_turnover, Turnover))
        rows = connection.execute(query.where(one_of(connection, _turnover.c.account, few)))
        found += [Turnover(*row) for row in rows]
    return found


def due(
    connection: Connection, before: date, after: tuple[UUID, UUID] | None, limit: int
) -> list[tuple[UUID, UUID]]:
    """Return (account, lot) of lots that expired before a day and have a balance, in key order."""
    query = select(_lot.c.account, _lot.c.lot).where(_lot.c.expires_on < before, _lot.c.balance > 0)
    if after is not None:
        account, lot = after
        same = and_(_lot.c.account == account, _lot.c.lot > lot)
        query = query.where(or_(_lot.c.account > account, same))
    rows = connection.execute(query.order_by(_lot.c.account, _lot.c.lot).limit(limit))
    return [(row.account, row.lot) for row in rows]


def expiring(
    connection: Connection,
    kind: str,
    first: date,
    last: date,
    after: tuple[UUID, UUID] | None,
    limit: int,
) -> list[tuple[UUID, UUID]]:
    """Return (account, lot) of lots of a kind with a balance that end between two days."""
    query = select(_lot.c.account, _lot.c.lot).where(
        _lot.c.kind == kind, _lot.c.expires_on.between(first, last), _lot.c.balance > 0
    )
    if after is not None:
        query = query.where(tuple_(_lot.c.account, _lot.c.lot) > tuple_(*after))
    rows = connection.execute(query.order_by(_lot.c.account, _lot.c.lot).limit(limit))
    return [(row.account, row.lot) for row in rows]


def leased(connection: Connection) -> dict[Holder, dict[str, tuple[int, int]]]:
    """Return by holder and wallet the number of open leases with something left, and how much."""
    left = func.sum(_lease.c.granted - _lease.c.gone)
    same = and_(_lot.c.account == _lease.c.account, _lot.c.lot == _lease.c.lot)
    by = (_lease.c.agent, _lease.c.epoch, _lot.c.wallet)
    query = select(*by, func.count(), left).join_from(_lease, _lot, same)
    found: dict[Holder, dict[str, tuple[int, int]]] = {}
    for row in connection.execute(query.where(*OPEN).group_by(*by)):
        found.setdefault(Holder(row[0], row[1]), {})[row[2]] = (row[3], int(row[4]))
    return found


def leases_of(
    connection: Connection, holder: Holder, after: tuple[UUID, UUID] | None, limit: int
) -> list[tuple[UUID, UUID]]:
    """Return (account, lot) of open leases of a holder that have something left, in key order."""
    key = (_lease.c.account, _lease.c.lot)
    query = (
        select(*key)
        .where(_lease.c.agent == holder.agent, _lease.c.epoch == holder.epoch, *OPEN)
        .order_by(*key)
    )
    if after is not None:
        query = query.where(tuple_(*key) > tuple_(*after))
    return [(row.account, row.lot) for row in connection.execute(query.limit(limit))]


def free_by_wallet(connection: Connection) -> dict[str, int]:
    """Return the sums of the free rests of all lots, by wallet."""
    query = select(_lot.c.wallet, func.sum(_lot.c.free)).group_by(_lot.c.wallet)
    return {row[0]: int(row[1]) for row in connection.execute(query)}


def moved_by_kind(
    connection: Connection, first: datetime, last: datetime
) -> list[tuple[str, str, int]]:
    """Return (kind of lot, kind of entry, points) of entries from an instant up to another.

    What a lot of one account has paid of another's debt stands under OF_ANOTHER.
    """
    same = (_lot.c.account == _entry.c.account) & (_lot.c.lot == _entry.c.lot)
    kind = func.coalesce(_lot.c.kind, literal(OF_ANOTHER, String())).label("of")
    query = (
        select(kind, _entry.c.kind, func.sum(_entry.c.amount))
        .select_from(_entry.outerjoin(_lot, same))
        .where(_entry.c.at >= first, _entry.c.at < last)
        .group_by(literal_column("1"), _entry.c.kind)
        .order_by(literal_column("1"), _entry.c.kind)
    )
    return [(lot, entry, int(points)) for lot, entry, points in connection.execute(query)]
