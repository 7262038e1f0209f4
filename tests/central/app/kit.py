"""A centre in a folder, a clock that the test sets, and an agent that signs as a real one does."""

import asyncio
import random
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import uvicorn
from fastapi.testclient import TestClient

from central.agents.service import AgentIdentity
from central.app import Stages, create_app
from central.centre import Centre
from central.estate.service import How, import_stores, issue_enrol_code
from central.ingest.values import Watermark
from central.opening import initialise
from central.settings import Settings
from shared.clock import Clock
from shared.crypto.keys import KeyPair
from shared.crypto.requests import sign
from shared.crypto.sessions import session_mac
from shared.runtime.serve import listen
from shared.wire.agents import (
    EnrolAnswer,
    EnrolRequest,
    SessionAnswer,
    SessionRequest,
    decode_enrol_answer,
    decode_session_answer,
)
from shared.wire.codec import encode
from tests.databases import Databases

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
STORES_CSV = """\
code,name,address,region,zone,legal_name,tax_number,tills
101,Винный дом,"Москва, Арбат, 1",msk,Europe/Moscow,ООО «Вино»,7701234567,1;2
102,Винный дом 2,"Казань, Баумана, 2",kzn,Europe/Moscow,ООО «Вино»,7701234567,1
"""
WAIT_S = 5.0


class SetClock:
    """A clock that stands still until the test moves it."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        self.at += timedelta(seconds=timeout_s)
        return event.is_set()

    def go(self, **time: float) -> None:
        self.at += timedelta(**time)


class Device:
    """An agent's side of the protocol over any HTTP client."""

    def __init__(self, client: httpx.Client, clock: Clock, seed: int = 1) -> None:
        self.client = client
        self.clock = clock
        self.keys = KeyPair.from_seed(bytes([seed]) * 32)
        self.nonces = iter(range(10**9))
        self.me: EnrolAnswer | None = None
        self.session: SessionAnswer | None = None

    def signed(self, target: str, body: bytes) -> dict[str, str]:
        nonce = f"n{next(self.nonces)}"
        return sign("POST", target, body, self.keys, created=self.clock.now(), nonce=nonce)

    def post(self, target: str, message: object) -> httpx.Response:
        body = encode(message)
        return self.client.post(target, content=body, headers=self.signed(target, body))

    def enrol(self, code: str) -> httpx.Response:
        answer = self.post("/v1/enrolments", EnrolRequest(code, self.keys.public, "0.1"))
        if answer.is_success:
            self.me = decode_enrol_answer(answer.content)
        return answer

    def open(self) -> httpx.Response:
        assert self.me is not None
        answer = self.post("/v1/sessions", SessionRequest(self.me.agent, self.me.epoch, "0.1", 0))
        if answer.is_success:
            self.session = decode_session_answer(answer.content)
        return answer

    def headers(self, target: str) -> dict[str, str]:
        assert self.session is not None
        at_s = int(self.clock.now().timestamp())
        return {
            "Kopilka-Session": str(self.session.session),
            "Kopilka-At": str(at_s),
            "Kopilka-Mac": session_mac(self.session.key, "GET", target, at_s),
        }

    def get(self, target: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
        return self.client.get(target, headers=dict(headers or self.headers(target)))


def plain_reader(store: str = "101") -> AgentIdentity:
    """An agent of the version that reads no encrypted rows."""
    return AgentIdentity(UUID(int=1), 1, store)


def no_place(_connection: object, _identity: AgentIdentity) -> Watermark:
    return Watermark()


def none_unaudited(_connection: object) -> int:
    return 0


def no_outcomes(_connection: object) -> dict[str, int]:
    return {}


def no_bar(_connection: object, _identity: object) -> str:
    return ""


BARE = Stages((), no_place, no_bar, no_outcomes, none_unaudited)


def code_of(answer: httpx.Response) -> str:
    return str(answer.json()["code"])


def enrolled(centre: Centre, device: Device, store: str = "101") -> Device:
    assert device.enrol(issue_enrol_code(centre, store)).status_code == 201
    assert device.open().status_code == 201
    return device


@contextmanager
def serving(centre: Centre) -> Iterator[str]:
    """Serve on a free loopback port; yield the URL."""
    listening = listen("127.0.0.1", 0)
    config = uvicorn.Config(
        create_app(centre, BARE), log_level="error", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])))
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(WAIT_S)
        listening.close()


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOON)


@pytest.fixture
def settings(tmp_path: Path, databases: Databases) -> Settings:
    data_dir = tmp_path / "centre"
    url = databases.fresh(data_dir / "central.db")
    return Settings(data_dir=data_dir, database_url=url, tail_poll_ms=20, tail_keep_alive_s=0.3)


@pytest.fixture
def empty(settings: Settings, clock: SetClock) -> Iterator[Centre]:
    centre = initialise(settings, clock, random.Random(7))
    yield centre
    centre.engine.dispose()


@pytest.fixture
def centre(empty: Centre) -> Centre:
    """A centre with stores 101 (region msk) and 102 (region kzn)."""
    import_stores(empty, STORES_CSV.encode(), How.APPLY)
    return empty


@pytest.fixture
def client(centre: Centre) -> Iterator[TestClient]:
    with TestClient(create_app(centre, BARE)) as client:
        yield client


@pytest.fixture
def device(client: Any, clock: SetClock) -> Device:
    return Device(client, clock)
