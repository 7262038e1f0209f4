"""A database that goes away in the middle and comes back: told, nothing half done, no restart."""

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from psycopg import errors, sql
from sqlalchemy import event, func, select, update
from sqlalchemy.exc import DBAPIError

from central.app import create_app, full_stages
from central.centre import Centre
from central.estate.service import How, import_stores
from central.imports.service import run
from central.jobs import make_scheduler
from central.ledger.audit import check
from central.ledger.store import AccountTable, LotTable
from central.opening import initialise
from central.schema import table_of
from central.settings import Settings
from shared.runtime import postgres
from shared.runtime.sqlite import open_engine, reading, transaction
from shared.runtime.storage import storage_failure
from shared.wire.codec import pack
from shared.wire.push import PushAnswer, decode_answer
from tests.central.app.kit import STORES_CSV, SetClock, code_of
from tests.central.chain_kit import balance, kinds
from tests.central.imports.kit import counts, csv_file, order, silent
from tests.central.journal_builder import NOON, Journal, make_journal
from tests.central.together.kit import Pause, started
from tests.postgres import Cluster, connected

LOCK_S = 1
_END_SESSIONS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
DURABLE = ("fsync=off", "synchronous_commit=on")
"""A killed server loses nothing that it has written; only a machine would."""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    made = Cluster()
    made.start(*DURABLE)
    yield made
    made.remove()


@pytest.fixture
def centre(tmp_path: Path, cluster: Cluster) -> Iterator[Centre]:
    """A centre on a server that a test may kill; it is up again at the end."""
    name = cluster.create()
    url = cluster.url.set(database=name).render_as_string(hide_password=False)
    settings = Settings(data_dir=tmp_path, database_url=url)
    made = initialise(settings, SetClock(NOON), random.Random(7))
    import_stores(made, STORES_CSV.encode(), How.APPLY)
    yield made
    with reading(made.engine) as connection:
        assert check(connection) == []
    made.engine.dispose()


@pytest.fixture
def client(centre: Centre) -> Iterator[TestClient]:
    app = create_app(centre, full_stages(), make_scheduler(centre))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def journal(centre: Centre) -> Journal:
    return make_journal(centre, SetClock(NOON), "101")


def _push(client: httpx.Client, journal: Journal, first: int = 1) -> httpx.Response:
    body = pack(journal.batch(first))
    signed = journal.signed("/v1/facts", body)
    return client.post("/v1/facts", content=body, headers=dict(signed.headers))


def _answer(response: httpx.Response) -> PushAnswer:
    assert response.status_code == 200, response.text
    return decode_answer(response.content)


@contextmanager
def _down(cluster: Cluster) -> Iterator[None]:
    cluster.stop()
    try:
        yield
    finally:
        cluster.start(*DURABLE)


def test_a_database_that_is_away_is_told_and_missed_no_longer_than_it_is(
    cluster: Cluster, client: TestClient, journal: Journal
) -> None:
    person, _ = journal.register()
    _answer(_push(client, journal))
    journal.sell(person, earn=[10_00])

    with _down(cluster):
        away = _push(client, journal)
        ready = client.get("/readyz")

    assert (away.status_code, code_of(away)) == (503, "storage_gone")
    assert int(away.headers["Retry-After"]) >= 1
    assert (ready.status_code, client.get("/healthz").status_code) == (503, 200)
    assert kinds(_answer(_push(client, journal)).outcomes) == ["accepted"] * 2
    assert client.get("/readyz").status_code == 200
    assert balance(journal.centre, person.account) == 10_00


def test_a_server_that_takes_no_writes_is_as_good_as_away_until_it_does(
    cluster: Cluster, client: TestClient, centre: Centre, journal: Journal
) -> None:
    """As a standby is, to which the way may lead while another one takes over."""
    person, _ = journal.register()
    name = str(centre.engine.url.database)
    words = sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = {}")
    with connected(cluster.url) as connection:
        connection.execute(words.format(sql.Identifier(name), sql.SQL("on")))
        connection.execute(_END_SESSIONS, [name])

    refused = _push(client, journal)
    ready = client.get("/readyz")
    with connected(cluster.url) as connection:
        connection.execute(words.format(sql.Identifier(name), sql.SQL("off")))

    assert (refused.status_code, code_of(refused)) == (503, "storage_gone")
    assert ready.status_code == 503
    assert kinds(_answer(_push(client, journal)).outcomes) == ["accepted"]
    assert balance(centre, person.account) == 0


def test_a_restart_of_the_database_that_nobody_noticed_is_not_noticed_later(
    cluster: Cluster, journal: Journal
) -> None:
    """Connections are kept for long, and are all dead after it."""
    person, _ = journal.register()
    journal.push()
    journal.sell(person, earn=[10_00])

    with _down(cluster):
        pass

    assert kinds(journal.push().outcomes) == ["accepted"] * 2


