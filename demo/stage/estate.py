"""The demo's chain as processes: one centre, and for each store an agent, a line and a counter."""

import random
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from demo.stage import supplies
from demo.stage.control import Counter, Wire
from demo.stage.patience import Patience
from demo.stage.processes import Crew, Process, kopilka, module
from demo.stage.till import Till

CALL_S = 5.0
AT_ONCE = 2
"""Commands at a time: they cost a core each."""
PACK = "wine.yaml"

# Waits that suit a line within one machine; everything else is as shipped.
_CENTRE_TOML = """\
data_dir = "{data}"
tail_keep_alive_s = 1
"""
_AGENT_TOML = """\
data_dir = "{data}"
centre_url = "http://{wire}"
printer = "{printer}"
scanner = "{scanner}"
request_timeout_s = 2
tail_silence_max_s = 3
retry_max_s = 1
"""


@dataclass(frozen=True, slots=True)
class Launch:
    """How the two sides are started: this is the only place where a guard can be broken."""

    centre: list[str] = field(default_factory=kopilka)
    agent: list[str] = field(default_factory=kopilka)


@dataclass(frozen=True, slots=True)
class Centre:
    """The running centre."""

    url: str
    folder: Path

    @property
    def database(self) -> Path:
        """Return the file with everything that the centre knows."""
        return self.folder / "data" / "central.db"

    def status(self) -> dict[str, Any]:
        """Ask the centre how it is."""
        answer = httpx.get(f"{self.url}/v1/status", timeout=CALL_S, trust_env=False)
        answer.raise_for_status()
        told: dict[str, Any] = answer.json()
        return told


@dataclass(slots=True)
class Shop:
    """A store: its agent, its line to the centre, its scanner and printer, and one till."""

    code: str
    folder: Path
    wire: Wire
    counter: Counter
    agent: Process
    till: Till

    @property
    def name(self) -> str:
        """Return what stands on its sign."""
        return supplies.STORE_NAMES[self.code]

    @property
    def data(self) -> Path:
        """Return the folder of the agent's journal and replica."""
        return self.folder / "data"


@dataclass(slots=True)
class Estate:
    """Everything that runs; `stop` ends it."""

    crew: Crew
    launch: Launch
    patience: Patience
    chance: random.Random
    centre: Centre
    shops: dict[str, Shop] = field(default_factory=dict)

    def supply(self) -> None:
        """Import stores, goods and cashiers, and publish the pack that is shipped."""
        folder = self.centre.folder
        supplies.write(folder)
        pack = folder / PACK
        pack.write_bytes((files("shared.rules.examples") / PACK).read_bytes())
        self.central("stores", "import", str(folder / "stores.csv"))
        rest = [
            ("goods", "import", str(folder / "goods.csv")),
            ("cashiers", "import", str(folder / "cashiers.csv")),
            ("publish", str(pack)),
        ]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(lambda words: self.central(*words), rest))

    def central(self, *words: str) -> str:
        """Run `kopilka central` on the centre's database; raises CommandRefusedError."""
        return self.crew.run(f"central-{words[0]}", central(self.centre.folder, *words))

    def open_shops(self, codes: Iterable[str]) -> None:
        """Open stores, each with an agent that enrols with a one-time code."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for shop in pool.map(self._open_shop, codes):
                self.shops[shop.code] = shop

    def kill_agent(self, code: str) -> int:
        """End a store's agent as a power cut does; return the process id that it had."""
        agent = self.shops[code].agent
        self.crew.kill(agent)
        return agent.pid

    def restart_agent(self, code: str) -> None:
        """Start a store's agent again on its old files and port."""
        shop = self.shops[code]
        shop.agent, _ = self._start_agent(code, urlsplit(shop.till.url).port or 0)

    def stop(self) -> None:
        """End every process of the demo."""
        for shop in self.shops.values():
            shop.till.close()
        self.crew.stop()

    def _open_shop(self, code: str) -> Shop:
        folder = self.crew.folder / f"store-{code}"
        paper = folder / "paper"
        paper.mkdir(parents=True)
        address = urlsplit(self.centre.url).netloc
        line = self.crew.start(f"line-{code}", [*module("demo.proxy"), address])
        simulate = [*kopilka(), "devices", "simulate", "--out", str(paper)]
        devices = self.crew.start(f"counter-{code}", simulate)
        one_time_code = self.crew.run(
            f"central-enrol-code-{code}",
            central(self.centre.folder, "enrol-code", "--store", code),
        ).strip()
        wire = Wire(**self.crew.first_line(line))
        told = self.crew.first_line(devices)
        counter = Counter(told["printer"], told["scanner"], told["control"])
        config = folder / "agent.toml"
        config.write_text(
            _AGENT_TOML.format(
                data=folder / "data",
                wire=wire.listen,
                printer=counter.printer,
                scanner=counter.scanner,
            )
        )
        enrol = [*kopilka(), "agent", "--config", str(config), "enrol", "--code", one_time_code]
        self.crew.run(f"agent-enrol-{code}", enrol)
        agent, url = self._start_agent(code, 0)
        till = Till(url, self.patience.clock, self.chance)
        return Shop(code, folder, wire, counter, agent, till)

    def _start_agent(self, code: str, port: int) -> tuple[Process, str]:
        folder = self.crew.folder / f"store-{code}"
        ready = folder / "ready.json"
        ready.unlink(missing_ok=True)
        agent = [*self.launch.agent, "agent", "--config", str(folder / "agent.toml")]
        command = [*agent, "run", "--ready-file", str(ready), "--port", str(port)]
        process = self.crew.start(f"agent-{code}", command)
        return process, str(self.crew.ready_file(process, ready)["url"])


def open_centre(crew: Crew, launch: Launch) -> Centre:
    """Prepare a centre on a database of its own and serve it on a free port."""
    folder = crew.folder / "centre"
    folder.mkdir(parents=True)
    (folder / "centre.toml").write_text(_CENTRE_TOML.format(data=folder / "data"))
    crew.run("central-init", central(folder, "init"))
    ready = folder / "ready.json"
    serve = ["run", "--port", "0", "--ready-file", str(ready)]
    process = crew.start("centre", [*launch.centre, *central(folder, *serve)[1:]])
    return Centre(str(crew.ready_file(process, ready)["url"]), folder)


def central(folder: Path, *words: str) -> list[str]:
    """Return a command line of `kopilka central` on a centre's folder."""
    return [*kopilka(), "central", "--config", str(folder / "centre.toml"), *words]
