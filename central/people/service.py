"""The staff's accounts: made, reset, disabled; and what a person changes of his own."""

import re
from dataclasses import dataclass
from zoneinfo import available_timezones

import structlog

from central.centre import Centre
from central.people import secrets, store
from central.people.roles import Role
from central.people.store import Colleague
from shared.errors import Kind, LoyaltyError
from shared.runtime.retries import retried
from shared.runtime.sqlite import reading, transaction

LANGUAGES = ("ru", "en")
ZONE = "Europe/Moscow"
NAME_MAX = 100
_LOGIN = re.compile(r"[a-z][a-z0-9._-]{1,31}")

log = structlog.get_logger()


class BadLoginError(LoyaltyError):
    """A login or name that cannot be one."""

    kind = Kind.INVALID
    code = "bad_login"
    ru = "Логин — 2–32 знака: латинские строчные буквы, цифры, точка; имя — до {most} знаков."
    en = "A login has 2 to 32 characters: small letters, digits, a dot; a name up to {most}."


class LoginTakenError(LoyaltyError):
    """A login that somebody has, or had: the trail names him by it."""

    kind = Kind.CONFLICT
    code = "login_taken"
    ru = "Логин {login} уже есть."
    en = "The login {login} is taken."


class UnknownColleagueError(LoyaltyError):
    """Nobody of the staff has this login."""

    kind = Kind.NOT_FOUND
    code = "unknown_colleague"
    ru = "Сотрудника {login} нет."
    en = "Nobody of the staff is {login}."


class WeakPasswordError(LoyaltyError):
    """A password that is too short, too long, or says the login."""

    kind = Kind.INVALID
    code = "weak_password"
    ru = "Пароль — от {least} до {most} знаков, без логина в нём, и не прежний."
    en = "A password has {least} to {most} characters, no login in it, and is not the old one."


class WrongPasswordError(LoyaltyError):
    """The present password was typed wrong."""

    kind = Kind.FORBIDDEN
    code = "wrong_password"
    ru = "Нынешний пароль не подходит."
    en = "The present password is wrong."


class OwnAccountError(LoyaltyError):
    """Somebody who would shut himself out: another administrator has to do that."""

    kind = Kind.FORBIDDEN
    code = "own_account"
    ru = "Свою учётную запись не закрывают и роль себе не меняют: это делает другой администратор."
    en = "Nobody closes his own account or changes his own role: another administrator does that."


class BadChoiceError(LoyaltyError):
    """A language or time zone that there is not."""

    kind = Kind.INVALID
    code = "bad_choice"
    ru = "Такого языка или часового пояса нет: {value}."
    en = "There is no such language or time zone: {value}."


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a new or reset account begins with; shown once, and kept nowhere."""

    login: str
    password: str
    code_uri: str


@retried
def add(centre: Centre, login: str, name: str, role: Role) -> Ticket:
    """Make an account with a first password; raises BadLoginError, LoginTakenError."""
    name = name.strip()
    if _LOGIN.fullmatch(login) is None or not 0 < len(name) <= NAME_MAX:
        raise BadLoginError(most=NAME_MAX)
    password = secrets.first_password(centre.chance)
    made = Colleague(
        login=login,
        name=name,
        role=role,
        language=centre.settings.locale,
        zone=ZONE,
        password_hash=secrets.hash_password(centre.keys, password, centre.chance),
        code_secret=secrets.new_code_secret(centre.keys, login, centre.chance),
        last_code=0,
        has_first_password=True,
        wrong=0,
        paused_until=None,
        disabled_at=None,
        made_at=centre.clock.now(),
    )
    with transaction(centre.engine) as connection:
        if not store.add(connection, made):
            raise LoginTakenError(login=login)
    log.info("staff.added", login=login, role=role.value)
    return Ticket(login, password, secrets.code_uri(centre.keys, login, made.code_secret))


@retried
def reset(centre: Centre, login: str) -> Ticket:
    """Give an account a first password and a secret of codes anew; it is enabled, its sessions end.

    Raises UnknownColleagueError.
    """
    password = secrets.first_password(centre.chance)
    password_hash = secrets.hash_password(centre.keys, password, centre.chance)
    code_secret = secrets.new_code_secret(centre.keys, login, centre.chance)
    with transaction(centre.engine) as connection:
        _known(store.find(connection, login), login)
        store.end_sessions(connection, login)
        store.change(
            connection,
            login,
            password_hash=password_hash,
            code_secret=code_secret,
            last_code=0,
            has_first_password=True,
            wrong=0,
            paused_until=None,
            disabled_at=None,
        )
    log.info("staff.reset", login=login)
    return Ticket(login, password, secrets.code_uri(centre.keys, login, code_secret))


@retried
def disable(centre: Centre, login: str) -> None:
    """Close an account and end its sessions at once; raises UnknownColleagueError."""
    with transaction(centre.engine) as connection:
        _known(store.find(connection, login), login)
        store.end_sessions(connection, login)
        store.change(connection, login, disabled_at=centre.clock.now())
    log.info("staff.disabled", login=login)


@retried
def change_role(centre: Centre, login: str, role: Role) -> None:
    """Give a person another role, which counts from his next click; raises UnknownColleagueError"""
    with transaction(centre.engine) as connection:
        _known(store.find(connection, login), login)
        store.change(connection, login, role=role.value)
    log.info("staff.role_changed", login=login, role=role.value)


def change_password(centre: Centre, login: str, old: str, new: str) -> None:
    """Let a person have a password of his own; all of his sessions end.

    Raises WrongPasswordError, WeakPasswordError, UnknownColleagueError.
    """
    least, most = secrets.PASSWORD_MIN, secrets.PASSWORD_MAX
    with reading(centre.engine) as connection:
        known = _known(store.find(connection, login), login)
    if not secrets.is_password(centre.keys, old[:most], known.password_hash):
        raise WrongPasswordError
    if not least <= len(new) <= most or login in new.lower() or new == old:
        raise WeakPasswordError(least=least, most=most)
    _keep_password(centre, login, secrets.hash_password(centre.keys, new, centre.chance))


@retried
def _keep_password(centre: Centre, login: str, password_hash: str) -> None:
    with transaction(centre.engine) as connection:
        store.end_sessions(connection, login)
        store.change(connection, login, password_hash=password_hash, has_first_password=False)


@retried
def choose(centre: Centre, login: str, language: str, zone: str) -> None:
    """Keep a person's language and time zone; raises BadChoiceError."""
    if language not in LANGUAGES or zone not in available_timezones():
        raise BadChoiceError(value=f"{language} {zone}"[:NAME_MAX])
    with transaction(centre.engine) as connection:
        store.change(connection, login, language=language, zone=zone)


def every(centre: Centre) -> list[Colleague]:
    """Return all of the staff by login."""
    with reading(centre.engine) as connection:
        return store.every(connection)


def _known(found: Colleague | None, login: str) -> Colleague:
    if found is None:
        raise UnknownColleagueError(login=login)
    return found
