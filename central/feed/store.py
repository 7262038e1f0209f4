"""Tables of the feed: streams and their heads, changes, and sealed segments."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    bindparam,
    delete,
    func,
    insert,
    select,
    text,
    update,
)
from sqlmodel import Field

from central.schema import Table, insert_new, locked, table_of
from central.sets import insert_rows
from shared.wire.agents import LIVES_MAX, LifeBegan
from shared.wire.feed import GLOBAL, Change


class LifeTable(Table, table=True):
    """A life of the database: a restored one begins another; the last counts.

    `began_at` is where the global stream stood: higher numbers of the life before mean other rows.
    """

    __tablename__ = "life"
    number: int = Field(primary_key=True)
    incarnation: UUID = Field(unique=True)
    began_at: int = Field(sa_type=BigInteger)


class StreamTable(Table, table=True):
    """A stream and its highest number; the row is the lock under which numbers are taken.

    Changes up to `kept_after` are not kept any more: a snapshot holds what they came to.
    """

    __tablename__ = "stream"
    name: str = Field(primary_key=True)
    number: int = Field(sa_type=BigInteger)
    kept_after: int = Field(
        default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")}
    )


class ChangeTable(Table, table=True):
    """A numbered row of a stream; an empty `row` is a delete."""

    __tablename__ = "change"
    stream: str = Field(primary_key=True)
    number: int = Field(sa_type=BigInteger, primary_key=True)
    kind: str
    key: bytes
    row: bytes


class SegmentTable(Table, table=True):
    """A sealed segment's encoded bytes; never changed.

    `encrypted` are those under the stream's key number `key`, since somebody has asked for them.
    """

    __tablename__ = "segment"
    stream: str = Field(primary_key=True)
    first: int = Field(sa_type=BigInteger, primary_key=True)
    last: int = Field(sa_type=BigInteger)
    body: bytes
    key: int | None = Field(default=None, nullable=True)
    encrypted: bytes | None = Field(default=None, nullable=True)


@dataclass(frozen=True, slots=True)
class Encrypted:
    """A sealed segment's bytes under the stream's key of a number; empty under none."""

    key: int
    body: bytes


_stream = table_of(StreamTable)
_change = table_of(ChangeTable)
_segment = table_of(SegmentTable)
_life = table_of(LifeTable)


def take_numbers(connection: Connection, wanted: Mapping[str, int]) -> dict[str, int]:
    """Take that many numbers of each stream, under locks taken in the order of names.

    Returns the number before the first one taken. The locks last to the end of the transaction,
    so that a number becomes visible only when all lower ones are.
    """
    names = sorted(wanted)
    connection.execute(
        insert_new(connection, StreamTable), [{"name": name, "number": 0} for name in names]
    )
    query = select(_stream.c.name, _stream.c.number).where(_stream.c.name.in_(names))
    before = {
        row.name: row.number
        for row in connection.execute(locked(connection, query.order_by("name")))
    }
    connection.execute(
        update(_stream)
        .where(_stream.c.name == bindparam("of"))
        .values(number=_stream.c.number + bindparam("more")),
        [{"of": name, "more": wanted[name]} for name in names],
    )
    return before


def insert_changes(connection: Connection, changes: Iterable[tuple[str, Change]]) -> None:
    """Write numbered changes."""
    rows = [(stream, one.number, one.kind, one.key, one.row) for stream, one in changes]
    insert_rows(connection, _change, ("stream", "number", "kind", "key", "row"), rows)


def heads(connection: Connection, names: Collection[str] | None = None) -> dict[str, int]:
    """Return the newest visible number of the named streams, or of all."""
    query = select(_stream.c.name, _stream.c.number)
    if names is not None:
        query = query.where(_stream.c.name.in_(names))
    return {row.name: row.number for row in connection.execute(query)}


def kept_after(connection: Connection, name: str) -> int:
    """Return the number after which a stream's changes are kept."""
    found = connection.scalar(select(_stream.c.kept_after).where(_stream.c.name == name))
    return int(found or 0)


def kept_afters(connection: Connection) -> dict[str, int]:
    """Return for each stream the number after which its changes are kept."""
    query = select(_stream.c.name, _stream.c.kept_after)
    return {row.name: row.kept_after for row in connection.execute(query)}


