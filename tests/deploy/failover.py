"""The primary of PostgreSQL dies under load: three machines under Patroni, stood for by processes.

    make failover FAILOVER="--sales 100 --kills 2"

Patroni reads `deploy/patroni/patroni.yml` as it is shipped, HAProxy `deploy/haproxy/postgres.cfg`;
two processes of the centre stand behind both, and two stores sell all the while. Each time the
primary's processes are killed (SIGKILL); the machine comes back as a standby before the next.
"""

import argparse
import os
import secrets
import shutil
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg

from central.estate.service import issue_enrol_code
from demo.stage.patience import Patience
from demo.stage.processes import Crew, Process
from shared.clock import Clock, SystemClock
from tests.deploy.front import HOST, Front, arrived, free_port
from tests.deploy.kit import DEPLOY, folder_of, tool
from tests.deploy.load import books_are_right, selling, wait_for_sales
from tests.postgres import UNPRIVILEGED, find_binaries
from tests.processes.estate import found
from tests.quiet import quiet

ROOT = Path(__file__).parents[2]
UV = ROOT / ".tools/bin/uv"
PYTHON = "/usr/bin/python3"
"""One that every user may run."""
PACKAGES = ("patroni[etcd3]==4.1.5", "psycopg[binary]")
TOOLS = (
    "pg_basebackup",
    "pg_controldata",
    "pg_ctl",
    "pg_isready",
    "pg_rewind",
    "pg_waldump",
    "psql",
)
"""That Patroni calls."""
MACHINES = 3
CODES = ("101", "102")
FORM_S_MAX = 120.0
FAILOVER_S_MAX = 90.0
LOOK_S = 0.1


@dataclass(slots=True)
class Machine:
    """What stands for a machine: Patroni, its PostgreSQL, and where they listen."""

    name: str
    data: Path
    port: int
    rest: int
    patroni: Process | None = None

    def role(self) -> str:
        """Return what its Patroni says that it is; empty while it says nothing."""
        try:
            answer = httpx.get(f"http://{HOST}:{self.rest}/patroni", timeout=2, trust_env=False)
            return str(answer.json()["role"]) if answer.status_code == 200 else ""
        except (httpx.TransportError, ValueError, KeyError):
            return ""

    def follows(self, how: str = "replica") -> bool:
        """Tell whether it is a standby that has what the primary writes, also a `synchronous` one,
        for whose copy every commit waits."""
        try:
            url = f"http://{HOST}:{self.rest}/{how}"
            return httpx.get(url, timeout=2, trust_env=False).status_code == 200
        except httpx.TransportError:
            return False


