"""The ledger at work: books are loaded, moved by `shared.ledger`, saved, and told to the stores."""

from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection

from central import sets
from central.agents import roster
from central.agents.store import Agent
from central.feed.service import NewChange, changed, removed
from central.ledger import questions, store
from central.ledger.rows import Locked
from shared.ledger.books import Account, Books, Holder, Lease, Lot
from shared.ledger.entries import Entry, EntryKind, Turnover
from shared.wire.feed import GLOBAL, store_stream
from shared.wire.rows import AccountRow, Holding, LeaseRow, LotRow

Agents = dict[UUID, Agent]


def load(
    connection: Connection,
    accounts: Collection[UUID],
    *,
    members: Collection[UUID] = (),
    lots: Collection[UUID] = (),
) -> Books:
    """Read and lock accounts and all accounts of the same members; `lots` come even if spent.

    Raises MovedError.
    """
    return store.read(connection, store.lock(connection, accounts, members), lots)


def lock(connection: Connection, accounts: Collection[UUID], members: Collection[UUID]) -> Locked:
    """Lock accounts and all accounts of the same members before anything of them is read.

    Raises MovedError.
    """
    return store.lock(connection, accounts, members)


def read(connection: Connection, accounts: Locked, lots: Collection[UUID]) -> Books:
    """Read locked accounts; `lots` come even if spent."""
    return store.read(connection, accounts, lots)


def load_posted(connection: Connection, books: Books, entries: dict[UUID, UUID]) -> None:
    """Note in the books which of these entries (id to account) are in the ledger already."""
    books.posted.update(store.posted(connection, entries))


def due(
    connection: Connection, before: date, after: tuple[UUID, UUID] | None, limit: int
) -> list[tuple[UUID, UUID]]:
    """Return (account, lot) of lots that expired before a day and have a balance, in key order."""
    return questions.due(connection, before, after, limit)


def expiring(
    connection: Connection,
    kind: str,
    first: date,
    last: date,
    after: tuple[UUID, UUID] | None,
    limit: int,
) -> list[tuple[UUID, UUID]]:
    """Return (account, lot) of lots of a kind that end between two days, in key order."""
    return questions.expiring(connection, kind, first, last, after, limit)


def leased(connection: Connection) -> dict[Holder, dict[str, tuple[int, int]]]:
    """Return by holder and wallet in how many lots its open leases have how much left."""
    return questions.leased(connection)


def leases_of(
    connection: Connection, holder: Holder, after: tuple[UUID, UUID] | None, limit: int
) -> list[tuple[UUID, UUID]]:
    """Return (account, lot) of open leases of a holder that have something left, in key order."""
    return questions.leases_of(connection, holder, after, limit)


def entries_of(connection: Connection, account: UUID, limit: int) -> list[Entry]:
    """Return the latest entries of an account, oldest first."""
    return questions.entries_of(connection, account, limit)


def documents_of(
    connection: Connection, account: UUID, after: UUID | None, limit: int
) -> list[UUID]:
    """Return the documents that have moved an account's points or turnover, in key order."""
    return questions.documents_of(connection, account, after, limit)


def turnovers_of(connection: Connection, account: UUID, limit: int) -> list[Turnover]:
    """Return the latest purchases and returns that count for an account, oldest first."""
    return questions.turnovers_of(connection, account, limit)


def turnovers(connection: Connection, accounts: Iterable[UUID]) -> list[Turnover]:
    """Return all purchases and returns that count for some accounts."""
    return questions.turnovers(connection, accounts)


def holdings(connection: Connection, books: Books, account: UUID) -> list[tuple[str, int]]:
    """Return which stores hold how much of an account's lots as their leases."""
    leases = [lease for lot in books.lots_of(account) for lease in books.leases_of(lot.id)]
    agents = roster.by_ids(connection, {lease.agent for lease in leases})
    return [(one.store, one.amount) for one in _holdings(leases, agents)]


def free_by_wallet(connection: Connection) -> dict[str, int]:
    """Return what no store holds of all lots, by wallet."""
    return questions.free_by_wallet(connection)


