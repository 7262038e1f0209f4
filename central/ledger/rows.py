"""Values on their way into statements: long lists cut to fit one IN, words as plain texts."""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

IN_MAX = 500

_Key = TypeVar("_Key", UUID, bytes, str)


def chunks(keys: Iterable[_Key]) -> Iterator[list[_Key]]:
    """Yield the keys sorted and each once, in lists of at most `IN_MAX`."""
    ordered = sorted(set(keys))
    for start in range(0, len(ordered), IN_MAX):
        yield ordered[start : start + IN_MAX]


def plain(value: object) -> object:
    """Return a word of a closed list as a text: drivers know no enumerations."""
    return str(value) if isinstance(value, StrEnum) else value


def storable(text: str) -> str:
    """Return a text with another sign for NUL, which PostgreSQL does not keep."""
    return text.replace("\0", "\ufffd")
