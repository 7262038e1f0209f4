"""A cache on the line: pieces of a snapshot that are others, or older, than what was asked for."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from agent.keyring import BrokenRowsError
from agent.meeting import catch_up
from agent.replica import repair
from shared.wire.codec import encode
from shared.wire.feed import Change, write_segment
from shared.wire.snapshot import PART_BITS, SnapshotPiece, part_of, tally_of
from tests.agent.test_snapshots import (
    HERE,
    cursor,
    everything,
    flip,
    held,
    many_goods,
    offer,
    offer_all,
    stored,
)
from tests.builders import GOODS, INCARNATION, Shop

MANY = many_goods(40)
NOW = 9
DEARER = replace(MANY[7], price_minor=777)
NOW_SEVEN = stored(*GOODS, *MANY[:7], DEARER, *MANY[8:])


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path / "empty")
    offer_all(shop)
    yield shop
    shop.close()


class Cache:
    """Answers for the centre with what it has, but for what is asked for past it."""

    def __init__(self, shop: Shop) -> None:
        self._link, self._fetch = shop.link, shop.link.piece
        self.asked: list[int] = []
        self.kept: dict[int, SnapshotPiece] = {}
        shop.link.piece = self.piece  # type: ignore[method-assign]

    def keep(self, bits: int, no: int, *, of: int | None = None) -> None:
        """Keep a piece as the centre has it now, under the address of another one."""
        self.kept[no if of is None else of] = self._fetch(HERE, bits, no)

    def piece(self, stream: str, bits: int, no: int, again: int = 0) -> SnapshotPiece:
        if stream != HERE:
            return self._fetch(stream, bits, no, again)
        self.asked.append(again)
        if again or no not in self.kept:
            return self._fetch(stream, bits, no, again)
        return self.kept[no]


def test_another_piece_of_a_snapshot_than_was_asked_for_is_not_taken(empty: Shop) -> None:
    offer(empty, NOW, HERE, stored(*MANY))
    cache = Cache(empty)
    cache.keep(2, 1, of=2)

    catch_up(empty.station)

    assert held(empty, HERE) == tally_of(stored(*MANY))
    assert len(everything(empty, HERE)) == len(MANY)
    assert cache.asked == [0, 0, 0, 1, 0]


def test_a_snapshot_with_a_piece_from_before_goes_on_from_that_ones_number(empty: Shop) -> None:
    """What has come and gone since is among the changes: nothing of it is missing for ever."""
    empty.link.bits = 0
    offer(empty, NOW - 2, HERE, stored(*MANY[:30]))
    cache = Cache(empty)
    cache.keep(0, 0)
    now = [*MANY[1:30], MANY[30]]
    offer(empty, NOW, HERE, stored(*now))
    newer = [
        Change(NOW - 1, "goods", b"G30", encode(MANY[30])),
        Change(NOW, "goods", b"G0", b""),
    ]
    empty.link.segments[HERE] = [write_segment(HERE, INCARNATION, NOW - 1, NOW, newer)]

    catch_up(empty.station)

    assert cursor(empty, HERE) == NOW
    assert held(empty, HERE) == tally_of(stored(*now))


@pytest.fixture
def older(shop: Shop) -> Cache:
    """A part of which a row is damaged here, and a cache that has it from before its last price."""
    offer(shop, shop.feed(HERE, *MANY), HERE, stored(*GOODS, *MANY))
    cache = Cache(shop)
    cache.keep(PART_BITS, part_of("goods", b"G7"))
    offer(shop, shop.feed(HERE, DEARER), HERE, NOW_SEVEN)
    flip(shop, "G7")
    return cache


def test_a_part_is_not_put_back_to_what_it_was_before(shop: Shop, older: Cache) -> None:
    assert repair.repair(shop.station, HERE) == 1

    assert older.asked == [0, 1]
    assert held(shop, HERE) == tally_of(NOW_SEVEN)


def test_a_part_of_which_only_an_older_state_comes_is_not_mended(shop: Shop, older: Cache) -> None:
    (kept,) = older.kept.values()
    shop.link.piece = lambda *_asked: kept  # type: ignore[method-assign]
    damaged = everything(shop, HERE)

    with pytest.raises(BrokenRowsError):
        repair.repair(shop.station, HERE)

    assert everything(shop, HERE) == damaged
