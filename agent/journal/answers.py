"""Answers already given: a till that repeats an operation gets the same one."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection
from sqlmodel import Field

from agent.schema import WITHOUT_ROWID, JournalTable, id_field, instant_field
from shared.clock import milliseconds
from shared.errors import Kind, LoyaltyError
from shared.runtime.sqlite import listed, run


class UidReusedError(LoyaltyError):
    """An operation's uid that was used before with other content."""

    kind = Kind.CONFLICT
    code = "uid_reused"
    ru = "Операция {uid} уже выполнена с другим содержимым. Возьмите новый uid."
    en = "Operation {uid} was done before with other content. Use a new uid."


class AnswerRecord(JournalTable, table=True):
    """What an operation answered, and the digest of what it was asked, by which names and phones
    could be guessed: both lie closed."""

    __tablename__ = "answer"
    __table_args__ = WITHOUT_ROWID

    uid: UUID = id_field(primary_key=True)
    operation: str = Field(primary_key=True)
    content: bytes
    answer: bytes
    at: datetime = instant_field()


_RECALL = """
SELECT opened(uid, content), opened(uid, answer) FROM answer WHERE uid = ? AND operation = ?
"""
_NEXT = "SELECT uid FROM answer WHERE uid > ? ORDER BY uid LIMIT ?"
_FORGET = "DELETE FROM answer WHERE at < ? AND uid IN (?*)"
_REMEMBER = """
INSERT INTO answer (uid, operation, content, answer, at)
VALUES (?1, ?2, closed(?1, ?3), closed(?1, ?4), ?5)
"""


def recall(connection: Connection, uid: UUID, operation: str, content: bytes) -> bytes | None:
    """Return the answer of an operation done before; raises UidReusedError for other content."""
    row = run(connection, _RECALL, (uid.bytes, operation)).fetchone()
    if row is None:
        return None
    if row[0] != content:
        raise UidReusedError(uid=uid)
    return bytes(row[1])


def remember(
    connection: Connection, uid: UUID, operation: str, content: bytes, answer: bytes, at: datetime
) -> None:
    """Keep an answer in the transaction of its operation."""
    run(connection, _REMEMBER, (uid.bytes, operation, content, answer, milliseconds(at)))


def forget(connection: Connection, after: bytes, before: datetime, most: int) -> bytes:
    """Forget the old ones of the next answers behind a uid; return where the following begin.

    Who repeats an operation after that is refused: nothing is done a second time.
    """
    uids = [row[0] for row in run(connection, _NEXT, (after, most))]
    run(connection, listed(_FORGET, len(uids)), (milliseconds(before), *uids))
    return uids[-1] if len(uids) == most else b""
