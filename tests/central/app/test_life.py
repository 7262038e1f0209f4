"""The centre starts, answers, limits what it reads, and its tables are what its migrations make."""

import json
import random
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy.dialects import sqlite

from central.backups import service as backups
from central.centre import Centre, NoKeysError, make_keys
from central.estate.service import How, import_stores
from central.feed import service as feed
from central.ingest import store as ingest
from central.ingest.values import Watermark
from central.migrations.draft import differences
from central.opening import initialise, on_this_machine, open_centre
from central.schema import Instant, migrate
from central.settings import Settings, WrongSettingsError, read_settings
from shared.clock import SystemClock
from shared.ledger.books import Holder
from shared.runtime.sqlite import transaction
from shared.wire.agents import BackedUp
from shared.wire.feed import decode_segment
from tests.central.app.kit import (
    NOON,
    STORES_CSV,
    WAIT_S,
    Device,
    SetClock,
    code_of,
    enrolled,
)


def test_migrations_make_the_tables_that_the_stores_declare(empty: Centre) -> None:
    assert differences(empty.engine) == []


def test_migrating_again_changes_nothing(empty: Centre) -> None:
    migrate(empty.engine)

    assert feed.heads(empty.engine) == {"global": 1}


def test_a_centre_opens_under_the_name_that_it_was_given(
    empty: Centre, settings: Settings, clock: SetClock
) -> None:
    again = initialise(settings, clock, random.Random(99))
    opened = open_centre(settings, clock, random.Random(98))

    assert again.incarnation == opened.incarnation == empty.incarnation
    assert opened.keys == empty.keys
    for one in (again, opened):
        one.engine.dispose()


def test_a_secret_that_is_cut_off_is_named(tmp_path: Path, clock: SetClock) -> None:
    make_keys(tmp_path / "keys", random.Random(1))
    (tmp_path / "keys" / "pack.key").write_text("abcd")

    with pytest.raises(NoKeysError) as caught:
        open_centre(Settings(data_dir=tmp_path), clock, random.Random(1))

    assert "pack.key" in str(caught.value)


def test_secrets_are_not_shown(empty: Centre) -> None:
    shown = repr(empty)

    for secret in (empty.keys.demand_root().seed, empty.keys.index, empty.keys.pin_pepper):
        assert repr(secret) not in shown
        assert secret.hex() not in shown


def test_an_instant_without_a_zone_is_our_mistake() -> None:
    with pytest.raises(AssertionError):
        Instant().process_bind_param(NOON.replace(tzinfo=None), sqlite.dialect())


def test_the_centre_says_that_it_lives_and_is_ready(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ready"}
    assert client.get("/v1/status").json()["streams"]["global"] == 1


def test_a_body_over_the_limit_is_refused(client: TestClient, settings: Settings) -> None:
    answer = client.post("/v1/enrolments", content=bytes(settings.body_bytes_max + 1))

    assert (answer.status_code, code_of(answer)) == (413, "body_too_large")


def test_the_command_line_goes_before_environment_and_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "central.toml"
    config.write_text('port = 1\nhost = "::1"\ncard_prefix = "21"\n')
    monkeypatch.setenv("KOPILKA_CENTRAL_PORT", "2")
    monkeypatch.setenv("KOPILKA_CENTRAL_HOST", "127.0.0.2")

    settings = read_settings(config, port=3, data_dir=None)

    assert (settings.port, settings.host, settings.card_prefix) == (3, "127.0.0.2", "21")


@pytest.mark.parametrize(
    "line",
    [
        "port = 70000",
        'card_prefix = "x"',
        "port = [",
        "unknown = 1",
        'database_url = "kopilka"',
        'database_url = "sqlite:///"',
        'database_url = "sqlite:///:memory:"',
        'database_url = "postgresql+psycopg://kopilka@127.0.0.1"',
        'database_url = "postgresql://kopilka@127.0.0.1/kopilka"',
        'database_url = "postgresql+psycopg://kopilka@127.0.0.1:port/kopilka"',
        'database_url = "mysql://127.0.0.1/kopilka"',
    ],
)
def test_a_wrong_setting_stops_the_start(tmp_path: Path, line: str) -> None:
    config = tmp_path / "central.toml"
    config.write_text(line)

    with pytest.raises(WrongSettingsError):
        read_settings(config)


def test_the_process_tells_its_address_and_stops_when_asked_though_a_tail_is_open(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, ready = settings.data_dir, tmp_path / "ready.json"
    monkeypatch.setenv("KOPILKA_CENTRAL_DATABASE_URL", settings.database_url)
    kopilka = Path(sys.executable).with_name("kopilka")
    centre = initialise(settings, *on_this_machine())
    import_stores(centre, STORES_CSV.encode(), How.APPLY)

    with subprocess.Popen(  # noqa: S603
        [kopilka, "central", "--data-dir", data, "run", "--port", "0", "--ready-file", ready],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().split()[-1]
            told = json.loads(ready.read_text())
            with httpx.Client(base_url=url, timeout=WAIT_S) as client:
                device = enrolled(centre, Device(client, SystemClock()))
                target = "/v1/tail?after=global:0"
                with client.stream("GET", target, headers=device.headers(target)) as tail:
                    first = next(tail.iter_raw())
                    process.send_signal(signal.SIGTERM)
                    process.wait(WAIT_S)
        finally:
            process.kill()
            centre.engine.dispose()

    assert told == {"url": url, "pid": process.pid}
    assert decode_segment(first[4:]).last == 1


def test_a_session_tells_how_far_a_backup_holds_the_agents_journal(
    centre: Centre, device: Device, clock: SetClock
) -> None:
    agent = enrolled(centre, device).me
    assert agent is not None
    holder, place = Holder(agent.agent, agent.epoch), Watermark(7, bytes(32))
    with transaction(centre.engine) as connection:
        ingest.locked_watermark(connection, holder)
        ingest.move_watermark(connection, holder, place)

    backups.confirm(centre, backups.begin(centre, clock.now()), clock.now())

    assert device.open().is_success
    assert device.session is not None
    assert device.session.backed_up == (BackedUp(1, 7, bytes(32)),)
