"""Tables of the ledger: every primary key begins with the account, its shard key.

Entries and turnover are insert-only. No statement joins two accounts.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Connection,
    Dialect,
    Index,
    LargeBinary,
    bindparam,
    delete,
    or_,
    select,
    text,
    tuple_,
)
from sqlalchemy import Table as SqlTable
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field

from central.ledger.rows import Locked, chunks
from central.schema import Instant, Table, is_alone, locked, table_of
from central.sets import insert_rows, one_of, update_rows
from shared.errors import Kind, LoyaltyError
from shared.ledger.books import Account, Books, Held, Lease, Lot
from shared.ledger.entries import Entry, Turnover
from shared.member import History
from shared.wire.codec import decoder, encode

MERGES_MAX = 8
"""That come between a look at a member's accounts and their locks."""

_decode_history = decoder(History)
_owing = text("debt > 0")


class MovedError(LoyaltyError):
    """Accounts that were given to other members as often as they were looked at."""

    kind = Kind.UNAVAILABLE
    code = "accounts_moved"
    ru = "Счета участника как раз объединяются. Повторите через секунду."
    en = "The member's accounts are being merged just now. Repeat in a second."


class HistoryColumn(TypeDecorator[History]):
    """What an account has had and done, in the bytes of the wire."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: History | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002
        """Write bytes."""
        return None if value is None else encode(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> History | None:  # noqa: ARG002
        """Read a history."""
        return None if value is None else _decode_history(bytes(value))


class AccountTable(Table, table=True):
    """An account; `member` is re-pointed by a merge, `owner` never changes."""

    __tablename__ = "account"
    __table_args__ = (
        Index("ix_account_debt", "debt", sqlite_where=_owing, postgresql_where=_owing),
    )
    account: UUID = Field(primary_key=True)
    member: UUID = Field(index=True)
    owner: UUID
    opened_at: datetime = Field(sa_type=Instant)
    debt: int = Field(sa_type=BigInteger)
    turnover_minor: int = Field(sa_type=BigInteger)
    receipts: int
    history: bytes = Field(sa_type=HistoryColumn)
    passes_over: int = Field(default=0, sa_type=BigInteger)
    limited: bool = False


class LotTable(Table, table=True):
    """A lot: balance = free + held + what its leases have left."""

    __tablename__ = "lot"
    __table_args__ = (Index("ix_lot_expires_on_balance", "expires_on", "balance"),)
    account: UUID = Field(primary_key=True)
    lot: UUID = Field(primary_key=True)
    wallet: str
    kind: str
    rule: str
    document: UUID
    granted: int = Field(sa_type=BigInteger)
    balance: int = Field(sa_type=BigInteger)
    free: int = Field(sa_type=BigInteger)
    held: int = Field(sa_type=BigInteger)
    activates_at: datetime = Field(sa_type=Instant)
    expires_on: date | None
    frozen: bool = False
    burnt: int = Field(default=0, sa_type=BigInteger)


class EntryTable(Table, table=True):
    """An entry; its id is derived from its cause, so that the same one is never there twice."""

    __tablename__ = "entry"
    account: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    lot: UUID
    kind: str
    amount: int = Field(sa_type=BigInteger)
    document: UUID
    at: datetime = Field(sa_type=Instant)


class LeaseTable(Table, table=True):
    """One epoch's right of one agent to spend a lot."""

    __tablename__ = "lease"
    account: UUID = Field(primary_key=True)
    lot: UUID = Field(primary_key=True)
    agent: UUID = Field(primary_key=True)
    epoch: int = Field(primary_key=True)
    granted: int = Field(sa_type=BigInteger)
    gone: int = Field(sa_type=BigInteger)
    wanted_back: int = Field(sa_type=BigInteger)
    given_back: int = Field(sa_type=BigInteger)
    closed: bool


