"""Rows of a snapshot on their way: in the order in which they come, then sorted into their places.

Pieces are cut by a hash, so their rows fall everywhere among millions of keys: each would touch a
page of its own. Set down as they come and sorted at the end, a page is written once.
"""

from collections.abc import Callable, Sequence

from sqlalchemy import Connection
from sqlmodel import Field

from agent.replica.store import CLOSED_KINDS
from agent.schema import WITHOUT_ROWID, ReplicaTable
from shared.runtime.sqlite import run, run_long, run_many
from shared.wire.rows import RowKind
from shared.wire.snapshot import StoredRow

STAGED_KINDS = frozenset(
    kind.value
    for kind in (
        RowKind.MEMBER,
        RowKind.IDENTIFIER,
        RowKind.ACCOUNT,
        RowKind.CERTIFICATE,
        RowKind.CODE,
    )
)
"""There are millions of these; they are used as they come, and found by their keys alone."""
_PIECE_ROWS = 1 << 32
"""More than a piece has rows."""


class StagedRecord(ReplicaTable, table=True):
    """A row of a snapshot that is being read; `no` is its piece's first part, which is its alone
    however the snapshot is divided, and its place in the piece."""

    __tablename__ = "staged"
    __table_args__ = WITHOUT_ROWID

    kind: str = Field(primary_key=True)
    no: int = Field(primary_key=True)
    key: bytes
    row: bytes


_PUT = "INSERT INTO staged (kind, no, key, row) VALUES (?, ?, ?, ?)"
_PUT_CLOSED = _PUT.replace("(?, ?, ?, ?)", "(?1, ?2, ?3, closed(?3, ?4))")
_MOVE = """
INSERT OR REPLACE INTO row (kind, key, row)
SELECT kind, key, row FROM staged WHERE kind = ? ORDER BY key
"""
_ANY = "SELECT 1 FROM staged LIMIT 1"
_FORGET = "DELETE FROM staged WHERE kind = ?"


def put(connection: Connection, part: int, rows: Sequence[StoredRow]) -> None:
    """Set down rows of a piece that begins with a part."""
    first = part * _PIECE_ROWS
    values = [(row.kind, no, row.key, row.row) for no, row in enumerate(rows, first)]
    run_many(connection, _PUT, [one for one in values if one[0] not in CLOSED_KINDS])
    run_many(connection, _PUT_CLOSED, [one for one in values if one[0] in CLOSED_KINDS])


def is_any(connection: Connection) -> bool:
    """Tell whether rows are set down."""
    return run(connection, _ANY).fetchone() is not None


def move(connection: Connection, kind: str, gets_on: Callable[[], None]) -> None:
    """Sort the rows of a kind into their places; takes minutes for many millions."""
    run_long(connection, _MOVE, (kind,), gets_on)
    run_long(connection, _FORGET, (kind,), gets_on)
