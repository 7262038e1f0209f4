"""A staff with one person of each role, whose passwords and codes a test knows."""

import re
from dataclasses import dataclass

import httpx
import pytest

from central.centre import Centre
from central.people import secrets, service, sessions, store
from central.people.roles import Role
from shared.clock import Clock
from shared.runtime.sqlite import reading, transaction

PASSWORD = "a quiet horse of blue"  # noqa: S105
_KEPT: dict[bytes, str] = {}
"""Hashes of the one password, by the key that peppers it: a hash takes 30 ms."""


@dataclass(frozen=True, slots=True)
class Staff:
    """People of a centre: each one's login is the name of the role."""

    centre: Centre
    clock: Clock

    def add(self, login: str, role: Role) -> str:
        """Make an account whose password is the one of tests."""
        service.add(self.centre, login, login.capitalize(), role)
        keys = self.centre.keys
        if keys.streams not in _KEPT:
            _KEPT[keys.streams] = secrets.hash_password(keys, PASSWORD, self.centre.chance)
        known = {"password_hash": _KEPT[keys.streams], "has_first_password": False}
        with transaction(self.centre.engine) as connection:
            store.change(connection, login, **known)
        return login

    def code(self, login: str) -> str:
        """Return the one-time code that somebody's app shows now."""
        with reading(self.centre.engine) as connection:
            found = store.find(connection, login)
        assert found is not None
        at_s = int(self.clock.now().timestamp())
        return secrets.code_at(self.centre.keys, login, found.code_secret, at_s)

    def enter(self, login: str, password: str = PASSWORD, code: str = "") -> sessions.Opened:
        """Sign somebody in."""
        return sessions.sign_in(self.centre, login, password, code or self.code(login))


class Browser:
    """Somebody who is signed in at the console over any HTTP client."""

    def __init__(self, client: httpx.Client, staff: Staff, login: str) -> None:
        self.client = client
        self.client.cookies.clear()
        form = {"login": login, "password": PASSWORD, "code": staff.code(login)}
        answer = client.post("/console/sign-in", data=form, follow_redirects=False)
        assert answer.status_code == 303, answer.text
        self.form_token = form_token(client.get("/console/me").text)

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Ask for a page."""
        return self.client.get(path, headers=headers, follow_redirects=False)

    def post(self, path: str, **fields: str) -> httpx.Response:
        """Send a form as the page does."""
        form = {"form_token": self.form_token, **fields}
        return self.client.post(path, data=form, follow_redirects=False)

    def post_file(self, path: str, name: str, content: bytes) -> httpx.Response:
        """Send a form with a file as the page does."""
        file = {"file": (name, content, "text/csv")}
        form = {"form_token": self.form_token}
        return self.client.post(path, data=form, files=file, follow_redirects=False)


def form_token(page: str) -> str:
    """Return what a page's forms bring."""
    found = re.search(r'name="form_token" value="([0-9a-f]+)"', page)
    assert found is not None, page
    return found[1]


@pytest.fixture
def staff(centre: Centre, clock: Clock) -> Staff:
    return Staff(centre, clock)
