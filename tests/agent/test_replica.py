"""The centre's rows come down: a piece and its cursor in one transaction, or nothing."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from msgspec.structs import replace
from sqlalchemy.exc import DatabaseError

from agent.quote.lines import Item, NoPriceError
from agent.quote.service import quote
from agent.replica import following, store
from agent.replica import service as replica
from agent.replica.service import GapError, OtherIncarnationError
from shared.crypto.keys import KeyPair
from shared.runtime.sqlite import reading, transaction
from shared.wire.codec import MalformedError, encode
from shared.wire.feed import (
    GLOBAL,
    BrokenSegmentError,
    Change,
    Segment,
    region_stream,
    store_stream,
    write_segment,
)
from shared.wire.rows import KEYS_KEY, GoodsRow, KeysRow, SettingsRow, key_of, kind_of
from tests.builders import (
    CHEESE,
    GOODS,
    INCARNATION,
    REGION,
    STORE,
    Shop,
    basket,
    keys_row,
    settings_row,
)

OTHER_REGION = "spb"
HERE = region_stream(REGION)
FORGER = KeyPair.from_seed(b"f" * 32)


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    made = Shop(tmp_path_factory.mktemp("replica")).open()
    yield made
    made.close()


def piece(shop: Shop, *goods: GoodsRow, skip: int = 0) -> Segment:
    """The next piece of the region's stream, not applied; `skip` leaves numbers out before it."""
    first = shop.numbers[HERE] + 1 + skip
    changes = [
        Change(number, kind_of(row).value, key_of(row), encode(row))
        for number, row in enumerate(goods, first)
    ]
    return write_segment(HERE, INCARNATION, first, first + len(goods) - 1, changes)


def cheese(price_minor: int) -> GoodsRow:
    return replace(GOODS[0], price_minor=price_minor)


def price_of(shop: Shop, sku: str = CHEESE) -> int | None:
    with reading(shop.station.replica) as connection:
        row = store.find(connection, GoodsRow, sku.encode())
    return None if row is None else row.price_minor


def everything(shop: Shop) -> list[tuple[object, ...]]:
    with reading(shop.station.replica) as connection:
        return [
            tuple(row)
            for table in ("row", "cursor", "barcode", "lease")
            for row in connection.exec_driver_sql(f'SELECT * FROM "{table}" ORDER BY 1, 2')  # noqa: S608
        ]


def test_a_piece_moves_rows_and_cursor_together(shop: Shop) -> None:
    number = replica.apply(shop.station, piece(shop, cheese(77_700)))

    assert price_of(shop) == 77_700
    assert replica.cursors(shop.station)[HERE] == number == len(GOODS) + 1


@pytest.mark.parametrize("table", ["row", "cursor", "barcode"])
def test_a_piece_that_fails_half_way_leaves_neither_rows_nor_cursor(shop: Shop, table: str) -> None:
    before = everything(shop)
    with transaction(shop.station.replica) as connection:
        for verb in ("INSERT", "UPDATE"):
            connection.exec_driver_sql(
                f'CREATE TRIGGER broken_{verb} BEFORE {verb} ON "{table}" '
                "BEGIN SELECT RAISE(ABORT, 'broken'); END"
            )

    with pytest.raises(DatabaseError):
        replica.apply(shop.station, piece(shop, cheese(77_700)))

    assert everything(shop) == before


def test_the_same_piece_again_changes_nothing(shop: Shop) -> None:
    first = piece(shop, cheese(77_700))
    replica.apply(shop.station, first)
    shop.numbers[HERE] += 1
    replica.apply(shop.station, piece(shop, cheese(88_800)))
    before = everything(shop)

    replica.apply(shop.station, first)

    assert everything(shop) == before
    assert price_of(shop) == 88_800


