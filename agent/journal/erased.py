"""Members whose personal data the chain has erased: the journal lets go whatever names them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection
from sqlmodel import Field

from agent.schema import JournalTable, id_field, instant_field
from shared.clock import milliseconds
from shared.runtime.sqlite import listed, run, run_many
from shared.wire.codec import MalformedError
from shared.wire.facts import FactKind, MemberEdited, MemberRegistered, read_body


class ErasedRecord(JournalTable, table=True):
    """An erasure that this journal has followed; the numbers only grow."""

    __tablename__ = "erased"

    no: int = Field(primary_key=True)
    member: UUID = id_field()
    at: datetime = instant_field()


_UPTO = "SELECT coalesce(max(no), 0) FROM erased"
_NOTE = "INSERT INTO erased (no, member, at) VALUES (?, ?, ?)"
_PERSONAL = "SELECT id, kind, body FROM fact WHERE personal <> x'' AND kind IN (?*)"
_BLANK = "UPDATE fact SET personal = x'' WHERE id = ?"
_EDITS = "SELECT DISTINCT fact FROM profile_edit WHERE member IN (?*)"
_FORGET = (
    # The row stays: cards are numbered by how many there are, and no number is given twice.
    "UPDATE newcomer SET card_index = x'', phone_index = x'', card_tail = '', referrer = NULL, "
    "display_name = closed(member, ''), birthday = closed(member, '') WHERE member IN (?*)",
    "DELETE FROM other_phone WHERE member IN (?*)",
    "DELETE FROM profile_edit WHERE member IN (?*)",
)
_WITH_PERSONS = (FactKind.MEMBER_REGISTERED.value, FactKind.MEMBER_EDITED.value)


def upto(connection: Connection) -> int:
    """Return the number of the last erasure that was followed; 0 before the first."""
    found: int = run(connection, _UPTO, ()).fetchone()[0]
    return found


def follow(connection: Connection, erasures: Sequence[tuple[int, UUID]], at: datetime) -> int:
    """Erase what the journal has of members, by number and id; return how many facts told of them.

    The chain stays whole: a fact's hash holds the digest of its personal part, not the part.
    """
    members = [member.bytes for _, member in erasures]
    edited = {bytes(row[0]) for row in run(connection, listed(_EDITS, len(members)), members)}
    facts = edited | set(_facts(connection, {member for _, member in erasures}))
    run_many(connection, _BLANK, [(fact,) for fact in sorted(facts)])
    for statement in _FORGET:
        run(connection, listed(statement, len(members)), members)
    run_many(connection, _NOTE, [(no, who.bytes, milliseconds(at)) for no, who in erasures])
    return len(facts)


def _facts(connection: Connection, members: set[UUID]) -> Iterable[bytes]:
    statement = listed(_PERSONAL, len(_WITH_PERSONS))
    for fact, kind, body in run(connection, statement, _WITH_PERSONS):
        try:
            told = read_body(kind, bytes(body))
        except MalformedError:  # damaged by the disk: nobody can say whose it is, so it goes too
            yield bytes(fact)
            continue
        if isinstance(told, MemberRegistered | MemberEdited) and told.member in members:
            yield bytes(fact)
