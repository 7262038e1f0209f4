"""Rows as a whole: begun with a snapshot, counted as they change, compared, and mended in parts."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError

from agent import lives
from agent.disk import Room
from agent.link import LinkDownError
from agent.meeting import catch_up
from agent.packs import PackShelf
from agent.pulses import Pulses
from agent.replica import following, repair, store, sums
from agent.replica import service as replica
from agent.replica.service import InDoubtError
from agent.replica.snapshot import BrokenPieceError
from shared.receipt import Redeem
from shared.runtime.sqlite import reading, transaction
from shared.wire.codec import encode
from shared.wire.feed import (
    GLOBAL,
    SEGMENT_ROWS_MAX,
    Change,
    Segment,
    region_stream,
    store_stream,
    write_segment,
)
from shared.wire.rows import AccountRow, GoodsRow, Row, key_of, kind_of
from shared.wire.snapshot import (
    PART_BITS,
    PARTS,
    SnapshotPiece,
    StoredRow,
    Tally,
    part_of,
    parts_of_piece,
    tally_of,
)
from tests.agent.kit import lot_seen, sell
from tests.builders import (
    GOODS,
    INCARNATION,
    REGION,
    STORE,
    Person,
    PersonLot,
    Shop,
    basket,
    identifier_rows,
    keys_row,
    lease_row,
    member_row,
    pack_row,
    settings_row,
)
from tests.fakes import refusal

HERE = region_stream(REGION)
OWN = store_stream(STORE)
ZONE = "Mars/Olympus"
LEASED = 50_000
ABORT = "BEGIN SELECT RAISE(ABORT, 'the power went'); END"


def stored(*rows: Row) -> list[StoredRow]:
    return [StoredRow(kind_of(row).value, key_of(row), encode(row)) for row in rows]


def many_goods(count: int) -> list[GoodsRow]:
    return [GoodsRow(f"G{no}", "Товар", "goods", "", (), no, 0, ()) for no in range(count)]


def everything(shop: Shop, stream: str) -> list[StoredRow]:
    with reading(shop.station.replica) as connection:
        return sorted(sums.stored(connection, stream), key=lambda row: (row.kind, row.key))


def held(shop: Shop, stream: str) -> bytes | None:
    with reading(shop.station.replica) as connection:
        found = sums.held(connection, stream)
    return None if found is None else found.sum


def cursor(shop: Shop, stream: str) -> int:
    with reading(shop.station.replica) as connection:
        return store.cursor(connection, stream).number


def restarted(shop: Shop) -> None:
    shop.restart()
    shop.station.doubt.open = False


def flip(shop: Shop, sku: str) -> None:
    """Turn a bit of a stored row, below everything that counts."""
    with transaction(shop.station.replica) as connection:
        connection.exec_driver_sql(
            "UPDATE row SET row = CAST(substr(row, 1, length(row) - 3) || x'07' "
            "|| substr(row, length(row) - 1) AS BLOB) WHERE kind = 'goods' AND key = ?",
            (sku.encode(),),
        )


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path / "empty")
    yield shop
    shop.close()


def rows_of(one: Person) -> list[Row]:
    account = AccountRow(one.account, one.id, 0, tuple(lot.row for lot in one.lots))
    return [member_row(one), *identifier_rows(one), account]


def offer(shop: Shop, number: int, stream: str, rows: Sequence[StoredRow]) -> None:
    """Let the centre have a snapshot of a stream, and nothing newer."""
    shop.link.snapshots[stream] = (number, rows)
    shop.link.segments.pop(stream, None)


def offer_all(shop: Shop, number: int = 7) -> None:
    offer(shop, number, GLOBAL, stored(keys_row(), pack_row()))
    offer(shop, number, OWN, stored(settings_row()))
    offer(shop, number, HERE, stored(*GOODS))


changes = st.lists(
    st.tuples(
        st.sampled_from(["goods", "hologram"]),
        st.sampled_from(["a", "b", "c"]),
        st.one_of(st.none(), st.integers(0, 3)),
    ),
    min_size=1,
    max_size=8,
)


@given(st.lists(changes, max_size=5))
def test_the_sum_is_that_of_the_centres_rows_however_they_came(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[tuple[str, str, int | None]]]
) -> None:
    shop = Shop(tmp_path_factory.mktemp("rows"))
    theirs: dict[tuple[str, bytes], bytes] = {}
    number = 0
    for batch in batches:
        piece = []
        for kind, sku, price in batch:
            number += 1
            row = b"" if price is None else encode(GoodsRow(sku, "", "", "", (), price, 0, ()))
            piece.append(Change(number, kind, sku.encode(), row))
            theirs[kind, sku.encode()] = row
        first = piece[0].number
        replica.apply(shop.station, write_segment(HERE, INCARNATION, first, number, piece))

    expected = [StoredRow(kind, key, row) for (kind, key), row in theirs.items() if row]
    assert held(shop, HERE) == (tally_of(expected) if batches else None)
    assert {(row.kind, row.key, row.row) for row in everything(shop, HERE)} == {
        (row.kind, row.key, row.row) for row in expected
    }
    shop.close()


def test_rows_that_a_store_does_not_use_as_they_came_are_counted_all_the_same(shop: Shop) -> None:
    lost = settings_row()
    elsewhere = replace(lost, zone=ZONE)
    shop.feed(OWN, elsewhere)
    shop.feed(GLOBAL, keys_row(2))
    shop.feed(GLOBAL, keys_row(1))

    assert held(shop, OWN) == tally_of(stored(elsewhere))
    assert held(shop, GLOBAL) == tally_of(stored(keys_row(1), pack_row()))
    assert replica.premises(shop.station).settings == lost

    shop.feed(OWN, lost)
    shop.feed(GLOBAL, keys_row(3))

    assert held(shop, OWN) == tally_of(stored(lost))
    assert held(shop, GLOBAL) == tally_of(stored(keys_row(3), pack_row()))
    assert repair.scrub(shop.station) == []


def test_a_store_begins_with_the_snapshots_of_its_streams(empty: Shop) -> None:
    offer_all(empty)
    goods = stored(*GOODS, *many_goods(40))
    offer(empty, 9, HERE, goods)

    catch_up(empty.station)

    assert [cursor(empty, stream) for stream in (GLOBAL, OWN, HERE)] == [7, 7, 9]
    assert everything(empty, HERE) == sorted(goods, key=lambda row: row.key)
    assert held(empty, HERE) == tally_of(goods)
    assert len([piece for piece in empty.link.pieces if piece[0] == HERE]) == 4
    sell(empty, basket(empty))


def test_changes_newer_than_a_snapshots_beginning_are_applied_behind_its_pieces(
    empty: Shop,
) -> None:
    """A piece may be newer than the beginning: its changes come once more, and end the same."""
    offer_all(empty)
    now = stored(GOODS[0], *many_goods(3))
    offer(empty, 5, HERE, now)
    newer = [
        Change(6, "goods", b"G9", encode(many_goods(10)[9])),
        Change(7, "goods", b"G9", b""),
        Change(8, "goods", b"G0", encode(many_goods(1)[0])),
    ]
    empty.link.segments[HERE] = [write_segment(HERE, INCARNATION, 6, 8, newer)]

    catch_up(empty.station)

    assert cursor(empty, HERE) == 8
    assert held(empty, HERE) == tally_of(now)
    assert everything(empty, HERE) == sorted(now, key=lambda row: row.key)


def test_what_was_read_of_a_snapshot_before_a_stop_is_not_read_again(empty: Shop) -> None:
    offer_all(empty)
    fetch = empty.link.piece

    def cut_at_the_third(stream: str, bits: int, no: int, again: int = 0) -> SnapshotPiece:
        if stream == HERE and no == 2 and len(empty.link.pieces) < 20:
            empty.link.pieces += [("cut", 0, 0)] * 20
            raise LinkDownError(reason="cut")
        return fetch(stream, bits, no, again)

    empty.link.bits = 2
    offer(empty, 7, HERE, stored(*many_goods(40)))
    empty.link.piece = cut_at_the_third  # type: ignore[method-assign]
    with pytest.raises(LinkDownError):
        catch_up(empty.station)
    restarted(empty)

    catch_up(empty.station)

    asked = [piece for piece in empty.link.pieces if piece[0] == HERE]
    assert sorted(asked) == [(HERE, 2, no) for no in range(4)]
    assert held(empty, HERE) == tally_of(stored(*many_goods(40)))
    assert len(everything(empty, HERE)) == 40


@pytest.mark.parametrize(("before", "after"), [(2, 4), (4, 2)])
def test_a_snapshot_goes_on_though_the_centre_divides_it_otherwise_by_now(
    empty: Shop, before: int, after: int
) -> None:
    """As while an import brings a chain's members: each doubling of rows makes twice the pieces."""
    people = [Person(PersonLot(5_00, number=no), number=no) for no in range(1, 60)]
    told = stored(keys_row(), pack_row(), *(row for one in people for row in rows_of(one)))
    offer_all(empty)
    offer(empty, 9, GLOBAL, told)
    fetch = empty.link.piece
    cuts = ["cut"]

    def cut_at_the_third(stream: str, bits: int, no: int, again: int = 0) -> SnapshotPiece:
        if no == 2 and cuts:
            raise LinkDownError(reason=cuts.pop())
        if no >= 1 << bits:
            raise refusal("no_such_piece")
        return fetch(stream, bits, no, again)

    empty.link.bits, empty.link.piece = before, cut_at_the_third  # type: ignore[method-assign]
    with pytest.raises(LinkDownError):
        catch_up(empty.station)
    restarted(empty)
    empty.link.bits = after

    catch_up(empty.station)

    assert everything(empty, GLOBAL) == sorted(told, key=lambda row: (row.kind, row.key))
    assert held(empty, GLOBAL) == tally_of(told)
    asked = [parts_of_piece(bits, no) for stream, bits, no in empty.link.pieces if stream == GLOBAL]
    assert all(last < first for (_, last), (first, _) in pairwise(asked))
    sell(empty, basket(empty, member=people[0]))


