"""Levels of a programme: which one a member has, and how far the next one is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol

from shared.member import DayCount, MemberView
from shared.rules.tracks import Track, counted, level_of, thresholds_on
from shared.rules.wording import Wording

TIER_FIELDS: Final = frozenset(
    {
        "turnover_minor",
        "receipts",
        "registered_on",
        "segments",
        "tier_floor",
        "tier_until",
        "history",
    }
)
"""What tiers read of a member."""


@dataclass(frozen=True, slots=True)
class Tier:
    """A level: where it begins (in its track's metric), and its percents in basis points."""

    id: str
    title: Wording
    reach: Wording
    from_minor: int
    percents: Mapping[str, int]
    privileges: tuple[Wording, ...] = ()


@dataclass(frozen=True, slots=True)
class Ladder:
    """The levels of a pack, ascending, and how they are reached; none has no track."""

    tiers: tuple[Tier, ...] = ()
    track: Track | None = None


@dataclass(frozen=True, slots=True)
class Distance:
    """What is missing to a tier, in the metric of its track."""

    tier: Tier
    missing: int
    metric: str


class HasLadder(Protocol):
    """A compiled pack, as far as tiers go."""

    @property
    def ladder(self) -> Ladder:
        """The levels."""
        ...


def tier_of(
    pack: HasLadder, member: MemberView, day: date, extra: DayCount | None = None
) -> Tier | None:
    """Return the tier of a member on a day, or the one set by hand if that is higher.

    `extra` counts as well. None when the pack has no tiers. Who has less than nothing has the first
    tier; one set by hand that this pack does not know, or that is over, counts for nothing.
    """
    ladder = pack.ladder
    if ladder.track is None:
        return None
    level = level_of(ladder.track, member, day, extra)
    is_valid = member.tier_until is None or day <= member.tier_until
    floor = member.tier_floor if is_valid else None
    by_hand = next((i for i, tier in enumerate(ladder.tiers) if tier.id == floor), 0)
    return ladder.tiers[max(level, by_hand)]


def distance(
    pack: HasLadder, tier: Tier, member: MemberView, day: date, extra: DayCount | None = None
) -> Distance | None:
    """Return how far the next tier above is that has not been reached; None at the top."""
    track = pack.ladder.track
    assert track is not None, "who has a tier has a track"
    have = counted(track, member, day, extra)
    marks = thresholds_on(track, member, day)
    for place in range(pack.ladder.tiers.index(tier) + 1, len(marks)):
        if marks[place] > have:
            return Distance(pack.ladder.tiers[place], marks[place] - have, track.metric)
    return None
