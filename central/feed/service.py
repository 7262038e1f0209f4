"""Rows come down: changes numbered in commit order, and the segments that carry them.

`append` is the last thing that a writing transaction does; all else here only reads, but for the
sealing of segments that are full.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, Engine

from central.agents import streams
from central.agents.service import AgentIdentity
from central.centre import Centre
from central.feed import store
from central.feed.wakes import touch
from shared.errors import Kind, LoyaltyError
from shared.runtime.retries import retried
from shared.runtime.sqlite import reading, transaction
from shared.wire.agents import LifeBegan
from shared.wire.codec import BODY_BYTES_MAX, encode
from shared.wire.feed import SEGMENT_ROWS_MAX, Change, encrypted_segment, write_segment
from shared.wire.rows import Row, RowKind, key_of, kind_of

PIECE_BYTES_MAX = BODY_BYTES_MAX // 2
"""Of a segment's rows together; a single row may be larger, up to the body limit."""
SEALED_PER_RUN_MAX = 200


class CursorAheadError(LoyaltyError):
    """A cursor past the stream's end: it comes from another life of the centre."""

    kind = Kind.CONFLICT
    code = "cursor_ahead"
    ru = "Курсор {after} потока {stream} впереди центра: там {head}."
    en = "Cursor {after} of stream {stream} is ahead of the centre, which is at {head}."


class CursorTooOldError(LoyaltyError):
    """A cursor from which the changes are not kept any more: a snapshot is to be read."""

    kind = Kind.CONFLICT
    code = "cursor_too_old"
    ru = "Изменения потока {stream} после {after} уже не хранятся: нужен снимок."
    en = "Changes of stream {stream} after {after} are not kept any more: read a snapshot."


@dataclass(frozen=True, slots=True)
class NewChange:
    """A row to be sent down a stream: canonical bytes, None for a delete."""

    stream: str
    kind: RowKind
    key: bytes
    row: bytes | None


@dataclass(frozen=True, slots=True)
class Piece:
    """An encoded segment, from number `first` to `last`; `plain` for those who read no other."""

    stream: str
    first: int
    last: int
    encoded: bytes
    plain: bytes = b""


def append(connection: Connection, changes: Sequence[NewChange]) -> dict[str, int]:
    """Number changes and write them; return each touched stream's highest number.

    Call it as the last statements of a writing transaction: the streams' locks, taken in the
    order of names, are held until the commit.
    """
    if not changes:
        return {}
    last = store.take_numbers(connection, Counter(change.stream for change in changes))
    numbered = []
    for change in changes:
        last[change.stream] += 1
        row = change.row or b""
        numbered.append(
            (change.stream, Change(last[change.stream], str(change.kind), change.key, row))
        )
    store.insert_changes(connection, numbered)
    touch(connection)
    return last


def keys_after(connection: Connection, stream: str, kind: RowKind, after: int) -> set[bytes]:
    """Return the keys of rows of a kind that a stream has carried after a number."""
    return store.keys(connection, stream, str(kind), after)


def changed(stream: str, row: Row) -> NewChange:
    """Return the change that carries a whole new row; its kind and key follow from its type."""
    kind, key = kind_of(row), key_of(row)
    return NewChange(stream, kind, key, encode(row))


def removed(stream: str, row: Row) -> NewChange:
    """Return the change that deletes the row with this one's key."""
    kind, key = kind_of(row), key_of(row)
    return NewChange(stream, kind, key, None)


@retried
def segment_for(
    centre: Centre, reader: AgentIdentity, cursor: tuple[str, int], *, again: int = 0
) -> bytes | None:
    """Return the encoded segment that begins after an agent's cursor, None if nothing is newer.

    A sealed one if there is one, encrypted once for all; else the rows up to where the next sealed
    one will begin. What is asked for `again` is encrypted anew. Raises ForbiddenStreamError,
    CursorAheadError, CursorTooOldError.
    """
    stream, after = cursor
    with reading(centre.engine) as connection:
        streams.check_readable(connection, reader.store, [stream])
        if reader.reads_plain:
            return store.sealed(connection, stream, after + 1) or _next_plain(
                connection, centre, stream, after
            )
        key = streams.key_numbers(connection, [stream])[stream]
        kept = store.encrypted(connection, stream, after + 1)
        if kept is not None and kept.key == key and kept.body and not again:
            return kept.body
        head = _checked_head(connection, stream, after)
        piece = next(_cut(connection, centre, stream, (after, head)), None)
    if piece is None:
        return None
    if kept is not None:
        with transaction(centre.engine) as connection:
            store.put_encrypted(connection, stream, after + 1, store.Encrypted(key, piece.encoded))
    return piece.encoded


def _next_plain(connection: Connection, centre: Centre, stream: str, after: int) -> bytes | None:
    head = _checked_head(connection, stream, after)
    piece = next(_cut(connection, centre, stream, (after, head)), None)
    return None if piece is None else piece.plain


