"""Tables of agents: who they are, codes to enrol with, open sessions and nonces that were used."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Connection, bindparam, delete, func, insert, select, update
from sqlmodel import Field

from central.schema import (
    Instant,
    Table,
    insert_new,
    insert_unless_there,
    locked,
    table_of,
    upsert,
)

_CARD_BLOCK = "card_block"


class AgentTable(Table, table=True):
    """An agent, the present one of its store while `active_store` names it, else a record."""

    __tablename__ = "agent"
    id: UUID = Field(primary_key=True)
    store: str = Field(index=True)
    active_store: str | None = Field(unique=True)
    epoch: int
    public_key: bytes = Field(unique=True)
    card_block: int = Field(unique=True)
    version: str
    last_seq: int = Field(sa_type=BigInteger)
    enrolled_at: datetime = Field(sa_type=Instant)
    fenced_at: datetime | None = Field(sa_type=Instant, nullable=True)
    seen_at: datetime = Field(sa_type=Instant)
    oldest_unsent_at: datetime | None = Field(sa_type=Instant, nullable=True)
    wrapping_key: bytes | None = Field(default=None, nullable=True)
    revoked_after: int | None = Field(default=None, sa_type=BigInteger, nullable=True)


class FormerEpochTable(Table, table=True):
    """An epoch that has ended, with its key: facts of it are still taken in."""

    __tablename__ = "former_epoch"
    agent: UUID = Field(primary_key=True)
    epoch: int = Field(primary_key=True)
    public_key: bytes = Field(unique=True)
    ended_at: datetime = Field(sa_type=Instant)


class EnrolCodeTable(Table, table=True):
    """A one-time code: its first characters find it, the keyed hash of all of them opens it."""

    __tablename__ = "enrol_code"
    selector: str = Field(primary_key=True)
    store: str = Field(unique=True)
    code_hash: bytes
    tries_left: int
    expires_at: datetime = Field(sa_type=Instant)
    used_by: UUID | None


class SessionTable(Table, table=True):
    """A session whose key authenticates requests without a body, on any process of the centre."""

    __tablename__ = "session"
    id: UUID = Field(primary_key=True)
    agent: UUID = Field(index=True)
    epoch: int
    key: bytes
    expires_at: datetime = Field(sa_type=Instant, index=True)


class NonceTable(Table, table=True):
    """A nonce of a signed request, kept while a replay of it would be fresh enough."""

    __tablename__ = "nonce"
    public_key: bytes = Field(primary_key=True)
    nonce: str = Field(primary_key=True)
    created: datetime = Field(sa_type=Instant, index=True)


class CounterTable(Table, table=True):
    """A number of the whole centre; the row is the lock under which it is taken."""

    __tablename__ = "counter"
    name: str = Field(primary_key=True)
    value: int


class ReaderTable(Table, table=True):
    """A stream that a store's agent may read, beside `global`."""

    __tablename__ = "reader"
    store: str = Field(primary_key=True)
    stream: str = Field(primary_key=True)


