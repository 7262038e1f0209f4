"""What synchronisation is measured beside, each in processes of its own with one set of jobs.

A peer's script knows `serve FOLDER [DOCS]`, and of `pull URL FOLDER` and `push URL FOLDER DOCS`
what it is measured at. `make bench` installs them by the lock files of `tests/bench/peers`; one
that is not there is named and skipped.
"""

import json
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PEERS = Path(__file__).parent / "peers"
PYTHON = PEERS / ".venv/bin/python"
WAIT_S = 300.0


@dataclass(frozen=True, slots=True)
class Peer:
    """A peer: its name in the results, what it needs to be there, and how it was set up."""

    name: str
    needs: Path
    script: tuple[str, ...]
    """The script, and words that stand before the job."""
    how: str

    @property
    def is_there(self) -> bool:
        """Tell whether it is installed, with what runs it."""
        return self.needs.exists() and (self._is_python or shutil.which("node") is not None)

    def demand(self) -> None:
        """Skip the test, and name the peer, where it is not installed."""
        if not self.is_there:
            pytest.skip(f"{self.name} is not installed: skipped (make bench installs it)")

    def run(self, *words: str) -> Any:
        """Do a job; return what it tells."""
        command = self._command(*words)
        done = subprocess.run(command, capture_output=True, text=True, timeout=WAIT_S, check=False)  # noqa: S603
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    @contextmanager
    def serving(self, folder: Path, documents: Path | None = None) -> Iterator[str]:
        """Serve a database, with documents in it from the beginning; yield its address."""
        folder.mkdir()
        command = self._command("serve", str(folder), *([str(documents)] if documents else []))
        with (
            (folder / "errors.txt").open("w") as errors,
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as process,  # noqa: S603
        ):
            assert process.stdout is not None
            try:
                yield f"http://127.0.0.1:{int(process.stdout.readline())}"
            finally:
                process.kill()

    @property
    def _is_python(self) -> bool:
        return self.script[0].endswith(".py")

    def _command(self, *words: str) -> list[str]:
        with_what = str(PYTHON) if self._is_python else shutil.which("node")
        assert with_what is not None
        return [with_what, str(PEERS / self.script[0]), *self.script[1:], *words]


def _of_node(package: str) -> Path:
    return PEERS / "node_modules" / package


POUCH = Peer(
    "PouchDB",
    _of_node("pouchdb"),
    ("pouch.mjs",),
    "PouchDB 9.0.0 on leveldb, express-pouchdb 4.2.0 on express 4, batches of 1,000",
)
RXDB = Peer(
    "RxDB memory",
    _of_node("rxdb"),
    ("rxdb.mjs",),
    "RxDB 17.6.0, memory storage on both sides and nothing durable, its replication protocol over "
    "HTTP, its own handler behind express 4, batches of 5,000",
)
MORANGO = Peer(
    "morango",
    PYTHON.with_name("cheroot"),
    ("morango_on_sqlite.py",),
    "morango 0.8.15 on SQLite with Kolibri's pragmas (WAL, synchronous NORMAL) behind cheroot, "
    "chunks of 500 as it chooses, serialising and deserialising included",
)
_JETSTREAM = (
    "NATS 2.15.1 JetStream on file, sync_interval always, stores bytes and knows their ids, "
    "nats-py 2.16.0"
)
JETSTREAM = Peer(
    "JetStream with `sync always`",
    PYTHON.with_name("nats-server"),
    ("jetstream.py", "one"),
    f"{_JETSTREAM}, 4,000 messages under way",
)
JETSTREAM_BATCHES = Peer(
    "JetStream with `sync always`, atomic batches",
    PYTHON.with_name("nats-server"),
    ("jetstream.py", "batches"),
    f"{_JETSTREAM}, a thousand messages stored together or not at all",
)
SPENDING_POUCH = Peer("pouch", _of_node("pouchdb"), ("spend.mjs",), "PouchDB 9.0.0")
SPENDING_CRSQLITE = Peer(
    "crsqlite", _of_node("@vlcn.io/crsqlite-wasm"), ("spend.mjs",), "cr-sqlite 0.16.0"
)


def write_documents(file: Path, documents: Iterable[dict[str, Any]]) -> Path:
    """Write documents, one a line; return the file."""
    with file.open("w") as lines:
        for document in documents:
            lines.write(json.dumps(document, ensure_ascii=False) + "\n")
    return file
