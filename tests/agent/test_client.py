"""TLS to the centre: a private authority is trusted where it is named, and nobody else then."""

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from agent.cli import app
from agent.client import BadAuthorityError, PlainLineError, open_client, why
from agent.settings import AgentSettings
from shared.wire.agents import EnrolRequest, code_as_made, decode_enrol_request
from tests.authority import Authority

LOOPBACK = "127.0.0.1"


class Answering(BaseHTTPRequestHandler):
    """Says yes to everything, in silence."""

    def do_GET(self) -> None:
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_words: object) -> None:
        pass


class Quiet(HTTPServer):
    def handle_error(self, *_who: object) -> None:
        pass  # a client that hangs up at our certificate


@contextmanager
def answering(
    handler: type[BaseHTTPRequestHandler], tls: ssl.SSLContext | None = None
) -> Iterator[str]:
    with Quiet((LOOPBACK, 0), handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"{'http' if tls is None else 'https'}://{LOOPBACK}:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def serving(certificate: Path) -> Iterator[str]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    with answering(Answering, context) as url:
        yield url


def asked(settings: AgentSettings) -> str:
    """Return the status of an exchange, or why there was none."""
    with open_client(settings) as client:
        try:
            return str(client.get("/").status_code)
        except httpx.HTTPError as error:
            return why(error)


def test_a_private_authority_is_trusted_where_it_is_named(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    other = Authority(tmp_path, "Another authority")
    with serving(authority.issue(LOOPBACK)) as url:
        told = {
            name: asked(AgentSettings(data_dir=tmp_path, centre_url=url, centre_ca=file))
            for name, file in {"own": authority.file, "other": other.file, "none": None}.items()
        }

    assert told["own"] == "204"
    assert told["other"].startswith("certificate: ")
    assert "unable to get local issuer" in told["none"]


def test_a_certificate_of_another_machine_is_refused(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with serving(authority.issue("loyalty.example")) as url:
        told = asked(AgentSettings(data_dir=tmp_path, centre_url=url, centre_ca=authority.file))

    assert told.startswith("certificate: IP address mismatch")


def test_a_centre_that_is_not_there_is_told_as_that(tmp_path: Path) -> None:
    assert asked(AgentSettings(data_dir=tmp_path, centre_url=f"http://{LOOPBACK}:9")) == (
        "ConnectError"
    )


@pytest.mark.parametrize("content", [None, "not a certificate"])
def test_a_file_without_certificates_stops_the_start_and_is_named(
    tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "authority.pem"
    if content is not None:
        file.write_text(content)

    with pytest.raises(BadAuthorityError, match=str(file)):
        open_client(AgentSettings(data_dir=tmp_path, centre_ca=file))


def test_whoever_enrols_reads_what_is_wrong_with_the_certificate(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with serving(authority.issue(LOOPBACK)) as url:
        words = ["--data-dir", str(tmp_path / "a"), "enrol", "--code", "ABCDEFGH", "--centre", url]
        done = CliRunner().invoke(app, words)

    assert done.exit_code == 1
    assert "certificate: unable to get local issuer" in done.stderr


@pytest.mark.parametrize(
    ("codes", "keys"),
    [
        (["ABCDEFGH"] * 2, 1),
        (["ABCD-EFOH", "abcdef0h"], 1),
        (["ABCDEFGH", "JKLMNPQR"], 2),
    ],
)
def test_who_lost_the_answer_enrols_again_by_the_key_of_his_code(
    tmp_path: Path, codes: list[str], keys: int
) -> None:
    asked: list[EnrolRequest] = []

    class Silent(BaseHTTPRequestHandler):
        """Takes an enrolment and hangs up."""

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked.append(decode_enrol_request(body))

    with answering(Silent) as url:
        for code in codes:
            words = ["--data-dir", str(tmp_path / "a"), "enrol", "--code", code, "--centre", url]
            assert CliRunner().invoke(app, words).exit_code == 1

    assert [request.code for request in asked] == [code_as_made(code) for code in codes]
    assert len({request.public_key for request in asked}) == keys


def test_whoever_enrols_reads_why_the_centre_refuses_in_his_language(tmp_path: Path) -> None:
    sentence = {"ru": "Код неверен. Попросите новый.", "en": "The code is wrong. Ask for another."}

    class Refusing(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(403)
            self.end_headers()
            self.wfile.write(json.dumps({"code": "wrong_code", "sentence": sentence}).encode())

        def log_message(self, *_words: object) -> None:
            pass

    with answering(Refusing) as url:
        words = ["--data-dir", str(tmp_path / "a"), "enrol", "--code", "ABCDEFGH", "--centre", url]
        done = CliRunner().invoke(app, words)

    assert done.stderr.splitlines() == [
        f"Центр отказал (403 wrong_code): {sentence['ru']}",
        f"The centre refused (403 wrong_code): {sentence['en']}",
    ]


@pytest.mark.parametrize(
    ("url", "is_taken"),
    [
        ("https://loyalty.example", True),
        ("http://127.0.0.1:8100", True),
        ("http://[::1]:8100", True),
        ("http://localhost:8100", True),
        ("http://loyalty.example", False),
        ("http://10.0.0.5:8100", False),
        ("http://127.0.0.1.example:8100", False),
        ("HTTP://loyalty.example", False),
    ],
)
def test_a_centre_on_another_machine_is_asked_by_tls_alone(
    tmp_path: Path, url: str, is_taken: bool
) -> None:
    """Answers are not signed: whoever is on a plain line could send leases and words of his own."""
    settings = AgentSettings(data_dir=tmp_path, centre_url=url)

    if is_taken:
        open_client(settings).close()
    else:
        with pytest.raises(PlainLineError):
            open_client(settings)
    open_client(settings.model_copy(update={"centre_plain": "anywhere"})).close()
