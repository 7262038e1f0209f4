"""What the rows sum up to, beside them: tallies by stream, marks where segments end, rows aside.

A tally counts the centre's rows. A row that this store does not use as it came (a kind from the
future, a refused list of keys, a zone unknown here) is kept aside, so that it can be counted.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, groupby

from sqlalchemy import Connection, bindparam, delete, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlmodel import Field

from agent.replica import store
from agent.schema import ReplicaTable, instant_field, table_of
from shared.runtime.sqlite import run
from shared.wire.feed import Change, kinds_of
from shared.wire.snapshot import (
    NOTHING,
    StoredRow,
    added,
    changed_sum,
    part_of,
    tally_of,
)

MARKS_KEPT = 64
COUNTED_AT_ONCE = 1000


class TallyRecord(ReplicaTable, table=True):
    """What a stream's rows sum up to at its cursor.

    It may be compared from the number `whole_from` on: pieces of a snapshot are newer than its
    beginning.
    """

    __tablename__ = "tally"

    stream: str = Field(primary_key=True)
    sum: bytes
    whole_from: int


class MarkRecord(ReplicaTable, table=True):
    """The tally at a number where a segment ended."""

    __tablename__ = "mark"

    stream: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    sum: bytes


class AsideRecord(ReplicaTable, table=True):
    """A row in the centre's bytes that this store does not use so; empty where it keeps one that
    the centre has deleted."""

    __tablename__ = "aside"

    stream: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    key: bytes = Field(primary_key=True)
    row: bytes


class BuildRecord(ReplicaTable, table=True):
    """A snapshot that is being read, and the highest number of its pieces so far."""

    __tablename__ = "build"

    stream: str = Field(primary_key=True)
    number: int
    bits: int
    newest: int


class BuiltPieceRecord(ReplicaTable, table=True):
    """A piece of a snapshot that has been read."""

    __tablename__ = "built_piece"

    stream: str = Field(primary_key=True)
    piece: int = Field(primary_key=True)


class CheckRecord(ReplicaTable, table=True):
    """Where and when a stream's rows were last found to be the centre's, how many parts were read
    again in all, and when the stored rows were last added up."""

    __tablename__ = "check"

    stream: str = Field(primary_key=True)
    number: int = 0
    at: datetime | None = instant_field(default=None, nullable=True)
    repaired_parts: int = 0
    scrubbed_at: datetime | None = instant_field(default=None, nullable=True)


@dataclass(frozen=True, slots=True)
class Held:
    """A stream's tally at its cursor."""

    sum: bytes
    whole_from: int


@dataclass(frozen=True, slots=True)
class Check:
    """Where and when a stream's rows were last the centre's, and when they were last added up."""

    stream: str
    number: int
    at: datetime | None
    repaired_parts: int
    scrubbed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Build:
    """A snapshot that is being read."""

    number: int
    bits: int
    newest: int


_TALLIES = table_of(TallyRecord)
_MARKS = table_of(MarkRecord)
_ASIDE = table_of(AsideRecord)
_BUILDS = table_of(BuildRecord)
_PIECES = table_of(BuiltPieceRecord)
_CHECKS = table_of(CheckRecord)
_OF_STREAM = (_TALLIES, _MARKS, _ASIDE, _BUILDS, _PIECES, _CHECKS)
_HELD = select(_TALLIES.c.sum, _TALLIES.c.whole_from).where(
    _TALLIES.c.stream == bindparam("stream")
)
_ASIDE_OF = select(_ASIDE.c.kind, _ASIDE.c.key, _ASIDE.c.row).where(
    _ASIDE.c.stream == bindparam("stream")
)
_ASIDE_KEYS = _ASIDE_OF.where(
    _ASIDE.c.kind == bindparam("kind"), _ASIDE.c.key.in_(bindparam("keys", expanding=True))
)
_ANY_ASIDE = "SELECT 1 FROM aside WHERE stream = ? LIMIT 1"
_NOT_ASIDE = delete(_ASIDE).where(
    _ASIDE.c.stream == bindparam("of"),
    _ASIDE.c.kind == bindparam("a_kind"),
    _ASIDE.c.key == bindparam("a_key"),
)


def held(connection: Connection, stream: str) -> Held | None:
    """Return a stream's tally; None when rows were written before there were tallies."""
    row = connection.execute(_HELD, {"stream": stream}).first()
    return Held(*row) if row else None


def put_held(connection: Connection, stream: str, now: Held) -> None:
    """Write a stream's tally."""
    values = {"stream": stream, "sum": now.sum, "whole_from": now.whole_from}
    statement = upsert(_TALLIES).on_conflict_do_update(index_elements=["stream"], set_=values)
    connection.execute(statement, values)


