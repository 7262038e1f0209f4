"""Tables of the snapshots: the present rows of every stream, what they sum up to, and pieces."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Connection,
    Index,
    bindparam,
    delete,
    func,
    select,
)
from sqlmodel import Field

from central.schema import Instant, Table, insert_new, locked, table_of, upsert
from central.sets import one_of, upsert_rows
from shared.wire.snapshot import NOTHING, StoredRow

KEYS_PER_QUERY_MAX = 500


class RowTable(Table, table=True):
    """A row of a stream as it stands at the stream's tally."""

    __tablename__ = "row"
    __table_args__ = (Index("ix_row_stream_part", "stream", "part"),)
    stream: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    key: bytes = Field(primary_key=True)
    part: int
    row: bytes


class TallyTable(Table, table=True):
    """Up to where a stream's changes are counted into its rows, and what these sum up to."""

    __tablename__ = "tally"
    stream: str = Field(primary_key=True)
    number: int = Field(sa_type=BigInteger)
    sum: bytes


class PartTable(Table, table=True):
    """What a part of a stream's rows sums up to, and the number at which it last changed."""

    __tablename__ = "part"
    stream: str = Field(primary_key=True)
    part: int = Field(primary_key=True)
    rows: int
    size_bytes: int = Field(sa_type=BigInteger)
    sum: bytes
    changed_at: int = Field(sa_type=BigInteger)


class MarkTable(Table, table=True):
    """The tally at a number where a segment ends, or once an hour, and when it was reached."""

    __tablename__ = "mark"
    stream: str = Field(primary_key=True)
    number: int = Field(sa_type=BigInteger, primary_key=True)
    sum: bytes
    at: datetime = Field(sa_type=Instant, index=True)


class PieceTable(Table, table=True):
    """The encoded rows of a piece at a number, until one of its parts changes.

    `encrypted` are they as somebody has asked for them last, for a context with this digest.
    """

    __tablename__ = "piece"
    stream: str = Field(primary_key=True)
    bits: int = Field(primary_key=True)
    piece: int = Field(primary_key=True)
    number: int = Field(sa_type=BigInteger)
    body: bytes
    context: bytes | None = Field(default=None, nullable=True)
    encrypted: bytes | None = Field(default=None, nullable=True)


@dataclass(frozen=True, slots=True)
class Kept:
    """The encoded rows of a piece at a number, and what they are encrypted, for which context."""

    number: int
    body: bytes
    context: bytes = b""
    encrypted: bytes = b""


@dataclass(frozen=True, slots=True)
class Count:
    """A stream's tally."""

    number: int = 0
    sum: bytes = NOTHING


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a stream's rows."""

    no: int
    rows: int = 0
    size_bytes: int = 0
    sum: bytes = NOTHING
    changed_at: int = 0


_row = table_of(RowTable)
_tally = table_of(TallyTable)
_part = table_of(PartTable)
_mark = table_of(MarkTable)
_piece = table_of(PieceTable)
_PART_COLUMNS = (_part.c.part, _part.c.rows, _part.c.size_bytes, _part.c.sum, _part.c.changed_at)


def locked_count(connection: Connection, stream: str) -> Count:
    """Return a stream's tally, locked to the end of the transaction."""
    row = {"stream": stream, "number": 0, "sum": NOTHING}
    connection.execute(insert_new(connection, TallyTable), row)
    query = select(_tally.c.number, _tally.c.sum).where(_tally.c.stream == stream)
    found = connection.execute(locked(connection, query)).one()
    return Count(found.number, found.sum)


def count(connection: Connection, stream: str) -> Count:
    """Return a stream's tally."""
    query = select(_tally.c.number, _tally.c.sum).where(_tally.c.stream == stream)
    found = connection.execute(query).first()
    return Count(found.number, found.sum) if found else Count()


def numbers(connection: Connection) -> dict[str, int]:
    """Return up to where every stream is counted."""
    return {row.stream: row.number for row in connection.execute(select(_tally))}


def put_count(connection: Connection, stream: str, now: Count) -> None:
    """Write a stream's tally."""
    row = {"stream": stream, "number": now.number, "sum": now.sum}
    connection.execute(upsert(connection, TallyTable), row)


def present(
    connection: Connection, stream: str, keys: Collection[tuple[str, bytes]]
) -> dict[tuple[str, bytes], bytes]:
    """Return the present rows that are there of some kinds and keys."""
    by_kind: dict[str, list[bytes]] = {}
    for kind, key in keys:
        by_kind.setdefault(kind, []).append(key)
    found = {}
    for kind, wanted in by_kind.items():
        for start in range(0, len(wanted), KEYS_PER_QUERY_MAX):
            query = select(_row.c.key, _row.c.row).where(
                _row.c.stream == stream,
                _row.c.kind == kind,
                one_of(connection, _row.c.key, wanted[start : start + KEYS_PER_QUERY_MAX]),
            )
            found.update({(kind, row.key): row.row for row in connection.execute(query)})
    return found


def keys(connection: Connection, stream: str, kind: str) -> set[bytes]:
    """Return the keys of a stream's present rows of a kind."""
    query = select(_row.c.key).where(_row.c.stream == stream, _row.c.kind == kind)
    return set(connection.scalars(query))


