"""The stacking tree over a whole receipt: groups that weigh what their children give all lines."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from shared.money import WHOLE_BP, allocate, round_half_up
from shared.rules.stacking import (
    OR_BEST,
    Branch,
    Found,
    Offer,
    Part,
    Parts,
    Path,
    Together,
    alone,
    kept,
    path_of,
    resolve,
)

Spread = Sequence[Parts]
"""What is taken off each line."""

Play = Callable[[Sequence[int], Sequence[int]], Spread]
"""What a branch takes off the lines, given their sums and the most that may be taken of each."""


def resolve_receipt(
    tree: Branch,
    offers: Sequence[Mapping[Path, Offer]],
    *,
    sums: Sequence[int],
    rooms: Sequence[int],
) -> Spread:
    """Return what is taken off each line of a receipt, given its offers, its sum and its room.

    A rule in a group of scope `receipt` is rounded once over its lines and spread over them by
    largest remainder. A group of scope `line` works line by line.
    """
    found = [sorted(mine.items(), key=path_of) for mine in offers]
    return [kept(parts) for parts in _play(tree, found, 0)(sums, rooms)]


def spread_alone(
    offers: Sequence[Offer | None], sums: Sequence[int], rooms: Sequence[int]
) -> list[int]:
    """Return what a rule in a group of scope `receipt` takes off each line if nothing else does."""
    fitting = [place for place, offer in enumerate(offers) if offer is not None]
    together = next((offer for offer in offers if isinstance(offer, Together)), None)
    weights = [0] * len(offers)
    if together is not None:
        total, heavy = together.spread([sums[place] for place in fitting])
        for place, weight in zip(fitting, heavy, strict=True):
            weights[place] = weight
        return allocate(total, weights, rooms)
    rates = {place: rate for place in fitting if isinstance(rate := offers[place], int)}
    if not rates:
        return [
            0 if offer is None else alone(offer, on=on, room=room)
            for offer, on, room in zip(offers, sums, rooms, strict=True)
        ]
    for place, rate_bp in rates.items():
        weights[place] = sums[place] * rate_bp
    return allocate(round_half_up(sum(weights), WHOLE_BP), weights, rooms)


def _play(branch: Branch, found: Sequence[Found], depth: int) -> Play:
    if branch.scope == "line":
        return lambda sums, rooms: [
            _line(branch, mine, depth, on, room)
            for mine, on, room in zip(found, sums, rooms, strict=True)
        ]
    plays: list[Play] = []
    points: list[tuple[str, Play]] = []
    for place in sorted({path[depth] for mine in found for path, _ in mine}):
        inside = [[pair for pair in mine if pair[0][depth] == place] for mine in found]
        if place >= len(branch.children):
            points.append((branch.modifiers[place - len(branch.children)], _leaf(inside)))
            continue
        child = branch.children[place]
        plays.append(_leaf(inside) if child is None else _play(child, inside, depth + 1))
    mode, eligible = MODES[branch.mode], [bool(mine) for mine in found]

    def play(sums: Sequence[int], rooms: Sequence[int]) -> Spread:
        taken = mode(plays, sums, rooms)
        for lines, more in points:
            taken = _with_points(taken, lines, more, sums, rooms)
        on = sum([on for on, fits in zip(sums, eligible, strict=True) if fits])
        return _capped(taken, branch.ceiling(on, on), sums)

    return play


def _line(branch: Branch, found: Found, depth: int, on: int, room: int) -> Parts:
    if not found:
        return ()
    below = {path[depth:]: offer for path, offer in found}
    prefix = found[0][0][:depth]
    parts = resolve(branch, below, on=on, room=room)
    return tuple([Part(prefix + part.path, part.amount, None) for part in parts])


def _leaf(found: Sequence[Found]) -> Play:
    path = next(mine[0][0] for mine in found if mine)
    offers = [mine[0][1] if mine else None for mine in found]
    return lambda sums, rooms: [
        (Part(path, amount, None),) if amount else ()
        for amount in spread_alone(offers, sums, rooms)
    ]


def _with_points(
    taken: Spread, lines: str, more: Play, sums: Sequence[int], rooms: Sequence[int]
) -> Spread:
    """Add percent points of the sums, to the lines that have a discount or to all."""
    counted = [
        on if amount or lines == "all" else 0
        for on, amount in zip(sums, _amounts(taken), strict=True)
    ]
    return _joined(taken, more(counted, _less(rooms, taken)))


def _capped(taken: Spread, ceiling: int, sums: Sequence[int]) -> Spread:
    """Take back what is over the ceiling, by the weights of the sums."""
    amounts = _amounts(taken)
    over = sum(amounts) - ceiling
    if over <= 0:
        return taken
    back = allocate(over, sums, amounts)
    return [
        _trimmed(parts, amount - less)
        for parts, amount, less in zip(taken, amounts, back, strict=True)
    ]


def _trimmed(parts: Parts, amount: int) -> Parts:
    weights = [part.amount for part in parts]
    return tuple(
        Part(part.path, share, part.rate_bp)
        for part, share in zip(parts, allocate(amount, weights, weights), strict=True)
    )


def _best(plays: Sequence[Play], sums: Sequence[int], rooms: Sequence[int]) -> Spread:
    return max([play(sums, rooms) for play in plays], key=_total, default=_nothing(sums))


def _worst(plays: Sequence[Play], sums: Sequence[int], rooms: Sequence[int]) -> Spread:
    return min(_giving(plays, sums, rooms), key=_total, default=_nothing(sums))


def _first(plays: Sequence[Play], sums: Sequence[int], rooms: Sequence[int]) -> Spread:
    return next(iter(_giving(plays, sums, rooms)), _nothing(sums))


def _all_on_base(plays: Sequence[Play], sums: Sequence[int], rooms: Sequence[int]) -> Spread:
    taken = _nothing(sums)
    for play in plays:
        taken = _joined(taken, play(sums, _less(rooms, taken)))
    return taken


def _base_or_best(plays: Sequence[Play], sums: Sequence[int], rooms: Sequence[int]) -> Spread:
    alone = [play(sums, rooms) for play in plays]
    on = sum(one for place, one in enumerate(sums) if any(taken[place] for taken in alone))
    mode = _best if sum(map(_total, alone)) > on else _all_on_base
    return mode(plays, sums, rooms)


def _all_on_rest(plays: Sequence[Play], sums: Sequence[int], rooms: Sequence[int]) -> Spread:
    taken = _nothing(sums)
    for play in plays:
        taken = _joined(taken, play(_less(sums, taken), _less(rooms, taken)))
    return taken


def _giving(plays: Sequence[Play], sums: Sequence[int], rooms: Sequence[int]) -> list[Spread]:
    return [taken for play in plays if _total(taken := play(sums, rooms))]


def _nothing(sums: Sequence[int]) -> Spread:
    return [()] * len(sums)


def _joined(taken: Spread, more: Spread) -> Spread:
    return [parts + added for parts, added in zip(taken, more, strict=True)]


def _less(amounts: Sequence[int], taken: Spread) -> list[int]:
    return [amount - spent for amount, spent in zip(amounts, _amounts(taken), strict=True)]


def _amounts(taken: Spread) -> list[int]:
    return [sum([part.amount for part in parts]) for parts in taken]


def _total(taken: Spread) -> int:
    return sum(_amounts(taken))


Mode = Callable[[Sequence[Play], Sequence[int], Sequence[int]], Spread]
MODES: Final[dict[str, Mode]] = {
    "best": _best,
    "worst": _worst,
    "first": _first,
    "all_on_base": _all_on_base,
    OR_BEST: _base_or_best,
    "all_on_rest": _all_on_rest,
}
