"""Slips that were printed on request and belong to no fact: which, and since when."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from agent.printing import store as spool
from agent.schema import WITHOUT_ROWID, JournalTable, id_field, instant_field
from shared.clock import milliseconds
from shared.runtime.sqlite import run


class StatementRecord(JournalTable, table=True):
    """A slip that is in the spool without a fact."""

    __tablename__ = "statement"
    __table_args__ = WITHOUT_ROWID

    slip: UUID = id_field(primary_key=True)
    at: datetime = instant_field()


_ADD = "INSERT INTO statement (slip, at) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET at = ?2"
_NEXT = "SELECT slip, at FROM statement WHERE slip > ? ORDER BY slip LIMIT ?"
_FORGET = "DELETE FROM statement WHERE slip = ?"


def add(connection: Connection, slip: UUID, at: datetime) -> None:
    """Remember a slip in the transaction that spools it."""
    run(connection, _ADD, (slip.bytes, milliseconds(at)))


def forget(connection: Connection, after: bytes, before: datetime, most: int) -> bytes:
    """Forget old ones with their papers, of the next slips; return where the following begin.

    What is still on its way to paper stays.
    """
    rows = run(connection, _NEXT, (after, most)).fetchall()
    old = [UUID(bytes=slip) for slip, at in rows if at < milliseconds(before)]
    gone = [slip for slip in old if slip not in spool.not_printed(connection, old)] if old else []
    if gone:
        spool.forget(connection, gone)
    for slip in gone:
        run(connection, _FORGET, (slip.bytes,))
    return bytes(rows[-1][0]) if len(rows) == most else b""
