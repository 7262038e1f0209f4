"""Pairs of words by their keys."""

from shared.rules.wording import Wording


def pairs(*told: tuple[str, str, str]) -> dict[str, Wording]:
    """Return words in Russian and English by their keys."""
    return {key: Wording(ru, en) for key, ru, en in told}
