"""Snapshots: what is counted behind the feed is what the changes come to, in every piece."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from central.agents.streams import ForbiddenStreamError
from central.centre import Centre
from central.feed import service as feed
from central.feed.service import CursorAheadError, CursorTooOldError
from central.snapshots import service as snapshots
from central.snapshots.service import CoarsePieceError, NoSuchPieceError
from shared.runtime.sqlite import reading, transaction
from shared.wire.codec import MalformedError, unpack
from shared.wire.feed import GLOBAL, SEGMENT_ROWS_MAX, changes_of, decode_segment
from shared.wire.rows import GoodsRow
from shared.wire.snapshot import (
    PART_BITS,
    PIECE_BYTES_MAX,
    StoredRow,
    Tally,
    decode_piece,
    decode_stored_rows,
    part_of,
    tally_of,
)
from tests.central.app.kit import Device, enrolled, plain_reader

STREAM = "region:msk"
STORE = "101"
Rows = dict[bytes, bytes]


def change(no: int, name: str | None, stream: str = STREAM) -> feed.NewChange:
    row = GoodsRow(str(no), name or "", "wine", "", (), 100_00, 0, ())
    return feed.removed(stream, row) if name is None else feed.changed(stream, row)


def append(centre: Centre, *changes: feed.NewChange) -> int:
    with transaction(centre.engine) as connection:
        return feed.append(connection, changes)[changes[0].stream]


def count(centre: Centre) -> None:
    while snapshots.run(centre, centre.clock.now()):
        pass


def rows_of(centre: Centre, bits: int | None = None) -> list[StoredRow]:
    told = snapshots.snapshot(centre, STORE, STREAM)
    wanted = told.pieces if bits is None else range(1 << bits)
    return [
        row for no in wanted for row in piece_of(centre, told.bits if bits is None else bits, no)
    ]


def piece_of(centre: Centre, bits: int, no: int) -> tuple[StoredRow, ...]:
    piece = decode_piece(snapshots.piece(centre, plain_reader(STORE), STREAM, (bits, no)))
    rows = decode_stored_rows(unpack(piece.body))
    assert tally_of(list(rows)) == piece.sum
    return rows


def folded(centre: Centre, after: int = 0) -> dict[tuple[str, bytes], bytes]:
    """Return what a replica has that follows the changes."""
    found: dict[tuple[str, bytes], bytes] = {}
    for one in followed(centre, after):
        for changed in changes_of(decode_segment(one)):
            found[changed.kind, changed.key] = changed.row
    return {key: row for key, row in found.items() if row}


def followed(centre: Centre, after: int) -> Iterator[bytes]:
    while encoded := feed.segment_for(centre, plain_reader(STORE), (STREAM, after)):
        yield encoded
        after = decode_segment(encoded).last


def as_rows(found: dict[tuple[str, bytes], bytes]) -> list[StoredRow]:
    return [StoredRow(kind, key, row) for (kind, key), row in sorted(found.items())]


steps = st.lists(
    st.lists(
        st.tuples(st.integers(0, 9), st.one_of(st.none(), st.sampled_from("abc"))), min_size=1
    ),
    max_size=6,
)


@given(steps)
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_pieces_of_any_size_hold_what_the_changes_come_to(
    centre: Centre, batches: list[list[tuple[int, str | None]]]
) -> None:
    for batch in batches:
        append(centre, *(change(no, name) for no, name in batch))
        count(centre)
        for bits in (0, 1, 3):
            assert sorted(rows_of(centre, bits), key=lambda row: row.key) == as_rows(folded(centre))

    with reading(centre.engine) as connection:
        told = {one.number: one for one in snapshots.tallies(connection, [STREAM])}
    if told:
        assert told[max(told)].sum == tally_of(as_rows(folded(centre)))
    parts = snapshots.part_tallies(centre, STORE, STREAM, 0)
    for no, total in parts.sums:
        assert tally_of(list(piece_of(centre, PART_BITS, no))) == total


def test_a_sum_is_kept_of_every_number_at_which_a_segment_ends(centre: Centre) -> None:
    append(centre, *(change(no, "a") for no in range(SEGMENT_ROWS_MAX)))
    append(centre, change(0, "b"), change(1, None))
    count(centre)

    with reading(centre.engine) as connection:
        told = snapshots.tallies(connection, [STREAM])

    first = [
        StoredRow("goods", str(no).encode(), feed.changed(STREAM, _row(no)).row or b"")
        for no in range(SEGMENT_ROWS_MAX)
    ]
    assert told[0] == Tally(STREAM, SEGMENT_ROWS_MAX, tally_of(first))
    assert (told[1].stream, told[1].number) == (STREAM, SEGMENT_ROWS_MAX + 2)
    assert told[1].sum == tally_of(as_rows(folded(centre)))


def _row(no: int) -> GoodsRow:
    return GoodsRow(str(no), "a", "wine", "", (), 100_00, 0, ())


def test_large_streams_are_divided_and_small_ones_are_not(centre: Centre) -> None:
    append(centre, *(change(no, "a") for no in range(40)))
    count(centre)
    small = snapshots.snapshot(centre, STORE, STREAM)
    append(centre, *(change(no, "a") for no in range(3_000)))
    count(centre)

    large = snapshots.snapshot(centre, STORE, STREAM)

    assert (small.bits, small.pieces, small.number) == (0, (0,), 40)
    assert (large.bits, large.pieces) == (3, tuple(range(8)))
    assert len(rows_of(centre)) == 3_000


def test_a_piece_is_encoded_once_until_one_of_its_rows_changes(centre: Centre) -> None:
    append(centre, change(1, "a"), change(2, "a"))
    count(centre)
    first = piece_of(centre, 0, 0)
    with transaction(centre.engine) as connection:
        connection.execute(text("UPDATE piece SET body = :body"), {"body": b"no piece"})

    with pytest.raises(MalformedError):
        piece_of(centre, 0, 0)
    append(centre, change(3, "b"))
    count(centre)

    assert set(first) < set(piece_of(centre, 0, 0))


def test_old_changes_go_once_they_are_in_the_rows(centre: Centre) -> None:
    append(centre, *(change(no, "a") for no in range(SEGMENT_ROWS_MAX * 2 + 7)))
    count(centre)
    kept = timedelta(days=centre.settings.changes_kept_days)
    now = centre.clock.now()

    assert snapshots.prune(centre, now + kept - timedelta(seconds=1)) == 0
    assert snapshots.prune(centre, now + kept + timedelta(seconds=1)) > 0

    after = SEGMENT_ROWS_MAX * 2
    assert len(rows_of(centre)) == after + 7
    assert len(folded(centre, after)) == 7
    with pytest.raises(CursorTooOldError):
        feed.segment_for(centre, plain_reader(STORE), (STREAM, after - 1))
    with pytest.raises(CursorTooOldError):
        feed.check_cursors(centre.engine, STORE, {STREAM: 0})
    assert feed.seal(centre, centre.clock.now()) == 0


def test_a_process_that_was_held_up_lets_no_changes_come_back(centre: Centre) -> None:
    """Two have the duty for a moment: what the slower one still lets go has gone long ago."""
    append(centre, *(change(no, "a") for no in range(20)))
    count(centre)

    for up_to in (15, 10):
        with transaction(centre.engine) as connection:
            feed.let_go(connection, STREAM, up_to)

    with pytest.raises(CursorTooOldError):
        feed.segment_for(centre, plain_reader(STORE), (STREAM, 10))
    assert len(folded(centre, 15)) == 5


def test_changes_that_are_not_counted_yet_are_counted_when_sums_are_asked_for(
    centre: Centre,
) -> None:
    last = append(centre, *(change(no, "a") for no in range(SEGMENT_ROWS_MAX + 3)))

    told = snapshots.part_tallies(centre, STORE, STREAM, last)

    assert told.number == last
    with pytest.raises(CursorAheadError):
        snapshots.part_tallies(centre, STORE, STREAM, last + 1)


def test_a_store_reads_its_own_streams_only(centre: Centre) -> None:
    append(centre, change(1, "a", "region:spb"))
    count(centre)

    with pytest.raises(ForbiddenStreamError):
        snapshots.snapshot(centre, STORE, "region:spb")
    with pytest.raises(ForbiddenStreamError):
        snapshots.piece(centre, plain_reader(STORE), "region:spb", (0, 0))
    with pytest.raises(ForbiddenStreamError):
        snapshots.part_tallies(centre, STORE, "region:spb", 0)


@pytest.mark.parametrize("place", [(-1, 0), (PART_BITS + 1, 0), (2, 4), (0, -1)])
def test_a_piece_that_cannot_be_is_refused(centre: Centre, place: tuple[int, int]) -> None:
    with pytest.raises(NoSuchPieceError):
        snapshots.piece(centre, plain_reader(STORE), GLOBAL, place)


def test_a_piece_that_no_agent_could_read_is_not_put_together(centre: Centre) -> None:
    """One request for the whole of a large stream would take the memory of all others."""
    append(centre, *(change(no, "a") for no in range(20)))
    count(centre)
    with transaction(centre.engine) as connection:
        grown = text("UPDATE part SET size_bytes = :each")
        connection.execute(grown, {"each": PIECE_BYTES_MAX // 10})

    with pytest.raises(CoarsePieceError):
        snapshots.piece(centre, plain_reader(STORE), STREAM, (0, 0))

    assert len(rows_of(centre)) == 20
    assert piece_of(centre, PART_BITS, part_of("goods", b"1"))


def test_an_agent_reads_snapshots_over_http_and_hears_the_sums_with_its_session(
    centre: Centre, device: Device
) -> None:
    enrolled(centre, device)
    append(centre, change(1, "a"))
    count(centre)

    device.open()
    piece = device.get(f"/v1/snapshots/{STREAM}/pieces/0?bits=0")

    assert device.session is not None
    assert {one.number for one in device.session.tallies if one.stream == STREAM} == {1}
    assert device.get(f"/v1/snapshots/{STREAM}").status_code == 200
    assert decode_piece(piece.content).number == 1
    assert device.get(f"/v1/snapshots/{STREAM}/tallies?after=1").status_code == 200
    assert device.get(f"/v1/snapshots/{STREAM}/pieces/0?bits=13").status_code == 422
    assert device.get("/v1/snapshots/region:spb").status_code == 403