class HeldTable(Table, table=True):
    """A spend that is kept aside until its fact can be posted."""

    __tablename__ = "held"
    account: UUID = Field(primary_key=True)
    lot: UUID = Field(primary_key=True)
    fact: UUID = Field(primary_key=True)
    amount: int = Field(sa_type=BigInteger)
    covered: int = Field(sa_type=BigInteger)
    since: int = Field(sa_type=BigInteger)
    closed: bool = False


class TurnoverTable(Table, table=True):
    """What a document counts to a member: kopecks, and beside them points and visits."""

    __tablename__ = "turnover"
    account: UUID = Field(primary_key=True)
    document: UUID = Field(primary_key=True)
    amount_minor: int = Field(sa_type=BigInteger)
    day: date
    at: datetime = Field(sa_type=Instant)
    points: int = Field(sa_type=BigInteger)
    visits: int


_account = table_of(AccountTable)
_lot = table_of(LotTable)
_entry = table_of(EntryTable)
_lease = table_of(LeaseTable)
_held = table_of(HeldTable)
_turnover = table_of(TurnoverTable)
OPEN = (_lease.c.closed.is_(False), _lease.c.granted > _lease.c.gone)
"""Of leases: something of it is left to the store."""


class _Shape:
    """How a value of the books becomes a row: columns in the order of its fields, key first."""

    def __init__(self, table: SqlTable, fields: dict[str, str], keys: int) -> None:
        self.table = table
        self.columns = tuple(table.c[column] for column in fields.values())
        self.values: Callable[[object], tuple[object, ...]] = attrgetter(*fields)
        self.names = tuple(fields.values())
        self.keys = self.names[:keys]


def _shape(table: SqlTable, of: type, keys: int, **renamed: str) -> _Shape:
    names = {field.name: renamed.get(field.name, field.name) for field in fields(of)}
    return _Shape(table, names, keys)


_ACCOUNTS = _shape(_account, Account, 1, id="account")
_LOTS = _shape(_lot, Lot, 2, id="lot")
_LEASES = _shape(_lease, Lease, 4)
_HELDS = _shape(_held, Held, 3)
_ENTRIES = _shape(_entry, Entry, 2)
_TURNOVERS = _shape(_turnover, Turnover, 2)


def lock(
    connection: Connection, accounts: Collection[UUID], members: Collection[UUID] = ()
) -> Locked:
    """Lock accounts and all accounts of their members, and of `members`.

    All in the order of ids, so that no two transactions wait for each other: nobody locks accounts
    elsewhere. A merge that was faster brings more of them; they are locked out of order then.
    Raises MovedError when that does not end.
    """
    rows: dict[UUID, Any] = {}
    wanted, owners = set(accounts), set(members)
    for _ in range(MERGES_MAX):
        owners |= _owners(connection, wanted - rows.keys())
        wanted |= _accounts_of(connection, owners)
        if wanted <= rows.keys():
            break
        for few in chunks(wanted - rows.keys()):
            query = select(*_ACCOUNTS.columns).where(one_of(connection, _account.c.account, few))
            found = connection.execute(locked(connection, query.order_by(_account.c.account)))
            rows.update((row.account, row) for row in found)
        if is_alone(connection):
            break
        owners |= {row.member for row in rows.values()}
        wanted = set(rows)
    else:
        raise MovedError
    return Locked(tuple(rows[account] for few in chunks(rows) for account in few))


def read(connection: Connection, accounts: Locked, lots: Collection[UUID] = ()) -> Books:
    """Read locked accounts as books.

    Lots with a balance come along, and those of `lots` without one; their leases; what is held. Of
    two accounts of a person, agents of the version before may have called a lot the same, after a
    void: it is the other's then.
    """
    books = Books()
    for row in accounts.rows:
        books.add_account(Account(*row))
        books.stored[row.account] = tuple(row)
    every = list(chunks(books.accounts))
    rows = [row for few in every for row in _lot_rows(connection, few, lots)]
    for row in sorted(rows, key=lambda row: not row.balance):
        if row.lot not in books.lots:
            books.add_lot(Lot(*row))
            books.stored[row.lot] = tuple(row)
    for few in every:
        _read_held(connection, books, few)
        _read_leases(connection, books, few)
    return books


