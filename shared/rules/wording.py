"""Words of a sentence in both languages."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wording:
    """A part of a sentence that differs by language."""

    ru: str
    en: str


def joined(parts: Iterable[Wording]) -> Wording:
    """Join words by commas."""
    listed = list(parts)
    return Wording(", ".join(part.ru for part in listed), ", ".join(part.en for part in listed))