class StreamKeyTable(Table, table=True):
    """How often a stream's key was renewed; the keys themselves are in no table."""

    __tablename__ = "stream_key"
    stream: str = Field(primary_key=True)
    number: int


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent as the centre knows it."""

    id: UUID
    store: str
    active_store: str | None
    epoch: int
    public_key: bytes
    card_block: int
    version: str
    last_seq: int
    enrolled_at: datetime
    fenced_at: datetime | None
    seen_at: datetime
    oldest_unsent_at: datetime | None = None
    """Of the facts that it had not sent when it opened its last session."""
    wrapping_key: bytes | None = None
    """For which keys are wrapped that it alone reads; none of one that reads no encrypted rows."""
    revoked_after: int | None = None
    """The last place of its epoch that counts, if it was revoked."""


@dataclass(frozen=True, slots=True)
class FormerEpoch:
    """An ended epoch of an agent and the key that it had."""

    agent: UUID
    epoch: int
    public_key: bytes
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class EnrolCode:
    """A one-time code as it is kept."""

    selector: str
    store: str
    code_hash: bytes
    tries_left: int
    expires_at: datetime
    used_by: UUID | None


@dataclass(frozen=True, slots=True)
class Session:
    """An open session."""

    id: UUID
    agent: UUID
    epoch: int
    key: bytes
    expires_at: datetime


_agent = table_of(AgentTable)
_former = table_of(FormerEpochTable)
_code = table_of(EnrolCodeTable)
_session = table_of(SessionTable)
_nonce = table_of(NonceTable)
_counter = table_of(CounterTable)
_reader = table_of(ReaderTable)
_stream_key = table_of(StreamKeyTable)


def agent_by_key(connection: Connection, public_key: bytes) -> Agent | None:
    """Find an agent by its public key."""
    return _one_agent(connection, _agent.c.public_key == public_key)


def agent_by_id(connection: Connection, agent: UUID) -> Agent | None:
    """Find an agent by its id."""
    return _one_agent(connection, _agent.c.id == agent)


def agents(connection: Connection) -> list[Agent]:
    """Return all agents by store, the present one of a store last."""
    rows = connection.execute(select(_agent).order_by(_agent.c.store, _agent.c.enrolled_at))
    return [Agent(**row._mapping) for row in rows]


def insert_agent(connection: Connection, agent: Agent) -> None:
    """Write a new agent."""
    connection.execute(insert(_agent), asdict(agent))


def fence(connection: Connection, store: str, at: datetime) -> list[UUID]:
    """Make a record of the store's present agent; return its id."""
    present = _agent.c.active_store == store
    found = list(connection.scalars(select(_agent.c.id).where(present)))
    connection.execute(update(_agent).where(present).values(active_store=None, fenced_at=at))
    return found


def revoke(connection: Connection, agent: UUID, last_seq: int) -> None:
    """Note that what an agent signs counts no more, but for its journal up to a place."""
    connection.execute(update(_agent).where(_agent.c.id == agent).values(revoked_after=last_seq))


def end_epoch(connection: Connection, agent: Agent, key: bytes, block: int, at: datetime) -> None:
    """Let an agent's next epoch begin under a new key and with a new block of card numbers.

    Its journal begins anew too: where the former one ended says nothing of it.
    """
    ended = FormerEpoch(agent.id, agent.epoch, agent.public_key, at)
    connection.execute(insert(_former), asdict(ended))
    connection.execute(
        update(_agent)
        .where(_agent.c.id == agent.id)
        .values(epoch=agent.epoch + 1, public_key=key, card_block=block, last_seq=0)
    )
    connection.execute(delete(_session).where(_session.c.agent == agent.id))


def every_former(connection: Connection) -> list[FormerEpoch]:
    """Return all ended epochs."""
    return [FormerEpoch(**row._mapping) for row in connection.execute(select(_former))]


def former_by_key(connection: Connection, public_key: bytes) -> FormerEpoch | None:
    """Find an ended epoch by its public key."""
    return _one_former(connection, _former.c.public_key == public_key)


def former_by_no(connection: Connection, agent: UUID, epoch: int) -> FormerEpoch | None:
    """Find an ended epoch of an agent by its number."""
    return _one_former(connection, (_former.c.agent == agent) & (_former.c.epoch == epoch))


def touch(connection: Connection, agent: UUID, at: datetime, **told: Any) -> None:
    """Note when an agent was heard last, and what it told of itself."""
    connection.execute(update(_agent).where(_agent.c.id == agent).values(seen_at=at, **told))


def touch_all(connection: Connection, agents: Collection[UUID], at: datetime) -> None:
    """Note that several agents were heard just now."""
    statement = update(_agent).where(_agent.c.id == bindparam("agent")).values(seen_at=at)
    connection.execute(statement, [{"agent": agent} for agent in agents])


def next_card_block(connection: Connection) -> int:
    """Take the next block of card numbers, from 1, under a lock."""
    connection.execute(insert_new(connection, CounterTable), {"name": _CARD_BLOCK, "value": 0})
    this = _counter.c.name == _CARD_BLOCK
    taken: int = (
        connection.scalars(locked(connection, select(_counter.c.value).where(this))).one() + 1
    )
    connection.execute(update(_counter).where(this).values(value=taken))
    return taken


def number(connection: Connection, name: str) -> int:
    """Return a number of the whole centre, 0 before it was first kept."""
    found = connection.scalars(select(_counter.c.value).where(_counter.c.name == name)).first()
    return found or 0


def keep_number(connection: Connection, name: str, value: int) -> None:
    """Keep a number of the whole centre in the place of the one before."""
    connection.execute(upsert(connection, CounterTable), {"name": name, "value": value})


