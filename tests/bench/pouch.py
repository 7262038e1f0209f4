"""PouchDB beside us: on leveldb, replicating with express-pouchdb, as processes of Node.

`make bench` installs it by its lock file where there is npm; without it the comparison is skipped.
"""

import json
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

PEERS = Path(__file__).parent / "peers"
HOW = "PouchDB 9.0.0 on leveldb, express-pouchdb 4.2.0 on express 4, batches of 1,000"
WAIT_S = 300.0


def demand(package: str) -> None:
    """Skip the test, and name the peer, where it is not installed."""
    if not (PEERS / "node_modules" / package).exists():
        pytest.skip(f"{package} is not installed: skipped (make bench installs it by npm)")


def run(script: str, *words: str) -> Any:
    """Run a script of the peers; return what it tells."""
    command = [_node(), str(PEERS / script), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=WAIT_S, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@contextmanager
def serving(folder: Path, documents: Path | None = None) -> Iterator[str]:
    """Serve a database, with documents in it from the beginning; yield its address."""
    folder.mkdir()
    words = ["serve", str(folder), *([] if documents is None else [str(documents)])]
    command = [_node(), str(PEERS / "pouch.mjs"), *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


def write_documents(file: Path, documents: Iterable[dict[str, Any]]) -> Path:
    """Write documents, one a line; return the file."""
    with file.open("w") as lines:
        for document in documents:
            lines.write(json.dumps(document, ensure_ascii=False) + "\n")
    return file


def _node() -> str:
    found = shutil.which("node")
    assert found is not None
    return found
