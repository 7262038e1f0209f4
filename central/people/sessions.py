"""Signing in with password and one-time code, and the session that a browser has from then on."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from central.centre import Centre
from central.people import secrets, store
from central.people.roles import Right, Role, may
from central.people.store import Colleague, StaffSession
from central.trail import service as trail
from central.trail.store import Deed
from shared.errors import Kind, LoyaltyError
from shared.runtime.retries import retried
from shared.runtime.sqlite import reading, transaction

WRONG_MAX = 5
PAUSE = timedelta(minutes=15)
SESSIONS_MAX = 5
"""Of one person; the oldest end first."""
SEEN_EVERY = timedelta(minutes=1)
TOKEN_BYTES = 32
SIGNED_IN, REFUSED = "signed_in", "sign_in_refused"
_FORMS: Final = b"kopilka/console/forms/1"
_NOBODY: Final = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$" + "A" * 43
"""Verified for a login that nobody has, so that it takes the same time."""

log = structlog.get_logger()


class WrongSignInError(LoyaltyError):
    """A login, password or one-time code that does not fit; which of them is not told."""

    kind = Kind.UNAUTHENTICATED
    code = "wrong_sign_in"
    ru = (
        "Логин, пароль или код не подходит. После {most} ошибок подряд вход закрывается на "
        "{minutes} минут; каждый код действует один раз."
    )
    en = (
        "The login, password or code is wrong. {most} wrong ones in a row close the door for "
        "{minutes} minutes; each code works once."
    )


@dataclass(frozen=True, slots=True)
class Opened:
    """A session that has begun; the token is the browser's alone."""

    token: str
    who: Colleague


@dataclass(frozen=True, slots=True)
class Present:
    """Who uses the console, and what his forms have to bring."""

    who: Colleague
    token_hash: bytes
    form_token: str

    def may(self, right: Right) -> bool:
        """Tell whether he has a right; with a first password he may only choose his own."""
        if self.who.has_first_password:
            return right is Right.OWN
        return may(self.who.role, right)

    @property
    def role(self) -> Role:
        """His role."""
        return self.who.role


def sign_in(centre: Centre, login: str, password: str, code: str, former: str = "") -> Opened:
    """Begin a session under a new token and end the browser's former one.

    Raises WrongSignInError: the try is counted and stands in the trail.
    """
    with reading(centre.engine) as connection:
        found = store.find(connection, login)
    typed = password[: secrets.PASSWORD_MAX]
    kept = found.password_hash if found else _NOBODY
    fits = secrets.is_password(centre.keys, typed, kept)
    at = centre.clock.now()
    step = None
    if found is not None:
        at_s = int(at.timestamp())
        step = secrets.step_of(centre.keys, login, found.code_secret, code, at_s)
    opened = None
    if found is not None:
        opened = _judge(centre, found, step if fits else None, former)
    if opened is None:
        log.warning("staff.sign_in_refused")
        raise WrongSignInError(most=WRONG_MAX, minutes=PAUSE // timedelta(minutes=1))
    return opened


@retried
def _judge(centre: Centre, seen: Colleague, step: int | None, former: str) -> Opened | None:
    """Let somebody in whose password fits, with a code that was not used; else count the try."""
    at = centre.clock.now()
    with transaction(centre.engine) as connection:
        who = store.find(connection, seen.login)
        if who is None or who.disabled_at is not None or _is_paused(who, at):
            return None
        if step is None or step <= who.last_code or who.password_hash != seen.password_hash:
            wrong = who.wrong + 1
            until = at + PAUSE if wrong % WRONG_MAX == 0 else None
            store.change(connection, who.login, wrong=wrong, paused_until=until)
            trail.append(connection, centre, Deed(who.login, who.role.value, REFUSED, who.login))
            return None
        store.change(connection, who.login, wrong=0, paused_until=None, last_code=step)
        token = centre.chance.randbytes(TOKEN_BYTES).hex()
        store.end_session(connection, _hash(former))
        new = StaffSession(_hash(token), who.login, at, at)
        store.open_session(connection, new, SESSIONS_MAX)
        trail.append(connection, centre, Deed(who.login, who.role.value, SIGNED_IN, who.login))
    return Opened(token, who)


def present(centre: Centre, token: str) -> Present | None:
    """Return who a browser's token is of; None if its session is over. Notes that it is used."""
    if not token:
        return None
    token_hash, at = _hash(token), centre.clock.now()
    with reading(centre.engine) as connection:
        session = store.session(connection, token_hash)
        who = store.find(connection, session.login) if session else None
    if session is None or who is None or who.disabled_at is not None:
        return None
    settings = centre.settings
    if at - session.seen_at >= timedelta(seconds=settings.console_idle_s):
        return None
    if at - session.began_at >= timedelta(seconds=settings.console_session_s):
        return None
    if at - session.seen_at >= SEEN_EVERY:
        _touch(centre, token_hash, at)
    form_token = hmac.digest(token.encode(), _FORMS, hashlib.sha256).hex()
    return Present(who, token_hash, form_token)


@retried
def sign_out(centre: Centre, here: Present) -> None:
    """End a session."""
    with transaction(centre.engine) as connection:
        store.end_session(connection, here.token_hash)


def every(centre: Centre, here: Present) -> list[StaffSession]:
    """Return somebody's open sessions, the one that was used last first."""
    with reading(centre.engine) as connection:
        return store.sessions_of(connection, here.who.login)


@retried
def end_others(centre: Centre, here: Present) -> None:
    """End all sessions of somebody but the one that he is in."""
    with transaction(centre.engine) as connection:
        store.end_others(connection, here.who.login, here.token_hash)


@retried
def tidy(centre: Centre, at: datetime) -> int:
    """Delete sessions that are over. A job."""
    settings = centre.settings
    with transaction(centre.engine) as connection:
        return store.drop_sessions(
            connection,
            seen_before=at - timedelta(seconds=settings.console_idle_s),
            began_before=at - timedelta(seconds=settings.console_session_s),
        )


@retried
def _touch(centre: Centre, token_hash: bytes, at: datetime) -> None:
    with transaction(centre.engine) as connection:
        store.touch(connection, token_hash, at)


def _is_paused(who: Colleague, at: datetime) -> bool:
    return who.paused_until is not None and at < who.paused_until


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
