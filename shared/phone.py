"""Phone numbers in one form, so that one person is one number in every store."""

import re

from shared.errors import Kind, LoyaltyError

_SEPARATORS = re.compile(r"[\s\u00a0()\-.–—]+")
_RUSSIAN = re.compile(r"(?:\+7|8|7)?([3489]\d{9})")
_FOREIGN = re.compile(r"\+(?:(?!7)\d{8,15}|7[67]\d{9})")
"""Numbers of Kazakhstan begin with +7 too, and are never written without it here."""


class BadPhoneError(LoyaltyError):
    """A text that is no phone number."""

    kind = Kind.INVALID
    code = "bad_phone"
    ru = "Это не номер телефона. Нужен номер вида +7 916 123-45-67."
    en = "This is not a phone number. Write it like +7 916 123-45-67."


def normalise_phone(text: str) -> str:
    """Return a number in E.164; Russian ones may begin with +7, 7, 8 or the area code.

    Raises BadPhoneError.
    """
    bare = _SEPARATORS.sub("", text)
    if bare.isascii():
        if russian := _RUSSIAN.fullmatch(bare):
            return f"+7{russian[1]}"
        if _FOREIGN.fullmatch(bare):
            return bare
    raise BadPhoneError
