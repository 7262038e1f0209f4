"""Logs: a line of JSON for every event, whoever logs it, and nobody's number in it."""

import asyncio
import json
import logging
from typing import Any

import pytest
import structlog
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from shared.ids import derived
from shared.runtime.logs import DROPPED_KEYS, HIDDEN, Answered, configure_logs, drop_personal
from tests.fakes import FakeClock

PHONE = "+79161234567"


@pytest.fixture(autouse=True)
def _as_in_a_process_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Undo what servers of other tests have told the logger that all of them share."""
    server = logging.getLogger("uvicorn")
    # the logger is the interpreter's own: a test cannot have another one
    monkeypatch.setattr(server, "propagate", True)
    monkeypatch.setattr(server, "handlers", [])


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """What was written to standard error: every line of it is JSON."""
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


@pytest.mark.parametrize("key", sorted(DROPPED_KEYS))
def test_nothing_personal_is_logged(key: str, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("DEBUG")

    structlog.get_logger().debug("till.asked", **{key: PHONE}, store="101")

    (line,) = lines(capsys)
    assert (line[key], line["store"]) == (HIDDEN, "101")


def test_events_below_the_level_are_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("WARNING")
    log = structlog.get_logger()
    log.info("receipt.committed")
    log.warning("mirror.failed", folder="/mnt")

    (line,) = lines(capsys)

    assert (line["event"], line["level"], line["folder"]) == ("mirror.failed", "warning", "/mnt")
    assert line["timestamp"].endswith("Z")


def test_what_libraries_log_is_written_in_the_same_form(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logs("DEBUG")
    configure_logs("DEBUG")
    server = logging.getLogger("uvicorn.error")
    server.setLevel(logging.NOTSET)
    try:
        int(PHONE + "?")
    except ValueError:
        server.exception("Exception in ASGI application\n")
    server.info("headers of somebody")

    (line,) = lines(capsys)

    assert (line["logger"], line["level"]) == ("uvicorn.error", "error")
    assert "ValueError: invalid literal" in line["exception"]
    assert PHONE not in json.dumps(line)


def test_streams_that_end_with_the_process_are_no_failure(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logs("INFO")
    server = logging.getLogger("uvicorn.error")
    server.error("Cancel %s running task(s), timeout graceful shutdown exceeded", 2)
    try:
        int("?")
    except ValueError:
        server.exception("a failure")
    server.error("Exception in ASGI application\n", exc_info=asyncio.CancelledError())

    assert [line["event"] for line in lines(capsys)] == ["a failure"]


@pytest.mark.parametrize(
    "text",
    [
        PHONE,
        "79161234567",
        "Key (phone)=(79161234567) exists",
        "card 2900001234567",
        "+7 916 123-45-67",
        "+7(916)1234567",
        "'+79161234567'",
    ],
)
def test_a_phone_or_a_card_in_a_text_is_hidden(text: str) -> None:
    told = drop_personal(None, "", {"reason": text})["reason"]

    assert HIDDEN in told
    assert sum(map(str.isdigit, told)) < 4


@given(st.integers(), st.binary(max_size=9))
def test_ids_and_instants_stay(number: int, name: bytes) -> None:
    event = {
        "uid": str(derived(name.hex())),
        "at": "2026-11-28T13:08:22.123456Z",
        "seq": number,
        "folder": "/srv/2026-11-28/kopilka",
        "address": "192.168.100.200:8100",
    }

    assert drop_personal(None, "", dict(event)) == event


def test_an_answer_is_logged_without_what_was_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logs("DEBUG")
    app = FastAPI()
    app.add_middleware(Answered, clock=FakeClock())
    with TestClient(app) as client:
        client.get("/v1/nothing", params={"phone": PHONE})

    (line,) = [line for line in lines(capsys) if line["event"] == "http.answered"]

    assert (line["method"], line["path"], line["status"]) == ("GET", "/v1/nothing", 404)
    assert PHONE[1:] not in json.dumps(line)
