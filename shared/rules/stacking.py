"""The stacking tree: which of the discounts that fit a line it takes, and how they add up."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Final, Literal, NamedTuple

from msgspec import Struct

from shared.money import WHOLE_BP, allocate, share_of

Path = tuple[int, ...]
"""Where a rule stands in the tree: the number of the child in each group, from the top; the
modifiers of a group are numbered on from its children."""

Cut = Callable[[int], int]
"""Kopecks off a line sum, where they are no plain percent of it."""


class Together(NamedTuple):
    """Kopecks off all lines that fit a rule at once, in groups of scope `receipt` alone.

    `spread` takes the sums of these lines, in order, and gives the kopecks and their weights.
    """

    spread: Callable[[Sequence[int]], tuple[int, Sequence[int]]]


Offer = int | Cut | Together
"""What a rule offers a line; an int is a percent in basis points."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A group of the tree; a child that is None is a rule.

    `modifiers` add percent points to what the group takes, each on `discounted` lines or `all`.
    """

    group: str
    mode: str
    cap_bp: int | None
    children: tuple["Branch | None", ...]
    scope: Literal["line", "receipt"] = "line"
    modifiers: tuple[str, ...] = ()

    def ceiling(self, on: int, room: int) -> int:
        """Return the most that the group may take off a sum."""
        return room if self.cap_bp is None else min(room, on * self.cap_bp // WHOLE_BP)


class Part(Struct, frozen=True):
    """Kopecks that a rule takes off; the rate is None where they are no plain percent."""

    path: Path
    amount: int
    rate_bp: int | None


Parts = tuple[Part, ...]
Found = Sequence[tuple[Path, Offer]]
Resolver = Callable[..., Parts]
"""Resolves offers (by path) as `resolve` does, for a tree that it knows."""
Play = Callable[[int, int], Parts]
"""What a branch takes off a sum, given the sum and the most that may be taken."""


def resolve(tree: Branch, offers: Mapping[Path, Offer], *, on: int, room: int) -> Parts:
    """Return what is taken off a line sum `on` by the rules that fit it, given their offers.

    The parts together are at most `room`. A nested group works on the sum that its parent hands
    it: the whole sum, or in `all_on_rest` what its elder siblings left. Only branches with a rule
    that fits are visited, so a line costs what fits it, not what the pack holds.
    """
    if len(offers) == 1:
        ((path, offer),) = offers.items()
        return _only(tree, path, offer, on=on, room=room)
    return kept(_play(tree, sorted(offers.items(), key=path_of), 0)(on, room))


def resolver(tree: Branch) -> Resolver:
    """Return what resolves lines by a tree: the short way where its root takes the best of rules.

    That is the tree of a pack that says nothing of stacking.
    """
    is_plain = tree.mode == "best" and tree.cap_bp is None and not tree.modifiers
    if is_plain and all(child is None for child in tree.children):
        return _best_of_rules
    return partial(resolve, tree)


def alone(offer: Offer, *, on: int, room: int) -> int:
    """Return what an offer takes off a line if nothing else does."""
    if isinstance(offer, int):
        share = share_of(on, offer)
        return share if share < room else room
    assert not isinstance(offer, Together), "no line has it alone"
    return max(0, min(offer(on), room))


def _only(tree: Branch, path: Path, offer: Offer, *, on: int, room: int) -> Parts:
    """Take one discount alone: every mode agrees, and only the caps above it count."""
    branch: Branch | None = tree
    for place in path:
        assert branch is not None, "a path ends at a rule"
        if branch.cap_bp is not None:
            room = branch.ceiling(on, room)
        if place >= len(branch.children):
            if branch.modifiers[place - len(branch.children)] == "discounted":
                return ()
            break
        branch = branch.children[place]
    return kept(_leaf(path, offer)(on, room))


def _best_of_rules(offers: Mapping[Path, Offer], *, on: int, room: int) -> Parts:
    """Take the most for the customer; of equals the one declared first."""
    found = sorted(offers.items(), key=path_of) if len(offers) > 1 else offers.items()
    won, most = None, 0
    for pair in found:
        amount = alone(pair[1], on=on, room=room)
        if amount > most:
            won, most = pair, amount
    if won is None:
        return ()
    path, offer = won
    return (Part(path, most, offer if isinstance(offer, int) else None),)


def _play(branch: Branch, offers: Found, depth: int) -> Play:
    plays: list[Play] = []
    points: list[tuple[str, Play]] = []
    for place, group in groupby(offers, key=lambda found: found[0][depth]):
        inside = list(group)
        if place >= len(branch.children):
            points.append((branch.modifiers[place - len(branch.children)], _leaf(*inside[0])))
            continue
        child = branch.children[place]
        plays.append(_leaf(*inside[0]) if child is None else _play(child, inside, depth + 1))
    mode = MODES[branch.mode]
    if branch.cap_bp is None and not points:
        return lambda on, room: mode(plays, on, room)

    def capped(on: int, room: int) -> Parts:
        ceiling = branch.ceiling(on, room)
        parts = mode(plays, on, ceiling)
        if points:
            parts = _with_points(parts, points, on, ceiling)
        return parts if branch.cap_bp is None else _no_rate(parts)

    return capped


def _leaf(path: Path, offer: Offer) -> Play:
    rate_bp = offer if isinstance(offer, int) else None
    return lambda on, room: (Part(path, alone(offer, on=on, room=room), rate_bp),)


def _with_points(parts: Parts, points: Sequence[tuple[str, Play]], on: int, room: int) -> Parts:
    """Add percent points to what was taken: a plain percent grows and is rounded once."""
    discounted = _total(parts) > 0
    adding = [play for lines, play in points if discounted or lines == "all"]
    return _all_on_base([lambda _on, _room: parts, *adding], on, room)


def _best(plays: Sequence[Play], on: int, room: int) -> Parts:
    """The most for the customer; of equals the one declared first."""
    return max([play(on, room) for play in plays], key=_total, default=())


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


def _base_or_best(plays: Sequence[Play], on: int, room: int) -> Parts:
    """All together as long as that is not more than the whole sum, else the best alone."""
    parts = [part for play in plays for part in play(on, room)]
    rates = [part.rate_bp for part in parts if part.rate_bp is not None]
    plain = len(rates) == len(parts)
    over = sum(rates) > WHOLE_BP if plain else sum(part.amount for part in parts) > on
    return (_best if over else _all_on_base)(plays, on, room)


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
    return tuple([Part(part.path, part.amount, None) for part in parts])


def kept(parts: Parts) -> Parts:
    """Leave out the parts of nothing."""
    return tuple([part for part in parts if part.amount])


def path_of(found: tuple[Path, Offer]) -> Path:
    """Return where in the tree an offer stands."""
    return found[0]


OR_BEST: Final = "all_on_base or best"
"""How `all_on_base` works where the pack forbids more than the whole sum."""
Mode = Callable[[Sequence[Play], int, int], Parts]
MODES: Final[dict[str, Mode]] = {
    "best": _best,
    "worst": _worst,
    "first": _first,
    "all_on_base": _all_on_base,
    OR_BEST: _base_or_best,
    "all_on_rest": _all_on_rest,
}