class Cluster:
    """Three machines, the store of who leads them, and HAProxy that leads to the primary."""

    def __init__(self, folder: Path, crew: Crew) -> None:
        self.port = free_port()
        self.machines = [
            Machine(f"pg{no}", folder / f"pg{no}", free_port(), free_port())
            for no in range(1, MACHINES + 1)
        ]
        self._folder = folder
        self.crew = crew
        self._etcd = free_port()
        self._user = UNPRIVILEGED if os.geteuid() == 0 else None
        self._bin = find_binaries(folder if self._user else None, TOOLS)
        self._words = {
            name: secrets.token_hex(8) for name in ("SUPERUSER", "REPLICATION", "REWIND")
        }
        self._password = secrets.token_hex(8)
        environment = folder / "patroni"
        _run([str(UV), "venv", "--quiet", "--python", PYTHON, str(environment)])
        python = str(environment / "bin/python")
        _run([str(UV), "pip", "install", "--quiet", "--python", python, *PACKAGES])
        self._patroni = str(environment / "bin/patroni")
        if self._user:
            shutil.chown(folder, self._user)

    @property
    def url(self) -> str:
        """The address by which the centre reaches the primary."""
        return f"postgresql+psycopg://kopilka:{self._password}@{HOST}:{self.port}/kopilka"

    def start(self) -> None:
        """Start all, and make the centre's database on the first primary."""
        self._start_etcd()
        for machine in self.machines:
            self.start_machine(machine)
        self.crew.patience.until("a primary and a synchronous standby", self.is_whole, FORM_S_MAX)
        self._start_proxy()
        place = f"host={HOST} user=postgres password={self._words['SUPERUSER']} dbname=postgres"
        primary = self.primary()
        assert primary is not None
        with psycopg.connect(f"{place} port={primary.port}", autocommit=True) as connection:
            connection.execute(f"CREATE ROLE kopilka LOGIN PASSWORD '{self._password}'".encode())
            connection.execute("CREATE DATABASE kopilka OWNER kopilka")

    def start_machine(self, machine: Machine) -> None:
        """Start a machine's Patroni; it makes or finds the machine's part of the cluster."""
        variables = {
            "PATRONI_NAME": machine.name,
            "PATRONI_ETCD3_HOSTS": f"{HOST}:{self._etcd}",
            "PATRONI_RESTAPI_LISTEN": f"{HOST}:{machine.rest}",
            "PATRONI_RESTAPI_CONNECT_ADDRESS": f"{HOST}:{machine.rest}",
            "PATRONI_POSTGRESQL_LISTEN": f"{HOST}:{machine.port}",
            "PATRONI_POSTGRESQL_CONNECT_ADDRESS": f"{HOST}:{machine.port}",
            "PATRONI_POSTGRESQL_DATA_DIR": str(machine.data),
            "PATRONI_POSTGRESQL_BIN_DIR": str(self._bin),
            "PATRONI_POSTGRESQL_PGPASS": str(self._folder / f"{machine.name}.pgpass"),
            **{f"PATRONI_{name}_PASSWORD": word for name, word in self._words.items()},
        }
        config = self._folder / "patroni.yml"
        shutil.copy(DEPLOY / "patroni/patroni.yml", config)
        words = [self._patroni, str(config)]
        machine.patroni = self.crew.start(machine.name, self._as_nobody(variables, words))

    def kill(self, machine: Machine) -> None:
        """End a machine's processes as a power cut does."""
        postmaster = int((machine.data / "postmaster.pid").read_text().split()[0])
        assert machine.patroni is not None
        self.crew.kill(machine.patroni)
        os.kill(postmaster, signal.SIGKILL)

    def primary(self) -> Machine | None:
        """Return the machine that leads at present."""
        return next((one for one in self.machines if one.role() == "primary"), None)

    def is_whole(self) -> bool | None:
        """Tell whether one machine leads and another one has every commit."""
        standby = any(one.follows("synchronous") for one in self.machines)
        return (standby and self.primary() is not None) or None

    def stop(self) -> None:
        """End what Patroni leaves running when it is ended."""
        for machine in self.machines:
            if machine.patroni is not None and machine.patroni.running.poll() is None:
                machine.patroni.running.terminate()
                machine.patroni.running.wait(FORM_S_MAX)

    def _start_etcd(self) -> None:
        client, peer = f"http://{HOST}:{self._etcd}", f"http://{HOST}:{free_port()}"
        words = [
            tool("etcd"),
            f"--data-dir={self._folder / 'etcd'}",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
        ]
        self.crew.start("etcd", self._as_nobody({}, words))

    def _start_proxy(self) -> None:
        variables = {"POSTGRES_BIND": f"{HOST}:{self.port}"}
        for no, machine in enumerate(self.machines, 1):
            variables |= {
                f"POSTGRES_{no}": f"{HOST}:{machine.port}",
                f"PATRONI_{no}": str(machine.rest),
            }
        words = [tool("haproxy"), "-db", "-f", str(DEPLOY / "haproxy/postgres.cfg")]
        self.crew.start("haproxy-postgres", ["env", *_assigned(variables), *words])

    def _as_nobody(self, variables: dict[str, str], words: Sequence[str]) -> list[str]:
        drop = ["setpriv", f"--reuid={self._user}", "--regid=nogroup", "--clear-groups", "--"]
        home = {"HOME": str(self._folder), **variables}
        return ["env", *_assigned(home), *(drop if self._user else []), *words]


class Watch(threading.Thread):
    """Looks ten times a second whether either process of the centre is ready."""

    def __init__(self, front: Front, clock: Clock) -> None:
        super().__init__(daemon=True)
        self.ended = threading.Event()
        self.longest_s = 0.0
        self._front, self._clock = front, clock

    def run(self) -> None:
        """Keep the longest time in which none was."""
        ready_s = self._clock.monotonic()
        while not self._clock.wait(self.ended, LOOK_S):
            if any(_is_ready(port) for port in self._front.ports):
                now_s = self._clock.monotonic()
                self.longest_s = max(self.longest_s, now_s - ready_s)
                ready_s = now_s


