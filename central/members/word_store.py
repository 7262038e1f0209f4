"""The words by which members are searched: of every name and e-mail address that they have had."""

from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, delete, exists, or_, select
from sqlmodel import Field

from central.ledger.rows import chunks
from central.members.roll import Roll
from central.members.store import (
    EditTable,
    IdentifierState,
    IdentifierTable,
    PersonTable,
)
from central.schema import Ordered, Table, table_of
from central.sets import insert_rows, one_of
from shared.member import PhoneRole, ProfileField
from shared.names import folded_words, parts_of_words

WORDS_MAX = 8
"""Of one name."""
_LAST = "\U0010ffff"
_NAMES = ("word", "name", "member")


class WordTable(Table, table=True):
    """A word by which a member is searched, folded, and the name it stands in, blanks before words.

    A former name finds him too. A text is in the order of its characters on both databases.
    """

    __tablename__ = "member_word"
    word: str = Field(primary_key=True, sa_type=Ordered)
    name: str = Field(primary_key=True)
    member: UUID = Field(primary_key=True, index=True)


_word = table_of(WordTable)
_identifier = table_of(IdentifierTable)
_person = table_of(PersonTable)
_edit = table_of(EditTable)

Row = tuple[str, str, UUID]


def note(connection: Connection, roll: Roll) -> None:
    """Write the words of names and addresses that a roll has brought; those before stay."""
    new = dict.fromkeys(_brought(roll))
    known = _known(connection, {member for *_, member in new})
    insert_rows(connection, _word, _NAMES, [row for row in new if row not in known])


def forget(connection: Connection, members: Iterable[UUID]) -> None:
    """Let members who are erased be found by no word."""
    for few in chunks(members):
        connection.execute(delete(_word).where(one_of(connection, _word.c.member, few)))


def by_words(connection: Connection, words: Sequence[str], limit: int) -> list[UUID]:
    """Return members one of whose names has words that begin with these, in the order of names."""
    longest = max(words, key=len)
    others = [_word.c.name.like(f"% {word}%") for word in words if word is not longest]
    query = (
        select(_word.c.member)
        .where(_word.c.word >= longest, _word.c.word < longest + _LAST, *others)
        .order_by(_word.c.word, _word.c.name, _word.c.member)
        .limit(limit * WORDS_MAX)
    )
    return list(dict.fromkeys(connection.scalars(query)))[:limit]


def by_tail(connection: Connection, digits: str, tail: str, limit: int) -> list[UUID]:
    """Return members whose phone or card, as they have stated it, ends with these digits.

    Of the phone of a relative only the tail is kept: it may be the one.
    """
    ends = f"%{digits}"
    stated = or_(
        _person.c.phone.like(ends), _person.c.card.like(ends), _person.c.card.like(f"{ends},%")
    )
    edited = exists().where(
        _edit.c.member == _identifier.c.owner,
        _edit.c.field == ProfileField.PHONE.value,
        _edit.c.value.like(ends),
    )
    of: ColumnElement[bool] = _person.c.member == _identifier.c.owner
    query = (
        select(_identifier.c.member)
        .select_from(_identifier.outerjoin(_person, of))
        .where(
            _identifier.c.tail == tail,
            _identifier.c.state != IdentifierState.REVOKED.value,
            or_(
                _identifier.c.tail == digits,
                _identifier.c.role != PhoneRole.OWN.value,
                stated,
                edited,
            ),
        )
        .distinct()
        .limit(limit)
    )
    return list(connection.scalars(query.order_by(_identifier.c.member)))


def _brought(roll: Roll) -> Iterator[Row]:
    for one in roll.changed_persons:
        yield from _rows(one, roll.persons[one].name)
    for edit in roll.new_edits:
        if edit.field is ProfileField.NAME and edit.value:
            yield from _rows(edit.member, edit.value)
        elif edit.field is ProfileField.EMAIL and edit.value:
            address = edit.value.casefold()
            yield (address, f" {address}", edit.member)


def _rows(member: UUID, text: str) -> Iterator[Row]:
    words = [*folded_words(text)[:WORDS_MAX], *parts_of_words(text)[:WORDS_MAX]]
    name = "".join(f" {word}" for word in words)
    for word in dict.fromkeys(words):
        yield (word, name, member)


def _known(connection: Connection, members: set[UUID]) -> set[Row]:
    found: set[Row] = set()
    for few in chunks(members):
        query = select(_word.c.word, _word.c.name, _word.c.member)
        rows = connection.execute(query.where(one_of(connection, _word.c.member, few)))
        found.update((row.word, row.name, row.member) for row in rows)
    return found