@pytest.mark.parametrize("stopped_at", ["account", "identifier", "member"])
def test_rows_that_were_set_down_before_a_stop_are_sorted_in_after_it(
    empty: Shop, stopped_at: str
) -> None:
    people = [Person(PersonLot(5_00, number=no), number=no) for no in range(1, 30)]
    told = stored(keys_row(), pack_row(), *(row for one in people for row in rows_of(one)))
    offer_all(empty)
    offer(empty, 9, GLOBAL, told)
    faults = [f"CREATE TRIGGER stop BEFORE DELETE ON staged WHEN old.kind = '{stopped_at}' {ABORT}"]
    open_whole = empty.station.open_replica

    def open_faulty(name: str) -> Engine:
        engine = open_whole(name)
        with transaction(engine) as connection:
            connection.exec_driver_sql(faults.pop() if faults else "DROP TRIGGER IF EXISTS stop")
        return engine

    empty.station.open_replica = open_faulty
    with pytest.raises(IntegrityError, match="the power went"):
        catch_up(empty.station)
    asked = len(empty.link.pieces)
    restarted(empty)

    catch_up(empty.station)

    assert not [piece for piece in empty.link.pieces[asked:] if piece[0] == GLOBAL]
    assert sorted(told, key=lambda row: (row.kind, row.key)) == everything(empty, GLOBAL)
    with reading(empty.station.replica) as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM staged").scalar() == 0
    assert held(empty, GLOBAL) == tally_of(told)
    sell(empty, basket(empty, member=people[0]))


