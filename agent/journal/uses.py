"""Sums of the journal's envelopes by lot: what this store has used of its leases."""

from collections.abc import Collection
from sqlite3 import Cursor
from uuid import UUID

from sqlalchemy import Connection
from sqlmodel import Field

from agent.schema import JournalTable, id_field
from shared.ledger.leases import LeaseUse
from shared.runtime.sqlite import listed, run


class LeaseUseRecord(JournalTable, table=True):
    """Sums of the journal's envelopes by lot, in one epoch."""

    __tablename__ = "lease_use"

    epoch: int = Field(primary_key=True)
    lot: UUID = id_field(primary_key=True)
    account: UUID = id_field(index=True)
    kept: int
    drawn: int
    given_back: int


_EVERY = "SELECT lot, account, kept, drawn, given_back FROM lease_use WHERE epoch = ?"
_OF = f"{_EVERY} AND account IN (?*)"
_PUT = """
INSERT INTO lease_use (epoch, lot, account, kept, drawn, given_back) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (epoch, lot) DO UPDATE
SET kept = excluded.kept, drawn = excluded.drawn, given_back = excluded.given_back
"""


def of(connection: Connection, epoch: int, accounts: Collection[UUID]) -> dict[UUID, LeaseUse]:
    """Return by lot what this epoch's journal has used of the leases of some accounts."""
    keys = [account.bytes for account in accounts]
    return _by_lot(run(connection, listed(_OF, len(keys)), (epoch, *keys)))


def every(connection: Connection, epoch: int) -> dict[UUID, LeaseUse]:
    """Return by lot what this epoch's journal has used of all its leases."""
    return _by_lot(run(connection, _EVERY, (epoch,)))


def put(connection: Connection, epoch: int, use: LeaseUse) -> None:
    """Write the sums of one lot's envelopes."""
    sums = (use.kept, use.drawn, use.given_back)
    run(connection, _PUT, (epoch, use.lot.bytes, use.account.bytes, *sums))


def _by_lot(rows: Cursor) -> dict[UUID, LeaseUse]:
    found = [LeaseUse(UUID(bytes=row[0]), UUID(bytes=row[1]), *row[2:]) for row in rows]
    return {use.lot: use for use in found}
