"""An update under load: a version of the past gives way to this one, process by process.

    make rolling REV=HEAD~20 ROLLING="--sales 200"

Two processes of the old version serve two stores on PostgreSQL behind HAProxy. `init` of this
version brings the schema forward beside them; one is replaced by this version, and both work
together; then the other one is; then an old one comes back, as when an update is taken back.
Tills sell all the while, at agents of the old version. At last one store's agent is replaced by one
of this version, on the files that the old one has left, and both stores sell again.
"""

import argparse
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from central.opening import on_this_machine, open_centre
from central.settings import Settings
from demo.stage.processes import kopilka
from tests.deploy.front import Front, arrived
from tests.deploy.kit import folder_of
from tests.deploy.load import books_are_right, selling, wait_for_sales
from tests.postgres import Cluster, connected
from tests.simulation.centre import STORE_COLUMNS
from tests.simulation.programmes import SHELVES, Programme, goods_of

ROOT = Path(__file__).parents[2]
UV = ROOT / ".tools/bin/uv"
CODES = ("101", "102")
DURABLE = ("fsync=on", "synchronous_commit=on")
READS_AUTHORITIES = Path("agent/client.py")
"""What a version has whose agents trust a private authority."""
TAKES_SETTINGS_FIRST = "@app.callback()"
_SETTINGS_BEHIND = """#!/bin/sh
# agent --config FILE COMMAND ...
file="$3" name="$4"
shift 4
exec {} agent "$name" --config "$file" "$@"
"""
_ERROR = '"level": "error"'
_TRACE = re.compile(r"^Traceback .*?^(\w.*?)$", re.DOTALL | re.MULTILINE)


def built(revision: str, folder: Path) -> list[str]:
    """Check a version out beside this one, with an environment of its own; return its command."""
    folder.mkdir()
    archive = folder / "archive.tar"
    _run(["git", "-C", str(ROOT), "archive", f"--output={archive}", revision])
    _run(["tar", "-x", "-C", str(folder), "-f", str(archive)])
    words = [str(UV), "sync", "--quiet", "--frozen", "--no-dev", "--project", str(folder)]
    _run(words)
    return [str(folder / ".venv/bin/kopilka")]


def _agents_of(checkout: Path, command: Sequence[str]) -> list[str]:
    """Return the command of a version's agents; of one that takes its settings behind the command,
    a script that puts them there."""
    if TAKES_SETTINGS_FIRST in (checkout / "agent/cli.py").read_text("utf-8"):
        return list(command)
    script = checkout / "agent-command"
    script.write_text(_SETTINGS_BEHIND.format(command[0]))
    script.chmod(0o755)
    return [str(script)]


def found_by(front: Front, old: Sequence[str]) -> None:
    """Let the old version make the centre: its schema, stores, goods and a pack."""
    folder = front.crew.folder
    region = SHELVES[Programme.WINE].region
    rows = [
        f"{code},Магазин {code},Главная ул.,{region},Europe/Moscow,ООО «Вино»,7701234567,1"
        for code in CODES
    ]
    (folder / "stores.csv").write_text("\n".join([STORE_COLUMNS, *rows, ""]))
    (folder / "goods.csv").write_text(goods_of(Programme.WINE))
    pack = files("shared.rules").joinpath("examples/wine.yaml").read_bytes()
    (folder / "wine.yaml").write_bytes(pack)
    front.central("init", command=old)
    front.central("stores", "import", str(folder / "stores.csv"), command=old)
    front.central("goods", "import", str(folder / "goods.csv"), command=old)
    front.central("publish", str(folder / "wine.yaml"), command=old)


def opened_by(front: Front, old: Sequence[str], code: str) -> None:
    """Let the old version print a code with which a store enrols."""
    one_time_code = front.central("enrol-code", "--store", code, command=old).strip()
    shop = front.open_shop(code, one_time_code)
    shop.register(f"Покупатель {code}", f"+7916{int(code):07d}")


def roll(folder: Path, revision: str, sales: int) -> bool:
    """Do it; print what came of it, and tell whether all is well."""
    old = built(revision, folder / "old")
    cluster = Cluster()
    cluster.start(*DURABLE)
    data = folder / "centre"
    front = Front(folder, data, cluster.url.render_as_string(hide_password=False))
    if (folder / "old" / READS_AUTHORITIES).exists():
        front.agent_command = _agents_of(folder / "old", old)
    try:
        found_by(front, old)
        before = _schema(cluster)
        front.start(0, 1, command=old)
        front.open_proxy()
        for code in CODES:
            opened_by(front, old, code)
        with selling(front):
            wait_for_sales(front, sales)
            _tell(front, f"two processes of {revision}, schema {before}")
            front.central("init")
            wait_for_sales(front, sales)
            _tell(front, f"two processes of {revision}, schema {_schema(cluster)}")
            front.end(1)
            front.start(1)
            wait_for_sales(front, sales)
            _tell(front, f"one of {revision}, one of this version, schema {_schema(cluster)}")
            front.end(0)
            front.start(0)
            wait_for_sales(front, sales)
            _tell(front, "two of this version")
            front.end(1)
            front.start(1, command=old)
            wait_for_sales(front, sales)
            _tell(front, f"one of this version, one of {revision} again")
        (renewed, *_) = front.shops
        front.stop_agent(renewed)
        front.agent_command = kopilka()
        front.start_agent(renewed)
        with selling(front):
            wait_for_sales(front, sales)
        _tell(front, f"the agent of {renewed.code} of this version, the other one of {revision}")
        drained_s = front.drain()
        settings = Settings(data_dir=data, database_url=front.database_url)
        centre = open_centre(settings, *on_this_machine())
        came, right = arrived(centre.engine, front.shops), books_are_right(centre)
        centre.engine.dispose()
        logged = _errors(folder / "logs")
    finally:
        front.close()
        cluster.remove()
    refused = sum((shop.refused for shop in front.shops), Counter[str]())
    sold = sum(len(shop.sold) for shop in front.shops)
    sys.stdout.write(
        f"{sold} sales told to tills; at the centre: {came}; refused: {dict(refused)}\n"
        f"the rest came within {drained_s:.1f} s; the ledger's laws hold: {right}; "
        f"errors logged: {logged}\n"
    )
    return came == {"accepted": sold} and right and not refused and not logged


def _run(words: Sequence[str]) -> None:
    plain = {name: word for name, word in os.environ.items() if name != "VIRTUAL_ENV"}
    subprocess.run(words, check=True, env=plain)  # noqa: S603


def _schema(cluster: Cluster) -> str:
    with connected(cluster.url) as connection:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else ""


def _tell(front: Front, what: str) -> None:
    sold = sum(len(shop.sold) for shop in front.shops)
    sys.stdout.write(f"{what}: {sold} sales so far\n")
    sys.stdout.flush()


def _errors(logs: Path) -> list[str]:
    """Return what processes have logged as errors, but for their own stop."""
    found = []
    for log in sorted(logs.glob("*.log")):
        text = log.read_text(errors="replace")
        found += [f"{log.stem}: {line}" for line in text.splitlines() if _ERROR in line]
        traces = [trace[1] for trace in _TRACE.finditer(text)]
        found += [f"{log.stem}: {trace}" for trace in traces if "CancelledError" not in trace]
    return found


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Update a centre under load.")
    parser.add_argument("revision", help="What is running before: a commit of this repository.")
    parser.add_argument("--sales", type=int, default=100, help="Of each store in each step.")
    given = parser.parse_args()
    with folder_of("rolling") as folder:
        sys.exit(not roll(folder, given.revision, given.sales))


if __name__ == "__main__":
    main()
