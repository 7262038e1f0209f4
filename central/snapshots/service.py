"""The rows of every stream as a whole: counted behind the feed, compared by sums, read in pieces.

What `feed` appends is counted into the present rows by a job, in steps that end where segments end.
So ingest pays nothing for it, and every replica passes the numbers at which sums are compared.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from msgspec.structs import replace as struct_replace
from sqlalchemy import Connection, Engine

from central.agents import streams
from central.agents.service import AgentIdentity
from central.centre import Centre
from central.feed import service as feed
from central.snapshots import store
from central.snapshots.store import Count, Kept, Part
from shared.crypto.chain import digest
from shared.crypto.secrecy import encrypt
from shared.errors import Kind, LoyaltyError
from shared.runtime.retries import retried
from shared.runtime.sqlite import reading, transaction
from shared.wire.codec import encode, pack
from shared.wire.feed import SEGMENT_ROWS_MAX, Change
from shared.wire.keys import StreamKey
from shared.wire.rows import RowKind
from shared.wire.snapshot import (
    PART_BITS,
    PIECE_BYTES_MAX,
    PartTallies,
    Snapshot,
    SnapshotPiece,
    StoredRow,
    Tally,
    added,
    changed_sum,
    context_of,
    part_of,
    parts_of_piece,
)

ROWS_PER_PIECE = 512
"""About so many; of a stream of more than two million rows, more."""
PIECE_BYTES = 1024 * 1024
"""Of a piece's rows, as far as its rows may lie in several parts."""
STEPS_PER_RUN_MAX = 200
STEPS_PER_REQUEST_MAX = 400
MARK_EVERY = timedelta(hours=1)
CHANGES_PER_PRUNE = 10 * SEGMENT_ROWS_MAX
PRUNES_PER_RUN_MAX = 200


class NoSuchPieceError(LoyaltyError):
    """A piece outside of what a stream is divided into."""

    kind = Kind.INVALID
    code = "no_such_piece"
    ru = "Части {piece} из 2^{bits} у потока нет."
    en = "There is no piece {piece} of 2^{bits} of the stream."


class CoarsePieceError(LoyaltyError):
    """A piece with more rows than an agent reads at once: the stream is divided finer by now."""

    kind = Kind.CONFLICT
    code = "piece_too_large"
    ru = "Часть {piece} из 2^{bits} потока слишком велика: нужны части снимка, каким он стал."
    en = "Piece {piece} of 2^{bits} of the stream is too large: take those of the present snapshot."


class BehindError(LoyaltyError):
    """The rows are not counted up to where an agent stands; it asks again."""

    kind = Kind.UNAVAILABLE
    code = "snapshot_behind"
    ru = "Строки потока {stream} учтены до {number}, нужно до {after}. Повторите позже."
    en = "The rows of {stream} are counted up to {number}, {after} is needed. Ask again later."


def run(centre: Centre, at: datetime) -> int:
    """Count new changes into the rows, at most `STEPS_PER_RUN_MAX` steps; return how many."""
    with reading(centre.engine) as connection:
        counted = store.numbers(connection)
    steps = 0
    for stream, head in sorted(feed.heads(centre.engine).items()):
        while counted.get(stream, 0) < head and steps < STEPS_PER_RUN_MAX:
            with centre.pace.patiently(centre.clock):
                counted[stream] = _step(centre.engine, stream, at)
            steps += 1
    return steps


def prune(centre: Centre, at: datetime) -> int:
    """Let changes go that are older than the settings keep them, at most `PRUNES_PER_RUN_MAX`
    times `CHANGES_PER_PRUNE`; return how many times.

    A replica that stands before them is told to read a snapshot.
    """
    keep = timedelta(days=centre.settings.changes_kept_days)
    with reading(centre.engine) as connection:
        old = store.marks_before(connection, at - keep)
        kept = feed.kept_after(connection)
    prunes = 0
    for stream, end in sorted(old.items()):
        for number in range(kept.get(stream, 0) + CHANGES_PER_PRUNE, end, CHANGES_PER_PRUNE):
            if prunes < PRUNES_PER_RUN_MAX:
                _let_go(centre.engine, stream, number)
                prunes += 1
        if kept.get(stream, 0) < end and prunes < PRUNES_PER_RUN_MAX:
            _let_go(centre.engine, stream, end)
            prunes += 1
    return prunes


