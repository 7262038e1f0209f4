"""Anticipated failures: each has a kind, a stable code and one sentence in Russian and English."""

import re
from enum import StrEnum
from typing import ClassVar

WORD_SHOWN = 60
_LONG_WORD = re.compile(r"\S{256,}")


class Kind(StrEnum):
    """What an anticipated failure means to its caller; `runtime/web.py` maps kinds to statuses."""

    INVALID = "invalid"
    TOO_LARGE = "too_large"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    UNAVAILABLE = "unavailable"
    STORAGE = "storage"


class LoyaltyError(Exception):
    """Base of every failure that a caller should expect.

    A subclass sets `kind`, `code` and the two sentences; `{name}` in a sentence is filled from the
    keyword arguments, which also travel to programs as `details`.
    """

    kind: ClassVar[Kind]
    code: ClassVar[str]
    ru: ClassVar[str]
    en: ClassVar[str]

    def __init__(self, **details: object) -> None:
        self.details = details
        super().__init__(self.en.format(**details))

    def sentence(self, locale: str) -> str:
        """Return the sentence for people, in Russian for `ru` and in English otherwise.

        Whatever was typed and is longer than any name, number or path is told by its beginning.
        """
        told = (self.ru if locale == "ru" else self.en).format(**self.details)
        return _LONG_WORD.sub(_shortened, told)


def _shortened(word: re.Match[str]) -> str:
    return f"{word[0][:WORD_SHOWN]}…"
