"""A real centre in a process of its own, and store agents of this process that follow it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agent.app import station_of
from agent.commit.service import Sale, commit
from agent.http_link import HttpLink
from agent.push import push
from agent.quote.lines import Item
from agent.quote.service import Basket, quote
from agent.reserve.service import ReserveOrder, reserve
from agent.settings import AgentSettings
from agent.station import Station
from central.centre import Centre
from demo.stage.patience import Patience
from shared.clock import SystemClock
from shared.ids import uuid7
from shared.receipt import Tender, TenderKind
from shared.wire.push import BATCH_MAX
from tests.central.journal_builder import Person, make_journal
from tests.processes.estate import enrol, found

WAIT_S = 60.0
WRITER, READER = "101", "102"
"""The store that has written members down, and the one that follows."""
LINES = 20
WELCOME_POINTS = 300_00
KOPILKA = str(Path(sys.executable).with_name("kopilka"))


@contextmanager
def serving(centre: Centre, ready: Path) -> Iterator[str]:
    """Serve a centre's database by a process of its own; yield its address."""
    settings = centre.settings
    environment = {**os.environ, "KOPILKA_CENTRAL_DATABASE_URL": settings.database_url}
    places = [
        "--data-dir",
        str(settings.data_dir),
        "run",
        "--port",
        "0",
        "--ready-file",
        str(ready),
    ]
    with subprocess.Popen(  # noqa: S603
        [KOPILKA, "central", *places], stdout=subprocess.DEVNULL, env=environment
    ) as process:
        try:
            look = lambda: ready if ready.exists() else None  # noqa: E731
            file = Patience(SystemClock()).until("listening", look, WAIT_S)
            yield str(json.loads(file.read_text())["url"])
        finally:
            process.kill()


def with_members(folder: Path, count: int, database_url: str = "") -> tuple[Centre, list[Person]]:
    """Make a centre whose members were registered at one store, each with points."""
    centre = found(folder, database_url, [WRITER, READER])
    journal = make_journal(centre, SystemClock(), WRITER)  # type: ignore[arg-type]
    people = []
    for number in range(count):
        name, phone = f"Анна{number} Петрова", f"+7916{number:07}"
        people.append(journal.register(name, phone, welcome=WELCOME_POINTS)[0])
    for first in range(1, len(journal.facts) + 1, BATCH_MAX):
        journal.push(first, first + BATCH_MAX - 1)
    return centre, people


def follower(centre: Centre, url: str, folder: Path) -> Station:
    """Enrol an agent of the following store, with empty files and nothing to send."""
    folder.mkdir()
    enrol(centre, url, READER, folder)
    station = station_of(AgentSettings(data_dir=folder, centre_url=url))
    push(station)
    return station


def close(station: Station) -> None:
    """Close an agent's files and its line."""
    assert isinstance(station.link, HttpLink)
    station.link.close()
    station.journal.dispose()
    station.replica.dispose()


def sell(station: Station, count: int) -> None:
    """Sell receipts of 20 lines, each durable before the next."""
    items = tuple(Item(no, 1000, "CHEESE") for no in range(1, LINES + 1))
    for _ in range(count):
        at = station.clock.now()
        basket = Basket(uuid7(at, station.chance), "1", items)
        agreed = quote(station, basket, at).digest
        order = ReserveOrder(uuid7(at, station.chance), b"content", basket, agreed, "0018")
        claim = reserve(station, order, at)
        tender = Tender(TenderKind.CASH, claim.evaluation.totals.money_minor)
        sale = Sale(uuid7(at, station.chance), b"content", claim.receipt.uid, (tender,), "17", "7")
        commit(station, sale, at)