def put_rows(connection: Connection, stream: str, rows: Iterable[tuple[int, StoredRow]]) -> None:
    """Write present rows, each with its part."""
    names = ("stream", "kind", "key", "part", "row")
    new = [(stream, row.kind, row.key, part, row.row) for part, row in rows]
    upsert_rows(connection, RowTable, names, new)


def drop_rows(connection: Connection, stream: str, keys: Iterable[tuple[str, bytes]]) -> None:
    """Remove rows that were deleted."""
    gone = [{"of": kind, "at": key} for kind, key in keys]
    if gone:
        connection.execute(
            delete(_row).where(
                _row.c.stream == stream,
                _row.c.kind == bindparam("of"),
                _row.c.key == bindparam("at"),
            ),
            gone,
        )


def parts(connection: Connection, stream: str, nos: Collection[int] | None = None) -> list[Part]:
    """Return a stream's parts that have or had rows, in order; of some numbers, or all."""
    query = select(*_PART_COLUMNS).where(_part.c.stream == stream).order_by(_part.c.part)
    if nos is not None:
        query = query.where(one_of(connection, _part.c.part, nos))
    return [Part(*row) for row in connection.execute(query)]


def parts_between(connection: Connection, stream: str, first: int, last: int) -> list[Part]:
    """Return the parts of a piece."""
    query = select(*_PART_COLUMNS).where(
        _part.c.stream == stream, _part.c.part >= first, _part.c.part <= last
    )
    return [Part(*row) for row in connection.execute(query.order_by(_part.c.part))]


def put_parts(connection: Connection, stream: str, changed: Sequence[Part]) -> None:
    """Write parts."""
    names = ("stream", "part", "rows", "size_bytes", "sum", "changed_at")
    rows = [(stream, *astuple(part)) for part in changed]
    upsert_rows(connection, PartTable, names, rows)


def rows_between(connection: Connection, stream: str, first: int, last: int) -> list[StoredRow]:
    """Return the present rows of some parts in the order of their kinds and keys."""
    query = select(_row.c.kind, _row.c.key, _row.c.row).where(
        _row.c.stream == stream, _row.c.part >= first, _row.c.part <= last
    )
    return [StoredRow(*row) for row in connection.execute(query.order_by("kind", "key"))]


def put_mark(connection: Connection, stream: str, now: Count, at: datetime) -> None:
    """Remember a tally."""
    row = {"stream": stream, "number": now.number, "sum": now.sum, "at": at}
    connection.execute(insert_new(connection, MarkTable), row)


def has_mark_since(connection: Connection, stream: str, at: datetime) -> bool:
    """Tell whether a stream has a mark that is newer than an instant."""
    query = select(_mark.c.number).where(_mark.c.stream == stream, _mark.c.at > at).limit(1)
    return connection.execute(query).first() is not None


def last_marks(
    connection: Connection, streams: Collection[str], every: int
) -> list[tuple[str, Count]]:
    """Return of each of some streams the newest mark at a multiple of `every`, if there is one."""
    newest = (
        select(_mark.c.stream, func.max(_mark.c.number).label("number"))
        .where(_mark.c.stream.in_(streams), _mark.c.number % every == 0)
        .group_by(_mark.c.stream)
        .subquery()
    )
    query = select(_mark.c.stream, _mark.c.number, _mark.c.sum).join(
        newest, (_mark.c.stream == newest.c.stream) & (_mark.c.number == newest.c.number)
    )
    found = connection.execute(query.order_by(_mark.c.stream))
    return [(row.stream, Count(row.number, row.sum)) for row in found]


def marks_before(connection: Connection, at: datetime) -> Mapping[str, int]:
    """Return of each stream the highest number whose mark is older than an instant."""
    query = select(_mark.c.stream, func.max(_mark.c.number).label("number"))
    rows = connection.execute(query.where(_mark.c.at < at).group_by(_mark.c.stream))
    return {row.stream: row.number for row in rows}


def drop_marks(connection: Connection, stream: str, below: int) -> None:
    """Forget the marks of a stream below a number."""
    connection.execute(delete(_mark).where(_mark.c.stream == stream, _mark.c.number < below))


def piece(connection: Connection, stream: str, bits: int, no: int) -> Kept | None:
    """Return a piece's encoded rows and the number at which they were encoded."""
    query = select(_piece.c.number, _piece.c.body, _piece.c.context, _piece.c.encrypted).where(
        _piece.c.stream == stream, _piece.c.bits == bits, _piece.c.piece == no
    )
    row = connection.execute(query).first()
    return Kept(row.number, row.body, row.context or b"", row.encrypted or b"") if row else None


def put_piece(connection: Connection, stream: str, place: tuple[int, int], now: Kept) -> None:
    """Keep a piece's encoded rows; `place` is (bits, piece)."""
    row = {
        "stream": stream,
        "bits": place[0],
        "piece": place[1],
        "number": now.number,
        "body": now.body,
        "context": now.context,
        "encrypted": now.encrypted,
    }
    connection.execute(upsert(connection, PieceTable), row)


def drop_stale_pieces(connection: Connection, stream: str, bits: int) -> None:
    """Forget a stream's pieces of another size."""
    where = (_piece.c.stream == stream, _piece.c.bits != bits)
    connection.execute(delete(_piece).where(*where))
