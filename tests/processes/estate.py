"""A centre and store agents as real processes, which can be killed, stopped and started again."""

import random
import signal
import subprocess
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from agent import http_link as links
from agent import identity
from agent.vault import vault_of
from central.centre import Centre
from central.estate.service import How, import_goods, import_stores, issue_enrol_code
from central.opening import initialise, on_this_machine
from central.packs.service import publish
from central.settings import Settings
from demo.proxy import HOST
from demo.stage.estate import Launch
from demo.stage.patience import Patience
from demo.stage.processes import Crew, Json, Process
from shared.clock import SystemClock
from shared.crypto.keys import SEED_BYTES, KeyPair
from shared.wire.agents import EnrolRequest
from tests.databases import copied
from tests.processes.plan import Options
from tests.processes.rim import Rim, Tray
from tests.simulation.centre import STORE_COLUMNS
from tests.simulation.programmes import SHELVES, Programme, goods_of
from tests.simulation.told import ViolationError

ZONE = "Europe/Moscow"
END_S_MAX = 15.0
CALL_S = 5.0
AT_ONCE = 2
"""Starts at a time: they cost a core each."""

# Waits that suit a line within one machine; everything else is as shipped.
_CENTRE_TOML = """\
data_dir = "{data}"
database_url = "{url}"
tail_keep_alive_s = 1
"""
_AGENT_TOML = """\
data_dir = "{data}"
centre_url = "http://{host}:{line}"
printer = "tcp://{host}:{printer}?profile=TM-T20III"
request_timeout_s = 2
tail_silence_max_s = 3
retry_max_s = 1
"""


class Server:
    """A process that serves; each life of it listens on a port of its own."""

    def __init__(self, crew: Crew, name: str, command: Sequence[str]) -> None:
        self.blows = threading.Lock()
        """Held by whoever hurts it."""
        self.url = ""
        self.up_since: float | None = None
        """Since when it can answer; None while it is down or stopped."""
        self.name = name
        self._crew = crew
        self._command = command
        self._ready = crew.folder / f"{name}.ready"
        self._process: Process | None = None
        self._client = plain_client(CALL_S)

    @property
    def pid(self) -> int:
        """Return its process id."""
        return self._running().pid

    def status(self) -> Json:
        """Ask it how it is."""
        answer = self._client.get(f"{self.url}/v1/status")
        answer.raise_for_status()
        told: Json = answer.json()
        return told

    def launch(self) -> None:
        """Start it, and do not wait."""
        self._ready.unlink(missing_ok=True)
        places = ["--port", "0", "--ready-file", str(self._ready)]
        self._process = self._crew.start(self.name, [*self._command, *places])

    def start(self) -> None:
        """Start it and wait until it listens."""
        self.launch()
        self.url = str(self._crew.ready_file(self._running(), self._ready)["url"])
        self.up_since = self._crew.patience.clock.monotonic()

    def kill(self) -> None:
        """End it as a power cut does."""
        self.up_since = None
        self._crew.kill(self._running())

    def end(self) -> None:
        """Ask it to end; raises ViolationError if it does not."""
        self.up_since = None
        process = self._running()
        process.running.terminate()
        try:
            process.running.wait(END_S_MAX)
        except subprocess.TimeoutExpired as late:
            raise ViolationError("stop", f"{self.name} ignores SIGTERM") from late
        self._crew.members.remove(process)

    def forget(self) -> None:
        """Close what was open to it."""
        self._client.close()

    def freeze(self) -> None:
        """Stop it where it stands."""
        self.up_since = None
        self._running().running.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._running().running.send_signal(signal.SIGCONT)
        self.up_since = self._crew.patience.clock.monotonic()

    def _running(self) -> Process:
        assert self._process is not None
        return self._process


class Shop:
    """A store: its agent, its line and its papers."""

    def __init__(self, code: str, data: Path, agent: Server, tray: Tray) -> None:
        self.code = code
        self.data = data
        self.agent = agent
        self.tray = tray
        self.line_blows = threading.Lock()


