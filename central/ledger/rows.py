"""Values on their way into statements and out: long lists cut, words as plain texts."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, TypeVar
from uuid import UUID

IN_MAX = 500

_NUMBER = attrgetter("int")
"""By which ids are ordered: comparing the numbers is much faster than comparing the ids."""
_Key = TypeVar("_Key", UUID, bytes, str)


@dataclass(frozen=True, slots=True)
class Locked:
    """Rows of accounts that this transaction has locked, as they were then."""

    rows: tuple[Any, ...]


def chunks(keys: Iterable[_Key]) -> Iterator[list[_Key]]:
    """Yield the keys sorted and each once, in lists of at most `IN_MAX`."""
    once = list(set(keys))
    are_ids = bool(once) and isinstance(once[0], UUID)
    ordered = sorted(once, key=_NUMBER) if are_ids else sorted(once)
    for start in range(0, len(ordered), IN_MAX):
        yield ordered[start : start + IN_MAX]


def storable(text: str) -> str:
    """Return a text with another sign for NUL, which PostgreSQL does not keep."""
    return text.replace("\0", "\ufffd")