@pytest.mark.parametrize("fault", ["row", "foreign", "missing"])
def test_a_piece_that_does_not_have_its_sum_is_not_taken(empty: Shop, fault: str) -> None:
    offer_all(empty)
    fetch = empty.link.piece
    other = stored(*many_goods(1))

    def damaged(stream: str, bits: int, no: int, again: int = 0) -> SnapshotPiece:
        if stream != HERE:
            return fetch(stream, bits, no, again)
        _, rows = empty.link.snapshots[HERE]
        sent = {
            "row": [StoredRow(row.kind, row.key, row.row[:-1] + b"\x07") for row in rows],
            "foreign": [*rows, *other],
            "missing": rows[1:],
        }[fault]
        honest = fetch(stream, bits, no, again)
        empty.link.snapshots[HERE] = (7, sent)
        wrong = fetch(stream, bits, no, again)
        empty.link.snapshots[HERE] = (7, rows)
        return SnapshotPiece(HERE, honest.incarnation, 7, bits, no, honest.sum, wrong.body)

    empty.link.bits = 0
    empty.link.piece = damaged  # type: ignore[method-assign]
    with pytest.raises(BrokenPieceError):
        catch_up(empty.station)

    assert everything(empty, HERE) == []
    empty.link.piece = fetch  # type: ignore[method-assign]
    catch_up(empty.station)
    assert held(empty, HERE) == tally_of(stored(*GOODS))