def fail_over(folder: Path, sales: int, kills: int) -> bool:
    """Do it; print what came of it, and tell whether all is well."""
    clock = SystemClock()
    crew = Crew(folder, Patience(clock))
    cluster = Cluster(folder, crew)
    front: Front | None = None
    try:
        cluster.start()
        data = folder / "centre"
        crew.patience.until("the way to the primary", lambda: _leads(cluster.url) or None)
        centre = found(data, cluster.url, list(CODES))
        front = Front(folder, data, cluster.url)
        front.start(0, 1)
        front.open_proxy()
        for code in CODES:
            shop = front.open_shop(code, issue_enrol_code(centre, code))
            shop.register(f"Покупатель {code}", f"+7916{int(code):07d}")
        with selling(front):
            wait_for_sales(front, sales)
            for _ in range(kills):
                _kill_once(cluster, front, clock)
                wait_for_sales(front, sales)
        drained_s = front.drain(FAILOVER_S_MAX)
        came, right = arrived(centre.engine, front.shops), books_are_right(centre)
        centre.engine.dispose()
    finally:
        if front is not None:
            front.close()
        cluster.stop()
        crew.stop()
    sold = sum(len(shop.sold) for shop in front.shops)
    refused = sum((shop.refused for shop in front.shops), Counter[str]())
    sys.stdout.write(
        f"{sold} sales told to tills; at the centre: {came}; refused: {dict(refused)}\n"
        f"the rest came within {drained_s:.1f} s; the ledger's laws hold: {right}\n"
    )
    return came == {"accepted": sold} and right and not refused


def _kill_once(cluster: Cluster, front: Front, clock: Clock) -> None:
    cluster.crew.patience.until("a whole cluster", cluster.is_whole, FORM_S_MAX)
    primary = cluster.primary()
    assert primary is not None
    watch = Watch(front, clock)
    watch.start()
    before, began_s = _sold(front), clock.monotonic()
    cluster.kill(primary)
    cluster.crew.patience.until(
        "another primary",
        lambda: ((led := cluster.primary()) and led is not primary) or None,
        FAILOVER_S_MAX,
    )
    led_s = clock.monotonic() - began_s
    front.patience.until("both are ready", lambda: _all_ready(front) or None, FAILOVER_S_MAX)
    ready_s, meanwhile = clock.monotonic() - began_s, _sold(front) - before
    watch.ended.set()
    watch.join()
    cluster.start_machine(primary)
    cluster.crew.patience.until(
        "the machine is back", lambda: primary.follows() or None, FORM_S_MAX
    )
    sys.stdout.write(
        f"{primary.name} killed: another primary after {led_s:.1f} s, the centre ready after "
        f"{ready_s:.1f} s (not ready for {watch.longest_s:.1f} s at most), "
        f"{meanwhile} sales meanwhile, {primary.name} back as a standby after "
        f"{clock.monotonic() - began_s:.1f} s\n"
    )
    sys.stdout.flush()


def _sold(front: Front) -> int:
    return sum(len(shop.sold) for shop in front.shops)


def _all_ready(front: Front) -> bool:
    return all(_is_ready(port) for port in front.ports)


def _is_ready(port: int) -> bool:
    try:
        url = f"http://{HOST}:{port}/readyz"
        return httpx.get(url, timeout=8, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def _leads(url: str) -> bool:
    """Tell whether HAProxy has looked at every machine: right after its start it has not."""
    return all(_answers(url) for _ in range(2 * MACHINES))


def _answers(url: str) -> bool:
    try:
        place = url.replace("+psycopg", "")
        with psycopg.connect(place, connect_timeout=2, target_session_attrs="read-write"):
            return True
    except psycopg.OperationalError:
        return False


def _assigned(variables: dict[str, str]) -> list[str]:
    return [f"{name}={word}" for name, word in variables.items()]


def _run(words: Sequence[str]) -> None:
    plain = {name: word for name, word in os.environ.items() if name != "VIRTUAL_ENV"}
    subprocess.run(words, check=True, env=plain)  # noqa: S603


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Kill the primary of PostgreSQL under load.")
    parser.add_argument("--sales", type=int, default=100, help="Of each store between two kills.")
    parser.add_argument("--kills", type=int, default=2)
    given = parser.parse_args()
    with folder_of("failover") as folder, quiet():
        sys.exit(not fail_over(folder, given.sales, given.kills))


if __name__ == "__main__":
    main()
