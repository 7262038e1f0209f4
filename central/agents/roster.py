"""Who may hold a lease: agents by id, and the present agents of stores. Reads only."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, func, select, true

from central.agents.store import (
    Agent,
    AgentTable,
    SessionTable,
    every_former,
    former_by_key,
    former_by_no,
)
from central.schema import table_of
from central.sets import one_of
from shared.crypto.sessions import SESSION_TTL_S
from shared.wire.rows import RevokedAgent

_agent = table_of(AgentTable)
_session = table_of(SessionTable)


@dataclass(frozen=True, slots=True)
class EndTold:
    """Where an agent's journal ended at an instant: what stands behind that happened later."""

    epoch: int
    seq: int
    at: datetime


def by_key(connection: Connection, public_key: bytes) -> Agent | None:
    """Return the agent that has a public key, fenced or not."""
    return next(iter(_agents(connection, _agent.c.public_key == public_key)), None)


def by_former_key(connection: Connection, public_key: bytes) -> tuple[Agent, int] | None:
    """Return the agent that had a public key in an ended epoch, and that epoch."""
    ended = former_by_key(connection, public_key)
    if ended is None:
        return None
    return by_ids(connection, [ended.agent])[ended.agent], ended.epoch


def key_of(connection: Connection, agent: Agent, epoch: int) -> bytes | None:
    """Return the public key of one of an agent's epochs; None if it never had such a one."""
    if epoch == agent.epoch:
        return agent.public_key
    ended = former_by_no(connection, agent.id, epoch)
    return ended.public_key if ended else None


def every_key(connection: Connection) -> list[tuple[Agent, int, bytes]]:
    """Return the key of each epoch that any agent has had, with that epoch."""
    agents = {agent.id: agent for agent in _agents(connection, true())}
    present = [(agent, agent.epoch, agent.public_key) for agent in agents.values()]
    former = [(agents[one.agent], one.epoch, one.public_key) for one in every_former(connection)]
    return sorted([*former, *present], key=lambda found: (found[0].id, found[1]))


def revoked(connection: Connection) -> list[RevokedAgent]:
    """Return the agents that were revoked, with the last place of their journals that counts."""
    found = _agents(connection, _agent.c.revoked_after.is_not(None))
    told = [RevokedAgent(one.id, one.epoch, one.revoked_after or 0) for one in found]
    return sorted(told, key=lambda one: one.agent)


def by_ids(connection: Connection, ids: Collection[UUID]) -> dict[UUID, Agent]:
    """Return the agents that have these ids, fenced ones too."""
    return {agent.id: agent for agent in _agents(connection, one_of(connection, _agent.c.id, ids))}


def ends_told(connection: Connection, ids: Collection[UUID]) -> dict[UUID, EndTold]:
    """Return where the journals of agents ended when they opened their last sessions."""
    last = select(_session.c.agent, func.max(_session.c.expires_at).label("expires_at"))
    last = last.where(one_of(connection, _session.c.agent, ids), _session.c.epoch == _agent.c.epoch)
    opened = last.where(_session.c.agent == _agent.c.id).group_by(_session.c.agent).subquery()
    query = select(_agent.c.id, _agent.c.epoch, _agent.c.last_seq, opened.c.expires_at)
    found = connection.execute(query.join(opened, opened.c.agent == _agent.c.id))
    ttl = timedelta(seconds=SESSION_TTL_S)
    return {row.id: EndTold(row.epoch, row.last_seq, row.expires_at - ttl) for row in found}


def of_store(connection: Connection, code: str) -> list[Agent]:
    """Return all agents that a store has had."""
    return _agents(connection, _agent.c.store == code)


def present(connection: Connection, stores: Collection[str]) -> dict[str, Agent]:
    """Return the present agent of each of these stores that has one."""
    found = _agents(connection, one_of(connection, _agent.c.active_store, stores))
    return {agent.store: agent for agent in found}


def every_present(connection: Connection) -> list[Agent]:
    """Return the present agents of all stores."""
    return _agents(connection, _agent.c.active_store.is_not(None))


def _agents(connection: Connection, where: ColumnElement[bool]) -> list[Agent]:
    return [Agent(**row._mapping) for row in connection.execute(select(_agent).where(where))]
