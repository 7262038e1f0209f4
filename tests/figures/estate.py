"""A real centre with members by the million, a line that counts bytes, and real agents."""

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx

from agent import identity
from agent.vault import vault_of
from central.centre import Centre
from central.members.imports import COLUMNS, Row, import_lots
from central.opening import on_this_machine, open_centre
from central.packs import keyring
from central.settings import Settings
from demo.proxy import HOST
from demo.stage.control import Wire, command
from demo.stage.patience import Patience
from demo.stage.processes import Crew, kopilka, module
from shared.clock import SystemClock
from shared.ids import card_number
from tests.central.journal_builder import make_journal
from tests.figures import mass
from tests.figures.book import Book, Json
from tests.figures.mass import Mass, stores_for
from tests.processes.estate import Server, enrol, found

ONE, OTHER = "101", "102"
"""The stores whose agents are real."""
REGULARS = 1_000
"""Members who are registered: they shop at the first store."""
REGULAR_POINTS = "900.00"
CARD_BLOCK = 9_999
PUSH_AT_ONCE = 200
WAIT_S = 4 * 3600.0
CLOCK = SystemClock()
PATIENCE = Patience(CLOCK)
UNHURRIED = Patience(CLOCK, every_s=0.25)
"""For what takes minutes: a look costs the agent that is measured a request."""
_AGENT_TOML = 'data_dir = "{data}"\ncentre_url = "http://{line}"\nlog_level = "WARNING"\n'


class Agent(Server):
    """A store's agent as a process of its own."""

    def __init__(self, crew: Crew, code: str, data: Path, line: str) -> None:
        self.data = data
        config = crew.folder / f"agent-{code}.toml"
        config.write_text(_AGENT_TOML.format(data=data, line=line))
        command = [*kopilka(), "agent", "--config", str(config), "run"]
        super().__init__(crew, f"agent-{code}", command)

    def is_at(self, numbers: dict[str, int]) -> bool | None:
        """Tell whether it shows these streams up to these numbers."""
        try:
            streams = self.status()["streams"]
        except httpx.HTTPError:
            return None
        return all(streams.get(name, 0) >= number for name, number in numbers.items()) or None

    def has_sent(self) -> bool | None:
        """Tell whether every fact has the centre's word."""
        try:
            return self.status()["queue_depth"] == 0 or None
        except httpx.HTTPError:
            return None


@dataclass(slots=True)
class Served:
    """A centre that serves, behind a line that counts."""

    crew: Crew
    centre: Server
    wire: Wire
    agents: list[Agent] = field(default_factory=list)

    def down_bytes(self) -> int:
        """Return what has come down the line since it was laid."""
        told: Any = command(self.wire.control, "status")
        return int(told["down_bytes"])

    def agent(self, code: str, data: Path) -> Agent:
        """Return a store's agent behind the line, not started."""
        made = Agent(self.crew, code, data, self.wire.listen)
        self.agents.append(made)
        return made

    def rss_mb(self) -> float:
        """Return the most memory that the centre's process has held."""
        return peak_mb(self.centre._running().pid)


@dataclass(slots=True)
class Estate:
    """The centre's database and the agents' folders; `operator` works on the database itself."""

    folder: Path
    operator: Centre
    members: int

    def data(self, code: str) -> Path:
        """Return the folder of a store's agent."""
        return self.folder / f"store-{code}"

    @contextmanager
    def served(self) -> Iterator[Served]:
        """Serve the centre by a process of its own, behind a line."""
        crew = Crew(self.folder, PATIENCE)
        data = self.operator.settings.data_dir
        run = [*kopilka(), "central", "--data-dir", str(data), "run"]
        centre = Server(crew, "centre", run)
        servers: list[Agent] = []
        try:
            centre.start()
            address = f"{HOST}:{urlsplit(centre.url).port}"
            (self.folder / "logs/line.log").unlink(missing_ok=True)
            line = crew.first_line(crew.start("line", [*module("demo.proxy"), address]))
            yield Served(crew, centre, Wire(line["listen"], line["control"]), servers)
        finally:
            crew.stop()
            for server in (centre, *servers):
                server.forget()

    def close(self) -> None:
        """Close the database."""
        self.operator.engine.dispose()


def open_estate(folder: Path, members: int) -> Estate:
    """Open an estate with so many members, and build what is missing of it."""
    book = Book.open(folder / "estate.json")
    data = folder / "centre"
    if "founded" not in book.pieces:
        folder.mkdir(parents=True, exist_ok=True)
        codes = [str(101 + no) for no in range(stores_for(members))]
        estate = Estate(folder, found(data, "", codes), members)
        book.put("founded", {"members": members, "cards": _open_stores(estate)})
    else:
        estate = Estate(folder, open_centre(Settings(data_dir=data), *on_this_machine()), members)
    assert book.pieces["founded"]["members"] == members, "another estate lives here"
    if "built" not in book.pieces:
        mass.count(estate.operator)
        start = CLOCK.monotonic()
        mass.build(estate.operator, mass_of(estate), lambda _chunks: None)
        tell_agents_again(estate)
        book.put("built", {"seconds": CLOCK.monotonic() - start})
    return estate


def tell_agents_again(estate: Estate) -> None:
    """Let the centre tell of its agents now: it does so when it keeps no changes of them."""
    keyring.publish(estate.operator, CLOCK.now())
    mass.count(estate.operator)


def mass_of(estate: Estate) -> Mass:
    """Return who the members are."""
    codes = tuple(str(101 + no) for no in range(stores_for(estate.members)))
    agents = {code: _agent(estate.data(code)) for code in (ONE, OTHER)}
    return Mass(estate.members, codes, agents)


def _agent(data: Path) -> UUID:
    return identity.load(data, vault_of(data, None, random.SystemRandom())).agent


def cards_of(estate: Estate) -> list[str]:
    """Return the cards of the members who are registered and shop at the first store."""
    told: Json = Book.open(estate.folder / "estate.json").pieces["founded"]
    return list(told["cards"])


def peak_mb(pid: int) -> float:
    """Return the most memory that a process has held."""
    return _memory(pid, "VmHWM")


def rss_mb(pid: int) -> float:
    """Return the memory that a process holds."""
    return _memory(pid, "VmRSS")


def _memory(pid: int, name: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _open_stores(estate: Estate) -> list[str]:
    """Register who shops at the first store, enrol two real agents, lease points to the first."""
    centre = estate.operator
    journal = make_journal(centre, CLOCK, ONE)  # type: ignore[arg-type]
    cards = []
    for number in range(min(REGULARS, estate.members)):
        card = card_number(centre.settings.card_prefix, CARD_BLOCK, number)
        journal.register(f"Анна{number} Петрова", f"+7916{number:07}", card)
        cards.append(card)
    for first in range(1, len(cards) + 1, PUSH_AT_ONCE):
        journal.push(first, first + PUSH_AT_ONCE - 1)
    with estate.served() as served:
        for code in (ONE, OTHER):
            data = estate.data(code)
            data.mkdir()
            enrol(centre, served.centre.url, code, data)
    rows = [
        Row(no, dict(zip(COLUMNS, (card, REGULAR_POINTS, "bonus", ""), strict=True)))
        for no, card in enumerate(cards, 1)
    ]
    assert not import_lots(centre, rows, CLOCK.now()).faults
    return cards


def load() -> str:
    """Say how busy the machine is."""
    return f"{os.getloadavg()[0]:.1f}"
