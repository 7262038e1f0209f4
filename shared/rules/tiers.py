"""Levels of a programme: which one a turnover gives, and how far the next one is."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from shared.rules.sentences import Wording


@dataclass(frozen=True, slots=True)
class Tier:
    """A level: where it begins in kopecks, and its percents in basis points by name."""

    id: str
    title: Wording
    reach: Wording
    from_minor: int
    percents: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Ladder:
    """The levels of a pack, ascending, and their thresholds."""

    tiers: tuple[Tier, ...] = ()
    thresholds: tuple[int, ...] = ()


class HasLadder(Protocol):
    """A compiled pack, as far as tiers go."""

    @property
    def ladder(self) -> Ladder:
        """The levels."""
        ...


def tier_of(pack: HasLadder, turnover_minor: int, floor: str | None) -> Tier | None:
    """Return the tier of a turnover, or the one set by hand (`floor`, an id) if that is higher.

    None when the pack has no tiers. A turnover below zero has the first; a floor that this pack
    does not know counts for nothing.
    """
    tiers = pack.ladder.tiers
    if not tiers:
        return None
    place = max(0, bisect_right(pack.ladder.thresholds, turnover_minor) - 1)
    by_hand = next((i for i, tier in enumerate(tiers) if tier.id == floor), 0)
    return tiers[max(place, by_hand)]


def tier_above(pack: HasLadder, tier: Tier) -> Tier | None:
    """Return the next tier up, or None at the top."""
    place = pack.ladder.tiers.index(tier) + 1
    return pack.ladder.tiers[place] if place < len(pack.ladder.tiers) else None
