"""The table of gaps: places of journals that were passed over, and whose facts are missing."""

from dataclasses import asdict, dataclass
from uuid import UUID

from sqlalchemy import BigInteger, Connection, delete, insert, select
from sqlmodel import Field

from central.schema import Table, table_of
from shared.ledger.books import Holder


class JournalGapTable(Table, table=True):
    """Places that were passed over and are still missing."""

    __tablename__ = "journal_gap"
    agent: UUID = Field(primary_key=True)
    epoch: int = Field(primary_key=True)
    first: int = Field(sa_type=BigInteger, primary_key=True)
    last: int = Field(sa_type=BigInteger)
    conflict: UUID
    let_go: bool


@dataclass(frozen=True, slots=True)
class Gap:
    """Missing places of a journal, and the record by which people know of them; those in the middle
    may have come, and leave two gaps of one record. What is `let_go` its store does not have."""

    agent: UUID
    epoch: int
    first: int
    last: int
    conflict: UUID
    let_go: bool


_gap = table_of(JournalGapTable)


def insert_gap(connection: Connection, gap: Gap) -> None:
    """Write that places were passed over."""
    connection.execute(insert(_gap), asdict(gap))


def gaps(connection: Connection, holder: Holder) -> list[Gap]:
    """Return the gaps of a journal in their order."""
    where = (_gap.c.agent == holder.agent, _gap.c.epoch == holder.epoch)
    rows = connection.execute(select(_gap).where(*where).order_by(_gap.c.first))
    return [Gap(**row._mapping) for row in rows]


def with_facts_elsewhere(connection: Connection) -> set[Holder]:
    """Return the journals with gaps whose facts somebody may have."""
    query = select(_gap.c.agent, _gap.c.epoch).where(_gap.c.let_go.is_(False)).distinct()
    return {Holder(row.agent, row.epoch) for row in connection.execute(query)}


def delete_gap(connection: Connection, gap: Gap) -> None:
    """Forget a gap."""
    this = (_gap.c.agent == gap.agent, _gap.c.epoch == gap.epoch, _gap.c.first == gap.first)
    connection.execute(delete(_gap).where(*this))
