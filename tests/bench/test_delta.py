"""A delta applied beside the same rows written by hand, and what a sale waits for meanwhile."""

import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from statistics import median
from threading import Event, Thread
from time import perf_counter

import pytest
from msgspec import structs

from agent.commit.service import Sale, commit
from agent.quote.lines import Item
from agent.quote.service import quote
from agent.replica import service as replica
from agent.reserve.service import ReserveOrder
from shared.receipt import Redeem, Tender, TenderKind
from shared.runtime.sqlite import reading
from shared.wire.codec import encode
from shared.wire.feed import GLOBAL, SEGMENT_ROWS_MAX, Change, Segment, write_segment
from shared.wire.rows import RowKind, key_of
from tests.bench.crowd import crowded_shop
from tests.bench.results import Timings, compare, in_turn
from tests.builders import CHEESE, INCARNATION, WINE, Person, PersonLot, Shop, basket, member_row
from tests.simulation import laws
from tests.vaults import let_open

MEMBERS = 100_000
ROUNDS = 100
RATE_RATIO_MIN = 0.6
BLOCKS = 16
SALES = 25
"""Of each block without a delta, and of each block with one."""
SEGMENTS_MAX = 200
"""Made before each block with a delta: more than are applied while it sells."""
BUYERS = range(MEMBERS + 1, MEMBERS + 1 + 2 * BLOCKS * SALES)
"""Each buys once: what a member bought and nobody has heard of yet is counted at his next quote."""
P99_RATIO_MAX = 4.0
LINES = 20
ITEMS = tuple(Item(no, 1000, CHEESE if no % 2 else WINE) for no in range(1, LINES + 1))
COPIED = ("synchronous", "cache_size", "mmap_size", "wal_autocheckpoint")
PUT = (
    "INSERT INTO row (kind, key, row) VALUES (?, ?, ?) "
    "ON CONFLICT (kind, key) DO UPDATE SET row = excluded.row"
)
EVERYTHING = f"{laws.ROWS} ORDER BY kind, key"

pytestmark = pytest.mark.bench


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = crowded_shop(tmp_path, MEMBERS, reserves_max=len(BUYERS))
    for number in BUYERS:
        made.member(_buyer(number))
    yield made
    made.close()