def moved_by_kind(
    connection: Connection, first: datetime, last: datetime
) -> dict[str, dict[EntryKind, int]]:
    """Return what was posted from an instant up to another, by kind of lot and of entry."""
    found: dict[str, dict[EntryKind, int]] = {}
    for lot, entry, points in questions.moved_by_kind(connection, first, last):
        found.setdefault(lot, {})[EntryKind(entry)] = points
    return found


def learn(connection: Connection) -> None:
    """Let the database look how much there is by now, after very many accounts came at once."""
    tables = (store.AccountTable, store.LotTable, store.EntryTable, store.TurnoverTable)
    sets.learn(connection, (*tables, store.LeaseTable))


def save(connection: Connection, books: Books) -> list[NewChange]:
    """Write what the books changed; return the rows that stores must hear of, for the feed."""
    store.save(connection, books)
    leases = _leases(books)
    agents = roster.by_ids(connection, {lease.agent for lease in leases})
    changed_leases = [one for one in leases if store.is_changed(books, one)]
    return [*_account_changes(books, agents), *_lease_changes(books, changed_leases, agents)]


def _account_changes(books: Books, agents: Agents) -> Iterator[NewChange]:
    for touched in sorted(books.touched):
        yield changed(GLOBAL, _account_row(books, books.accounts[touched], agents))


def _account_row(books: Books, account: Account, agents: Agents) -> AccountRow:
    """Return an account as stores see it: live lots, and who may spend them offline."""
    lots = (lot for lot in books.lots_of(account.id) if lot.balance > 0)
    rows = tuple(_lot_row(lot, books.leases_of(lot.id), agents) for lot in lots)
    return AccountRow(
        account.id, account.member, account.debt, rows, account.history, account.passes_over
    )


def _lot_row(lot: Lot, leases: Iterable[Lease], agents: Agents) -> LotRow:
    held = _holdings(leases, agents)
    return LotRow(lot.id, lot.wallet, lot.kind, lot.balance, lot.activates_at, lot.expires_on, held)


def _holdings(leases: Iterable[Lease], agents: Agents) -> tuple[Holding, ...]:
    by_store: dict[str, int] = {}
    for lease in leases:
        if lease.left:
            at_store = agents[lease.agent].store
            by_store[at_store] = by_store.get(at_store, 0) + lease.left
    return tuple(Holding(code, amount) for code, amount in sorted(by_store.items()))


def _lease_changes(books: Books, leases: Iterable[Lease], agents: Agents) -> Iterator[NewChange]:
    """Yield the leases whose row differs from what their store was told, present agents' only."""
    for lease in leases:
        agent = agents[lease.agent]
        if agent.active_store is None or agent.epoch != lease.epoch:
            continue
        told, now = _told(books, lease), _row_of(lease, books.lots[lease.lot])
        if now is not None and now != told:
            yield changed(store_stream(agent.store), now)
        if now is None and told is not None:
            yield removed(store_stream(agent.store), told)


def _leases(books: Books) -> list[Lease]:
    leases = (
        lease
        for account in sorted(books.touched)
        for lot in books.lots_of(account)
        for lease in books.leases_of(lot.id)
    )
    return list(leases)


def _told(books: Books, lease: Lease) -> LeaseRow | None:
    if lease.key not in books.stored:
        return None
    lot = Lot(*books.stored[lease.lot])  # type: ignore[arg-type]
    return _row_of(Lease(*books.stored[lease.key]), lot)  # type: ignore[arg-type]


def _row_of(lease: Lease, lot: Lot) -> LeaseRow | None:
    """Return a lease's row; a lot that is spent needs none."""
    if lot.balance == 0 or lease.closed:
        return None
    return LeaseRow(
        lot=lease.lot,
        account=lease.account,
        agent=lease.agent,
        epoch=lease.epoch,
        granted=lease.granted,
        wanted_back=lease.wanted_back,
        wallet=lot.wallet,
        activates_at=lot.activates_at,
        expires_on=lot.expires_on,
    )
