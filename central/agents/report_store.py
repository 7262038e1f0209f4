"""The table of reports: the last of each agent, as it came."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, select
from sqlmodel import Field

from central.agents.store import AgentTable
from central.schema import Instant, Table, table_of, upsert
from shared.wire.reports import AgentReport, decode_report


class ReportTable(Table, table=True):
    """The last report of an agent, as it came."""

    __tablename__ = "agent_report"
    agent: UUID = Field(primary_key=True)
    heard_at: datetime = Field(sa_type=Instant)
    body: bytes


@dataclass(frozen=True, slots=True)
class Heard:
    """A report and when the centre heard it: `ahead_s` is by what the agent's clock is fast."""

    report: AgentReport
    heard_at: datetime

    @property
    def ahead_s(self) -> float:
        """Return by how many seconds the agent's clock is ahead of the centre's."""
        return (self.report.at - self.heard_at).total_seconds()


_REPORT = table_of(ReportTable)
_AGENT = table_of(AgentTable)


def put(connection: Connection, agent: UUID, body: bytes, at: datetime) -> None:
    """Keep a report in place of the one before."""
    values = {"agent": agent, "heard_at": at, "body": body}
    connection.execute(upsert(connection, ReportTable), values)


def latest(connection: Connection) -> dict[UUID, Heard]:
    """Return the last report of each store's present agent that has told one."""
    query = select(_REPORT.c.agent, _REPORT.c.body, _REPORT.c.heard_at).join(
        _AGENT, _AGENT.c.id == _REPORT.c.agent
    )
    rows = connection.execute(query.where(_AGENT.c.active_store.is_not(None)))
    return {agent: Heard(decode_report(body), heard_at) for agent, body, heard_at in rows}


def of(connection: Connection, agent: UUID) -> Heard | None:
    """Return an agent's last report."""
    query = select(_REPORT.c.body, _REPORT.c.heard_at).where(_REPORT.c.agent == agent)
    row = connection.execute(query).one_or_none()
    return None if row is None else Heard(decode_report(row.body), row.heard_at)