def test_a_piece_that_overlaps_gives_only_what_is_new(shop: Shop) -> None:
    both = piece(shop, cheese(77_700), replace(GOODS[1], price_minor=1))
    shop.feed(HERE, cheese(88_800))

    replica.apply(shop.station, both)

    assert price_of(shop) == 88_800
    assert price_of(shop, GOODS[1].sku) == 1


def test_a_gap_is_refused_and_changes_nothing(shop: Shop) -> None:
    before = everything(shop)

    with pytest.raises(GapError):
        replica.apply(shop.station, piece(shop, cheese(77_700), skip=1))

    assert everything(shop) == before


@settings(max_examples=40, deadline=None)
@given(where=some.floats(0, 1), bit=some.integers(0, 7))
def test_a_damaged_piece_is_refused_and_changes_nothing(
    lasting: Shop, where: float, bit: int
) -> None:
    whole = piece(lasting, cheese(77_700))
    body = bytearray(whole.body)
    body[min(int(where * len(body)), len(body) - 1)] ^= 1 << bit
    before = everything(lasting)

    with pytest.raises((BrokenSegmentError, MalformedError)):
        replica.apply(lasting.station, replace(whole, body=bytes(body)))

    assert everything(lasting) == before


def test_a_removed_row_is_gone(shop: Shop) -> None:
    shop.remove(HERE, GOODS[0])

    assert price_of(shop) is None
    assert sold_by(shop, GOODS[0].barcodes[0]) is None


def test_a_barcode_moves_with_its_goods(shop: Shop) -> None:
    (code,) = GOODS[0].barcodes
    shop.feed(HERE, replace(GOODS[0], barcodes=("4600000000039",)))
    shop.feed(HERE, replace(GOODS[1], barcodes=(code,)))

    assert sold_by(shop, code) == GOODS[1].sku


@pytest.mark.parametrize("first", [0, 1])
def test_a_barcode_of_two_goods_means_the_same_ones_whichever_came_last(
    shop: Shop, first: int
) -> None:
    code = "4600000000046"
    shared = sorted(
        (replace(goods, barcodes=(code,)) for goods in GOODS[:2]), key=lambda goods: goods.sku
    )
    shop.feed(HERE, shared[first])
    shop.feed(HERE, shared[1 - first])

    assert sold_by(shop, code) == shared[0].sku


def test_a_barcode_of_two_goods_finds_the_other_when_one_is_delisted(shop: Shop) -> None:
    (code,) = GOODS[0].barcodes
    shop.feed(HERE, replace(GOODS[1], barcodes=(code,)))

    shop.remove(HERE, GOODS[0])
    assert sold_by(shop, code) == GOODS[1].sku

    shop.remove(HERE, GOODS[1])
    assert sold_by(shop, code) is None


def sold_by(shop: Shop, code: str) -> str | None:
    """Return which goods a scanned barcode means."""
    with reading(shop.station.replica) as connection:
        goods = store.goods_by_barcode(connection, code)
    return None if goods is None else goods.sku


def held_keys(shop: Shop) -> KeysRow | None:
    with reading(shop.station.replica) as connection:
        return store.find(connection, KeysRow, KEYS_KEY)


@pytest.mark.parametrize(
    "row", [keys_row(1), keys_row(3, FORGER), replace(keys_row(3), pack_keys=(FORGER.public,))]
)
def test_a_list_of_keys_that_is_older_or_not_the_roots_is_refused(shop: Shop, row: KeysRow) -> None:
    shop.feed(GLOBAL, keys_row(2))

    number = shop.feed(GLOBAL, row)

    held = held_keys(shop)
    assert held is not None
    assert (held.version, held.pack_keys) == (2, keys_row(2).pack_keys)
    assert replica.cursors(shop.station)[GLOBAL] == number


def test_a_list_of_keys_is_not_removed(shop: Shop) -> None:
    shop.remove(GLOBAL, keys_row(1))

    assert held_keys(shop) == keys_row(1)


