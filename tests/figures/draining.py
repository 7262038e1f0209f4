"""A process that is many agents with full journals: `python -m tests.figures.draining ORDER.json`.

Each pushes with the agent's own code over a connection of its own, and obeys a busy centre. With
`pace_s` they are online stores instead: each sells a receipt now and then, and pushes it.
"""

import heapq
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter

from agent.journal import store as facts
from agent.link import CentreBusyError, LinkDownError
from agent.push import Pushed, push
from agent.station import Station
from central.opening import on_this_machine, open_centre
from central.settings import Settings
from shared.runtime.sqlite import reading, transaction
from tests.bench.chain import close
from tests.figures.book import Json
from tests.figures.estate import CLOCK
from tests.figures.generators import generate
from tests.figures.stores import Seller, open_station, seller_of

THREADS = 24
AGAIN_S = 1.0
"""After a line that is down."""
EPOCH = 1


class Queue:
    """Agents by the instant at which they try again."""

    def __init__(self, stations: list[Station]) -> None:
        self._due = [(0.0, no) for no in range(len(stations))]
        self._left = len(stations)
        self._changed = threading.Condition()

    def next(self) -> int | None:
        """Wait for an agent whose turn it is; None when all are done."""
        with self._changed:
            while self._left:
                now = CLOCK.monotonic()
                if self._due and self._due[0][0] <= now:
                    return heapq.heappop(self._due)[1]
                self._changed.wait(self._due[0][0] - now if self._due else None)
            return None

    def again(self, no: int, after_s: float) -> None:
        """Let an agent try again after a while."""
        with self._changed:
            heapq.heappush(self._due, (CLOCK.monotonic() + after_s, no))
            self._changed.notify()

    def done(self) -> None:
        """Note that an agent has nothing more to send."""
        with self._changed:
            self._left -= 1
            self._changed.notify_all()


def work(order: Json, wait: Callable[[], None]) -> Json:
    """Be the agents of an order."""
    stations = [open_station(Path(data), url) for data, url in order["agents"]]
    for station in stations:
        with transaction(station.journal) as connection:
            facts.send_again(connection, EPOCH, 1)
    sellers = _sellers(order) if "pace_s" in order else []
    wait()
    told = _be_online(stations, sellers, order) if sellers else _drain(stations)
    for station in stations:
        close(station)
    return told


def _drain(stations: list[Station]) -> Json:
    queue, counts, lock = Queue(stations), Counter[str](), threading.Lock()

    def serve() -> None:
        while (no := queue.next()) is not None:
            what, after_s = _step(stations[no])
            with lock:
                counts[what] += 1
            if what == "done":
                queue.done()
            else:
                queue.again(no, after_s)

    start = perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        for ended in [pool.submit(serve) for _ in range(THREADS)]:
            ended.result()
    return {"seconds": perf_counter() - start, "counts": counts, "words": _words(stations)}


def _step(station: Station) -> tuple[str, float]:
    """Let an agent push a batch; return what became of it, and after how long it tries again."""
    try:
        return ("done", 0.0) if push(station) is Pushed.NOTHING else ("pushed", 0.0)
    except CentreBusyError as busy:
        return "busy", float(str(busy.details["retry_after_s"]))
    except LinkDownError:
        return "down", AGAIN_S


def _words(stations: list[Station]) -> Json:
    """Return the centre's words on all facts by kind, and how many facts have none."""
    found: Counter[str] = Counter()
    for station in stations:
        with reading(station.journal) as connection:
            found["unsent"] += facts.queue(connection, [EPOCH]).depth
            query = "SELECT outcome, count(*) FROM ack GROUP BY outcome"
            found.update({row[0]: row[1] for row in connection.exec_driver_sql(query)})
    return dict(found)


def _sellers(order: Json) -> list[Seller]:
    """Return the journals in memory of stores that sell now; their files are empty yet."""
    centre = open_centre(Settings(data_dir=Path(order["centre"])), *on_this_machine())
    sellers = [seller_of(centre, code) for code in order["codes"]]
    for seller in sellers:
        seller.open()
    centre.engine.dispose()
    return sellers


def _be_online(stations: list[Station], sellers: list[Seller], order: Json) -> Json:
    """Sell and push until the file `end` is there; return how long each push took."""
    seconds: list[float] = []

    def sell(no: int) -> None:
        while not Path(order["end"]).exists():
            sellers[no].sell()
            seconds.append(_sent(stations[no], sellers[no]))
            CLOCK.wait(threading.Event(), order["pace_s"])

    with ThreadPoolExecutor(len(stations)) as pool:
        for ended in [pool.submit(sell, no) for no in range(len(stations))]:
            ended.result()
    return {
        "answers": seconds,
        "receipts": len(seconds),
        "points": sum(seller.points for seller in sellers),
        "words": _words(stations),
    }


def _sent(station: Station, seller: Seller) -> float:
    """Write the last receipt down and push until the centre has answered; return the seconds."""
    with transaction(station.journal) as connection:
        known = facts.tip(connection, EPOCH).seq
        for fact in seller.journal.facts[known:]:
            facts.add_fact(connection, fact, CLOCK.now())
    start = perf_counter()
    while (told := _step(station))[0] != "done":
        CLOCK.wait(threading.Event(), told[1])
    return perf_counter() - start


if __name__ == "__main__":
    generate(work)
