"""The stacking tree: which of the discounts that fit a line it takes, and how they add up."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final, NamedTuple

from shared.money import WHOLE_BP, allocate, share_of

Path = tuple[int, ...]
"""Where a rule stands in the tree: the number of the child in each group, from the top."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A group of the tree; a child that is None is a rule."""

    group: str
    mode: str
    cap_bp: int | None
    children: tuple["Branch | None", ...]

    def ceiling(self, on: int, room: int) -> int:
        """Return the most that the group may take off a sum."""
        return room if self.cap_bp is None else min(room, on * self.cap_bp // WHOLE_BP)


class Part(NamedTuple):
    """Kopecks that a rule takes off; the rate is None where they are no plain percent."""

    path: Path
    amount: int
    rate_bp: int | None


Parts = tuple[Part, ...]
Play = Callable[[int, int], Parts]
"""What a branch takes off a sum, given the sum and the most that may be taken."""


def resolve(tree: Branch, rates: Mapping[Path, int], *, on: int, room: int) -> Parts:
    """Return what is taken off a line sum `on` by the rules that fit it, given their rates.

    The parts together are at most `room`. A nested group works on the sum that its parent hands
    it: the whole sum, or in `all_on_rest` what its elder siblings left. Only branches with a rule
    that fits are visited, so a line costs what fits it, not what the pack holds.
    """
    if len(rates) == 1:
        (found,) = rates.items()
        return _only(tree, *found, on=on, room=room)
    parts = _play(tree, sorted(rates.items()), 0)(on, room)
    return tuple([part for part in parts if part.amount])


def alone(rate_bp: int, *, on: int, room: int) -> int:
    """Return what a percent takes off if nothing else does."""
    return min(share_of(on, rate_bp), room)


def _only(tree: Branch, path: Path, rate_bp: int, *, on: int, room: int) -> Parts:
    """Take one discount alone: every mode agrees, and only the caps above it count."""
    branch: Branch | None = tree
    for place in path:
        assert branch is not None, "a path ends at a rule"
        room = branch.ceiling(on, room)
        branch = branch.children[place]
    amount = min(share_of(on, rate_bp), room)
    return (Part(path, amount, rate_bp),) if amount else ()


def _play(branch: Branch, rates: Sequence[tuple[Path, int]], depth: int) -> Play:
    plays: list[Play] = []
    for place, group in groupby(rates, key=lambda found: found[0][depth]):
        inside = list(group)
        child = branch.children[place]
        plays.append(_leaf(*inside[0]) if child is None else _play(child, inside, depth + 1))
    mode = MODES[branch.mode]
    if branch.cap_bp is None:
        return lambda on, room: mode(plays, on, room)
    return lambda on, room: _no_rate(mode(plays, on, branch.ceiling(on, room)))


def _leaf(path: Path, rate_bp: int) -> Play:
    return lambda on, room: (Part(path, min(share_of(on, rate_bp), room), rate_bp),)


def _best(plays: Sequence[Play], on: int, room: int) -> Parts:
    """The most for the customer; of equals the one declared first."""
    return max([play(on, room) for play in plays], key=_total)


def _worst(plays: Sequence[Play], on: int, room: int) -> Parts:
    """The least for the customer among those that give anything."""
    return min(_giving(plays, on, room), key=_total, default=())


def _first(plays: Sequence[Play], on: int, room: int) -> Parts:
    """The one declared first among those that give anything."""
    return next(iter(_giving(plays, on, room)), ())


def _all_on_base(plays: Sequence[Play], on: int, room: int) -> Parts:
    """All together, each on the same sum; plain percents add up and are rounded once."""
    parts = [part for play in plays for part in play(on, room)]
    rates = [part.rate_bp for part in parts if part.rate_bp is not None]
    plain = len(rates) == len(parts)
    weights = rates if plain else [part.amount for part in parts]
    total = min(room, share_of(on, sum(rates)) if plain else sum(weights))
    amounts = allocate(total, weights, [total] * len(parts))
    return tuple(
        Part(part.path, amount, part.rate_bp if plain else None)
        for part, amount in zip(parts, amounts, strict=True)
    )


def _all_on_rest(plays: Sequence[Play], on: int, room: int) -> Parts:
    """A chain: each on what the ones before it left, rounded step by step."""
    taken: Parts = ()
    for play in plays:
        spent = _total(taken)
        taken += play(on - spent, room - spent)
    return _no_rate(taken)


def _giving(plays: Sequence[Play], on: int, room: int) -> list[Parts]:
    return [parts for play in plays if _total(parts := play(on, room))]


def _total(parts: Parts) -> int:
    return sum([part.amount for part in parts])


def _no_rate(parts: Parts) -> Parts:
    return tuple(part._replace(rate_bp=None) for part in parts)


Mode = Callable[[Sequence[Play], int, int], Parts]
MODES: Final[dict[str, Mode]] = {
    "best": _best,
    "worst": _worst,
    "first": _first,
    "all_on_base": _all_on_base,
    "all_on_rest": _all_on_rest,
}
