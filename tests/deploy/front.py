"""A centre of several real processes behind a real HAProxy with TLS, and stores behind that."""

import random
import signal
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import httpx
from sqlalchemy import Engine, select

from central.ingest.store import InboxTable
from central.schema import table_of
from demo.stage.patience import Patience
from demo.stage.processes import Crew, Process, kopilka
from demo.stage.till import Json, Till, TillRefusedError
from shared.clock import SystemClock
from shared.runtime.sqlite import reading
from tests.authority import Authority
from tests.deploy.kit import DEPLOY, tool

HOST = "127.0.0.1"
PROCESSES = 2
WAIT_S = 30.0
PAUSE_S = 0.05
SKU = "CHEESE"
PIECE = 1000

_CENTRE_TOML = """\
data_dir = "{data}"
database_url = "{url}"
tail_keep_alive_s = 1
log_level = "{level}"
locale = "en"
"""
_AGENT_TOML = """\
data_dir = "{folder}/data"
journal_mirror = "{folder}/mirror"
centre_url = "{url}"
centre_ca = "{authority}"
request_timeout_s = 3
tail_silence_max_s = 3
retry_max_s = 1
log_level = "{level}"
"""


def free_port() -> int:
    """Return a port that nobody listens on at present."""
    with closing(socket.create_server((HOST, 0))) as listener:
        port: int = listener.getsockname()[1]
    return port


class Shop:
    """A store's agent, and a till that sells to one member."""

    def __init__(self, code: str, folder: Path, till: Till) -> None:
        self.code = code
        self.folder = folder
        self.till = till
        self.agent: Process | None = None
        self.sold: list[Json] = []
        """What the till was told of each sale."""
        self.refused: Counter[str] = Counter()
        self.member: Json = {}
        self.card = ""

    def register(self, name: str, phone: str) -> None:
        """Register whom it sells to."""
        body = {"name": name, "phone": phone, "consent": "v1"}
        self.card = str(self.till.post("/v1/members", body)["card"])
        (found,) = self.till.find(self.card)
        self.member = found["ref"]

    def sell(self) -> None:
        """Sell a piece to the member; what is refused before payment is counted and left."""
        uid = str(self.till.uid())
        receipt = {
            "uid": uid,
            "member": self.member,
            "lines": [{"no": 1, "sku": SKU, "quantity": PIECE}],
            "redeem": {"mode": "maximum"},
        }
        try:
            priced = self.till.ask("/v1/quotes", receipt)
            paid = {"kind": "cash", "amount_minor": priced["totals"]["payable_minor"]}
            body = {"receipt": receipt, "digest": priced["digest"], "fiscal_number": "1"}
            self.sold.append(
                self.till.post(f"/v1/receipts/{uid}/commit", {**body, "tenders": [paid]})
            )
        except TillRefusedError as refused:
            self.refused[refused.refusal] += 1

    def sell_until(self, stop: threading.Event) -> None:
        """Sell again and again."""
        while not stop.is_set():
            self.sell()
            self.till.clock.wait(stop, PAUSE_S)