class Estate:
    """Everything that runs; `close` ends it. `operator` works on the centre's database beside it.

    What it takes to set up is done by the product itself, and judged by nobody.
    """

    def __init__(self, folder: Path, options: Options, launch: Launch) -> None:
        self.folder = folder
        self.clock = SystemClock()
        self.rim = Rim(options.codes, options.seed)
        self.crew = Crew(folder, Patience(self.clock))
        data = folder / "centre"
        text = _CENTRE_TOML.format(data=data, url=options.database_url)
        config = _config(folder / "centre.toml", text)
        self.database = data / "central.db"
        """The centre's database, or what `look` has copied of it."""
        self.operator = found(data, options.database_url, options.codes)
        run = [*launch.centre, "central", "--config", str(config), "run"]
        self.centre = Server(self.crew, "centre", run)
        self.shops: list[Shop] = []
        self._launch = launch
        self._codes = options.codes

    def open(self) -> None:
        """Start everything."""
        self.rim.start()
        self.centre.start()
        self.aim()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            self.shops += pool.map(self._open_shop, self._codes)

    def look(self) -> None:
        """Copy the centre's database into the file that is judged, if it is on a server."""
        if self.operator.engine.dialect.name != "sqlite":
            copied(self.operator.engine, self.database)

    def aim(self) -> None:
        """Let the lines lead to where the centre listens now."""
        port = urlsplit(self.centre.url).port
        assert port is not None
        self.rim.aim(port)

    def close(self) -> None:
        """End every process, also stopped ones, and every line."""
        for process in list(self.crew.members):
            process.running.send_signal(signal.SIGCONT)
        self.crew.stop()
        for server in (self.centre, *(shop.agent for shop in self.shops)):
            server.forget()
        self.rim.close()
        self.operator.engine.dispose()

    def _open_shop(self, code: str) -> Shop:
        data = self.folder / f"store-{code}"
        data.mkdir()
        enrol(self.operator, self.centre.url, code, data)
        text = _AGENT_TOML.format(
            data=data, host=HOST, line=self.rim.ports[code], printer=self.rim.printers[code]
        )
        config = _config(self.folder / f"agent-{code}.toml", text)
        command = [*self._launch.agent, "agent", "--config", str(config), "run"]
        agent = Server(self.crew, f"agent-{code}", command)
        agent.start()
        return Shop(code, data, agent, self.rim.trays[code])


def enrol(operator: Centre, url: str, code: str, data: Path) -> None:
    """Enrol an agent of a store into an empty folder."""
    chance = random.SystemRandom()
    keys = KeyPair.from_seed(chance.randbytes(SEED_BYTES))
    request = EnrolRequest(
        issue_enrol_code(operator, code), keys.public, _VERSION, keys.wrapping_key
    )
    nonce = f"{chance.getrandbits(64):x}"
    with plain_client(CALL_S, url) as client:
        answer = links.enrol(client, request, keys, operator.clock.now(), nonce)
    identity.save(data, identity.enrolled(keys, answer, vault_of(data, None, chance)))


def plain_client(timeout_s: float, url: str = "") -> httpx.Client:
    """Return a client without certificates, which take longer to read than an exchange."""
    return httpx.Client(base_url=url, timeout=timeout_s, trust_env=False, verify=False)  # noqa: S501


def found(data: Path, database_url: str, codes: list[str]) -> Centre:
    """Make the centre's database, with stores, goods and a pack."""
    settings = Settings(data_dir=data, database_url=database_url)
    operator = initialise(settings, *on_this_machine())
    region = SHELVES[Programme.WINE].region
    rows = [
        f"{code},Магазин {code},Главная ул.,{region},{ZONE},ООО «Вино»,7701234567,1;2;3"
        for code in codes
    ]
    import_stores(operator, "\n".join([STORE_COLUMNS, *rows, ""]).encode(), How.APPLY)
    import_goods(operator, goods_of(Programme.WINE).encode(), How.APPLY)
    publish(operator, files("shared.rules").joinpath("examples/wine.yaml").read_text("utf-8"))
    return operator


def _config(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


_VERSION = version("kopilka")
