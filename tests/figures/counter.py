"""Figure 5: what a sale takes beside millions of members while sync runs flat out."""

import json
import random
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path
from sqlite3 import connect
from time import perf_counter
from uuid import UUID

import httpx

from central.feed.service import NewChange
from demo.stage.processes import module
from shared.ids import uuid7
from shared.wire.feed import GLOBAL
from tests.bench.results import Timings
from tests.figures import bootstrap
from tests.figures.book import Json
from tests.figures.bootstrap import end_at_heads, heads
from tests.figures.changes import append, changes_of
from tests.figures.estate import (
    CLOCK,
    ONE,
    UNHURRIED,
    WAIT_S,
    Agent,
    Estate,
    Served,
    cards_of,
    open_estate,
    rss_mb,
)
from tests.figures.run import Row, Run
from tests.processes.estate import plain_client

P50_MS_MAX, P99_MS_MAX = 3.0, 15.0
RSS_MB_MAX = 140.0
START_S_MAX = 2.0
SALES = 10_000
LINES = 20
AHEAD_ROWS = 20_000
"""The feed stays so far ahead of the agent: it never has nothing to apply."""
CHANGES_HELD = 20_000
AT_ONCE = 500
CALL_S = 10.0
START_LOOK_S = 0.01


@dataclass(slots=True)
class Till:
    """A till that finds a member by his card, quotes, and commits over HTTP."""

    url: str
    chance: random.Random
    client: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = plain_client(CALL_S, self.url)

    def close(self) -> None:
        """Hang up."""
        self.client.close()

    def sell(self, card: str) -> UUID:
        """Sell 20 lines to a member, who earns; return the receipt's uid."""
        (found,) = self._post("/v1/members/find", {"identifier": card})["members"]
        uid = self._uid()
        receipt: Json = {
            "uid": uid,
            "till": "1",
            "member": found["ref"],
            "lines": [{"no": no, "sku": "CHEESE", "quantity": 1000} for no in range(1, LINES + 1)],
            "redeem": {"mode": "none"},
        }
        quoted = self._post("/v1/quotes", receipt)
        tenders = [{"kind": "cash", "amount_minor": quoted["totals"]["payable_minor"]}]
        body = {"uid": self._uid(), "receipt": receipt, "digest": quoted["digest"]}
        self._post(
            f"/v1/receipts/{uid}/commit", {**body, "fiscal_number": "17", "tenders": tenders}
        )
        return UUID(uid)

    def _uid(self) -> str:
        return str(uuid7(CLOCK.now(), self.chance))

    def _post(self, route: str, body: Json) -> Json:
        answer = self.client.post(route, json=body)
        assert answer.status_code == httpx.codes.OK, answer.text
        told: Json = answer.json()
        return told