def test_a_delta_beside_rows_written_by_hand(shop: Shop, tmp_path: Path) -> None:
    """Rows a second of pieces of 500 members who have bought something; equal rows are asserted."""
    segments, deltas = _segments(shop, ROUNDS + ROUNDS // 10)
    ours, theirs = iter(segments), iter(deltas)
    with closing(_copied(shop, tmp_path / "raw.db")) as raw:

        def by_hand() -> None:
            rows = sorted((change.kind, change.key, change.row) for change in next(theirs))
            raw.execute("BEGIN IMMEDIATE")
            raw.executemany(PUT, rows)
            raw.execute("COMMIT")

        applied, written = in_turn(lambda: replica.apply(shop.station, next(ours)), by_hand, ROUNDS)
        with reading(shop.station.replica) as connection:
            mine = connection.exec_driver_sql(EVERYTHING).fetchall()
            let_open(raw, shop.station.data_dir)
        assert [tuple(row) for row in mine] == raw.execute(EVERYTHING).fetchall()

    compare(
        "delta applied to the replica / raw sorted executemany",
        (
            SEGMENT_ROWS_MAX * 1e6 / applied.median_us,
            SEGMENT_ROWS_MAX * 1e6 / written.median_us,
            "rows/s",
        ),
        (f">= {RATE_RATIO_MIN}", written.median_us / applied.median_us >= RATE_RATIO_MIN),
        f"{SEGMENT_ROWS_MAX} rows a transaction into {MEMBERS:,} members, in turn; ours unpacked, "
        "read, counted into the tally, with the cursor; the other file has the same pragmas",
    )


def test_a_sale_beside_a_delta(shop: Shop) -> None:
    """The p99 of a sale while pieces are applied without a pause, and while none is."""
    idle, beside, segments = list[float](), list[float](), list[Segment]()
    buyers = map(_buyer, BUYERS)
    for _ in range(BLOCKS):
        segments += _segments(shop, SEGMENTS_MAX - len(segments))[0]
        idle += _sold(shop, buyers)
        with _Delta(shop, segments) as delta:
            beside += _sold(shop, buyers)
            assert not delta.is_over
        del segments[: delta.applied]
    busy_us = Timings(tuple(beside)).quantile_us(0.99)
    idle_us = Timings(tuple(idle)).quantile_us(0.99)
    compare(
        "a sale's p99 while a delta is applied / while none is",
        (busy_us, idle_us, "us (p99)"),
        (f"<= {P99_RATIO_MAX:.0f}", busy_us / idle_us <= P99_RATIO_MAX),
        f"quote and durable commit of {LINES} lines with points, {BLOCKS * SALES} each, blocks of "
        f"{SALES} in turn; pieces of {SEGMENT_ROWS_MAX} members by another thread of the process, "
        f"without a pause; medians {median(beside) * 1e6:.0f} and {median(idle) * 1e6:.0f} us",
    )


class _Delta:
    """A thread that applies pieces until it is told to stop, or there are no more."""

    def __init__(self, shop: Shop, segments: list[Segment]) -> None:
        self.applied = 0
        self._shop, self._segments = shop, segments
        self._enough = Event()
        self._thread = Thread(target=self._apply)

    @property
    def is_over(self) -> bool:
        """Tell whether it ran out of pieces."""
        return self.applied == len(self._segments)

    def __enter__(self) -> "_Delta":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self._thread.join()

    def _apply(self) -> None:
        for segment in self._segments:
            replica.apply(self._shop.station, segment)
            self.applied += 1
            if self._enough.is_set():
                return


def _sold(shop: Shop, buyers: Iterator[Person]) -> list[float]:
    """Sell receipts one after the other; return the seconds of each."""
    return [_timed(lambda: _sell(shop, next(buyers))) for _ in range(SALES)]


def _buyer(number: int) -> Person:
    return Person(PersonLot(500_00, leased=500_00, number=number), number=number)


def _sell(shop: Shop, buyer: Person) -> None:
    now = shop.clock.now()
    wanted = basket(shop, *ITEMS, member=buyer, redeem=Redeem.EXACT, points=1_00)
    priced = quote(shop.station, wanted, now)
    tenders = (Tender(TenderKind.CASH, priced.evaluation.totals.payable_minor),)
    order = ReserveOrder(shop.uid(), b"", wanted, priced.digest)
    commit(shop.station, Sale(shop.uid(), b"c", wanted.uid, tenders, order=order), now)


def _timed(call: Callable[[], object]) -> float:
    start = perf_counter()
    call()
    return perf_counter() - start


def _segments(shop: Shop, count: int) -> tuple[list[Segment], list[list[Change]]]:
    """Return the stream's next pieces: members who have bought something."""
    first = shop.numbers[GLOBAL] + 1
    shop.numbers[GLOBAL] += count * SEGMENT_ROWS_MAX
    chance = random.Random(first)
    deltas = []
    for start in range(first, first + count * SEGMENT_ROWS_MAX, SEGMENT_ROWS_MAX):
        buyers = chance.sample(range(1, MEMBERS + 1), SEGMENT_ROWS_MAX)
        deltas.append([_bought(number, buyer) for number, buyer in enumerate(buyers, start)])
    segments = [
        write_segment(GLOBAL, INCARNATION, delta[0].number, delta[-1].number, delta)
        for delta in deltas
    ]
    return segments, deltas


def _bought(number: int, buyer: int) -> Change:
    row = structs.replace(member_row(Person(number=buyer)), turnover_minor=number, receipts=1)
    return Change(number, RowKind.MEMBER.value, key_of(row), encode(row))


def _copied(shop: Shop, path: Path) -> sqlite3.Connection:
    """Copy the replica's rows into a file of its own, with the same pragmas."""
    with shop.station.replica.connect() as connection:
        connection.exec_driver_sql(f"VACUUM INTO '{path}'")
        pragmas = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in COPIED}
    raw = sqlite3.connect(path, isolation_level=None)
    raw.execute("PRAGMA journal_mode = WAL")
    for name, value in pragmas.items():
        raw.execute(f"PRAGMA {name} = {value}")
    return raw