def count(connection: Connection, stream: str, changes: Sequence[Change]) -> None:
    """Count changes into the stream's tally, before they are written."""
    before = held(connection, stream)
    if before is None:
        if store.cursor(connection, stream).incarnation is not None:
            return
        before = Held(NOTHING, 0)
    latest = {(change.kind, change.key): change.row for change in changes}
    gone = _counted(connection, stream, sorted(latest))
    come = [StoredRow(kind, key, row) for (kind, key), row in latest.items() if row]
    put_held(
        connection, stream, Held(changed_sum(before.sum, gone=gone, come=come), before.whole_from)
    )


def count_fresh(connection: Connection, stream: str, total: bytes) -> None:
    """Count rows that were not there before into the stream's tally, by their own."""
    before = held(connection, stream) or Held(NOTHING, 0)
    put_held(connection, stream, Held(added(before.sum, total), before.whole_from))


def set_aside(connection: Connection, stream: str, changes: Sequence[Change]) -> None:
    """Keep rows aside that are not used as they came."""
    rows = [
        {"stream": stream, "kind": change.kind, "key": change.key, "row": change.row}
        for change in changes
    ]
    if rows:
        connection.execute(insert(_ASIDE), rows)


def take_from_aside(connection: Connection, stream: str, changes: Sequence[Change]) -> None:
    """Forget what was kept aside under the keys of some changes."""
    if not _has_aside(connection, stream):
        return
    keys = {(change.kind, change.key) for change in changes}
    rows = [{"of": stream, "a_kind": kind, "a_key": key} for kind, key in keys]
    if rows:
        connection.execute(_NOT_ASIDE, rows)


def aside(connection: Connection, stream: str, kind: str, key: bytes) -> bytes | None:
    """Return a row that is kept aside."""
    values = {"stream": stream, "kind": kind, "keys": [key]}
    found = connection.execute(_ASIDE_KEYS, values).first()
    return bytes(found.row) if found else None


def part_sums(
    connection: Connection, stream: str, gets_on: Callable[[], None] = lambda: None
) -> dict[int, bytes]:
    """Return what each part of a stream's stored rows sums up to; reads all of them.

    That takes minutes where there are millions: `gets_on` hears of it all the while.
    """
    sums: dict[int, bytes] = {}
    rows: dict[int, list[StoredRow]] = {}
    waiting = 0
    for row in stored(connection, stream):
        rows.setdefault(part_of(row.kind, row.key), []).append(row)
        waiting += 1
        if waiting == COUNTED_AT_ONCE:
            _add(sums, rows)
            waiting = 0
            gets_on()
    _add(sums, rows)
    return {part: total for part, total in sums.items() if total != NOTHING}


def stored(connection: Connection, stream: str) -> Iterable[StoredRow]:
    """Yield a stream's rows as the centre has them."""
    aside = {(row[0], row[1]): row[2] for row in connection.execute(_ASIDE_OF, {"stream": stream})}
    for kind, key, body in store.scan(connection, kinds_of(stream)):
        if (kind, key) not in aside:
            yield StoredRow(kind, key, body)
    for (kind, key), body in aside.items():
        if body:
            yield StoredRow(kind, key, body)


def keys_of_parts(
    connection: Connection, stream: str, parts: Collection[int], gets_on: Callable[[], None]
) -> dict[int, list[tuple[str, bytes]]]:
    """Return by part the kinds and keys of a stream's stored rows; see `part_sums`."""
    found: dict[int, list[tuple[str, bytes]]] = {part: [] for part in parts}
    aside = [(row[0], row[1]) for row in connection.execute(_ASIDE_OF, {"stream": stream})]
    for read, pair in enumerate(chain(store.keys(connection, kinds_of(stream)), aside)):
        if (keys := found.get(part_of(*pair))) is not None:
            keys.append(pair)
        if read % COUNTED_AT_ONCE == 0:
            gets_on()
    return found


def whole(sums: dict[int, bytes]) -> bytes:
    """Return the tally of all parts together."""
    total = NOTHING
    for part in sums.values():
        total = added(total, part)
    return total


def note_mark(connection: Connection, stream: str, number: int) -> None:
    """Remember the tally where a segment ends; the oldest are forgotten."""
    now = held(connection, stream)
    if now is None or number < now.whole_from:
        return
    values = {"stream": stream, "number": number, "sum": now.sum}
    connection.execute(upsert(_MARKS).on_conflict_do_nothing(), values)
    kept = (
        select(_MARKS.c.number)
        .where(_MARKS.c.stream == stream)
        .order_by(_MARKS.c.number.desc())
        .limit(MARKS_KEPT)
    )
    connection.execute(
        delete(_MARKS).where(_MARKS.c.stream == stream, _MARKS.c.number.not_in(kept))
    )


