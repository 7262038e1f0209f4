"""Tables of leases: visits that tell usual stores, asks and their ends, and who is barred."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Connection,
    bindparam,
    delete,
    insert,
    select,
    text,
    tuple_,
    update,
)
from sqlmodel import Field

from central.leases.sizing import Visit
from central.ledger.rows import chunks
from central.schema import Instant, Table, insert_new, locked, table_of, upsert
from central.sets import columns_of, one_of, rows_of, upsert_rows
from shared.ledger.books import Holder


class VisitTable(Table, table=True):
    """How often an account bought at a store."""

    __tablename__ = "visit"
    account: UUID = Field(primary_key=True)
    store: str = Field(primary_key=True)
    receipts: int
    last_at: datetime = Field(sa_type=Instant)
    redeemed_most: int = Field(
        default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")}
    )


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


class RecoveryTable(Table, table=True):
    """An agent whose leases a restored centre must hear of before it leases again."""

    __tablename__ = "recovery"
    agent: UUID = Field(primary_key=True)
    reported: bool


class ReportTable(Table, table=True):
    """A lease as its holder has reported it to a restored centre, until it is taken over."""

    __tablename__ = "lease_report"
    agent: UUID = Field(primary_key=True)
    epoch: int = Field(primary_key=True)
    lot: UUID = Field(primary_key=True)
    account: UUID
    granted: int = Field(sa_type=BigInteger)


@dataclass(frozen=True, slots=True)
class Report:
    """A lease as its holder knows it, in hundredths of a point."""

    agent: UUID
    epoch: int
    lot: UUID
    account: UUID
    granted: int


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
_visit_columns = columns_of(_visit, Visit)
_ask = table_of(AskTable)
_given = table_of(GivenTable)
_barred = table_of(BarredTable)
_recovery = table_of(RecoveryTable)
_report = table_of(ReportTable)


def visits(connection: Connection, accounts: Iterable[UUID]) -> list[Visit]:
    """Return the visits of accounts."""
    found: list[Visit] = []
    for few in chunks(accounts):
        query = select(*_visit_columns).where(one_of(connection, _visit.c.account, few))
        found.extend(Visit(*row) for row in connection.execute(query))
    return found


def upsert_visits(connection: Connection, visits: Collection[Visit]) -> None:
    """Write visits."""
    upsert_rows(connection, VisitTable, *rows_of(Visit, visits))


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
    return Ask(*connection.execute(locked(connection, select(_ask).where(_ask.c.ask == ask))).one())


def asked_for(connection: Connection, accounts: Iterable[UUID], since: datetime) -> set[UUID]:
    """Return those of the accounts that have an ask since an instant which has not ended."""
    found: set[UUID] = set()
    for few in chunks(accounts):
        query = select(_ask.c.account).where(
            one_of(connection, _ask.c.account, few),
            _ask.c.asked_at >= since,
            _ask.c.ended_by.is_(None),
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


def bars(connection: Connection, holders: Collection[Holder]) -> dict[Holder, str]:
    """Return those of the holders that are barred, and why."""
    keys = [(holder.agent, holder.epoch) for holder in holders]
    query = select(_barred.c.agent, _barred.c.epoch, _barred.c.reason)
    query = query.where(tuple_(_barred.c.agent, _barred.c.epoch).in_(keys))
    return {Holder(row.agent, row.epoch): row.reason for row in connection.execute(query)}


def await_reports(connection: Connection, agents: Collection[UUID]) -> None:
    """Lease nothing until these agents have reported."""
    connection.execute(delete(_recovery))
    connection.execute(delete(_report))
    if agents:
        rows = [{"agent": agent, "reported": False} for agent in agents]
        connection.execute(insert(_recovery), rows)


def reporters(connection: Connection) -> dict[UUID, bool]:
    """Return the agents whose reports a restored centre awaits, and whether they have come."""
    rows = connection.execute(select(_recovery.c.agent, _recovery.c.reported))
    return {row.agent: row.reported for row in rows}


def is_recovering(connection: Connection) -> bool:
    """Tell whether a restored centre has not taken over its agents' leases yet."""
    return connection.execute(select(_recovery.c.agent).limit(1)).first() is not None


def mark_reported(connection: Connection, agents: Collection[UUID]) -> None:
    """Note that these agents' reports are complete, or are not waited for."""
    this = _recovery.c.agent.in_(agents)
    connection.execute(update(_recovery).where(this).values(reported=True))


def insert_reports(connection: Connection, reports: Collection[Report]) -> None:
    """Keep reported leases; the same again changes nothing."""
    if reports:
        connection.execute(upsert(connection, ReportTable), [asdict(one) for one in reports])


def reports(connection: Connection, limit: int, after: Report | None = None) -> list[Report]:
    """Return some reported leases, in the order of their keys."""
    keys = (_report.c.agent, _report.c.epoch, _report.c.lot)
    query = select(_report).order_by(*keys)
    if after is not None:
        query = query.where(tuple_(*keys) > tuple_(after.agent, after.epoch, after.lot))
    return [Report(**row._mapping) for row in connection.execute(query.limit(limit))]


def delete_reports(connection: Connection, done: Collection[Report]) -> None:
    """Forget reported leases that were taken over."""
    keys = ("agent", "epoch", "lot")
    statement = delete(_report).where(
        *(_report.c[name] == bindparam(f"of_{name}") for name in keys)
    )
    if done:
        rows = [{f"of_{name}": getattr(one, name) for name in keys} for one in done]
        connection.execute(statement, rows)


def end_recovery(connection: Connection) -> None:
    """Lease again."""
    connection.execute(delete(_recovery))
