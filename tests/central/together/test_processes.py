"""Two service processes behind one database: agents talk to either, one is killed."""

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from central.centre import Centre
from central.estate.service import How, import_stores, issue_enrol_code
from central.ledger.audit import check
from central.opening import initialise, on_this_machine
from central.settings import Settings
from demo.stage.patience import Patience
from shared.clock import SystemClock
from shared.runtime.sqlite import reading
from shared.wire.codec import pack
from shared.wire.feed import decode_segment
from shared.wire.push import Outcome, decode_answer
from tests.central.app.kit import STORES_CSV, Device
from tests.central.chain_kit import balance, kinds
from tests.central.journal_builder import Journal
from tests.databases import PostgresDatabases

WAIT_S = 20.0
_HOLDER = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = 4 AND granted"
KOPILKA = str(Path(sys.executable).with_name("kopilka"))

pytestmark = pytest.mark.journey


@dataclass
class Server:
    """A process and where it listens."""

    process: "subprocess.Popen[bytes]"
    client: httpx.Client


@pytest.fixture
def centre(tmp_path: Path, postgres_databases: PostgresDatabases) -> Iterator[Centre]:
    data = tmp_path / "centre"
    settings = Settings(data_dir=data, database_url=postgres_databases.fresh(tmp_path))
    made = initialise(settings, *on_this_machine())
    import_stores(made, STORES_CSV.encode(), How.APPLY)
    yield made
    with reading(made.engine) as connection:
        assert check(connection) == []
    made.engine.dispose()


@pytest.fixture
def servers(tmp_path: Path, centre: Centre) -> Iterator[list[Server]]:
    """Two processes, of which the first has the duty."""
    config = tmp_path / "central.toml"
    settings = centre.settings
    config.write_text(
        f'data_dir = "{settings.data_dir}"\ndatabase_url = "{settings.database_url}"\n'
        "tail_poll_ms = 20\nseal_every_s = 1\n"
    )
    with ExitStack() as stack:
        found = []
        for number in range(2):
            ready = tmp_path / f"ready-{number}.json"
            process = stack.enter_context(_running(config, ready))
            found.append(Server(process, stack.enter_context(_client(ready))))
            Patience(SystemClock()).until("the duty", lambda: _holder(centre) or None, WAIT_S)
        yield found


@contextmanager
def _running(config: Path, ready: Path) -> Iterator["subprocess.Popen[bytes]"]:
    places = ["--config", str(config), "run", "--port", "0", "--ready-file", str(ready)]
    words = [KOPILKA, "central", *places]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL) as process:  # noqa: S603
        try:
            yield process
        finally:
            process.kill()


def _client(ready: Path) -> httpx.Client:
    file = Patience(SystemClock()).until("listening", lambda: ready if ready.exists() else None)
    url = json.loads(file.read_text())["url"]
    return httpx.Client(base_url=url, timeout=WAIT_S, trust_env=False)


class Agent(Device):
    """A device with a journal that it can send to any process."""

    def __init__(self, centre: Centre, client: httpx.Client, store: str, seed: int) -> None:
        super().__init__(client, SystemClock(), seed)
        assert self.enrol(issue_enrol_code(centre, store)).status_code == 201
        assert self.me is not None
        clock: Any = self.clock
        chance = random.Random(seed)
        self.journal = Journal(centre, clock, store, self.keys, self.me.agent, chance)
        self.told = 0

    def push(self, client: httpx.Client) -> list[Outcome]:
        """Send what was not sent, as `kopilka agent` does."""
        self.client = client
        body = pack(self.journal.batch(self.told + 1))
        answer = client.post("/v1/facts", content=body, headers=self.signed("/v1/facts", body))
        assert answer.status_code == 200, answer.text
        self.told = len(self.journal.facts)
        return list(decode_answer(answer.content).outcomes)


def test_agents_talk_to_either_of_two_processes_and_to_the_one_that_is_left(
    centre: Centre, servers: list[Server]
) -> None:
    one, two = servers
    here = Agent(centre, one.client, "101", 1)
    there = Agent(centre, two.client, "102", 2)
    person, _ = here.journal.register()
    first = here.journal.sell(person, earn=[100_00], kept=100_00)
    assert kinds(here.push(one.client)) == ["accepted"] * 2

    there.journal.take_back(first, turnover=10_00)
    assert kinds(there.push(one.client)) == ["accepted"]
    here.journal.sell(person, spend=[(first.lots[0], 30_00)])
    assert kinds(here.push(two.client)) == ["accepted"]
    there.client = one.client
    assert there.open().status_code == 201
    there.client = two.client
    target = "/v1/segments/global?after=0"
    assert decode_segment(there.get(target).content).last > 1
    holder = _holder(centre)

    one.process.kill()
    one.process.wait(WAIT_S)
    here.journal.sell(person, spend=[(first.lots[0], 30_00)])
    assert kinds(here.push(two.client)) == ["accepted"]
    assert two.client.get("/readyz").status_code == 200

    def other_holder() -> bool | None:
        return _holder(centre) not in (0, holder) or None

    Patience(SystemClock()).until("the duty's new holder", other_holder, WAIT_S)
    assert balance(centre, person.account) == 40_00


def test_what_is_told_to_one_process_is_heard_in_the_tail_of_the_other(
    centre: Centre, servers: list[Server]
) -> None:
    one, two = servers
    agent = Agent(centre, two.client, "101", 1)
    assert agent.open().status_code == 201
    with reading(centre.engine) as connection:
        head = connection.scalar(text("SELECT number FROM stream WHERE name = 'global'"))
    target = f"/v1/tail?after=global:{head}"

    with two.client.stream("GET", target, headers=agent.headers(target)) as tail:
        frames = tail.iter_raw()
        agent.journal.register()
        assert kinds(agent.push(one.client)) == ["accepted"]
        frame = next(frame for frame in frames if len(frame) > 4)

    assert decode_segment(frame[4:]).last > (head or 0)


def _holder(centre: Centre) -> int:
    with reading(centre.engine) as connection:
        return int(connection.scalar(text(_HOLDER)) or 0)