def test_a_newer_list_of_keys_takes_the_place_of_the_older(shop: Shop) -> None:
    shop.feed(GLOBAL, keys_row(2))

    held = held_keys(shop)
    assert held is not None
    assert held.version == 2


def test_a_kind_of_row_from_the_future_is_passed_over(shop: Shop) -> None:
    number = shop.numbers[HERE] + 1
    unknown = Change(number, "hologram", b"key", b"row")

    applied = replica.apply(
        shop.station, write_segment(HERE, INCARNATION, number, number, [unknown])
    )

    assert applied == number


def test_a_store_that_moves_reads_the_goods_of_its_new_region(shop: Shop) -> None:
    shop.feed(store_stream(STORE), settings_row(region=OTHER_REGION))
    shop.feed(region_stream(OTHER_REGION), cheese(90_000))

    priced = quote(shop.station, basket(shop), shop.clock.now())

    assert replica.streams(shop.station)[-1] == region_stream(OTHER_REGION)
    assert priced.evaluation.totals.payable_minor == 90_000
    assert priced.receipt.region == OTHER_REGION
    with pytest.raises(NoPriceError):
        quote(shop.station, basket(shop, Item(1, 1000, GOODS[1].sku)), shop.clock.now())


def test_a_store_whose_settings_were_damaged_keeps_no_goods_of_its_former_region(
    shop: Shop,
) -> None:
    with transaction(shop.station.replica) as connection:
        connection.exec_driver_sql("UPDATE row SET row = x'c1' WHERE kind = 'settings'")

    shop.feed(store_stream(STORE), settings_row(region=OTHER_REGION))

    with reading(shop.station.replica) as connection:
        assert store.every(connection, GoodsRow, 1) == []
        assert store.cursor(connection, HERE).number == 0


def test_a_store_whose_settings_were_damaged_keeps_the_goods_of_its_region(shop: Shop) -> None:
    with transaction(shop.station.replica) as connection:
        connection.exec_driver_sql("UPDATE row SET row = x'c1' WHERE kind = 'settings'")

    shop.feed(store_stream(STORE), settings_row())

    with reading(shop.station.replica) as connection:
        assert len(store.every(connection, GoodsRow, 10)) == len(GOODS)


def test_a_store_that_moves_back_reads_its_old_region_from_the_start(shop: Shop) -> None:
    shop.feed(store_stream(STORE), settings_row(region=OTHER_REGION))
    shop.feed(region_stream(OTHER_REGION), cheese(90_000))

    shop.feed(store_stream(STORE), settings_row(region=REGION))

    assert replica.cursors(shop.station)[HERE] == 0
    assert price_of(shop) is None


def test_other_settings_leave_the_goods_alone(shop: Shop) -> None:
    shop.feed(store_stream(STORE), replace(settings_row(), name="Винная лавка 2"))

    assert price_of(shop) == GOODS[0].price_minor
    with reading(shop.station.replica) as connection:
        told = store.find(connection, SettingsRow, STORE.encode())
    assert told is not None
    assert told.name == "Винная лавка 2"


def test_a_piece_of_another_incarnation_is_not_applied(shop: Shop) -> None:
    number = shop.numbers[HERE] + 1
    change = Change(number, kind_of(GOODS[0]).value, key_of(GOODS[0]), encode(cheese(11_100)))
    other = write_segment(HERE, UUID(int=3), number, number, [change])

    with pytest.raises(OtherIncarnationError):
        replica.apply(shop.station, other)

    assert price_of(shop) == GOODS[0].price_minor


def test_catching_up_applies_every_piece_that_there_is(shop: Shop) -> None:
    first = piece(shop, cheese(77_700))
    shop.numbers[HERE] += 1
    second = piece(shop, cheese(88_800))
    shop.numbers[HERE] += 1
    shop.link.segments[HERE] = [first, second]

    number = following.catch_up(shop.station, HERE)

    assert number == second.last
    assert price_of(shop) == 88_800
