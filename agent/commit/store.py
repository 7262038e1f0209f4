"""Sales by their receipt: where the fact is, and the slip."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, insert, select

from agent.schema import JournalTable, id_field, instant_field, table_of


class ReceiptRecord(JournalTable, table=True):
    """A committed receipt."""

    __tablename__ = "receipt"

    uid: UUID = id_field(primary_key=True)
    fact: UUID = id_field()
    slip: UUID = id_field()
    at: datetime = instant_field()


@dataclass(frozen=True, slots=True)
class Sold:
    """The place of a sale's fact and slip."""

    fact: UUID
    slip: UUID


_RECEIPTS = table_of(ReceiptRecord)


def add(connection: Connection, receipt: UUID, sold: Sold, at: datetime) -> None:
    """Remember a sale, in the transaction of its fact."""
    connection.execute(
        insert(_RECEIPTS), {"uid": receipt, "fact": sold.fact, "slip": sold.slip, "at": at}
    )


def find(connection: Connection, receipt: UUID) -> Sold | None:
    """Return where a sale is."""
    row = connection.execute(
        select(_RECEIPTS.c.fact, _RECEIPTS.c.slip).where(_RECEIPTS.c.uid == receipt)
    ).first()
    return Sold(row[0], row[1]) if row else None
