"""Tables of the feed: streams and their heads, changes, sealed segments, and who may read what."""

from collections.abc import Collection, Iterable, Mapping
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

from central.schema import Table, insert_new, locked, table_of, upsert
from central.sets import insert_rows
from shared.wire.feed import GLOBAL, Change

_INCARNATION = "incarnation"
_BEGAN_AT = "began_at"


class MetaTable(Table, table=True):
    """What the database knows of itself."""

    __tablename__ = "meta"
    name: str = Field(primary_key=True)
    value: str


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
    """A sealed segment's encoded bytes; never changed."""

    __tablename__ = "segment"
    stream: str = Field(primary_key=True)
    first: int = Field(sa_type=BigInteger, primary_key=True)
    last: int = Field(sa_type=BigInteger)
    body: bytes


class ReaderTable(Table, table=True):
    """A stream that a store's agent may read, beside `global`."""

    __tablename__ = "reader"
    store: str = Field(primary_key=True)
    stream: str = Field(primary_key=True)


_stream = table_of(StreamTable)
_change = table_of(ChangeTable)
_segment = table_of(SegmentTable)
_reader = table_of(ReaderTable)
_meta = table_of(MetaTable)


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
    """Let a stream's changes and segments up to a number go."""
    connection.execute(update(_stream).where(_stream.c.name == name).values(kept_after=up_to))
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


def keys(connection: Connection, stream: str, kind: str) -> set[bytes]:
    """Return the keys of the changes of a kind."""
    query = select(_change.c.key).where(_change.c.stream == stream, _change.c.kind == kind)
    return set(connection.scalars(query.distinct()))


def sealed(connection: Connection, stream: str, first: int) -> bytes | None:
    """Return the encoded segment that begins at a number."""
    where = (_segment.c.stream == stream, _segment.c.first == first)
    found: bytes | None = connection.scalar(select(_segment.c.body).where(*where))
    return found


def sealed_up_to(connection: Connection) -> dict[str, int]:
    """Return the last sealed number of each stream that has one."""
    query = select(_segment.c.stream, func.max(_segment.c.last).label("last"))
    return {row.stream: row.last for row in connection.execute(query.group_by(_segment.c.stream))}


def insert_sealed(connection: Connection, stream: str, first: int, last: int, body: bytes) -> None:
    """Keep a segment; the same one again changes nothing."""
    row = {"stream": stream, "first": first, "last": last, "body": body}
    connection.execute(insert_new(connection, SegmentTable), row)


def readable(connection: Connection, store: str) -> set[str]:
    """Return the streams that a store's agent may read beside `global`."""
    return set(connection.scalars(select(_reader.c.stream).where(_reader.c.store == store)))


def replace_readable(connection: Connection, store: str, streams: Collection[str]) -> None:
    """Let a store's agent read these streams and no others."""
    connection.execute(delete(_reader).where(_reader.c.store == store))
    connection.execute(insert(_reader), [{"store": store, "stream": name} for name in streams])


def incarnation(connection: Connection) -> UUID | None:
    """Return the name of this life of the database."""
    query = select(_meta.c.value).where(_meta.c.name == _INCARNATION)
    found = connection.scalar(query)
    return None if found is None else UUID(found)


def insert_incarnation(connection: Connection, incarnation: UUID) -> None:
    """Name this life of the database, unless it has a name."""
    row = {"name": _INCARNATION, "value": str(incarnation)}
    connection.execute(insert_new(connection, MetaTable), row)


def replace_incarnation(connection: Connection, incarnation: UUID) -> None:
    """Name this life of the database anew and drop the segments that were sealed in another."""
    began_at = heads(connection, [GLOBAL]).get(GLOBAL, 0)
    rows = [
        {"name": _INCARNATION, "value": str(incarnation)},
        {"name": _BEGAN_AT, "value": str(began_at)},
    ]
    connection.execute(upsert(connection, MetaTable), rows)
    connection.execute(delete(_segment))


def began_at(connection: Connection) -> int:
    """Return the global stream's number when this life began, 0 in the first."""
    found = connection.scalar(select(_meta.c.value).where(_meta.c.name == _BEGAN_AT))
    return int(found or 0)


def _between(stream: str, after: int, last: int) -> tuple[ColumnElement[bool], ...]:
    return (_change.c.stream == stream, _change.c.number > after, _change.c.number <= last)