def test_a_batch_whose_database_goes_away_before_its_commit_is_not_half_done(
    cluster: Cluster, client: TestClient, centre: Centre, journal: Journal
) -> None:
    person, _ = journal.register()
    sold = journal.sell(person, earn=[10_00])
    journal.sell(person, spend=[(sold.lots[0], 4_00)])
    answers: list[httpx.Response] = []
    pause = Pause(centre.engine)
    pushing = started(lambda: answers.append(_push(client, journal)))
    pause.reached()

    with _down(cluster):
        pause.go()
        pushing.join()
    (broken,) = answers
    with reading(centre.engine) as connection:
        outcomes = full_stages().outcomes(connection)
    again = _answer(_push(client, journal))

    assert (broken.status_code, code_of(broken)) == (503, "storage_gone")
    assert outcomes == {}
    assert kinds(again.outcomes) == ["accepted"] * 3
    assert balance(centre, person.account) == 6_00


def test_an_answer_that_was_lost_with_the_line_is_given_again(
    client: TestClient, centre: Centre, journal: Journal
) -> None:
    """The commit arrives, its confirmation does not: the batch is in, and nobody knows."""
    person, _ = journal.register()
    journal.sell(person, earn=[10_00])
    url = centre.engine.url.render_as_string(hide_password=False)
    deaf = replace(centre, engine=open_engine(url))

    def commit_and_lose(connection: object) -> None:
        dbapi = connection.connection.dbapi_connection  # type: ignore[attr-defined]
        dbapi.commit()
        dbapi.close()

    event.listen(deaf.engine, "commit", commit_and_lose)
    with TestClient(create_app(deaf, full_stages()), raise_server_exceptions=False) as line:
        lost = _push(line, journal)
    again = _answer(_push(client, journal))

    assert (lost.status_code, code_of(lost)) == (503, "storage_gone")
    assert kinds(again.outcomes) == ["accepted"] * 2
    assert balance(centre, person.account) == 10_00


def test_a_lock_that_is_not_given_in_time_is_told_as_busy(
    centre: Centre, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, _ = journal.register()
    journal.push()
    journal.sell(person, earn=[10_00])
    monkeypatch.setattr(postgres, "LOCK_S_MAX", LOCK_S)  # else the test waits for all of it
    url = centre.engine.url.render_as_string(hide_password=False)
    hasty = replace(centre, engine=open_engine(url))
    with TestClient(create_app(hasty, full_stages()), raise_server_exceptions=False) as client:
        with transaction(centre.engine) as connection:
            connection.execute(update(table_of(AccountTable)).values(receipts=7))
            busy = _push(client, journal)
        assert (busy.status_code, code_of(busy)) == (503, "storage_busy")
        assert busy.headers["Retry-After"]
        assert kinds(_answer(_push(client, journal)).outcomes) == ["accepted"] * 2


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("", "storage_gone"),
        ("08006", "storage_gone"),
        ("57P01", "storage_gone"),
        ("25006", "storage_gone"),
        ("53300", "storage_busy"),
        ("57014", "storage_busy"),
        ("40P01", "storage_busy"),
        ("53100", "storage_full"),
    ],
)
def test_what_the_server_says_is_told_as_what_it_means(state: str, code: str) -> None:
    said = errors.lookup(state)("said") if state else errors.OperationalError("no connection")

    assert storage_failure(DBAPIError("", {}, said)).code == code


class Healer(SetClock):
    """A clock whose wait lets the server come back."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(NOON)
        self.waits = 0
        self._cluster = cluster

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        self.waits += 1
        if self.waits == 2:
            self._cluster.start(*DURABLE)
        return super().wait(event, timeout_s)


def test_an_import_waits_for_the_database_and_goes_on(
    centre: Centre, cluster: Cluster, tmp_path: Path
) -> None:
    path = csv_file(tmp_path, *(f"77{no:08};;Анна;1,5" for no in range(1800)))
    clock = Healer(cluster)

    def pull_the_plug(done: int, _total: int) -> None:
        if done == 1000:
            cluster.stop()

    done = run(replace(centre, clock=clock), order(path), pull_the_plug)

    assert clock.waits == 2
    assert counts(done.run) == (1800, 0, 0, 0)
    with reading(centre.engine) as connection:
        granted = connection.scalar(select(func.sum(table_of(LotTable).c.granted)))
    assert granted == 2700_00


def test_an_import_whose_commit_got_no_answer_doubles_nothing(
    centre: Centre, tmp_path: Path
) -> None:
    path = csv_file(tmp_path, *(f"77{no:08};;Анна;1,5" for no in range(700)))
    commits = [0]

    def commit_and_break(connection: Any) -> None:
        commits[0] += 1
        if commits[0] == 2:  # the first batch: it is in, and nobody hears of it
            connection.connection.commit()
            raise DBAPIError.instance("COMMIT", None, errors.AdminShutdown(), errors.Error)

    event.listen(centre.engine, "commit", commit_and_break)
    done = run(centre, order(path), silent)
    event.remove(centre.engine, "commit", commit_and_break)

    assert counts(done.run) == (700, 0, 0, 0)
    with reading(centre.engine) as connection:
        granted = connection.scalar(select(func.sum(table_of(LotTable).c.granted)))
    assert granted == 1050_00
