"""What `kopilka doctor` says of this machine, and of what it lacks."""

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from typer.testing import CliRunner

from demo.doctor import State, _at_least, _port, app, examine

WAIT_S = 5.0
WELL: dict[str, Any] = {
    "store": "A",
    "online": True,
    "offline_reason": "",
    "queue_depth": 3,
    "devices": {"printer": {"condition": "ok"}},
}


class _Status(BaseHTTPRequestHandler):
    told: dict[str, Any] = WELL

    def do_GET(self) -> None:
        body = json.dumps(self.told).encode()
        self.send_response(200 if self.path == "/v1/status" else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def agent(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(_Status, "told", WELL)  # the server makes its handlers itself
    with HTTPServer(("127.0.0.1", 0), _Status) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join(WAIT_S)


def test_this_machine_has_all_that_is_needed() -> None:
    shown = CliRunner().invoke(app, [])

    assert shown.exit_code == 0, shown.output
    for name in ("Python", "SQLite", "Time zones", "Font", "Terminals", "Disk", "Command", "8100"):
        assert name in shown.output


def test_an_older_version_is_missing_and_says_what_to_do() -> None:
    finding = _at_least("SQLite", (3, 9, 0), (3, 35, 0), "3.9.0", "install a newer one")

    assert finding.state is State.MISSING
    assert finding.found == "3.9.0, 3.35.0 is needed"
    assert finding.advice == "install a newer one"


def test_a_taken_port_is_a_hint_and_no_failure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        finding = _port("centre", taken.getsockname()[1])

    assert finding.state is State.HINT
    assert "--port" in finding.advice


def test_an_agent_that_runs_is_described(agent: str) -> None:
    finding = examine(agent)[-1]

    assert (finding.state, finding.found) == (State.OK, "store A, line whole, 3 facts to send")


def test_an_agent_with_a_cut_line_and_no_paper_is_described(
    agent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    unwell = {"online": False, "offline_reason": "ConnectError"}
    devices = {"devices": {"printer": {"condition": "blocked"}}}
    # the handlers share what they tell by their class; undone after the test
    monkeypatch.setattr(_Status, "told", {**WELL, **unwell, **devices})

    finding = examine(agent)[-1]

    assert finding.state is State.HINT
    assert "line cut: ConnectError" in finding.found
    assert "printer: blocked" in finding.found


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "nonsense", "http://[", ""])
def test_an_agent_that_does_not_answer_is_missing(url: str) -> None:
    shown = CliRunner().invoke(app, ["--url", url])

    assert shown.exit_code == 1, shown.output
    assert "✗ Agent" in shown.output
    assert "kopilka agent run" in shown.output