def test_a_piece_with_rows_of_another_part_is_not_taken(empty: Shop) -> None:
    offer_all(empty)
    fetch = empty.link.piece
    empty.link.bits = 1

    def swapped(stream: str, bits: int, no: int, again: int = 0) -> SnapshotPiece:
        found = fetch(stream, bits, 1 - no if stream == HERE else no, again)
        return SnapshotPiece(
            stream, found.incarnation, found.number, bits, no, found.sum, found.body
        )

    offer(empty, 7, HERE, stored(*many_goods(40)))
    empty.link.piece = swapped  # type: ignore[method-assign]

    with pytest.raises(BrokenPieceError):
        catch_up(empty.station)


def test_equal_rows_are_found_equal_at_a_number_that_was_passed(shop: Shop) -> None:
    goods = many_goods(SEGMENT_ROWS_MAX - len(GOODS) + 3)
    shop.feed(HERE, *goods[:-3])
    at_mark = [*GOODS, *goods[:-3]]
    shop.feed(HERE, *goods[-3:])

    told = Tally(HERE, SEGMENT_ROWS_MAX, tally_of(stored(*at_mark)))
    assert repair.compare(shop.station, [told]) == []
    assert checks(shop) == [(HERE, SEGMENT_ROWS_MAX, 0)]
    now = Tally(HERE, SEGMENT_ROWS_MAX + 3, tally_of(stored(*GOODS, *goods)))
    assert repair.compare(shop.station, [now]) == []
    wrong = Tally(HERE, SEGMENT_ROWS_MAX, tally_of(stored(*at_mark[1:])))
    assert repair.compare(shop.station, [wrong]) == [HERE]
    assert checks(shop)[0][1] == SEGMENT_ROWS_MAX + 3


def checks(shop: Shop) -> list[tuple[str, int, int]]:
    with reading(shop.station.replica) as connection:
        found = sums.checks(connection)
    return [(one.stream, one.number, one.repaired_parts) for one in found if one.at is not None]


def test_a_sum_of_a_number_that_was_not_passed_says_nothing(shop: Shop) -> None:
    ahead = Tally(HERE, cursor(shop, HERE) + 1, bytes(16))
    between = Tally(HERE, 1, bytes(16))

    assert repair.compare(shop.station, [ahead, between]) == []
    assert checks(shop) == []


def test_one_flipped_row_is_found_and_its_part_alone_is_read_again(shop: Shop) -> None:
    goods = [*GOODS, *many_goods(2_000)]
    number = shop.feed(HERE, *goods[len(GOODS) :])
    offer(shop, number, HERE, stored(*goods))
    shop.link.tallies = (Tally(HERE, number, tally_of(stored(*goods))),)
    flip(shop, "G77")
    damaged = everything(shop, HERE)

    found = repair.scrub(shop.station)
    shop.station.suspects.update(found)
    catch_up(shop.station)

    assert damaged != sorted(stored(*goods), key=lambda row: row.key)
    assert found == [HERE]
    assert shop.link.pieces == [(HERE, PART_BITS, part_of("goods", b"G77"))]
    assert everything(shop, HERE) == sorted(stored(*goods), key=lambda row: row.key)
    assert shop.station.suspects == set()
    assert checks(shop) == [(HERE, number, 1)]


