"""Sales by their receipt: where the fact is, and the slip."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from agent.schema import WITHOUT_ROWID, JournalTable, id_field, instant_field
from shared.clock import milliseconds
from shared.runtime.sqlite import listed, run


class ReceiptRecord(JournalTable, table=True):
    """A committed receipt."""

    __tablename__ = "receipt"
    __table_args__ = WITHOUT_ROWID

    uid: UUID = id_field(primary_key=True)
    fact: UUID = id_field()
    slip: UUID = id_field()
    at: datetime = instant_field()


@dataclass(frozen=True, slots=True)
class Sold:
    """The place of a sale's fact and slip."""

    fact: UUID
    slip: UUID


_ADD = "INSERT INTO receipt (uid, fact, slip, at) VALUES (?, ?, ?, ?)"
_FIND = "SELECT fact, slip FROM receipt WHERE uid = ?"
_FORGET = "DELETE FROM receipt WHERE uid IN (?*)"


def add(connection: Connection, receipt: UUID, sold: Sold, at: datetime) -> None:
    """Remember a sale, in the transaction of its fact."""
    run(connection, _ADD, (receipt.bytes, sold.fact.bytes, sold.slip.bytes, milliseconds(at)))


def find(connection: Connection, receipt: UUID) -> Sold | None:
    """Return where a sale is."""
    row = run(connection, _FIND, (receipt.bytes,)).fetchone()
    return Sold(UUID(bytes=row[0]), UUID(bytes=row[1])) if row else None


def forget(connection: Connection, receipts: Collection[UUID]) -> None:
    """Forget where sales are, with their facts: from then on they are as those of another store."""
    run(connection, listed(_FORGET, len(receipts)), [receipt.bytes for receipt in receipts])