def tallies(connection: Connection, names: Collection[str]) -> tuple[Tally, ...]:
    """Return what the rows of some streams sum up to: at the last segment's end, and now."""
    marks = [
        Tally(name, mark.number, mark.sum)
        for name, mark in store.last_marks(connection, names, SEGMENT_ROWS_MAX)
    ]
    present = [(name, store.count(connection, name)) for name in sorted(names)]
    known = {(one.stream, one.number) for one in marks}
    now = [
        Tally(name, one.number, one.sum)
        for name, one in present
        if one.number and (name, one.number) not in known
    ]
    return (*marks, *now)


def keys_told(connection: Connection, stream: str, kind: RowKind) -> set[bytes]:
    """Return the keys of a stream's rows of a kind: of those that are counted, and of all changes
    after them. It reads neither other kinds nor the changes of weeks, which are not kept."""
    counted = store.count(connection, stream).number
    told = store.keys(connection, stream, str(kind))
    return told | feed.keys_after(connection, stream, kind, counted)


def snapshot(centre: Centre, store_code: str, stream: str) -> Snapshot:
    """Return where a stream's snapshot stands and its pieces; raises ForbiddenStreamError."""
    with reading(centre.engine) as connection:
        streams.check_readable(connection, store_code, [stream])
        counted = store.count(connection, stream)
        parts = [part for part in store.parts(connection, stream) if part.rows]
    bits = _bits(parts)
    pieces = sorted({part.no >> (PART_BITS - bits) for part in parts})
    return Snapshot(stream, centre.incarnation, counted.number, bits, tuple(pieces))


@retried
def piece(
    centre: Centre, reader: AgentIdentity, stream: str, place: tuple[int, int], *, again: int = 0
) -> bytes:
    """Return the encoded rows of one of 2^bits pieces of a stream; `place` is (bits, piece).

    They are encoded and encrypted once, until one of them changes; what is asked for `again` is
    encrypted anew. Raises ForbiddenStreamError, NoSuchPieceError, CoarsePieceError.
    """
    bits, no = place
    if not 0 <= bits <= PART_BITS or not 0 <= no < 1 << bits:
        raise NoSuchPieceError(piece=no, bits=bits)
    first, last = parts_of_piece(bits, no)
    with reading(centre.engine) as connection:
        streams.check_readable(connection, reader.store, [stream])
        counted = store.count(connection, stream)
        parts = store.parts_between(connection, stream, first, last)
        if bits < PART_BITS and sum(part.size_bytes for part in parts) > PIECE_BYTES_MAX:
            raise CoarsePieceError(piece=no, bits=bits)
        held = store.piece(connection, stream, bits, no)
        key = streams.present_key(connection, centre, stream)
        now = held
        if now is None or now.number < max((part.changed_at for part in parts), default=0):
            rows = tuple(store.rows_between(connection, stream, first, last))
            now = Kept(counted.number, pack(rows))
    told = SnapshotPiece(
        stream, centre.incarnation, counted.number, bits, no, _sum(parts), now.body
    )
    if not reader.reads_plain:
        now = _encrypted(now, told, key, again)
        told = struct_replace(told, body=now.encrypted, key=key.number)
    if now != held:
        with transaction(centre.engine) as connection:
            store.put_piece(connection, stream, place, now)
    return encode(told)


def _encrypted(kept: Kept, piece: SnapshotPiece, key: StreamKey, again: int) -> Kept:
    """Return a piece's rows as they are kept, encrypted for what the piece says of itself."""
    context = context_of(struct_replace(piece, key=key.number))
    if kept.context == digest(context) and not again:
        return kept
    encrypted = encrypt(key.key, context, kept.body)
    return replace(kept, context=digest(context), encrypted=encrypted)


