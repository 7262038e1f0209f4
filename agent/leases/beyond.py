"""What receipts redeem beyond the store's leases, counted until the centre's rows cover it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import Connection
from sqlmodel import Field

from agent.schema import WITHOUT_ROWID, JournalTable, id_field
from shared.runtime.sqlite import listed, run

KEPT = timedelta(days=60)
"""What the centre has posted and is older is forgotten."""


class BeyondRecord(JournalTable, table=True):
    """Hundredths of a point that a receipt redeems beyond the leases; the fact once it is a sale.

    It outlives an epoch: what is unsent of the former one still counts.
    """

    __tablename__ = "beyond_lease"
    __table_args__ = WITHOUT_ROWID

    receipt: UUID = id_field(primary_key=True)
    account: UUID = id_field(index=True)
    amount: int
    day: date = Field(index=True)
    fact: UUID | None = id_field(nullable=True)


@dataclass(frozen=True, slots=True)
class Counted:
    """Hundredths of a point redeemed beyond the leases, by one member and by all in the store."""

    member: int = 0
    store: int = 0


_UNCOVERED = """(fact IS NULL OR EXISTS (
    SELECT 1 FROM change WHERE change.fact = beyond_lease.fact
    AND (change.cover IS NULL OR change.cover > ?)))"""
_OF_STORE = f"SELECT coalesce(sum(amount), 0) FROM beyond_lease WHERE {_UNCOVERED}"  # noqa: S608
_OF_MEMBER = f"""
SELECT coalesce(sum(amount), 0) FROM beyond_lease
WHERE account IN (?*) AND (day >= ? OR {_UNCOVERED})"""  # noqa: S608
_PUT = """
INSERT INTO beyond_lease (receipt, account, amount, day, fact) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (receipt) DO UPDATE SET fact = excluded.fact
"""
_FACTS = "SELECT fact FROM beyond_lease WHERE fact IN (?*)"
_CANCEL = "DELETE FROM beyond_lease WHERE receipt = ? AND fact IS NULL"
_FORGET = """
DELETE FROM beyond_lease WHERE day < ? AND fact IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM change WHERE change.fact = beyond_lease.fact AND change.cover IS NULL)
"""


def counted(connection: Connection, accounts: Collection[UUID], day: date, cursor: int) -> Counted:
    """Return what a member's and all receipts here have redeemed beyond the leases.

    It counts until rows up to a cursor of the global stream cover the sale, and a member's to the
    end of its day: a clock that is wrong gives nobody a second cap before there was contact.
    """
    keys = [account.bytes for account in accounts]
    of_member = run(
        connection, listed(_OF_MEMBER, len(keys)), (*keys, day.isoformat(), cursor)
    ).fetchone()
    of_store = run(connection, _OF_STORE, (cursor,)).fetchone()
    return Counted(of_member[0], of_store[0])


def put(
    connection: Connection,
    receipt: UUID,
    account: UUID,
    amount: int,
    day: date,
    fact: UUID | None = None,
) -> None:
    """Count what a receipt redeems beyond the leases, from its reserve to its sale's fact."""
    whose = (receipt.bytes, account.bytes)
    run(connection, _PUT, (*whose, amount, day.isoformat(), fact.bytes if fact else None))


def forget(connection: Connection, day: date) -> None:
    """Forget what the centre has posted long before a day."""
    run(connection, _FORGET, ((day - KEPT).isoformat(),))


def cancel(connection: Connection, receipt: UUID) -> None:
    """Count no more what came to nothing."""
    run(connection, _CANCEL, (receipt.bytes,))


def counted_facts(connection: Connection, facts: Collection[UUID]) -> set[UUID]:
    """Return which of some facts are sales that are counted here."""
    keys = [fact.bytes for fact in facts]
    return {UUID(bytes=row[0]) for row in run(connection, listed(_FACTS, len(keys)), keys)}
