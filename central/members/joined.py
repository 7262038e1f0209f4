"""A member with those who joined him, as stores see them: one person, nothing of whom is lost.

Everybody's own part stays as it is, so that an unmerge gives each his own again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from central.members.profile import Edit
from central.members.store import Member
from shared.member import ProfileField, display_name

Ladder = Callable[[], Sequence[str]]
"""Tiers by id, ascending; asked for only where two tiers set by hand meet."""


def whole(survivor: Member, joined: Sequence[Member], ladder: Ladder) -> Member:
    """Return the survivor as the one person that he and who joined him are.

    What he lacks comes from the others, the longest known first; he was registered when the first
    of them was, is in the segments of all, and has the highest tier that was set by hand.
    """
    if not joined:
        return survivor
    everyone = (survivor, *sorted(joined, key=lambda one: (one.known_at, one.id)))
    first_days = [one.registered_on for one in everyone if one.registered_on is not None]
    words = dict.fromkeys(word for one in everyone for word in one.segments.split())
    floor, until = _floor(everyone, ladder)
    return replace(
        survivor,
        registered_on=min(first_days, default=None),
        birthday=next((one.birthday for one in everyone if one.birthday), None),
        person=next((one.person for one in everyone if one.person), b""),
        segments=" ".join(words),
        tier_floor=floor,
        tier_until=until,
        dates=" ".join(_days(everyone)),
    )


def as_edited(member: Member, edits: Mapping[ProfileField, Edit]) -> Member:
    """Return a member with the values to which his profile was edited."""
    name, born = edits.get(ProfileField.NAME), edits.get(ProfileField.BIRTHDAY)
    if name is not None and name.value:
        member = replace(member, display_name=display_name(name.value))
    if born is not None and born.value:
        member = replace(member, birthday=date.fromisoformat(born.value))
    return member


def _days(everyone: Sequence[Member]) -> list[str]:
    """Return the named days of all: of each name those of the first who has any."""
    days: dict[str, list[str]] = {}
    for one in everyone:
        own: dict[str, list[str]] = {}
        for word in one.dates.split():
            own.setdefault(word.partition(":")[0], []).append(word)
        days = {**own, **days}
    return [word for name in sorted(days) for word in days[name]]


def _floor(everyone: Sequence[Member], ladder: Ladder) -> tuple[str | None, date | None]:
    """Return the highest tier set by hand, and how long it counts: of equals, the longest."""
    set_by_hand = [one for one in everyone if one.tier_floor is not None]
    if not set_by_hand:
        return None, None
    order: Sequence[str] = ()
    if len({one.tier_floor for one in set_by_hand}) > 1:
        order = ladder()
    places = {tier: place for place, tier in enumerate(order)}
    best = max(
        set_by_hand,
        key=lambda one: (places.get(one.tier_floor or "", -1), one.tier_until or date.max),
    )
    return best.tier_floor, best.tier_until
