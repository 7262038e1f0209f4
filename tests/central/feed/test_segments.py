"""What was appended is what is read: in order, without gaps, from any cursor, by whom it is for."""

import threading
from collections.abc import Iterator, Sequence
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from central.centre import Centre
from central.feed import service as feed
from central.feed import store
from shared.runtime.sqlite import open_engine, reading, transaction
from shared.wire.feed import GLOBAL, SEGMENT_ROWS_MAX, Change, changes_of, decode_segment
from shared.wire.push import OutcomeKind
from shared.wire.rows import GoodsRow, OutcomeRow, RowKind, read_row
from tests.central.app.kit import Device, code_of, enrolled, plain_reader

STREAM = "region:msk"


def goods(sku: str, name: str = "Вино") -> GoodsRow:
    return GoodsRow(sku, name, "wine", "", (), 100_00, 0, ())


def append_goods(engine: Engine, count: int, stream: str = STREAM, name: str = "Вино") -> int:
    with transaction(engine) as connection:
        changes = [feed.changed(stream, goods(str(no), name)) for no in range(count)]
        return feed.append(connection, changes)[stream]


def read_all(centre: Centre, stream: str, after: int = 0) -> Iterator[Change]:
    """Follow a stream as a replica does: each segment begins where the one before ended."""
    while encoded := feed.segment_for(centre, plain_reader("101"), (stream, after)):
        segment = decode_segment(encoded)
        assert segment.first == after + 1
        assert segment.incarnation == centre.incarnation
        yield from changes_of(segment)
        after = segment.last


def test_a_row_comes_out_as_it_went_in(centre: Centre) -> None:
    row = OutcomeRow(UUID(int=5), OutcomeKind.ACCEPTED, "")
    with transaction(centre.engine) as connection:
        change = feed.changed("store:101", row)
        last = feed.append(connection, [change])

    (found,) = list(read_all(centre, "store:101", after=1))
    assert last == {"store:101": 2}
    assert (found.kind, found.key) == (RowKind.OUTCOME, UUID(int=5).bytes)
    assert read_row(found.kind, found.row) == row


def test_a_delete_is_an_empty_row_with_the_same_key(centre: Centre) -> None:
    with transaction(centre.engine) as connection:
        feed.append(
            connection, [feed.changed(STREAM, goods("1")), feed.removed(STREAM, goods("1"))]
        )

    put, deleted = list(read_all(centre, STREAM))
    assert put.key == deleted.key == b"1"
    assert deleted.row == b""


def test_appending_nothing_takes_no_number(centre: Centre) -> None:
    with transaction(centre.engine) as connection:
        assert feed.append(connection, []) == {}


def test_a_transaction_that_fails_takes_no_number(centre: Centre) -> None:
    def fail() -> None:
        with transaction(centre.engine) as connection:
            feed.append(connection, [feed.changed(STREAM, goods("1"))])
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        fail()

    append_goods(centre.engine, 1)
    assert [change.number for change in read_all(centre, STREAM)] == [1]


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(sizes=st.lists(st.integers(1, 700), min_size=1, max_size=4), after=st.integers(0, 1500))
def test_any_cursor_sees_all_that_follows(centre: Centre, sizes: Sequence[int], after: int) -> None:
    start = feed.heads(centre.engine).get(STREAM, 0)
    for size in sizes:
        append_goods(centre.engine, size)
    feed.seal(centre, centre.clock.now())
    end = start + sum(sizes)
    after = min(end, start + after)

    assert [change.number for change in read_all(centre, STREAM, after)] == [
        *range(after + 1, end + 1)
    ]


def test_a_full_segment_is_sealed_once_and_sent_as_it_was_built(centre: Centre) -> None:
    append_goods(centre.engine, SEGMENT_ROWS_MAX + 10)
    cursor = (STREAM, 0)
    built = feed.segment_for(centre, plain_reader("101"), cursor)

    assert feed.seal(centre, centre.clock.now()) == 1
    assert feed.seal(centre, centre.clock.now()) == 0

    with reading(centre.engine) as connection:
        assert store.sealed(connection, STREAM, 1) == built
    assert feed.segment_for(centre, plain_reader("101"), cursor) == built


def test_large_rows_make_shorter_segments(centre: Centre) -> None:
    with transaction(centre.engine) as connection:
        rows = [goods(str(no), "x" * (feed.PIECE_BYTES_MAX // 2 - 1000)) for no in range(5)]
        feed.append(connection, [feed.changed(STREAM, row) for row in rows])

    encoded = feed.segment_for(centre, plain_reader("101"), (STREAM, 0))

    assert encoded is not None
    assert decode_segment(encoded).last == 2
    assert len(list(read_all(centre, STREAM))) == 5


def test_two_writers_leave_no_gap_and_nothing_appears_late(centre: Centre) -> None:
    other = open_engine(str(centre.engine.url))
    batches, writers = 30, [centre.engine, other]
    late: list[int] = []

    def write(engine: Engine) -> None:
        for _ in range(batches):
            with transaction(engine) as connection:
                changes = [feed.changed(name, goods("1")) for name in ("region:kzn", STREAM)]
                feed.append(connection, changes)

    def watch() -> None:
        seen = 0
        while seen < batches * len(writers):
            for change in read_all(centre, STREAM, seen):
                late.extend([change.number] if change.number != seen + 1 else [])
                seen = change.number

    threads = [threading.Thread(target=write, args=(engine,)) for engine in writers]
    watcher = threading.Thread(target=watch)
    for thread in (*threads, watcher):
        thread.start()
    for thread in (*threads, watcher):
        thread.join(30)
    other.dispose()

    assert not watcher.is_alive()
    assert late == []
    assert feed.heads(centre.engine)[STREAM] == batches * len(writers)


def test_an_agent_reads_its_own_streams_only(centre: Centre, device: Device) -> None:
    enrolled(centre, device)
    append_goods(centre.engine, 3)
    append_goods(centre.engine, 3, "region:kzn")

    own = device.get(f"/v1/segments/{STREAM}?after=1")
    foreign = device.get("/v1/segments/region:kzn?after=0")
    others = device.get("/v1/segments/store:102?after=0")

    assert [change.number for change in changes_of(decode_segment(own.content))] == [2, 3]
    assert (foreign.status_code, code_of(foreign)) == (403, "forbidden_stream")
    assert (others.status_code, code_of(others)) == (403, "forbidden_stream")


def test_nothing_newer_is_an_empty_answer(centre: Centre, device: Device) -> None:
    enrolled(centre, device)
    append_goods(centre.engine, 3)

    answer = device.get(f"/v1/segments/{STREAM}?after=3")

    assert (answer.status_code, answer.content) == (204, b"")


def test_a_cursor_of_another_life_of_the_centre_is_a_conflict(
    centre: Centre, device: Device
) -> None:
    enrolled(centre, device)

    answer = device.get("/v1/segments/global?after=99")

    assert (answer.status_code, code_of(answer)) == (409, "cursor_ahead")


def test_a_cursor_that_is_no_number_is_refused(centre: Centre, device: Device) -> None:
    enrolled(centre, device)

    assert device.get("/v1/segments/global?after=-1").status_code == 422
    assert device.get("/v1/segments/global?after=x").status_code == 422
    assert device.get(f"/v1/segments/global?after={2**64}").status_code == 422


def test_the_keys_are_the_first_thing_in_global(empty: Centre, client: TestClient) -> None:
    assert client is not None
    first = next(read_all(empty, GLOBAL))

    assert (first.number, first.kind) == (1, RowKind.KEYS)
