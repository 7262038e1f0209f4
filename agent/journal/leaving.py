"""Facts that leave the journal: a backup of the centre holds them, and the rows show what they did.

What is left of them is the chain's other facts: each names the hash of the one before it.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection
from sqlmodel import Field

from agent.journal import store
from agent.journal.store import SETTLED
from agent.schema import JournalTable
from shared.clock import from_milliseconds
from shared.runtime.sqlite import listed, run
from shared.wire.agents import BackedUp


class DepartedRecord(JournalTable, table=True):
    """Up to which number facts of a line of the journal have left."""

    __tablename__ = "departed"

    epoch: int = Field(primary_key=True)
    seq: int


_FREE = """
SELECT fact FROM ack WHERE outcome IN (?, ?) AND NOT EXISTS (
    SELECT 1 FROM change WHERE change.fact = ack.fact AND (cover IS NULL OR cover > ?))
AND fact IN (?*)
"""
_BARE = """
UPDATE fact SET personal = x'' WHERE personal <> x'' AND epoch = ? AND seq > ? AND seq <= ?
AND id IN (SELECT fact FROM ack WHERE outcome IN (?, ?))
"""
_REMOVE = (
    "DELETE FROM change WHERE fact IN (?*)",
    "DELETE FROM ack WHERE fact IN (?*)",
    "DELETE FROM fact WHERE id IN (?*)",
)
_NOTE = """
INSERT INTO departed (epoch, seq) VALUES (?, ?)
ON CONFLICT (epoch) DO UPDATE SET seq = max(seq, excluded.seq)
"""
_WRITTEN = "SELECT seq, at FROM fact WHERE epoch = ? AND seq >= ? ORDER BY seq LIMIT ?"
_DEPARTED = "SELECT seq FROM departed WHERE epoch = ?"
_SETTLED = tuple(kind.value for kind in SETTLED)


def last_backed_up(connection: Connection, line: int, told: BackedUp) -> int:
    """Return up to which number a backup holds a line of the journal, but for its end, which stays.

    0 if the backup's journal is not this line: another branch of the same epoch.
    """
    if store.hash_at(connection, line, told.seq) != told.hash:
        return 0
    return min(told.seq, store.tip(connection, line).seq - 1)


def written_from(
    connection: Connection, line: int, seq: int, most: int
) -> list[tuple[int, datetime]]:
    """Return number and instant of at most `most` facts of a line from a number on, in order: by
    the store's time, which may go back where a fact's own stamp does not."""
    found = run(connection, _WRITTEN, (line, seq, most))
    return [(row[0], from_milliseconds(row[1])) for row in found]


def free(connection: Connection, facts: Collection[UUID], cursor: int) -> set[UUID]:
    """Return which of some facts are posted, with all that they changed in the rows up to a cursor
    of the global stream."""
    keys = [fact.bytes for fact in facts]
    rows = run(connection, listed(_FREE, len(keys)), (*_SETTLED, cursor, *keys))
    return {UUID(bytes=row[0]) for row in rows}


def bare(connection: Connection, line: int, after: int, upto: int) -> int:
    """Drop the personal parts of posted facts of a line behind a number and up to another; return
    of how many. The chain stays whole: it holds their digests."""
    return run(connection, _BARE, (line, after, upto, *_SETTLED)).rowcount


def remove(connection: Connection, line: int, facts: Collection[UUID], last: int) -> None:
    """Let facts of a line up to a number leave, with the centre's word and what they changed."""
    keys = [fact.bytes for fact in facts]
    for statement in _REMOVE:
        run(connection, listed(statement, len(keys)), keys)
    run(connection, _NOTE, (line, last))


def departed(connection: Connection, line: int) -> int:
    """Return the highest number of a fact of a line that has left, 0 if all are there."""
    row = run(connection, _DEPARTED, (line,)).fetchone()
    return int(row[0]) if row else 0
