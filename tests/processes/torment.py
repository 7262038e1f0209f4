"""One torment: tills sell, blows fall on processes and lines, and again and again all is judged."""

import itertools
import json
import random
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path

import httpx

from central.members.imports import COLUMNS, Row, import_lots
from demo.proxy import Mode
from demo.stage.estate import Launch
from demo.stage.patience import TookTooLongError
from shared.errors import LoyaltyError
from shared.points import POINT
from tests.processes.estate import Estate, Server, Shop
from tests.processes.judge import Judge
from tests.processes.notes import Door, Json, Notebook
from tests.processes.plan import Blow, Kind, Options, make_plan
from tests.processes.till import Till
from tests.simulation.people import Customer, make_customers
from tests.simulation.told import ViolationError

STALL_S_MAX = 30.0
DONE_S_MAX = 45.0
"""For tills to serve those who are inside, with all that falls on them meanwhile."""
LOOK_EVERY_S = 0.3
PEOPLE_PER_STORE = 6
GIFTS = 4
GIFT_POINTS = 300
SHOWN = 8
"""Members whose balance is compared in all stores at a truce."""

_TRACE = re.compile(r"^Traceback .*?^(\w.*?)$", re.DOTALL | re.MULTILINE)
_LOGGED = '"exception": "Traceback'

Watch = Callable[["Torment"], None]
"""Hears after each blow and each truce."""


@dataclass(slots=True)
class Result:
    """What a run came to; `violation` is None when everything held."""

    options: Options
    violation: ViolationError | None = None
    blows: Counter[str] = field(default_factory=Counter)
    truces: int = 0
    longest_recovery_s: float = 0.0
    facts: Counter[str] = field(default_factory=Counter)
    papers: int = 0
    checks: int = 0
    notebook: Notebook = field(default_factory=Notebook)
    wall_s: float = 0.0

    @property
    def answers(self) -> int:
        """Return how many operations have their answer."""
        return self.notebook.asked.total()


