"""Tables of packs on their way: drafts, and what each person has done with them."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update
from sqlmodel import Field

from central.schema import Instant, Table, table_of


class DraftTable(Table, table=True):
    """A draft of a pack: its text as it stands now, and how far it has come."""

    __tablename__ = "pack_draft"
    no: int = Field(primary_key=True)
    name: str = Field(index=True)
    version: int
    hash: str
    text: str
    source: str
    state: str = Field(index=True)
    changed_at: datetime = Field(sa_type=Instant)


class DeedTable(Table, table=True):
    """What a person has done with a draft; only ever added. `hash` is that of the text then."""

    __tablename__ = "pack_deed"
    draft: int = Field(primary_key=True)
    no: int = Field(primary_key=True)
    act: str
    by: str
    at: datetime = Field(sa_type=Instant)
    hash: str
    note: str


@dataclass(frozen=True, slots=True)
class StoredDraft:
    """A draft; `source` says in words where its text came from."""

    no: int
    name: str
    version: int
    hash: str
    text: str
    source: str
    state: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Deed:
    """What a person has done with a draft."""

    draft: int
    no: int
    act: str
    by: str
    at: datetime
    hash: str
    note: str


_draft = table_of(DraftTable)
_deed = table_of(DeedTable)


def next_no(connection: Connection) -> int:
    """Return the number of the next draft; the caller has taken his turn."""
    return (connection.scalar(select(func.max(_draft.c.no))) or 0) + 1


def insert_draft(connection: Connection, new: StoredDraft) -> None:
    """Write a new draft."""
    connection.execute(insert(_draft), asdict(new))


def put_draft(connection: Connection, draft: StoredDraft) -> None:
    """Write a draft that has changed."""
    connection.execute(update(_draft).where(_draft.c.no == draft.no).values(asdict(draft)))


def draft(connection: Connection, no: int) -> StoredDraft | None:
    """Find a draft by its number."""
    row = connection.execute(select(_draft).where(_draft.c.no == no)).one_or_none()
    return None if row is None else StoredDraft(**row._mapping)


def drafts(connection: Connection, states: Collection[str], most: int) -> list[StoredDraft]:
    """Return at most so many drafts in some states, the newest first."""
    query = select(_draft).where(_draft.c.state.in_(sorted(states)))
    rows = connection.execute(query.order_by(_draft.c.no.desc()).limit(most))
    return [StoredDraft(**row._mapping) for row in rows]


def deeds(connection: Connection, no: int) -> list[Deed]:
    """Return what was done with a draft, in order."""
    rows = connection.execute(select(_deed).where(_deed.c.draft == no).order_by(_deed.c.no))
    return [Deed(**row._mapping) for row in rows]


def insert_deed(connection: Connection, new: Deed) -> None:
    """Write what was done."""
    connection.execute(insert(_deed), asdict(new))