def part_tallies(centre: Centre, store_code: str, stream: str, after: int) -> PartTallies:
    """Return what each part of a stream sums up to, at `after` or a later number.

    Raises ForbiddenStreamError, CursorAheadError, BehindError.
    """
    feed.check_cursors(centre.engine, store_code, {stream: after})
    at = centre.clock.now()
    with reading(centre.engine) as connection:
        number = store.count(connection, stream).number
    for _ in range(STEPS_PER_REQUEST_MAX):
        if number >= after:
            break
        number = _step(centre.engine, stream, at)
    if number < after:
        raise BehindError(stream=stream, number=number, after=after)
    with reading(centre.engine) as connection:
        counted = store.count(connection, stream)
        sums = tuple((part.no, part.sum) for part in store.parts(connection, stream) if part.rows)
    return PartTallies(stream, centre.incarnation, counted.number, sums)


@retried
def _let_go(engine: Engine, stream: str, number: int) -> None:
    with transaction(engine) as connection:
        counted = store.locked_count(connection, stream)
        assert number <= counted.number, f"{stream}: {number} is not counted"
        feed.let_go(connection, stream, number)
        store.drop_marks(connection, stream, number)
        store.drop_stale_pieces(connection, stream, _bits(store.parts(connection, stream)))


def _bits(parts: Iterable[Part]) -> int:
    """Return into how many pieces (as a power of two) rows are divided: some 512 rows each."""
    found = list(parts)
    rows, size_bytes = sum(part.rows for part in found), sum(part.size_bytes for part in found)
    pieces = max(rows // ROWS_PER_PIECE, size_bytes // PIECE_BYTES)
    return min(PART_BITS, pieces.bit_length())


def _sum(parts: Iterable[Part]) -> bytes:
    total = Count().sum
    for part in parts:
        total = added(total, part.sum)
    return total


@dataclass(slots=True)
class _Moved:
    """The rows that left and came to a part in a step."""

    gone: list[StoredRow] = field(default_factory=list)
    come: list[StoredRow] = field(default_factory=list)


@retried
def _step(engine: Engine, stream: str, at: datetime) -> int:
    """Count the changes up to the next end of a segment, at most 500; return up to where."""
    with transaction(engine) as connection:
        before = store.locked_count(connection, stream)
        last, changes = feed.changes_after(connection, stream, before.number)
        if last == before.number:
            return last
        moved = _moves(connection, stream, changes)
        gone = [row for one in moved.values() for row in one.gone]
        come = [row for one in moved.values() for row in one.come]
        kept = {(row.kind, row.key) for row in come}
        store.drop_rows(
            connection, stream, ((row.kind, row.key) for row in gone if _id(row) not in kept)
        )
        store.put_rows(
            connection, stream, ((no, row) for no, one in moved.items() for row in one.come)
        )
        _count_parts(connection, stream, moved, last)
        now = Count(last, changed_sum(before.sum, gone=gone, come=come))
        store.put_count(connection, stream, now)
        is_due = not store.has_mark_since(connection, stream, at - MARK_EVERY)
        if is_due or last % SEGMENT_ROWS_MAX == 0:
            store.put_mark(connection, stream, now, at)
    return last


def _moves(connection: Connection, stream: str, changes: Iterable[Change]) -> dict[int, _Moved]:
    latest = {(change.kind, change.key): change.row for change in changes}
    present = store.present(connection, stream, latest.keys())
    moved: dict[int, _Moved] = {}
    for (kind, key), row in latest.items():
        one = moved.setdefault(part_of(kind, key), _Moved())
        if (before := present.get((kind, key))) is not None:
            one.gone.append(StoredRow(kind, key, before))
        if row:
            one.come.append(StoredRow(kind, key, row))
    return moved


def _count_parts(connection: Connection, stream: str, moved: dict[int, _Moved], last: int) -> None:
    known = {part.no: part for part in store.parts(connection, stream, moved.keys())}
    changed = []
    for no, one in moved.items():
        part = known.get(no, Part(no))
        changed.append(
            replace(
                part,
                rows=part.rows + len(one.come) - len(one.gone),
                size_bytes=part.size_bytes + _size(one.come) - _size(one.gone),
                sum=changed_sum(part.sum, gone=one.gone, come=one.come),
                changed_at=last,
            )
        )
    if changed:
        store.put_parts(connection, stream, changed)


def _id(row: StoredRow) -> tuple[str, bytes]:
    return row.kind, row.key


def _size(rows: Iterable[StoredRow]) -> int:
    return sum(len(row.key) + len(row.row) for row in rows)