class Torment:
    """A run in a folder of its own; everything it has started is ended by `run`."""

    def __init__(self, folder: Path, options: Options, launch: Launch, watch: Watch) -> None:
        self.result = Result(options)
        self.estate = Estate(folder, options, launch)
        self._options = options
        self._watch = watch
        self._door = Door()
        self._chance = random.Random(f"run/{options.seed}")
        self._people = make_customers(
            options.stores * PEOPLE_PER_STORE, options.stores, self._chance
        )
        self._gift_no = itertools.count(1)
        self._history = folder / "history.jsonl"
        self._telling = threading.Lock()
        self._tills: list[Till] = []

    def run(self) -> Result:
        """Do it all; what does not hold is in the result."""
        began = self.estate.clock.monotonic()
        workers: list[threading.Thread] = []
        try:
            self.estate.open()
            judge = self._prepare()
            workers += self._set_to_work()
            for blows in _rounds(self._options):
                self._door.open()
                self._strike(blows)
                self._truce(judge)
            _check_logs(self.estate.folder / "logs")
        except ViolationError as found:
            self.result.violation = found
        except (LoyaltyError, httpx.HTTPError) as error:
            self.result.violation = ViolationError("surprise", f"{type(error).__name__}: {error}")
        finally:
            self._door.stopping.set()
            for worker in workers:
                worker.join(DONE_S_MAX)
            self.estate.close()
        self.result.wall_s = self.estate.clock.monotonic() - began
        return self.result

    # Before the first blow

    def _prepare(self) -> Judge:
        """Let every store hear the rules, and give the first customers cards and points."""
        shops = self.estate.shops
        self.estate.crew.patience.until(
            "all stores have the rules", lambda: all(shop.agent.status()["pack"] for shop in shops)
        )
        numbers = [str(number) for number in range(1, self._options.tills + 1)]
        for shop in shops:
            self._tills += [
                Till(shop, number, self._people, self.result.notebook, self._options.seed)
                for number in numbers
            ]
        for no, till in enumerate(self._tills[:: self._options.tills]):
            own = [customer for customer in self._people if customer.stores[0] == no]
            till.enrol(self._door, self.estate.clock, own)
        agents = {shop.code: shop.agent.status()["agent"] for shop in shops}
        judge = Judge(self.estate, agents)
        self._drain()
        self._give(judge, [customer for customer in self._people if customer.cards])
        self._drain()
        return judge

    def _set_to_work(self) -> list[threading.Thread]:
        threads = [
            threading.Thread(target=till.work, args=(self._door, self.estate.clock))
            for till in self._tills
        ]
        for thread in threads:
            thread.start()
        return threads

    def _give(self, judge: Judge, customers: list[Customer]) -> None:
        """Import points for customers beside the running centre; no two gifts are the same row."""
        for customer in customers:
            points = GIFT_POINTS + next(self._gift_no)
            cells = (customer.cards[0], f"{points}.00", "bonus", "")
            row = Row(1, dict(zip(COLUMNS, cells, strict=True)))
            report = import_lots(self.estate.operator, [row], self.estate.clock.now())
            if report.granted != 1:
                raise ViolationError("gifts", f"{report}")
            judge.given(points * POINT)

    # Blows

    def _strike(self, blows: list[Blow]) -> None:
        with ThreadPoolExecutor(self._options.at_once) as pool:
            try:
                list(pool.map(self._fall, blows))
            except KeyboardInterrupt:
                self._door.stopping.set()  # or the pool would see all of them through
                raise
        self._door.check()

    def _fall(self, blow: Blow) -> None:
        """Let one blow fall; what it uncovers ends the run."""
        if self._door.stopping.is_set():
            return
        shop = self.estate.shops[blow.store]
        try:
            if blow.kind.name.startswith("LINE"):
                with shop.line_blows:
                    self._told(blow)
                    self._hurt_line(shop, blow)
            elif blow.kind.name.startswith("AGENT"):
                with shop.agent.blows:
                    self._told(blow)
                    self._hurt(shop.agent, blow)
            else:
                with self.estate.centre.blows:
                    self._told(blow)
                    self._hurt(self.estate.centre, blow)
                    self.estate.aim()
        except Exception as error:  # noqa: BLE001 (a thread: the run raises it)
            self._door.fail(error)
            return
        self._watch(self)

    def _hurt_line(self, shop: Shop, blow: Blow) -> None:
        self.estate.rim.turn(shop.code, blow.kind.mode)
        self._wait(blow.for_s)
        self.estate.rim.turn(shop.code, Mode.PASS)

    def _hurt(self, server: Server, blow: Blow) -> None:
        if blow.kind in (Kind.AGENT_STOP, Kind.CENTRE_STOP):
            server.freeze()
            self._wait(blow.for_s)
            server.thaw()
            return
        if blow.kind in (Kind.AGENT_RESTART, Kind.CENTRE_RESTART):
            server.end()
        else:
            server.kill()
        if blow.kind is Kind.AGENT_KILL_TWICE:
            server.launch()
            self._wait(blow.for_s)
            server.kill()
        else:
            self._wait(blow.for_s)
        server.start()

    def _told(self, blow: Blow) -> None:
        at = self.estate.clock.now().isoformat()
        with self._telling:
            self.result.blows[blow.kind] += 1
            with self._history.open("a") as history:
                history.write(json.dumps({"at": at, **asdict(blow)}) + "\n")

    def _wait(self, seconds: float) -> None:
        self.estate.clock.wait(self._door.stopping, seconds)

    # Truces

    def _truce(self, judge: Judge) -> None:
        """Let all heal and drain, and judge it; then some customers get points."""
        healed = self.estate.clock.monotonic()
        self._door.shut(DONE_S_MAX)
        for till in self._tills:
            till.end_shift()
        self._drain()
        result = self.result
        result.truces += 1
        took_s = self.estate.clock.monotonic() - healed
        result.longest_recovery_s = max(result.longest_recovery_s, took_s)
        judge.check(result.notebook.take())
        result.facts, result.checks = judge.facts, judge.oracle.checks
        result.papers = sum(shop.tray.papers.total() for shop in self.estate.shops)
        members = [customer for customer in self._people if customer.cards]
        for customer in self._chance.sample(members, min(SHOWN, len(members))):
            self._compare_shown(judge, customer.cards[0])
        self._give(judge, self._chance.sample(members, GIFTS))
        self._watch(self)

    def _drain(self) -> None:
        """Wait until every fact is at the centre and audited, every row in the stores, every slip
        printed."""
        drained: Json = {}

        def rests() -> bool:
            nonlocal drained
            before, drained = drained, self._state()
            return bool(drained) and before == drained

        try:
            self.estate.crew.patience.until("rest", rests, STALL_S_MAX)
        except TookTooLongError as late:
            told = {shop.code: shop.agent.status() for shop in self.estate.shops}
            raise ViolationError("stall", f"after {STALL_S_MAX:g} s: {told}") from late

    def _state(self) -> Json:
        """Return where everything has come to; empty while something is under way."""
        self._wait(LOOK_EVERY_S)
        self._door.check()
        centre = self.estate.centre.status()
        heads = centre["streams"]
        if centre["unaudited"]:
            return {}
        for shop in self.estate.shops:
            told = shop.agent.status()
            is_behind = any(heads.get(name, 0) != at for name, at in told["streams"].items())
            waits = told["queue_depth"] or told["open_reserves"] or not told["online"]
            if is_behind or waits or {"queued", "sending"} & told["spool"].keys():
                return {}
        return {"heads": heads}

    def _compare_shown(self, judge: Judge, card: str) -> None:
        """Compare what all stores show of the member who has this card."""
        first = {till.shop.code: till for till in reversed(self._tills)}
        found = {code: till.find(card) for code, till in first.items()}
        if odd := {code: members for code, members in found.items() if len(members) != 1}:
            raise ViolationError("shown", f"card {card[-4:]}: {odd}")
        judge.check_shown({code: members[0] for code, members in found.items()})


def torment(
    folder: Path,
    options: Options,
    *,
    launch: Launch | None = None,
    watch: Watch = lambda _run: None,
) -> Result:
    """Run a torment in a folder, which keeps what the processes have written and said."""
    return Torment(folder, options, launch or Launch(), watch).run()


def _check_logs(folder: Path) -> None:
    """Check that no process has met an exception that nobody anticipates, but for its own stop."""
    for log in sorted(folder.glob("*.log")):
        for met in _TRACE.finditer(_with_traces(log.read_text(errors="replace"))):
            if "CancelledError" not in met[1]:
                raise ViolationError("surprise", f"{log.name}: {met[1]}")


def _with_traces(text: str) -> str:
    """Return a log with the tracebacks of its events as they would be printed."""
    lines = text.splitlines()
    return "\n".join(json.loads(line)["exception"] if _LOGGED in line else line for line in lines)


def _rounds(options: Options) -> Iterator[list[Blow]]:
    blows = make_plan(options)
    for start in range(0, len(blows), options.of_round):
        yield blows[start : start + options.of_round]
