"""Words of a sentence in both languages."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wording:
    """A part of a sentence that differs by language."""

    ru: str
    en: str