class Flood:
    """A thread that keeps the feed ahead of an agent's replica, as fast as both let it."""

    def __init__(self, estate: Estate, replica: Path) -> None:
        self._estate = estate
        self._replica = replica
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="flood")
        made = changes_of(estate, random.Random(5))
        self._changes: Iterator[NewChange] = cycle(list(islice(made, CHANGES_HELD)))

    def __enter__(self) -> "Flood":
        for _ in range(AHEAD_ROWS // AT_ONCE):
            append(self._estate, list(islice(self._changes, AT_ONCE)))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def applied(self) -> int:
        """Return up to where the agent has applied."""
        with closing(connect(f"file:{self._replica}?mode=ro", uri=True)) as file:
            query = "SELECT number FROM cursor WHERE stream = ?"
            return int(file.execute(query, (GLOBAL,)).fetchone()[0])

    def _run(self) -> None:
        while not self._stop.is_set():
            head = heads(self._estate, ONE)[GLOBAL]
            if head - self.applied() < AHEAD_ROWS:
                append(self._estate, list(islice(self._changes, AT_ONCE)))
            else:
                CLOCK.wait(self._stop, START_LOOK_S)


def measure(run: Run) -> list[Row]:
    """Sell in the agent's process, then over HTTP, then start it anew."""
    if "one go" not in run.book(6).pieces:
        bootstrap.measure(run)
    book = run.book(5)
    estate = open_estate(run.place("estate"), run.of(bootstrap.MEMBERS, least=2_000))
    sales = run.of(SALES, least=200)
    try:
        sold = book.once("sold", lambda: _sell_inside(estate, sales))
        asked = book.once("asked", lambda: _sell_over_http(estate, sales))
        started = book.once("started", lambda: _start(estate))
    finally:
        estate.close()
    return _rows(estate, sold, asked, started)


def _sell_inside(estate: Estate, sales: int) -> Json:
    """Sell by the services in one process with the agent's loops, which apply without a pause."""
    order = estate.folder / "selling.json"
    bring_up(estate, ONE)
    with estate.served() as served, Flood(estate, replica_of(estate, ONE)) as flood:
        told = {"data": str(estate.data(ONE)), "url": served.centre.url, "sales": sales}
        order.write_text(json.dumps({**told, "cards": cards_of(estate)}))
        before = flood.applied()
        process = served.crew.start("selling", [*module("tests.figures.selling"), str(order)])
        ended = UNHURRIED.until("sold", lambda: _ended(process.running.poll()), WAIT_S)
        assert ended == ["ok"], process.said().decode()[-2000:]
        served.crew.members.remove(process)
        rows = flood.applied() - before
    result: Json = json.loads(order.with_suffix(".result").read_text())
    return {**result, "rows": rows}


def bring_up(estate: Estate, code: str) -> None:
    """Let an agent have all that there is, and send all that it has."""
    with estate.served() as served:
        agent = served.agent(code, estate.data(code))
        agent.start()
        UNHURRIED.until("sales sent", agent.has_sent, WAIT_S)
        end_at_heads(estate, agent, code)


def _ended(code: int | None) -> list[str] | None:
    return None if code is None else ["ok" if code == 0 else "failed"]


def replica_of(estate: Estate, code: str) -> Path:
    """Return the file with an agent's rows."""
    with closing(connect(estate.data(code) / "journal.db")) as file:
        (name,) = file.execute("SELECT file FROM life ORDER BY no DESC LIMIT 1").fetchone()
    return estate.data(code) / str(name)


def _sell_over_http(estate: Estate, sales: int) -> Json:
    """Sell to the agent as it is shipped; return how much memory it holds at the end."""
    cards = cards_of(estate)
    with estate.served() as served, _running(served, estate) as agent:
        replica = replica_of(estate, ONE)
        with Flood(estate, replica), closing(Till(agent.url, random.Random(5))) as till:
            seconds = [_timed(till, cards[no % len(cards)]) for no in range(sales)]
        times = Timings(tuple(seconds))
        return {
            "p50_ms": times.median_us / 1e3,
            "p99_ms": times.quantile_us(0.99) / 1e3,
            "rss_mb": rss_mb(agent.pid),
            "sales": sales,
        }


def _timed(till: Till, card: str) -> float:
    start = perf_counter()
    till.sell(card)
    return perf_counter() - start


@contextmanager
def _running(served: Served, estate: Estate) -> Iterator[Agent]:
    agent = served.agent(ONE, estate.data(ONE))
    agent.start()
    yield agent
    agent.end()


def _start(estate: Estate) -> Json:
    """Start the agent on its full files; return the time from exec to its first 200."""
    with estate.served() as served:
        agent = served.agent(ONE, estate.data(ONE))
        start = perf_counter()
        agent.start()
        told = agent.status()
        seconds = perf_counter() - start
        agent.end()
    return {"seconds": seconds, "store": told["store"]}


def _rows(estate: Estate, sold: Json, asked: Json, started: Json) -> list[Row]:
    beside = f"a replica of {estate.members} members"
    how = (
        f"{sold['sales']} sales of {LINES} lines by the services in one process with the agent's "
        f"loops, {beside}, {sold['rows']} rows applied meanwhile ({sold['rows_per_s']:.0f}/s); "
        f"of the processor a sale takes {sold['processor_p50_ms']:.1f} ms (median); "
        f"centre, generator of changes and agent share this machine; over HTTP (find, quote, "
        f"commit) p50 {asked['p50_ms']:.1f}, p99 {asked['p99_ms']:.1f} ms"
    )
    return [
        Row(
            "figure 5: scan, quote, durable commit, ESC/POS bytes while sync runs flat out, p50",
            sold["p50_ms"],
            P50_MS_MAX,
            "ms",
            f"<= {P50_MS_MAX:.0f} ms",
            sold["p50_ms"] <= P50_MS_MAX,
            how,
        ),
        Row(
            "figure 5: scan, quote, durable commit, ESC/POS bytes while sync runs flat out, p99",
            sold["p99_ms"],
            P99_MS_MAX,
            "ms",
            f"<= {P99_MS_MAX:.0f} ms",
            sold["p99_ms"] <= P99_MS_MAX,
            how,
        ),
        Row(
            "figure 5: memory of an agent after its sales",
            asked["rss_mb"],
            RSS_MB_MAX,
            "MB",
            f"<= {RSS_MB_MAX:.0f} MB",
            asked["rss_mb"] <= RSS_MB_MAX,
            f"resident after {asked['sales']} sales over HTTP, {beside}, sync flat out",
        ),
        Row(
            "figure 5: an agent's start, exec to the first 200",
            started["seconds"],
            START_S_MAX,
            "s",
            f"<= {START_S_MAX:.0f} s",
            started["seconds"] <= START_S_MAX,
            f"`kopilka agent run`, {beside}; looked at every 30 ms",
        ),
    ]
