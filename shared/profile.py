"""What may stand in a member's profile: names, birthdays and e-mail addresses in their forms."""

import re
from datetime import date

from shared.errors import Kind, LoyaltyError

OLDEST_BIRTHDAY = date(1900, 1, 1)
ADDRESS_CHARS_MAX = 254
"""Of an address that can be written to (RFC 5321)."""
_ADDRESS = re.compile(r"[^\s@<>\",;:\x00-\x1f\x7f]{1,64}@(?:[\w-]{1,63}\.)+[\w-]{2,63}")


class BadNameError(LoyaltyError):
    """A name without a letter."""

    kind = Kind.INVALID
    code = "bad_name"
    ru = "Имя должно содержать хотя бы одну букву."
    en = "A name needs at least one letter."


class BadBirthdayError(LoyaltyError):
    """A day on which nobody who shops was born."""

    kind = Kind.INVALID
    code = "bad_birthday"
    ru = "День рождения {birthday} невозможен: проверьте год."
    en = "Birthday {birthday} cannot be: check the year."


class BadEmailError(LoyaltyError):
    """A text that is no e-mail address."""

    kind = Kind.INVALID
    code = "bad_email"
    ru = "Это не адрес электронной почты. Нужен адрес вида anna@example.ru."
    en = "This is not an e-mail address. Write it like anna@example.com."


class NothingEditedError(LoyaltyError):
    """An edit that names no field."""

    kind = Kind.INVALID
    code = "nothing_edited"
    ru = "Укажите, что изменить: имя, день рождения, телефон или почту."
    en = "Say what is to be edited: name, birthday, phone or e-mail."


def normal_name(text: str) -> str:
    """Return a name with single blanks between its words; raises BadNameError."""
    if not any(letter.isalpha() for letter in text):
        raise BadNameError
    return " ".join(text.split())


def checked_birthday(birthday: date, today: date) -> date:
    """Return a birthday that can be; raises BadBirthdayError."""
    if not OLDEST_BIRTHDAY <= birthday <= today:
        raise BadBirthdayError(birthday=birthday)
    return birthday


def normal_email(text: str) -> str:
    """Return an address with its domain in small letters; raises BadEmailError.

    The part before the sign belongs to the host, which may tell letters apart.
    """
    bare = text.strip()
    if len(bare) > ADDRESS_CHARS_MAX or not _ADDRESS.fullmatch(bare):
        raise BadEmailError
    local, _, domain = bare.rpartition("@")
    return f"{local}@{domain.lower()}"