def code_by_selector(connection: Connection, selector: str) -> EnrolCode | None:
    """Find a code by its first characters and lock it."""
    query = select(_code).where(_code.c.selector == selector)
    row = connection.execute(locked(connection, query)).one_or_none()
    return None if row is None else EnrolCode(**row._mapping)


def replace_code(connection: Connection, code: EnrolCode) -> None:
    """Write a code in place of the store's earlier one."""
    connection.execute(delete(_code).where(_code.c.store == code.store))
    connection.execute(upsert(connection, EnrolCodeTable), asdict(code))


def spend_try(connection: Connection, selector: str) -> None:
    """Count a wrong try."""
    this = _code.c.selector == selector
    connection.execute(update(_code).where(this).values(tries_left=_code.c.tries_left - 1))


def use_code(connection: Connection, selector: str, agent: UUID) -> None:
    """Note who used a code."""
    connection.execute(update(_code).where(_code.c.selector == selector).values(used_by=agent))


def session(connection: Connection, session_id: UUID) -> Session | None:
    """Find a session."""
    row = connection.execute(select(_session).where(_session.c.id == session_id)).one_or_none()
    return None if row is None else Session(**row._mapping)


def insert_session(connection: Connection, new: Session, keep_max: int) -> None:
    """Write a session and drop the agent's oldest ones over `keep_max`."""
    connection.execute(insert(_session), asdict(new))
    of_agent = select(_session.c.id).where(_session.c.agent == new.agent)
    newest_first = of_agent.order_by(_session.c.expires_at.desc(), _session.c.id.desc())
    extra = list(connection.scalars(newest_first.offset(keep_max)))
    connection.execute(delete(_session).where(_session.c.id.in_(extra)))


def end_sessions(connection: Connection) -> None:
    """End all sessions."""
    connection.execute(delete(_session))


def remember_nonce(connection: Connection, public_key: bytes, nonce: str, at: datetime) -> bool:
    """Note a nonce; False if it was used before."""
    row = {"public_key": public_key, "nonce": nonce, "created": at}
    return insert_unless_there(connection, NonceTable, row)


def count_nonces(connection: Connection, public_key: bytes) -> int:
    """Return how many nonces of a key are remembered."""
    query = select(func.count()).where(_nonce.c.public_key == public_key)
    return connection.scalars(query).one()


def forget(connection: Connection, *, sessions_before: datetime, nonces_before: datetime) -> None:
    """Delete sessions that ended and nonces that are too old to be replayed."""
    connection.execute(delete(_session).where(_session.c.expires_at < sessions_before))
    connection.execute(delete(_nonce).where(_nonce.c.created < nonces_before))


def readable(connection: Connection, store: str) -> set[str]:
    """Return the streams that a store's agent may read beside `global`."""
    return set(connection.scalars(select(_reader.c.stream).where(_reader.c.store == store)))


def replace_readable(connection: Connection, store: str, streams: Collection[str]) -> None:
    """Let a store's agent read these streams and no others."""
    connection.execute(delete(_reader).where(_reader.c.store == store))
    connection.execute(insert(_reader), [{"store": store, "stream": name} for name in streams])


def stream_keys(connection: Connection, streams: Collection[str]) -> dict[str, int]:
    """Return how often the keys of streams were renewed; one that never was is left out."""
    query = select(_stream_key).where(_stream_key.c.stream.in_(streams))
    return {row.stream: row.number for row in connection.execute(query)}


def count_stream_keys(connection: Connection, streams: Collection[str]) -> None:
    """Note that the keys of streams were renewed once more; in the order of their names."""
    names = sorted(streams)
    rows = [{"stream": name, "number": 0} for name in names]
    connection.execute(insert_new(connection, StreamKeyTable), rows)
    more = update(_stream_key).where(_stream_key.c.stream == bindparam("of"))
    values = {"number": _stream_key.c.number + 1}
    connection.execute(more.values(values), [{"of": name} for name in names])


def _one_agent(connection: Connection, where: Any) -> Agent | None:
    row = connection.execute(select(_agent).where(where)).one_or_none()
    return None if row is None else Agent(**row._mapping)


def _one_former(connection: Connection, where: Any) -> FormerEpoch | None:
    row = connection.execute(select(_former).where(where)).one_or_none()
    return None if row is None else FormerEpoch(**row._mapping)
