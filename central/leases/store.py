"""Tables of leases: visits that tell usual stores, asks and their ends, and who is barred."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Connection, bindparam, select, tuple_, update
from sqlmodel import Field

from central.estate.store import StoreTable
from central.leases.sizing import Visit
from central.ledger.rows import chunks
from central.schema import Instant, Table, insert_new, locked, table_of, upsert
from shared.ledger.books import Holder


class VisitTable(Table, table=True):
    """How often an account bought at a store."""

    __tablename__ = "visit"
    account: UUID = Field(primary_key=True)
    store: str = Field(primary_key=True)
    receipts: int
    last_at: datetime = Field(sa_type=Instant)


class AskTable(Table, table=True):
    """A request for points for one receipt, kept for ever; all else is empty if only the end came.

    Who asks and who ends it both write this row, so that they wait for each other.
    """

    __tablename__ = "lease_ask"
    ask: UUID = Field(primary_key=True)
    agent: UUID | None
    epoch: int | None
    receipt: UUID | None
    account: UUID | None = Field(index=True)
    asked_at: datetime | None = Field(sa_type=Instant, nullable=True)
    ended_by: UUID | None


class GivenTable(Table, table=True):
    """How much of a lot was leased for an ask."""

    __tablename__ = "lease_given"
    ask: UUID = Field(primary_key=True)
    lot: UUID = Field(primary_key=True)
    account: UUID
    given: int = Field(sa_type=BigInteger)


class BarredTable(Table, table=True):
    """An agent's epoch that gets no leases any more, and why."""

    __tablename__ = "lease_barred"
    agent: UUID = Field(primary_key=True)
    epoch: int = Field(primary_key=True)
    reason: str
    at: datetime = Field(sa_type=Instant)


@dataclass(frozen=True, slots=True)
class Ask:
    """A request for points for one receipt; `ended_by` is the fact that ended it."""

    ask: UUID
    agent: UUID | None = None
    epoch: int | None = None
    receipt: UUID | None = None
    account: UUID | None = None
    asked_at: datetime | None = None
    ended_by: UUID | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """How much of a lot was leased for an ask."""

    ask: UUID
    lot: UUID
    account: UUID
    given: int


_visit = table_of(VisitTable)
_ask = table_of(AskTable)
_given = table_of(GivenTable)
_barred = table_of(BarredTable)
_store = table_of(StoreTable)


def visits(connection: Connection, accounts: Iterable[UUID]) -> list[Visit]:
    """Return the visits of accounts."""
    found: list[Visit] = []
    for few in chunks(accounts):
        rows = connection.execute(select(_visit).where(_visit.c.account.in_(few)))
        found.extend(Visit(**row._mapping) for row in rows)
    return found


def upsert_visits(connection: Connection, visits: Collection[Visit]) -> None:
    """Write visits."""
    if visits:
        rows = [
            {
                "account": one.account,
                "store": one.store,
                "receipts": one.receipts,
                "last_at": one.last_at,
            }
            for one in visits
        ]
        connection.execute(upsert(connection, VisitTable), rows)


def insert_asks(connection: Connection, asks: Collection[Ask]) -> None:
    """Write asks; one that is there stays as it is."""
    if asks:
        connection.execute(insert_new(connection, AskTable), [asdict(ask) for ask in asks])


def end_asks(connection: Connection, ended: Mapping[UUID, UUID]) -> None:
    """Note for each ask the fact that ended it, known ask or not; the first stays."""
    if not ended:
        return
    insert_asks(connection, [Ask(ask) for ask in sorted(ended)])
    statement = (
        update(_ask)
        .where(_ask.c.ask == bindparam("of"), _ask.c.ended_by.is_(None))
        .values(ended_by=bindparam("fact"))
    )
    rows = [{"of": ask, "fact": ended[ask]} for ask in sorted(ended)]
    connection.execute(statement, rows)


def locked_ask(connection: Connection, ask: UUID) -> Ask:
    """Return an ask that is there, and lock it."""
    return Ask(*connection.execute(locked(select(_ask).where(_ask.c.ask == ask))).one())


def asked_for(connection: Connection, accounts: Iterable[UUID], since: datetime) -> set[UUID]:
    """Return those of the accounts that have an ask since an instant which has not ended."""
    found: set[UUID] = set()
    for few in chunks(accounts):
        query = select(_ask.c.account).where(
            _ask.c.account.in_(few), _ask.c.asked_at >= since, _ask.c.ended_by.is_(None)
        )
        found.update(connection.scalars(query))
    return found


def given(connection: Connection, ask: UUID) -> list[Given]:
    """Return what was leased for an ask, by lot."""
    rows = connection.execute(select(_given).where(_given.c.ask == ask).order_by(_given.c.lot))
    return [Given(**row._mapping) for row in rows]


def upsert_given(connection: Connection, given: Collection[Given]) -> None:
    """Write what is leased for an ask."""
    if given:
        connection.execute(upsert(connection, GivenTable), [asdict(one) for one in given])


def bar(connection: Connection, holder: Holder, reason: str, at: datetime) -> bool:
    """Give an agent's epoch no leases from now on; False if it was barred before."""
    row = {"agent": holder.agent, "epoch": holder.epoch, "reason": reason, "at": at}
    return connection.execute(insert_new(connection, BarredTable), row).rowcount == 1


def barred(connection: Connection, holders: Collection[Holder]) -> set[Holder]:
    """Return those of the holders that are barred."""
    keys = [(holder.agent, holder.epoch) for holder in holders]
    query = select(_barred.c.agent, _barred.c.epoch)
    query = query.where(tuple_(_barred.c.agent, _barred.c.epoch).in_(keys))
    return {Holder(row.agent, row.epoch) for row in connection.execute(query)}


def zone_of(connection: Connection, store: str) -> str | None:
    """Return the zone of a store."""
    zone: str | None = connection.scalar(select(_store.c.zone).where(_store.c.code == store))
    return zone


def zones(connection: Connection) -> list[str]:
    """Return the zones of the chain's stores, each once."""
    return list(connection.scalars(select(_store.c.zone).distinct().order_by(_store.c.zone)))