class Front:
    """The processes of a centre, the proxy before them, and the agents of stores behind it."""

    def __init__(self, folder: Path, data: Path, database_url: str, level: str = "INFO") -> None:
        self.clock = SystemClock()
        self.patience = Patience(self.clock)
        self.crew = Crew(folder, self.patience)
        self.authority = Authority(folder)
        self.ports = [free_port() for _ in range(PROCESSES)]
        self.processes: dict[int, Process] = {}
        self.shops: list[Shop] = []
        self.url = ""
        self.console_url = ""
        self.database_url = database_url
        self.agent_command: Sequence[str] = kopilka()
        """Of the version that stores run."""
        self.settings = folder / "central.toml"
        text = _CENTRE_TOML.format(data=data, url=database_url, level=level)
        self.settings.write_text(text)
        self._folder = folder
        self._level = level
        self._trusting = ssl.create_default_context(cafile=self.authority.file)

    def start(self, *numbers: int, command: Sequence[str] = ()) -> None:
        """Start processes of the centre, by another version's command if one is given."""
        for number in numbers:
            ready = self._ready(number)
            ready.unlink(missing_ok=True)
            places = ["run", "--port", str(self.ports[number]), "--ready-file", str(ready)]
            words = [*(command or kopilka()), "central", "--config", str(self.settings), *places]
            self.processes[number] = self.crew.start(f"central-{number}", words)
        for number in numbers:
            self.crew.ready_file(self.processes[number], self._ready(number))

    def stop_agent(self, shop: Shop) -> None:
        """End a store's agent as a power cut does."""
        assert shop.agent is not None
        self.crew.kill(shop.agent)
        shop.agent = None

    def kill(self, number: int) -> None:
        """End a process of the centre as a power cut does."""
        self.crew.kill(self.processes.pop(number))

    def end(self, number: int) -> None:
        """End a process of the centre as systemd does, and wait until it has gone."""
        process = self.processes.pop(number)
        process.running.send_signal(signal.SIGTERM)
        process.running.wait(WAIT_S)
        self.crew.members.remove(process)

    def open_proxy(self) -> None:
        """Start HAProxy by the configuration that is shipped, and wait until it passes on."""
        port, console_port = free_port(), free_port()
        self.url = f"https://{HOST}:{port}"
        self.console_url = f"https://{HOST}:{console_port}"
        variables = {
            "KOPILKA_BIND": f"{HOST}:{port}",
            "KOPILKA_CONSOLE_BIND": f"{HOST}:{console_port}",
            "KOPILKA_CONSOLE_ALLOW": str(DEPLOY / "haproxy/console.allow"),
            "KOPILKA_CERTIFICATE": str(self.authority.issue(HOST)),
            **{f"KOPILKA_CENTRAL_{no + 1}": f"{HOST}:{at}" for no, at in enumerate(self.ports)},
        }
        words = ["env", *(f"{name}={word}" for name, word in variables.items())]
        config = str(DEPLOY / "haproxy/haproxy.cfg")
        self.crew.start("haproxy", [*words, tool("haproxy"), "-db", "-f", config])
        self.patience.until("the proxy passes on", lambda: self.passes_on() or None)

    def passes_on(self) -> bool:
        """Tell whether a request for nothing is answered by a process of the centre."""
        try:
            return str(self.ask("/v1/nothing").json()["code"]) == "no_such_route"
        except httpx.TransportError:
            return False

    def ask(self, target: str) -> httpx.Response:
        """Ask through the proxy."""
        return httpx.get(self.url + target, verify=self._trusting, trust_env=False, timeout=5)

    def people(self) -> httpx.Client:
        """Return what somebody's browser is at the console, through the proxy."""
        return httpx.Client(
            base_url=self.console_url, verify=self._trusting, trust_env=False, timeout=5
        )

    def open_shop(self, code: str, one_time_code: str) -> Shop:
        """Enrol the agent of a store through the proxy, by the command line, and start it."""
        folder = self._folder / f"store-{code}"
        folder.mkdir()
        text = _AGENT_TOML.format(
            folder=folder, url=self.url, authority=self.authority.file, level=self._level
        )
        (folder / "agent.toml").write_text(text)
        self.agent(code, "enrol", "--code", one_time_code)
        url = f"http://{HOST}:{free_port()}"
        shop = Shop(code, folder, Till(url, self.clock, random.Random(code)))
        self.shops.append(shop)
        self.start_agent(shop)
        self.patience.until(f"{code} has the rules", lambda: shop.till.status()["pack"])
        return shop

    def agent(self, code: str, command: str, *words: str) -> str:
        """Run a command of a store's agent to its end; return what it printed."""
        config = str(self._folder / f"store-{code}" / "agent.toml")
        full = [*self.agent_command, "agent", "--config", config, command, *words]
        return self.crew.run(f"agent-{command}-{code}", full)

    def start_agent(self, shop: Shop) -> None:
        """Start a store's agent where its till expects it, and wait until it listens."""
        ready = shop.folder / "agent.ready"
        ready.unlink(missing_ok=True)
        config, port = str(shop.folder / "agent.toml"), str(urlsplit(shop.till.url).port)
        places = ["--port", port, "--ready-file", str(ready)]
        words = [*self.agent_command, "agent", "--config", config, "run", *places]
        shop.agent = self.crew.start(f"agent-{shop.code}", words)
        self.crew.ready_file(shop.agent, ready)

    def central(self, *words: str, command: Sequence[str] = ()) -> str:
        """Run a command of the centre to its end, another version's if one is given; return what it
        printed."""
        full = [*(command or kopilka()), "central", "--config", str(self.settings), *words]
        return self.crew.run(f"central-{words[0]}", full)

    def drain(self, seconds: float = WAIT_S) -> float:
        """Wait until the centre has answered every fact; return how long it took."""
        began = self.clock.monotonic()
        for shop in self.shops:
            self.patience.until(
                f"all of {shop.code} is answered",
                lambda till=shop.till: not till.status()["queue_depth"],  # type: ignore[misc]
                seconds,
            )
        return self.clock.monotonic() - began

    def close(self) -> None:
        """End everything."""
        for shop in self.shops:
            shop.till.close()
        self.crew.stop()

    def _ready(self, number: int) -> Path:
        return self._folder / f"central-{number}.ready"


def arrived(engine: Engine, shops: Sequence[Shop]) -> dict[str, int]:
    """Count by outcome the facts that tills were told of; `lost` and `twice` are what must not be.

    A fact that is there once under each outcome is there once.
    """
    inbox = table_of(InboxTable)
    with reading(engine) as connection:
        rows = connection.execute(select(inbox.c.id, inbox.c.outcome)).all()
    times = Counter(row.id for row in rows)
    outcomes = {row.id: row.outcome for row in rows}
    told = [UUID(sale["fact"]) for shop in shops for sale in shop.sold]
    found = Counter(outcomes.get(fact, "lost") for fact in told)
    found["twice"] = sum(times[fact] > 1 for fact in told)
    return {outcome: count for outcome, count in found.items() if count}
