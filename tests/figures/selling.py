"""An agent's process that sells by its services while its loops push and pull:
`python -m tests.figures.selling ORDER.json`; the result goes beside the order.
"""

import json
import random
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import perf_counter, thread_time
from typing import Any

from agent.app import station_of
from agent.commit.service import Sale, commit
from agent.jobs import Jobs
from agent.members.service import find
from agent.printing import store as spool
from agent.quote.lines import Item
from agent.quote.service import Basket, quote
from agent.replica import service as replica
from agent.reserve.service import ReserveOrder
from agent.scan import ScanKind, classify
from agent.settings import AgentSettings
from agent.station import Station
from hardware.printers.encoder import encode
from hardware.printers.profile import profile_named
from shared.ids import uuid7
from shared.receipt import Redeem, Tender, TenderKind
from shared.runtime.serve import settle
from shared.runtime.sqlite import reading
from shared.wire.feed import GLOBAL
from tests.bench.chain import close
from tests.bench.results import Timings
from tests.quiet import quiet

LINES = 20
POINTS = 1_00
WARM_UP = 50
ITEMS = tuple(Item(no, 1000, "CHEESE") for no in range(1, LINES + 1))


def main(order_file: Path) -> None:
    """Sell what the order says; write how long each sale took."""
    order = json.loads(order_file.read_text())
    data, url = Path(order["data"]), order["url"]
    station = station_of(AgentSettings(data_dir=data, centre_url=url, log_level="WARNING"))
    jobs = Jobs(station)
    settle()
    jobs.start()
    try:
        told = _sell(station, order["cards"], order["sales"])
    finally:
        jobs.stop()
        close(station)
    order_file.with_suffix(".result").write_text(json.dumps(told))


def _sell(station: Station, cards: list[str], sales: int) -> dict[str, Any]:
    sell, chance = seller(station), random.Random(5)
    for _ in range(WARM_UP):
        sell(chance.choice(cards))
    before, began = replica.cursors(station)[GLOBAL], perf_counter()
    seconds, of_processor = [], []
    for _ in range(sales):
        start, own = perf_counter(), thread_time()
        sell(chance.choice(cards))
        seconds.append(perf_counter() - start)
        of_processor.append(thread_time() - own)
    rows, took = replica.cursors(station)[GLOBAL] - before, perf_counter() - began
    assert rows, "nothing was applied meanwhile"
    times = Timings(tuple(seconds))
    return {
        "p50_ms": times.median_us / 1e3,
        "p99_ms": times.quantile_us(0.99) / 1e3,
        "processor_p50_ms": Timings(tuple(of_processor)).median_us / 1e3,
        "sales": sales,
        "rows_per_s": rows / took,
    }


def seller(station: Station) -> Callable[[str], None]:
    """Return what sells 20 lines to whose card was scanned, for money and one of his points."""
    profile = profile_named(None)

    def sell(card: str) -> None:
        assert classify(station, card).kind is ScanKind.CARD
        (found,) = find(station, card)
        basket = Basket(uuid7(station.clock.now(), station.chance), "1", ITEMS)
        named = replace(basket, member=found.standing.member)
        wanted = replace(named, redeem=Redeem.EXACT, redeem_points=POINTS)
        priced = quote(station, wanted, station.clock.now())
        tenders = (Tender(TenderKind.CASH, priced.evaluation.totals.payable_minor),)
        order = ReserveOrder(_uid(station), b"", wanted, priced.digest)
        sale = Sale(_uid(station), b"c", wanted.uid, tenders, order=order)
        done = commit(station, sale, station.clock.now())
        with reading(station.journal) as connection:
            paper = spool.slip_and_copies(connection, done.slip)
        assert paper is not None
        assert encode(paper[0], profile, job_no=done.seq)

    return sell


def _uid(station: Station) -> Any:
    return uuid7(station.clock.now(), station.chance)


if __name__ == "__main__":
    with quiet():
        main(Path(sys.argv[1]))