def test_several_damaged_parts_are_mended_by_two_readings_of_all_rows(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or millions of rows would be read once for each part, and the rest of the day."""
    goods = [*GOODS, *many_goods(200)]
    number = shop.feed(HERE, *goods[len(GOODS) :])
    offer(shop, number, HERE, stored(*goods))
    for sku in ("G5", "G77", "G199"):
        flip(shop, sku)
    shop.station.suspects.update(repair.scrub(shop.station))
    readings, scan = [], store.scan

    def counted(connection: Connection, kinds: Sequence[str]) -> Iterator[tuple[str, bytes, bytes]]:
        readings.append(kinds)
        return scan(connection, kinds)

    monkeypatch.setattr(store, "scan", counted)  # how often is all that is asked
    catch_up(shop.station)

    assert checks(shop) == [(HERE, number, 3)]
    assert len(readings) == 2
    assert everything(shop, HERE) == sorted(stored(*goods), key=lambda row: row.key)


def test_the_watch_hears_all_the_while_that_rows_are_added_up(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of six million members that takes longer than a loop may be silent."""
    shop.feed(HERE, *many_goods(200))
    heard: list[str] = []
    # The watch keeps the last beat alone; and without fewer at once it takes thousands of rows.
    monkeypatch.setattr(Pulses, "beat", lambda _pulses, loop, _now_s: heard.append(loop))
    monkeypatch.setattr(sums, "COUNTED_AT_ONCE", 10)

    repair.scrub(shop.station)
    scrubbed = list(heard)
    offer(shop, cursor(shop, HERE), HERE, stored(*GOODS, *many_goods(199)))
    repair.repair(shop.station, HERE)

    assert scrubbed.count(repair.TEND) >= 200 // 10
    assert heard[len(scrubbed) :].count(replica.PULL) >= 3 * (200 // 10)


def test_a_disk_that_fills_up_is_seen_while_rows_are_added_up(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.feed(HERE, *GOODS)
    monkeypatch.setattr(sums, "COUNTED_AT_ONCE", 1)  # else it takes thousands of rows
    shop.station.disk.free_bytes_of = lambda _folder: 0

    repair.scrub(shop.station)

    assert shop.station.disk.room is Room.NONE


@pytest.mark.parametrize("kind", ["settings", "keys", "pack"])
def test_rows_that_everything_is_priced_by_are_read_again_though_they_cannot_be_read(
    shop: Shop, kind: str
) -> None:
    streams: dict[str, list[Row]] = {OWN: [settings_row()], GLOBAL: [keys_row(), pack_row()]}
    for stream, rows in streams.items():
        offer(shop, cursor(shop, stream), stream, stored(*rows))
    before = [everything(shop, stream) for stream in streams]
    with transaction(shop.station.replica) as connection:
        connection.execute(text("UPDATE row SET row = x'c1' WHERE kind = :kind"), {"kind": kind})
    restarted(shop)

    replica.prepare(shop.station)
    found = set(shop.station.suspects)
    catch_up(shop.station)

    assert found == {GLOBAL, OWN}
    assert shop.station.suspects == set()
    assert [everything(shop, stream) for stream in streams] == before
    sell(shop, basket(shop))


def test_a_pack_whose_row_was_damaged_is_in_force_again_once_it_was_read_again(
    shop: Shop,
) -> None:
    offer(shop, cursor(shop, GLOBAL), GLOBAL, stored(keys_row(), pack_row()))
    damaged = replace(pack_row(), body=b"{}")
    with transaction(shop.station.replica) as connection:
        values = {"row": encode(damaged)}
        connection.execute(text("UPDATE row SET row = :row WHERE kind = 'pack'"), values)
    restarted(shop)
    shop.station.packs = PackShelf()

    replica.prepare(shop.station)
    refused = [one.reason.code for one in shop.station.packs.refused()]
    catch_up(shop.station)

    assert refused == ["hash_differs"]
    assert shop.station.packs.refused() == []
    sell(shop, basket(shop))


def test_damaged_rows_of_a_region_that_the_store_has_left_hold_nothing_up(shop: Shop) -> None:
    flip(shop, GOODS[0].sku)
    shop.station.suspects.update(repair.scrub(shop.station))
    found = set(shop.station.suspects)
    shop.feed(OWN, settings_row(region="spb"))
    shop.feed(region_stream("spb"), GOODS[0])

    catch_up(shop.station)

    assert found == {HERE}
    assert shop.station.suspects == set()
    assert shop.link.pieces == []


def test_rows_that_were_found_damaged_are_looked_at_again_after_a_restart(shop: Shop) -> None:
    goods = [*GOODS, *many_goods(10)]
    number = shop.feed(HERE, *goods[len(GOODS) :])
    offer(shop, number, HERE, stored(*goods))
    repair.scrub(shop.station)
    flip(shop, "G5")
    shop.clock.move(hours=24)
    found = repair.scrub(shop.station)

    shop.restart()
    is_due_again = repair.is_scrub_due(shop.station, shop.clock.now())
    shop.station.suspects.update(repair.scrub(shop.station))
    catch_up(shop.station)

    assert found == [HERE]
    assert is_due_again
    assert everything(shop, HERE) == sorted(stored(*goods), key=lambda row: row.key)
    assert not repair.is_scrub_due(shop.station, shop.clock.now())


def test_rows_that_differ_from_the_centres_are_mended_when_a_session_tells(shop: Shop) -> None:
    """Rows that were never sent, or sent wrong, are seen without a scrub: the sums differ."""
    goods = [*GOODS, *many_goods(10)]
    number = shop.feed(HERE, *goods[len(GOODS) : -2])
    offer(shop, number, HERE, stored(*goods[1:]))
    shop.link.tallies = (Tally(HERE, number, tally_of(stored(*goods[1:]))),)

    catch_up(shop.station)

    assert everything(shop, HERE) == sorted(stored(*goods[1:]), key=lambda row: row.key)
    assert repair.scrub(shop.station) == []


def test_a_part_is_replaced_at_the_number_of_its_piece(shop: Shop) -> None:
    """The centre has moved on: the store first does too, or it would mix two states."""
    number = cursor(shop, HERE)
    now = [*GOODS[1:], *many_goods(2)]
    newer = [
        Change(number + 1, "goods", b"G0", encode(many_goods(1)[0])),
        Change(number + 2, "goods", b"G1", encode(many_goods(2)[1])),
        Change(number + 3, "goods", b"G2", encode(many_goods(3)[2])),
    ]
    shop.link.segments[HERE] = [write_segment(HERE, INCARNATION, number + 1, number + 3, newer)]
    shop.link.snapshots[HERE] = (number + 2, stored(*now))

    assert repair.repair(shop.station, HERE) == 1

    assert cursor(shop, HERE) == number + 2
    assert everything(shop, HERE) == sorted(stored(*now), key=lambda row: row.key)
    following.catch_up(shop.station, HERE)
    assert held(shop, HERE) == tally_of(stored(*now, many_goods(3)[2]))


def test_with_too_many_parts_that_differ_the_rows_are_read_anew(shop: Shop) -> None:
    catch_up(shop.station)
    before = lives.current_file(shop.station.journal)
    number = shop.feed(HERE, *many_goods(400))
    offer_all(shop, number)
    offer(shop, number, GLOBAL, stored(keys_row(), pack_row()))
    shop.link.tallies = (Tally(HERE, number, tally_of(stored(*GOODS))),)

    catch_up(shop.station)

    assert lives.current_file(shop.station.journal) != before
    assert everything(shop, HERE) == sorted(stored(*GOODS), key=lambda row: row.key)


def test_rows_too_old_to_go_on_from_are_read_anew_while_the_store_sells(shop: Shop) -> None:
    catch_up(shop.station)
    lot = PersonLot(LEASED, leased=LEASED)
    anna = Person(lot)
    shop.member(anna)
    before = lives.current_file(shop.station.journal)
    refused, fetch = [HERE], shop.link.segment

    def too_old(stream: str, after: int, again: int = 0) -> Segment | None:
        if stream in refused:
            refused.clear()
            raise refusal("cursor_too_old")
        sell(shop, basket(shop, member=anna, redeem=Redeem.EXACT, points=100))
        return fetch(stream, after, again)

    account = AccountRow(anna.account, anna.id, 0, (lot.row,))
    offer(
        shop,
        100,
        GLOBAL,
        stored(keys_row(), pack_row(), member_row(anna), *identifier_rows(anna), account),
    )
    offer(shop, 100, OWN, stored(settings_row(), lease_row(shop, anna, lot, LEASED)))
    offer(shop, 100, HERE, stored(*GOODS[:3]))
    shop.link.segment = too_old  # type: ignore[method-assign]

    catch_up(shop.station)

    sold = 100 * sum(1 for _ in facts_of(shop))
    assert sold
    assert lives.current_file(shop.station.journal) != before
    assert lot_seen(shop, anna, lot).amount == LEASED - sold
    assert lot_seen(shop, anna, lot).here == LEASED - sold
    assert len(everything(shop, HERE)) == 3


def facts_of(shop: Shop) -> list[UUID]:
    with reading(shop.station.journal) as connection:
        rows = connection.exec_driver_sql("SELECT id FROM fact WHERE kind = 'receipt.committed'")
        return [row[0] for row in rows]


def test_new_rows_do_not_come_into_use_while_a_push_is_unanswered(shop: Shop) -> None:
    """They may hold facts that still count as the store's own: those would be shown twice."""
    catch_up(shop.station)
    offer_all(shop)
    before = lives.current_file(shop.station.journal)
    shop.station.doubt.open = True

    with pytest.raises(InDoubtError):
        lives.renew(shop.station)
    unchanged = lives.current_file(shop.station.journal)
    shop.station.doubt.open = False
    lives.renew(shop.station)

    assert unchanged == before
    assert lives.current_file(shop.station.journal) != before
    assert len([piece for piece in shop.link.pieces if piece[0] == HERE]) <= 4


def test_rows_written_before_there_were_sums_are_counted_when_they_go_on(shop: Shop) -> None:
    with transaction(shop.station.replica) as connection:
        connection.exec_driver_sql("DELETE FROM tally")

    following.catch_up(shop.station, HERE)

    assert held(shop, HERE) == tally_of(stored(*GOODS))


def test_a_store_that_moves_counts_the_goods_of_its_new_region_alone(shop: Shop) -> None:
    shop.feed(OWN, settings_row(region="spb"))

    assert held(shop, HERE) is None
    shop.feed(region_stream("spb"), GOODS[0])
    assert held(shop, region_stream("spb")) == tally_of(stored(GOODS[0]))


def test_the_list_of_keys_stays_when_its_part_is_replaced(shop: Shop) -> None:
    number = cursor(shop, GLOBAL)
    offer(shop, number, GLOBAL, stored(pack_row()))

    repair.repair(shop.station, GLOBAL)

    assert replica.premises(shop.station).keys == keys_row()
    assert PARTS == 1 << PART_BITS


def test_the_rows_are_added_up_once_a_night_and_by_day_when_that_was_long_ago(shop: Shop) -> None:
    def is_due() -> bool:
        return repair.is_scrub_due(shop.station, shop.clock.now())

    assert is_due()
    repair.scrub(shop.station)
    assert not is_due()
    shop.clock.move(hours=13)  # four in the morning in Moscow, but not a day later
    assert not is_due()
    shop.clock.move(hours=11)
    assert not is_due()
    shop.clock.move(hours=13)
    assert is_due()
    shop.clock.move(hours=5)
    assert not is_due()
    shop.clock.move(hours=48)
    assert is_due()


def test_a_kind_of_rows_lives_in_the_streams_that_its_rows_are_sent_down(shop: Shop) -> None:
    """Else it would be counted in another stream than the one that it came by."""
    anna = Person(PersonLot(LEASED, leased=LEASED))
    shop.member(anna)
    for stream in (GLOBAL, OWN, HERE):
        with reading(shop.station.replica) as connection:
            assert sums.whole(sums.part_sums(connection, stream)) == held(shop, stream)