def mark(connection: Connection, stream: str, number: int) -> bytes | None:
    """Return the tally at a number that is still remembered."""
    query = select(_MARKS.c.sum).where(_MARKS.c.stream == stream, _MARKS.c.number == number)
    found: bytes | None = connection.execute(query).scalar()
    return found


def forget_marks(connection: Connection, stream: str) -> None:
    """Forget the tallies of former numbers: the rows they were of had a fault."""
    connection.execute(delete(_MARKS).where(_MARKS.c.stream == stream))


def forget(connection: Connection, prefix: str) -> None:
    """Forget everything about the streams whose names begin so."""
    for table in _OF_STREAM:
        connection.execute(delete(table).where(table.c.stream.startswith(prefix)))


def build(connection: Connection, stream: str) -> Build | None:
    """Return the snapshot of a stream that is being read."""
    query = select(_BUILDS.c.number, _BUILDS.c.bits, _BUILDS.c.newest)
    row = connection.execute(query.where(_BUILDS.c.stream == stream)).first()
    return Build(*row) if row else None


def put_build(connection: Connection, stream: str, now: Build) -> None:
    """Note the snapshot that is being read."""
    values = {
        "stream": stream,
        "number": now.number,
        "bits": now.bits,
        "newest": now.newest,
    }
    statement = upsert(_BUILDS).on_conflict_do_update(index_elements=["stream"], set_=values)
    connection.execute(statement, values)


def built_pieces(connection: Connection, stream: str) -> set[int]:
    """Return the pieces of a snapshot that have been read."""
    query = select(_PIECES.c.piece).where(_PIECES.c.stream == stream)
    return set(connection.execute(query).scalars())


def put_piece(connection: Connection, stream: str, piece: int) -> None:
    """Note that a piece has been read."""
    connection.execute(insert(_PIECES), {"stream": stream, "piece": piece})


def end_build(connection: Connection, stream: str) -> None:
    """Note that a snapshot has been read."""
    for table in (_BUILDS, _PIECES):
        connection.execute(delete(table).where(table.c.stream == stream))


def note_check(
    connection: Connection, stream: str, number: int, at: datetime, repaired_parts: int = 0
) -> None:
    """Note that a stream's rows are the centre's at a number, after some parts were repaired."""
    values = {"stream": stream, "number": number, "at": at, "repaired_parts": repaired_parts}
    again = {
        "number": number,
        "at": at,
        "repaired_parts": _CHECKS.c.repaired_parts + repaired_parts,
    }
    statement = upsert(_CHECKS).on_conflict_do_update(index_elements=["stream"], set_=again)
    connection.execute(statement, values)


def note_scrub(connection: Connection, stream: str, at: datetime | None) -> None:
    """Note when a stream's stored rows were added up and sound; None if they were not."""
    values = {"stream": stream, "number": 0, "repaired_parts": 0, "scrubbed_at": at}
    again = {"scrubbed_at": at}
    statement = upsert(_CHECKS).on_conflict_do_update(index_elements=["stream"], set_=again)
    connection.execute(statement, values)


def checks(connection: Connection) -> list[Check]:
    """Return what is known of how the streams' rows compare, in the order of their names."""
    query = select(
        _CHECKS.c.stream,
        _CHECKS.c.number,
        _CHECKS.c.at,
        _CHECKS.c.repaired_parts,
        _CHECKS.c.scrubbed_at,
    )
    return [Check(*row) for row in connection.execute(query.order_by(_CHECKS.c.stream))]


def _has_aside(connection: Connection, stream: str) -> bool:
    """Tell whether any row of a stream is kept aside; seldom, so that few are asked for."""
    return run(connection, _ANY_ASIDE, (stream,)).fetchone() is not None


def _counted(
    connection: Connection, stream: str, keys: Sequence[tuple[str, bytes]]
) -> list[StoredRow]:
    """Return the rows of some kinds and keys as they are counted now."""
    found: dict[tuple[str, bytes], bytes] = {}
    has_aside = _has_aside(connection, stream)
    for kind, group in groupby(keys, key=lambda pair: pair[0]):
        wanted = [key for _, key in group]
        found |= store.bodies(connection, kind, wanted)
        if not has_aside:
            continue
        aside = connection.execute(_ASIDE_KEYS, {"stream": stream, "kind": kind, "keys": wanted})
        found |= {(row[0], row[1]): row[2] for row in aside}
    return [StoredRow(kind, key, row) for (kind, key), row in found.items() if row]


def _add(sums: dict[int, bytes], rows: dict[int, list[StoredRow]]) -> None:
    for part, mine in rows.items():
        sums[part] = added(sums.get(part, NOTHING), tally_of(mine))
    rows.clear()
