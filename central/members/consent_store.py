"""What members agree to: texts by purpose and version, and who has given or withdrawn his word."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, select, update
from sqlmodel import Field

from central.ledger.rows import chunks
from central.schema import Instant, Table, insert_new, table_of
from central.sets import columns_of, insert_rows, one_of, rows_of
from shared.errors import Kind, LoyaltyError

PROGRAMME = "programme"
"""The purpose to which a registration agrees."""
TEXT_CHARS_MAX = 100_000


class ConsentTextTable(Table, table=True):
    """What people agree to, word for word; a version is never changed."""

    __tablename__ = "consent_text"
    purpose: str = Field(primary_key=True)
    version: str = Field(primary_key=True)
    text: str
    at: datetime = Field(sa_type=Instant)
    actor: str


class ConsentTable(Table, table=True):
    """A member's word on a purpose: given under a version of its text, or withdrawn."""

    __tablename__ = "consent"
    id: UUID = Field(primary_key=True)
    member: UUID = Field(index=True)
    purpose: str
    version: str
    given: bool
    at: datetime = Field(sa_type=Instant)
    actor: str
    note: str


class UnknownTextError(LoyaltyError):
    """A purpose or a version without a text."""

    kind = Kind.NOT_FOUND
    code = "unknown_consent_text"
    ru = "Текста согласия «{purpose}» версии {version} нет."
    en = "There is no text of consent '{purpose}', version {version}."


class TextChangedError(LoyaltyError):
    """A version that has another text already."""

    kind = Kind.CONFLICT
    code = "consent_text_changed"
    ru = "У согласия «{purpose}» версии {version} уже другой текст: дайте новую версию."
    en = "Consent '{purpose}', version {version}, has another text already: name a new version."


@dataclass(frozen=True, slots=True)
class Text:
    """What people agree to, word for word."""

    purpose: str
    version: str
    text: str
    at: datetime
    actor: str


@dataclass(frozen=True, slots=True)
class Consent:
    """A member's word on a purpose; the last one counts."""

    id: UUID
    member: UUID
    purpose: str
    version: str
    given: bool
    at: datetime
    actor: str
    note: str


_text = table_of(ConsentTextTable)
_consent = table_of(ConsentTable)


def keep_text(connection: Connection, new: Text) -> None:
    """Keep a text; the same again changes nothing. Raises TextChangedError."""
    known = find_text(connection, new.purpose, new.version)
    if known is not None and known.text != new.text:
        raise TextChangedError(purpose=new.purpose, version=new.version)
    names, rows = rows_of(Text, [new])
    connection.execute(
        insert_new(connection, ConsentTextTable), dict(zip(names, rows[0], strict=True))
    )


def find_text(connection: Connection, purpose: str, version: str) -> Text | None:
    """Return a text."""
    this = (_text.c.purpose == purpose, _text.c.version == version)
    row = connection.execute(select(*columns_of(_text, Text)).where(*this)).first()
    return None if row is None else Text(*row)


def texts(connection: Connection) -> list[tuple[str, str]]:
    """Return the purpose and version of every text, the newest of a purpose first."""
    query = select(_text.c.purpose, _text.c.version)
    rows = connection.execute(query.order_by(_text.c.purpose, _text.c.at.desc(), _text.c.version))
    return [(row.purpose, row.version) for row in rows]


def note(connection: Connection, consent: Consent) -> None:
    """Keep a member's word. Raises UnknownTextError."""
    if find_text(connection, consent.purpose, consent.version) is None:
        raise UnknownTextError(purpose=consent.purpose, version=consent.version)
    add(connection, consent)


def add(connection: Connection, consent: Consent) -> None:
    """Keep a member's word on a text that needs not be known here any more."""
    insert_rows(connection, _consent, *rows_of(Consent, [consent]))


def consents_of(connection: Connection, members: Iterable[UUID]) -> list[Consent]:
    """Return what members have said, in order."""
    found: list[Consent] = []
    for few in chunks(members):
        query = select(*columns_of(_consent, Consent)).where(
            one_of(connection, _consent.c.member, few)
        )
        found += [Consent(*row) for row in connection.execute(query)]
    return sorted(found, key=lambda one: (one.at, one.id))


def forget_notes(connection: Connection, members: Iterable[UUID]) -> None:
    """Let go the words beside consents of members who are erased; that they agreed stays."""
    for few in chunks(members):
        said = one_of(connection, _consent.c.member, few)
        connection.execute(update(_consent).where(said).values(note=""))
