"""What a sale costs at the counter: a commit beside a bare durable row, a quote by itself."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from agent.commit.service import Sale, commit
from agent.members.service import find
from agent.printing import store as spool
from agent.quote.lines import Item
from agent.quote.service import quote
from agent.reserve.service import ReserveOrder, reserve
from agent.scan import ScanKind, classify
from hardware.printers.encoder import encode
from hardware.printers.profile import profile_named
from shared.clock import SystemClock
from shared.receipt import Redeem, Tender, TenderKind
from shared.runtime.sqlite import reading
from tests.bench.results import Comparison, in_turn, now_text, write_down
from tests.builders import CHEESE, WINE, Person, PersonLot, Shop, basket

ROUNDS = 400
LINES = 20
COMMIT_RATIO_MAX = 3.0
QUOTE_US_MAX = 500.0
SALE_US_MAX = 3_000.0
SALE_P99_US_MAX = 15_000.0
ITEMS = tuple(Item(no, 1000, CHEESE if no % 2 else WINE) for no in range(1, LINES + 1))

pytestmark = pytest.mark.bench


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path, reserves_max=ROUNDS * 2).open()
    made.member(Person(PersonLot(50_000_00, leased=50_000_00)))
    yield made
    made.close()


def test_a_commit_against_a_bare_durable_row(shop: Shop, tmp_path: Path) -> None:
    """A receipt of 20 lines with points: the fact and its slip, one fsynced transaction."""
    station = shop.station
    sales: list[Sale] = []

    def prepare(number: int) -> None:
        (found,) = find(station, _customer(shop, number))
        named = replace(basket(shop, *ITEMS), member=found.standing.member)
        wanted = replace(named, redeem=Redeem.EXACT, redeem_points=1_00)
        priced = quote(station, wanted, shop.clock.now())
        tenders = (Tender(TenderKind.CASH, priced.evaluation.totals.payable_minor),)
        order = ReserveOrder(shop.uid(), b"", wanted, priced.digest)
        reserve(station, order, shop.clock.now())
        sales.append(Sale(shop.uid(), b"c", wanted.uid, tenders))

    for number in range(2, 2 + ROUNDS + ROUNDS // 10):
        prepare(number)
    with closing(bare_database(tmp_path / "bare.db")) as bare:
        ours, floor = in_turn(
            lambda: commit(station, sales.pop(), shop.clock.now()), lambda: one_row(bare), ROUNDS
        )

    ratio = ours.median_us / floor.median_us
    write_down(
        Comparison(
            name="commit of a 20-line receipt / one-row WAL FULL commit",
            ours=ours.median_us,
            peer=floor.median_us,
            unit="us (median)",
            ratio=round(ratio, 2),
            goal=f"<= {COMMIT_RATIO_MAX}",
            reached=ratio <= COMMIT_RATIO_MAX,
            how=(
                "make bench: agent.commit of a reserved receipt, each of a member of his own, in "
                "turn with a bare insert"
            ),
            at=now_text(SystemClock().now()),
        )
    )


def test_a_sale_from_scan_to_paper(shop: Shop, tmp_path: Path) -> None:
    """A card is scanned, the receipt quoted, committed, and its slip is bytes for a printer."""
    station, profile = shop.station, profile_named(None)
    cards, papers = [_customer(shop, number) for number in range(2, ROUNDS * 2)], []

    def sell() -> None:
        card = cards.pop()
        assert classify(station, card).kind is ScanKind.CARD
        (found,) = find(station, card)
        named = replace(basket(shop, *ITEMS), member=found.standing.member)
        wanted = replace(named, redeem=Redeem.EXACT, redeem_points=1_00)
        priced = quote(station, wanted, shop.clock.now())
        tenders = (Tender(TenderKind.CASH, priced.evaluation.totals.payable_minor),)
        order = ReserveOrder(shop.uid(), b"", wanted, priced.digest)
        sale = Sale(shop.uid(), b"c", wanted.uid, tenders, order=order)
        done = commit(station, sale, shop.clock.now())
        with reading(station.journal) as connection:
            paper = spool.slip_and_copies(connection, done.slip)
        assert paper is not None
        papers.append(encode(paper[0], profile, job_no=done.seq))

    with closing(bare_database(tmp_path / "bare.db")) as bare:
        ours, floor = in_turn(sell, lambda: one_row(bare), ROUNDS)

    assert min(map(len, papers)) > 1_000
    p99_us = ours.quantile_us(0.99)
    write_down(
        Comparison(
            name="scan, quote, durable commit, ESC/POS bytes of 20 lines / one-row WAL FULL commit",
            ours=ours.median_us,
            peer=floor.median_us,
            unit="us (median)",
            ratio=round(ours.median_us / floor.median_us, 2),
            goal=f"p50 <= {SALE_US_MAX:.0f} us, p99 <= {SALE_P99_US_MAX:.0f} us",
            reached=ours.median_us <= SALE_US_MAX and p99_us <= SALE_P99_US_MAX,
            how=(
                f"make bench: the services in one process, a replica of {ROUNDS * 2} members, no "
                f"sync beside it, in turn with a bare insert; p99 {p99_us:.0f} us"
            ),
            at=now_text(SystemClock().now()),
        )
    )


def test_a_quote_of_twenty_lines(shop: Shop) -> None:
    """The kernel's whole answer with look-ups of goods, member, lots and leases."""
    anna = Person()
    wanted = basket(shop, *ITEMS, member=anna, redeem=Redeem.MAXIMUM)
    anonymous = basket(shop, *ITEMS)

    ours, without = in_turn(
        lambda: quote(shop.station, wanted, shop.clock.now()),
        lambda: quote(shop.station, anonymous, shop.clock.now()),
        ROUNDS,
    )

    write_down(
        Comparison(
            name="quote of 20 lines with a member / without one",
            ours=ours.median_us,
            peer=without.median_us,
            unit="us (median)",
            ratio=round(ours.median_us / without.median_us, 2),
            goal=f"p50 <= {QUOTE_US_MAX:.0f} us",
            reached=ours.median_us <= QUOTE_US_MAX,
            how=f"make bench: agent.quote over SQLite; p99 {ours.quantile_us(0.99):.0f} us",
            at=now_text(SystemClock().now()),
        )
    )


def _customer(shop: Shop, number: int) -> str:
    """Make a member known who has points here, and return his card."""
    person = Person(PersonLot(500_00, leased=500_00, number=number), number=number)
    shop.member(person)
    return person.card


def bare_database(path: Path) -> sqlite3.Connection:
    bare = sqlite3.connect(path, isolation_level=None)
    bare.execute("PRAGMA journal_mode = WAL")
    bare.execute("PRAGMA synchronous = FULL")
    bare.execute("CREATE TABLE row (id INTEGER PRIMARY KEY, body BLOB)")
    return bare


def one_row(bare: sqlite3.Connection) -> None:
    bare.execute("BEGIN IMMEDIATE")
    bare.execute("INSERT INTO row (body) VALUES (?)", (b"x" * 100,))
    bare.execute("COMMIT")