def posted(connection: Connection, entries: Mapping[UUID, UUID]) -> set[UUID]:
    """Return which of these entries (id to account) are in the ledger."""
    found: set[UUID] = set()
    for few in chunks(entries):
        keys = [(entries[entry], entry) for entry in few]
        query = select(_entry.c.id).where(tuple_(_entry.c.account, _entry.c.id).in_(keys))
        found.update(connection.scalars(query))
    return found


def save(connection: Connection, books: Books) -> None:
    """Write what the books have changed since they were loaded, a few statements in all."""
    _write(connection, books, _ACCOUNTS, books.accounts)
    _write(connection, books, _LOTS, books.lots)
    _write(connection, books, _LEASES, books.leases)
    _write(connection, books, _HELDS, books.held)
    _delete_released(connection, books)
    for shape, things in ((_ENTRIES, books.entries), (_TURNOVERS, books.turnovers)):
        insert_rows(connection, shape.table, shape.names, [*map(shape.values, things)])


def is_changed(books: Books, lease: Lease) -> bool:
    """Tell whether a lease, or the lot that it is of, is not as it was loaded."""
    lot = books.lots[lease.lot]
    as_loaded = books.stored.get(lease.key), books.stored.get(lot.id)
    return as_loaded != (_LEASES.values(lease), _LOTS.values(lot))


def _owners(connection: Connection, accounts: Iterable[UUID]) -> set[UUID]:
    found: set[UUID] = set()
    for few in chunks(accounts):
        query = select(_account.c.member).where(one_of(connection, _account.c.account, few))
        found.update(connection.scalars(query))
    return found


def _accounts_of(connection: Connection, members: Iterable[UUID]) -> set[UUID]:
    found: set[UUID] = set()
    for few in chunks(members):
        query = select(_account.c.account).where(one_of(connection, _account.c.member, few))
        found.update(connection.scalars(query))
    return found


def _lot_rows(
    connection: Connection, accounts: list[UUID], lots: Collection[UUID]
) -> Sequence[Any]:
    wanted = [_lot.c.balance > 0, *(one_of(connection, _lot.c.lot, few) for few in chunks(lots))]
    query = select(*_LOTS.columns).where(one_of(connection, _lot.c.account, accounts), or_(*wanted))
    return connection.execute(query).all()


def _read_leases(connection: Connection, books: Books, accounts: list[UUID]) -> None:
    lots = [lot.id for account in accounts for lot in books.lots_of(account)]
    for few in chunks(lots):
        query = select(*_LEASES.columns)
        query = query.where(
            one_of(connection, _lease.c.account, accounts), one_of(connection, _lease.c.lot, few)
        )
        for row in connection.execute(query):
            lease = Lease(*row)
            books.add_leases([lease])
            books.stored[lease.key] = tuple(row)


def _read_held(connection: Connection, books: Books, accounts: list[UUID]) -> None:
    query = select(*_HELDS.columns).where(one_of(connection, _held.c.account, accounts))
    for row in connection.execute(query):
        held = Held(*row)
        books.held[(held.fact, held.lot)] = held
        books.stored[(held.fact, held.lot)] = tuple(row)


def _write(
    connection: Connection, books: Books, shape: _Shape, things: Mapping[Any, object]
) -> None:
    new, changed = [], []
    for key, thing in things.items():
        values = shape.values(thing)
        if (before := books.stored.get(key)) is None:
            new.append(values)
        elif before != values:
            changed.append(values)
    insert_rows(connection, shape.table, shape.names, new)
    update_rows(connection, shape.table, shape.keys, shape.names, changed)


def _delete_released(connection: Connection, books: Books) -> None:
    if books.released:
        statement = delete(_held).where(
            *(_held.c[name] == bindparam(f"old_{name}") for name in ("account", "lot", "fact"))
        )
        rows = [
            {"old_account": held.account, "old_lot": held.lot, "old_fact": held.fact}
            for held in books.released
        ]
        connection.execute(statement, rows)
