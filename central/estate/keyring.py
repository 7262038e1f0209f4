"""Keys of the stores' agents, told to all stores: by them one store verifies another's slips."""

from datetime import datetime

from sqlalchemy import Connection

from central.agents import roster
from central.centre import Centre
from central.feed import service as feed
from shared.runtime.retries import retried
from shared.runtime.sqlite import reading, transaction
from shared.wire.agents import agent_bytes
from shared.wire.feed import GLOBAL
from shared.wire.rows import AgentRow, RowKind, key_of


@retried
def publish(centre: Centre, _at: datetime) -> int:
    """Send down the keys that no row tells of yet; return how many. For a job; repeating is safe.

    The keys of ended epochs stay: slips that they have signed are still in people's pockets.
    """
    with reading(centre.engine) as connection:
        if not _missing(connection, centre):
            return 0
    with transaction(centre.engine) as connection:
        rows = _missing(connection, centre)
        feed.append(connection, [feed.changed(GLOBAL, row) for row in rows])
    return len(rows)


def _missing(connection: Connection, centre: Centre) -> list[AgentRow]:
    told = feed.keys_told(connection, GLOBAL, RowKind.AGENT)
    rows = [
        AgentRow(
            agent.id,
            epoch,
            agent.store,
            key,
            centre.keys.root.sign(agent_bytes(agent.id, epoch, agent.store, key)),
        )
        for agent, epoch, key in roster.every_key(connection)
    ]
    return [row for row in rows if key_of(row) not in told]
