"""Rows of the centre leave the last room of a disk to sales."""

import pytest

from agent.disk import MEGABYTE, RowsWaitError
from agent.meeting import catch_up, meet
from agent.replica import service as replica
from shared.wire.feed import GLOBAL, region_stream, store_stream
from shared.wire.snapshot import SnapshotPiece
from tests.agent.test_lives import LEASED, anna, files, lot, restore_centre
from tests.agent.test_snapshots import empty, many_goods, stored
from tests.builders import REGION, STORE, Person, PersonLot, Shop, keys_row, pack_row, settings_row

__all__ = ["anna", "empty", "lot"]

HERE = region_stream(REGION)
PIECE_MB = 100


def fill(shop: Shop, free_mb: float) -> None:
    shop.station.disk.free_bytes_of = lambda _folder: int(free_mb * MEGABYTE)


def test_a_snapshot_stops_before_points_cannot_pay_and_goes_on_when_there_is_room(
    empty: Shop,
) -> None:
    empty.link.snapshots = {
        GLOBAL: (7, stored(keys_row(), pack_row())),
        store_stream(STORE): (7, stored(settings_row())),
        HERE: (7, stored(*many_goods(40))),
    }
    empty.link.bits = 2
    left_mb, fetch = [256.0 + 2 * PIECE_MB], empty.link.piece

    def fetch_into_a_disk(stream: str, bits: int, no: int, again: int = 0) -> SnapshotPiece:
        if stream == HERE:
            left_mb[0] -= PIECE_MB
        return fetch(stream, bits, no, again)

    empty.link.piece = fetch_into_a_disk  # type: ignore[method-assign]
    empty.station.disk.free_bytes_of = lambda _folder: int(left_mb[0] * MEGABYTE)

    with pytest.raises(RowsWaitError):
        catch_up(empty.station)
    left = left_mb[0]
    left_mb[0] = 10_000
    catch_up(empty.station)

    assert left >= 256 - PIECE_MB
    assert replica.cursors(empty.station)[HERE] == 7
    assert [piece for piece in empty.link.pieces if piece[0] == HERE] == [
        (HERE, 2, no) for no in range(4)
    ]


def test_a_stream_of_which_nothing_is_set_down_takes_no_room_to_sort_it(empty: Shop) -> None:
    """Millions of members have come before it: the file is large."""
    empty.link.snapshots = {
        GLOBAL: (7, stored(keys_row(), pack_row())),
        store_stream(STORE): (7, stored(settings_row())),
        HERE: (7, stored(*many_goods(40))),
    }
    fetch = empty.link.piece

    def fetch_into_a_disk(stream: str, bits: int, no: int, again: int = 0) -> SnapshotPiece:
        fill(empty, 256)
        return fetch(stream, bits, no, again)

    empty.link.piece = fetch_into_a_disk  # type: ignore[method-assign]

    catch_up(empty.station)

    assert replica.cursors(empty.station)[HERE] == 7


def test_rows_are_not_read_anew_beside_the_old_ones_where_there_is_no_room_for_both(
    shop: Shop, anna: Person, lot: PersonLot
) -> None:
    restore_centre(shop, anna, lot, granted=LEASED, expects=1)
    before = files(shop)
    fill(shop, 256.1)

    with pytest.raises(RowsWaitError):
        meet(shop.station)
    waiting = files(shop)
    fill(shop, 10_000)
    meet(shop.station)

    assert waiting == before
    assert files(shop) > before


def test_changes_wait_where_nothing_new_is_begun_and_come_when_there_is_room(shop: Shop) -> None:
    before = replica.cursors(shop.station)[HERE]
    fill(shop, 63)

    with pytest.raises(RowsWaitError):
        shop.feed(HERE, *many_goods(3))
    shop.numbers[HERE] -= 3
    fill(shop, 65)
    shop.feed(HERE, *many_goods(3))

    assert replica.cursors(shop.station)[HERE] == before + 3
