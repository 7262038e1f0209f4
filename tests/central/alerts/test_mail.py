"""Letters of alerts reach a real server: plain, by TLS, behind STARTTLS with a password."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from email.header import decode_header, make_header
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as Handler
from aiosmtpd.smtp import AuthResult, LoginPassword

from central.alerts import service
from central.alerts.senders import Mail
from central.alerts.service import PAUSE
from central.alerts.store import Alert
from central.centre import Centre
from shared.ids import derived
from tests.authority import Authority
from tests.central.alerts.test_alerts import NO_PAPER, report
from tests.central.app.kit import NOON, Device, SetClock, enrolled

HOST = "127.0.0.1"
WORD = "sesame"
ONE = Alert(derived("alert"), "silent", "101", NOON, None, "Магазин 101: молчит.", "Store 101.")


class Box(Handler):
    """A mailbox that keeps what it is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.letters: list[Message] = []

    def handle_message(self, message: Message) -> None:
        self.letters.append(message)


def free_port() -> int:
    with closing(socket.create_server((HOST, 0))) as listener:
        port: int = listener.getsockname()[1]
    return port


Serve = Callable[..., str]


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
def serve(box: Box) -> Iterator[Serve]:
    """Start a server of the box; return its place."""
    running: list[Controller] = []

    def start(**more: Any) -> str:
        port = free_port()
        controller = Controller(box, hostname=HOST, port=port, **more)
        controller.start()
        running.append(controller)
        return f"{HOST}:{port}"

    yield start
    for controller in running:
        controller.stop()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def context_of(authority: Authority) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(authority.issue(HOST))
    return context


def signing_in(_server: Any, _session: Any, _envelope: Any, _way: str, told: Any) -> AuthResult:
    ok = isinstance(told, LoginPassword) and (told.login, told.password) == (b"anna", WORD.encode())
    return AuthResult(success=ok, handled=False)


def subject(letter: Message) -> str:
    return str(make_header(decode_header(letter["Subject"])))


def mail(place: str, **more: Any) -> Mail:
    return replace(Mail(place, "a@b.test", "c@d.test", "ru"), **more)


def test_a_letter_reaches_the_box_as_it_was_written(serve: Serve, box: Box) -> None:
    mail(f"smtp://{serve()}").send([ONE], NOON)

    (letter,) = box.letters
    assert (letter["From"], letter["To"], subject(letter)) == (
        "a@b.test",
        "c@d.test",
        "Kopilka: тревоги, начались: 1, прошли: 0",
    )
    assert letter["Date"] == "Sun, 01 Mar 2026 12:00:00 +0000"
    body = letter.get_payload(decode=True)
    assert isinstance(body, bytes)
    assert body.decode().strip().endswith("Магазин 101: молчит.")


def test_a_server_with_tls_is_asked_for_its_certificate(
    serve: Serve, box: Box, authority: Authority, tmp_path: Path
) -> None:
    place = f"smtps://{serve(ssl_context=context_of(authority))}"
    (tmp_path / "other").mkdir()
    stranger = Authority(tmp_path / "other")

    mail(place, authority=authority.file).send([ONE], NOON)
    with pytest.raises(ssl.SSLCertVerificationError):
        mail(place, authority=stranger.file).send([ONE], NOON)

    assert len(box.letters) == 1


def test_who_signs_in_does_so_behind_starttls(serve: Serve, box: Box, authority: Authority) -> None:
    place = serve(
        tls_context=context_of(authority),
        auth_required=True,
        authenticator=signing_in,
    )
    right = mail(f"smtp://{place}", authority=authority.file, user="anna", password=WORD)

    right.send([ONE], NOON)
    with pytest.raises(OSError, match="535"):
        replace(right, password=WORD[1:]).send([ONE], NOON)

    assert len(box.letters) == 1
    assert WORD not in repr(right)


def test_a_password_never_goes_to_a_server_without_tls(serve: Serve, box: Box) -> None:
    asked: list[object] = []

    def listening(*told: object) -> object:
        asked.append(told)
        return AuthResult(success=True)

    place = serve(auth_require_tls=False, authenticator=listening)

    with pytest.raises(OSError, match="STARTTLS"):
        mail(f"smtp://{place}", user="anna", password=WORD).send([ONE], NOON)

    assert (asked, box.letters) == ([], [])


def test_a_server_that_never_answers_is_not_waited_for() -> None:
    with closing(socket.create_server((HOST, 0))) as silent:
        place = f"smtp://{HOST}:{silent.getsockname()[1]}"

        with pytest.raises(OSError, match="timed out"):
            mail(place, timeout_s=0.2).send([ONE], NOON)


def test_a_change_is_one_letter_however_long_it_lasts(
    centre: Centre, device: Device, clock: SetClock, serve: Serve, box: Box
) -> None:
    """As the jobs do it, minute by minute: it begins, lasts for an hour, and ends."""
    enrolled(centre, device)
    senders = [mail(f"smtp://{serve()}")]

    def minutes(count: int) -> None:
        for _ in range(count):
            clock.at += timedelta(minutes=1)
            service.look(centre, clock.now())
            service.tell(senders, centre, clock.now())

    report(device, devices=(NO_PAPER,))
    minutes(60)
    report(device)
    minutes(60)

    assert timedelta(minutes=60) > PAUSE
    assert [subject(letter) for letter in box.letters] == [
        "Kopilka: тревоги, начались: 1, прошли: 0",
        "Kopilka: тревоги, начались: 0, прошли: 1",
    ]