def check_cursors(engine: Engine, store_code: str, cursors: Mapping[str, int]) -> None:
    """Raise ForbiddenStreamError, CursorAheadError or CursorTooOldError for cursors that a store
    cannot go on from."""
    with reading(engine) as connection:
        streams.check_readable(connection, store_code, cursors)
        for stream, after in cursors.items():
            _checked_head(connection, stream, after)


def pieces(centre: Centre, stream: str, after: int, last: int) -> list[Piece]:
    """Return the changes from `after` (excluded) to `last` as encoded segments, in order."""
    with reading(centre.engine) as connection:
        return list(_cut(connection, centre, stream, (after, last)))


def heads(engine: Engine) -> dict[str, int]:
    """Return the newest visible number of every stream."""
    with reading(engine) as connection:
        return store.heads(connection)


def heads_for(connection: Connection, store_code: str) -> dict[str, int]:
    """Return the newest visible numbers of the streams that a store reads, 0 for an empty one."""
    names = streams.readable(connection, store_code)
    return dict.fromkeys(sorted(names), 0) | store.heads(connection, names)


def changes_after(connection: Connection, stream: str, after: int) -> tuple[int, list[Change]]:
    """Return the visible changes after a number up to where the next segment begins, and the number
    of the last one."""
    head = store.heads(connection, [stream]).get(stream, 0)
    last = min(head, after - after % SEGMENT_ROWS_MAX + SEGMENT_ROWS_MAX)
    return last, store.changes(connection, stream, after, last)


def kept_after(connection: Connection) -> dict[str, int]:
    """Return for each stream the number after which its changes are kept."""
    return store.kept_afters(connection)


def let_go(connection: Connection, stream: str, up_to: int) -> None:
    """Keep the changes of a stream up to a number no longer; a snapshot must hold them."""
    store.drop_changes(connection, stream, up_to)


def seal(centre: Centre, _at: datetime) -> int:
    """Keep the segments that have become full, at most `SEALED_PER_RUN_MAX`; return how many. For a
    job."""
    with reading(centre.engine) as connection:
        sealed, ends = store.sealed_up_to(connection), store.heads(connection)
        kept = store.kept_afters(connection)
    count = 0
    for stream, head in sorted(ends.items()):
        after = max(sealed.get(stream, 0), kept.get(stream, 0))
        full = head - head % SEGMENT_ROWS_MAX
        while after < full and count < SEALED_PER_RUN_MAX:
            after = _seal_one(centre, stream, (after, full))
            count += 1
    return count


def name_incarnation(connection: Connection, new: UUID) -> UUID:
    """Give this life of the database a name, unless it has one; return the name."""
    store.insert_first_life(connection, new)
    found = incarnation(connection)
    assert found is not None
    return found


def begin_life(connection: Connection, incarnation: UUID) -> None:
    """Begin another life: sealed segments bear the name of the former one, and go."""
    store.insert_life(connection, incarnation)


def lives(connection: Connection) -> tuple[LifeBegan, ...]:
    """Return the last lives of this database in their order, the present one at the end."""
    return store.lives(connection)


def incarnation(connection: Connection) -> UUID | None:
    """Return the name of this life of the database, None before `init`."""
    known = store.lives(connection)
    return known[-1].incarnation if known else None


def _checked_head(connection: Connection, stream: str, after: int) -> int:
    head = store.heads(connection, [stream]).get(stream, 0)
    if after > head:
        raise CursorAheadError(stream=stream, after=after, head=head)
    if after < store.kept_after(connection, stream):
        raise CursorTooOldError(stream=stream, after=after)
    return head


@retried
def _seal_one(centre: Centre, stream: str, span: tuple[int, int]) -> int:
    with transaction(centre.engine) as connection:
        piece = next(_cut(connection, centre, stream, span))
        key = streams.key_numbers(connection, [stream])[stream]
        store.insert_sealed(connection, stream, piece.first, piece.last, piece.plain)
        store.put_encrypted(connection, stream, piece.first, store.Encrypted(key, piece.encoded))
    return piece.last


def _cut(
    connection: Connection, centre: Centre, stream: str, span: tuple[int, int]
) -> Iterator[Piece]:
    """Cut changes at multiples of SEGMENT_ROWS_MAX, and before they grow over PIECE_BYTES_MAX."""
    after, end = span
    key = streams.present_key(connection, centre, stream)
    while after < end:
        last = min(end, after - after % SEGMENT_ROWS_MAX + SEGMENT_ROWS_MAX)
        last = _bounded(store.sizes(connection, stream, after, last))
        found = store.changes(connection, stream, after, last)
        assert len(found) == last - after, f"{stream}: a gap between {after} and {last}"
        plain = write_segment(stream, centre.incarnation, after + 1, last, found)
        encrypted = encrypted_segment(plain, key.number, key.key)
        yield Piece(stream, after + 1, last, encode(encrypted), encode(plain))
        after = last


def _bounded(sizes: Sequence[tuple[int, int]]) -> int:
    total_bytes = 0
    last = sizes[0][0]
    for number, size_bytes in sizes:
        total_bytes += size_bytes
        if total_bytes > PIECE_BYTES_MAX and number != sizes[0][0]:
            break
        last = number
    return last
