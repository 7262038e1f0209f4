"""Answers already given: a till that repeats an operation gets the same one."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, bindparam, insert, select
from sqlmodel import Field

from agent.schema import JournalTable, id_field, instant_field, table_of
from shared.errors import Kind, LoyaltyError


class UidReusedError(LoyaltyError):
    """An operation's uid that was used before with other content."""

    kind = Kind.CONFLICT
    code = "uid_reused"
    ru = "Операция {uid} уже выполнена с другим содержимым. Возьмите новый uid."
    en = "Operation {uid} was done before with other content. Use a new uid."


class AnswerRecord(JournalTable, table=True):
    """What an operation answered, and the digest of what it was asked."""

    __tablename__ = "answer"

    uid: UUID = id_field(primary_key=True)
    operation: str = Field(primary_key=True)
    content: bytes
    answer: bytes
    at: datetime = instant_field()


_ANSWERS = table_of(AnswerRecord)
_RECALL = select(_ANSWERS.c.content, _ANSWERS.c.answer).where(
    _ANSWERS.c.uid == bindparam("uid"), _ANSWERS.c.operation == bindparam("operation")
)


def recall(connection: Connection, uid: UUID, operation: str, content: bytes) -> bytes | None:
    """Return the answer of an operation done before; raises UidReusedError for other content."""
    row = connection.execute(_RECALL, {"uid": uid, "operation": operation}).first()
    if row is None:
        return None
    if row[0] != content:
        raise UidReusedError(uid=uid)
    return bytes(row[1])


def remember(
    connection: Connection, uid: UUID, operation: str, content: bytes, answer: bytes, at: datetime
) -> None:
    """Keep an answer in the transaction of its operation."""
    connection.execute(
        insert(_ANSWERS),
        {
            "uid": uid,
            "operation": operation,
            "content": content,
            "answer": answer,
            "at": at,
        },
    )