def drop_changes(connection: Connection, name: str, up_to: int) -> None:
    """Let a stream's changes and segments up to a number go; what has gone stays gone."""
    at = (_stream.c.name == name, _stream.c.kept_after < up_to)
    connection.execute(update(_stream).where(*at).values(kept_after=up_to))
    connection.execute(delete(_change).where(_change.c.stream == name, _change.c.number <= up_to))
    connection.execute(delete(_segment).where(_segment.c.stream == name, _segment.c.last <= up_to))


def sizes(connection: Connection, stream: str, after: int, last: int) -> list[tuple[int, int]]:
    """Return (number, size in bytes) of the changes from `after` (excluded) to `last`, in order."""
    query = select(_change.c.number, func.length(_change.c.row).label("size_bytes"))
    rows = connection.execute(query.where(*_between(stream, after, last)).order_by("number"))
    return [(row.number, row.size_bytes) for row in rows]


def changes(connection: Connection, stream: str, after: int, last: int) -> list[Change]:
    """Return the changes from `after` (excluded) to `last` (included), in order."""
    query = select(_change.c.number, _change.c.kind, _change.c.key, _change.c.row)
    rows = connection.execute(query.where(*_between(stream, after, last)).order_by("number"))
    return [Change(row.number, row.kind, row.key, row.row) for row in rows]


def keys(connection: Connection, stream: str, kind: str, after: int) -> set[bytes]:
    """Return the keys of the changes of a kind after a number."""
    this = (_change.c.stream == stream, _change.c.number > after, _change.c.kind == kind)
    return set(connection.scalars(select(_change.c.key).where(*this).distinct()))


def sealed(connection: Connection, stream: str, first: int) -> bytes | None:
    """Return the encoded segment that begins at a number."""
    found: bytes | None = connection.scalar(select(_segment.c.body).where(*_one(stream, first)))
    return found


def encrypted(connection: Connection, stream: str, first: int) -> Encrypted | None:
    """Return how the sealed segment that begins at a number is kept; None if none begins there."""
    query = select(_segment.c.key, _segment.c.encrypted).where(*_one(stream, first))
    row = connection.execute(query).first()
    return Encrypted(row.key or 0, row.encrypted or b"") if row else None


def put_encrypted(connection: Connection, stream: str, first: int, now: Encrypted) -> None:
    """Keep a sealed segment as it is under a key, in place of what it was under the one before."""
    values = {"key": now.key, "encrypted": now.body}
    connection.execute(update(_segment).where(*_one(stream, first)).values(values))


def sealed_up_to(connection: Connection) -> dict[str, int]:
    """Return the last sealed number of each stream that has one."""
    query = select(_segment.c.stream, func.max(_segment.c.last).label("last"))
    return {row.stream: row.last for row in connection.execute(query.group_by(_segment.c.stream))}


def insert_sealed(connection: Connection, stream: str, first: int, last: int, body: bytes) -> None:
    """Keep a segment; the same one again changes nothing."""
    row = {"stream": stream, "first": first, "last": last, "body": body}
    connection.execute(insert_new(connection, SegmentTable), row)


def lives(connection: Connection) -> tuple[LifeBegan, ...]:
    """Return the last lives of this database in their order, none before the first."""
    query = select(_life.c.incarnation, _life.c.began_at).order_by(_life.c.number.desc())
    found = connection.execute(query.limit(LIVES_MAX)).all()
    return tuple(LifeBegan(*row) for row in reversed(found))


def insert_first_life(connection: Connection, incarnation: UUID) -> None:
    """Name the first life of this database, unless it has a name."""
    row = {"number": 1, "incarnation": incarnation, "began_at": 0}
    connection.execute(insert_new(connection, LifeTable), row)


def insert_life(connection: Connection, incarnation: UUID) -> None:
    """Begin another life and drop the segments that were sealed in the one before."""
    last = connection.scalar(select(func.max(_life.c.number))) or 0
    began_at = heads(connection, [GLOBAL]).get(GLOBAL, 0)
    row = {"number": last + 1, "incarnation": incarnation, "began_at": began_at}
    connection.execute(insert(_life), row)
    connection.execute(delete(_segment))


def _one(stream: str, first: int) -> tuple[ColumnElement[bool], ...]:
    return (_segment.c.stream == stream, _segment.c.first == first)


def _between(stream: str, after: int, last: int) -> tuple[ColumnElement[bool], ...]:
    return (_change.c.stream == stream, _change.c.number > after, _change.c.number <= last)
