"""What agents tell of themselves: the last report of each, with when it was heard."""

from uuid import UUID

from sqlalchemy import Connection

from central.agents import report_store as store
from central.agents.report_store import Heard
from central.agents.service import AgentIdentity
from central.centre import Centre
from shared.runtime.retries import retried
from shared.runtime.sqlite import transaction
from shared.wire.reports import decode_report


@retried
def take(centre: Centre, sender: AgentIdentity, body: bytes) -> None:
    """Keep what an agent tells, in place of what it told before; raises MalformedError."""
    decode_report(body)
    with transaction(centre.engine) as connection:
        store.put(connection, sender.agent, body, centre.clock.now())


def latest(connection: Connection) -> dict[UUID, Heard]:
    """Return the last report of each store's present agent that has told one."""
    return store.latest(connection)


def of(connection: Connection, agent: UUID) -> Heard | None:
    """Return an agent's last report."""
    return store.of(connection, agent)
