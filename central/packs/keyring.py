"""Keys of the stores' agents, told to all stores: by them one store verifies another's slips.

There are thousands, so the root signs them only while its secret is at the centre; else the pack
key does, which the root has put into its list.
"""

from datetime import datetime

from sqlalchemy import Connection

from central.agents import roster
from central.agents.store import Agent
from central.centre import Centre, Keys
from central.feed import service as feed
from central.snapshots import service as snapshots
from shared.runtime.retries import retried
from shared.runtime.sqlite import reading, transaction
from shared.wire.agents import agent_bytes
from shared.wire.feed import GLOBAL
from shared.wire.rows import AgentRow, RowKind, agent_key


@retried
def publish(centre: Centre, _at: datetime) -> int:
    """Send down the keys that no row tells of yet; return how many. For a job; repeating is safe.

    The keys of ended epochs stay: slips that they have signed are still in people's pockets.
    """
    with reading(centre.engine) as connection:
        if not _missing(connection, centre.keys):
            return 0
    with transaction(centre.engine) as connection:
        rows = _missing(connection, centre.keys)
        feed.append(connection, [feed.changed(GLOBAL, row) for row in rows])
    return len(rows)


def sign_anew(connection: Connection, keys: Keys) -> list[feed.NewChange]:
    """Return all keys that were told, under a signature of now."""
    told = snapshots.keys_told(connection, GLOBAL, RowKind.AGENT)
    known = [one for one in roster.every_key(connection) if _key(one) in told]
    return [feed.changed(GLOBAL, _row(keys, one)) for one in known]


def _missing(connection: Connection, keys: Keys) -> list[AgentRow]:
    told = snapshots.keys_told(connection, GLOBAL, RowKind.AGENT)
    return [_row(keys, one) for one in roster.every_key(connection) if _key(one) not in told]


def _key(one: tuple[Agent, int, bytes]) -> bytes:
    agent, epoch, _ = one
    return agent_key(agent.id, epoch)


def _row(keys: Keys, one: tuple[Agent, int, bytes]) -> AgentRow:
    agent, epoch, key = one
    vouched = agent_bytes(agent.id, epoch, agent.store, key)
    return AgentRow(agent.id, epoch, agent.store, key, (keys.root or keys.pack).sign(vouched))
