"""Begin with a snapshot: the rows of a stream in pieces, each checked and read once."""

from collections.abc import Iterable, Sequence
from functools import partial

import structlog
from sqlalchemy import Engine

from agent import keyring
from agent.keyring import BrokenRowsError, FormerKeyError
from agent.replica import service, staging, store, sums
from agent.replica.sums import Build, Held
from agent.station import Station
from shared.errors import Kind, LoyaltyError
from shared.runtime.sqlite import reading, transaction
from shared.wire.codec import MalformedError, unpack
from shared.wire.feed import AGAIN_MAX, Change
from shared.wire.snapshot import (
    NOTHING,
    PIECE_BYTES_MAX,
    Snapshot,
    SnapshotPiece,
    StoredRow,
    changed_sum,
    decode_stored_rows,
    part_of,
    parts_of_piece,
    tally_of,
)

SORTED_SIZES = 2
"""Times the size of what is set down: SQLite's log of its rows in their places, and they there."""

log = structlog.get_logger()


class BrokenPieceError(LoyaltyError):
    """A piece of a snapshot whose rows are not those that the centre has counted."""

    kind = Kind.INVALID
    code = "broken_piece"
    ru = "Часть {piece} снимка {stream} не сходится со своей суммой."
    en = "Piece {piece} of the snapshot of {stream} does not have its sum."


def read_snapshot(station: Station, stream: str) -> int:
    """Read the snapshot of a stream that has no rows here yet; return the number to go on from.

    A process that stops on the way goes on where it was. 0 when the centre has none: then the
    stream is read from its first change. Raises BrokenPieceError and what the link raises.
    """
    told = station.link.snapshot(stream)
    if not told.number:
        return 0
    under_way, done = _begin(station, told)
    for no in _in_bits(told.pieces, told.bits, under_way.bits):
        if no not in done:
            station.disk.demand_for_snapshot()
            _take_piece(station, *fetch_piece(station, stream, (under_way.bits, no)))
    _move_staged(station)
    with transaction(station.replica) as connection:
        under_way = sums.build(connection, stream) or under_way
        held = sums.held(connection, stream) or Held(NOTHING, 0)
        whole_from = max(under_way.number, under_way.newest)
        sums.put_held(connection, stream, Held(held.sum, whole_from))
        sums.end_build(connection, stream)
        sums.note_scrub(connection, stream, station.time.now())  # as sound as if just added up
        store.put_cursor(connection, stream, under_way.number, told.incarnation)
    return under_way.number


def fetch_piece(
    station: Station, stream: str, place: tuple[int, int], *, least: int = 0
) -> tuple[SnapshotPiece, tuple[StoredRow, ...]]:
    """Fetch one of 2^bits pieces, `place` is (bits, piece), and return it with its rows.

    What comes damaged, under a key of long ago, is another piece or of a lower number than `least`
    is asked for again.
    Raises what `rows_of` and the link raise.
    """
    for again in range(AGAIN_MAX + 1):
        try:
            piece = station.link.piece(stream, *place, again)
            _check_asked_for(piece, stream, place, least)
            return piece, rows_of(station, piece)
        except (BrokenPieceError, BrokenRowsError, FormerKeyError, MalformedError) as damage:
            log.warning("piece.damaged", stream=stream, piece=place[1], reason=str(damage))
            if again == AGAIN_MAX:
                raise
    raise AssertionError("the last try returns or raises")


def _check_asked_for(piece: SnapshotPiece, stream: str, place: tuple[int, int], least: int) -> None:
    if (piece.stream, piece.bits, piece.piece) != (stream, *place) or piece.number < least:
        raise BrokenRowsError(stream=piece.stream, piece=piece.piece)


def rows_of(station: Station, piece: SnapshotPiece) -> tuple[StoredRow, ...]:
    """Return the rows of a piece, checked; raises BrokenPieceError, MalformedError, and as
    `keyring.body` does."""
    rows = decode_stored_rows(unpack(keyring.body(station, piece), PIECE_BYTES_MAX))
    first, last = parts_of_piece(piece.bits, piece.piece)
    belong = all(first <= part_of(row.kind, row.key) <= last for row in rows)
    if not belong or tally_of(list(rows)) != piece.sum:
        raise BrokenPieceError(stream=piece.stream, piece=piece.piece)
    return rows


def _begin(station: Station, told: Snapshot) -> tuple[Build, set[int]]:
    """Take up a snapshot that was being read, or begin one; return it with the pieces read.

    The centre may cut a stream into more pieces meanwhile, since it has more rows: then what is
    left of it is read in those, which are small enough to travel.
    """
    with transaction(station.replica) as connection:
        found = sums.build(connection, told.stream)
        if found is None:
            found = Build(told.number, told.bits, told.number)
            sums.put_build(connection, told.stream, found)
        done = sums.built_pieces(connection, told.stream)
        if found.bits < told.bits:
            done = set(_in_bits(sorted(done), found.bits, told.bits))
            found = Build(found.number, told.bits, found.newest)
            sums.end_build(connection, told.stream)
            sums.put_build(connection, told.stream, found)
            for piece in sorted(done):
                sums.put_piece(connection, told.stream, piece)
        return found, done


def _in_bits(pieces: Iterable[int], bits: int, finer: int) -> list[int]:
    """Return of which of 2^finer pieces some of 2^bits consist."""
    width = finer - bits
    return [one for no in pieces for one in range(no << width, (no + 1) << width)]


def _take_piece(station: Station, piece: SnapshotPiece, rows: tuple[StoredRow, ...]) -> None:
    """Write a piece; what is used as it comes is only set down, and sorted in at the end."""
    staged = [row for row in rows if row.kind in staging.STAGED_KINDS]
    judged = [row for row in rows if row.kind not in staging.STAGED_KINDS]
    changes = [Change(piece.number, *row) for row in _plain(judged)]
    with transaction(station.replica) as connection:
        under_way = sums.build(connection, piece.stream)
        assert under_way is not None, "a piece of no snapshot"
        first, _ = parts_of_piece(piece.bits, piece.piece)
        staging.put(connection, first, staged)
        total = changed_sum(piece.sum, gone=judged, come=[])
        sums.count_fresh(connection, piece.stream, total)
        service.put(connection, station, piece.stream, changes)
        begins, newest = min(under_way.number, piece.number), max(under_way.newest, piece.number)
        sums.put_build(connection, piece.stream, Build(begins, under_way.bits, newest))
        sums.put_piece(connection, piece.stream, piece.piece)
    station.gets_on(service.PULL)
    service.forget_premises(station, changes)


def size_of(rows: Engine) -> int:
    """Return how many bytes a file of rows has, with what its log holds of it."""
    with reading(rows) as connection:
        pages, each = (
            int(connection.exec_driver_sql(f"PRAGMA {name}").scalar_one())
            for name in ("page_count", "page_size")
        )
    return pages * each


def _move_staged(station: Station) -> None:
    """Sort what was set down, most of its file then, into its places, a kind at a time."""
    with reading(station.replica) as connection:
        if not staging.is_any(connection):
            return
    station.disk.demand_for_snapshot(SORTED_SIZES * size_of(station.replica))
    gets_on = partial(station.gets_on, service.PULL)
    for kind in sorted(staging.STAGED_KINDS):
        with transaction(station.replica) as connection:
            staging.move(connection, kind, gets_on)


def _plain(rows: Sequence[StoredRow]) -> list[tuple[str, bytes, bytes]]:
    return [(row.kind, row.key, row.row) for row in rows]
