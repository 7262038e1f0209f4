"""Bundles: several pieces bought together, some of them cheaper, the discount spread over all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from shared.basket import QUANTITY_ONE, Line
from shared.money import round_half_up, share_of
from shared.rules.facts import Facts
from shared.rules.goods_tests import LineTest, Lists, goods_test
from shared.rules.offers import Offers
from shared.rules.price_model import BundleEffect, BundlePart
from shared.rules.stacking import Offer, Together


def bundle_offers(effect: BundleEffect, lists: Lists) -> Offers:
    """Compile a bundle; a line belongs to the first part that has its goods.

    What is weighed has no pieces and belongs to none.
    """
    parts = [*effect.parts, *([effect.gift] if effect.gift is not None else [])]
    tests = [_part_test(part, lists) for part in parts]

    def offers(facts: Facts, lines: Sequence[Line]) -> Sequence[Offer]:
        owners = [_owner(tests, facts, line) for line in lines]
        inside = [
            (owner, _pieces(line))
            for owner, line in zip(owners, lines, strict=True)
            if owner is not None
        ]
        together = Together(lambda sums: _spread(effect, inside, sums))
        return [0 if owner is None else together for owner in owners]

    return offers


def missing_pieces(
    effect: BundleEffect, lists: Lists, facts: Facts, lines: Sequence[Line]
) -> list[tuple[BundlePart, int]]:
    """Return the parts of which lines have too few pieces for a bundle, with what they have."""
    parts = [*effect.parts, *([effect.gift] if effect.gift is not None else [])]
    tests = [_part_test(part, lists) for part in parts]
    had = [0] * len(parts)
    for line in lines:
        if (owner := _owner(tests, facts, line)) is not None:
            had[owner] += _pieces(line)
    return [(part, has) for part, has in zip(parts, had, strict=True) if has < part.pieces]


@dataclass(slots=True)
class _Run:
    """The pieces of a line that are in the bundles, and those of them that are cheaper."""

    place: int
    pieces: int
    sum_minor: int
    taken: int = 0
    cheaper: int = 0

    @property
    def unit(self) -> Fraction:
        return Fraction(self.sum_minor, self.pieces)

    def worth(self, count: int) -> int:
        return round_half_up(self.sum_minor * count, self.pieces)


def _spread(
    effect: BundleEffect,
    inside: Sequence[tuple[int, int]],
    sums: Sequence[int],
) -> tuple[int, Sequence[int]]:
    """Return what the bundles give in all, and the worth of their pieces by line.

    Each line is given as its part and its pieces.
    """
    runs = [_Run(place, pieces, sums[place]) for place, (_, pieces) in enumerate(inside)]
    of_part = [
        [run for run in runs if inside[run.place][0] == number] for number in range(_parts(effect))
    ]
    wanted = [part.pieces for part in effect.parts]
    if effect.gift is not None:
        wanted.append(effect.gift.pieces)
    times = min(
        sum(run.pieces for run in mine) // count
        for mine, count in zip(of_part, wanted, strict=True)
    )
    times = min(times, effect.times_max)
    for number, (mine, count) in enumerate(zip(of_part, wanted, strict=True)):
        is_gift = number >= len(effect.parts)
        _take(mine, times * count, _cheapest_first if is_gift else _dearest_first)
        if is_gift:
            for run in mine:
                run.cheaper = run.taken
    weights = [run.worth(run.taken) for run in runs]
    if effect.price_minor is not None:
        return max(0, sum(weights) - times * effect.price_minor), weights
    if effect.cheapest is not None:
        _make_cheaper(runs, times * effect.cheapest)
    worth = sum(run.worth(run.cheaper) for run in runs)
    return share_of(worth, effect.percent), weights


def _take(runs: Sequence[_Run], count: int, order: Callable[[_Run], tuple[Fraction, int]]) -> None:
    for run in sorted(runs, key=order):
        run.taken = min(run.pieces, count)
        count -= run.taken


def _make_cheaper(runs: Sequence[_Run], count: int) -> None:
    """Choose the cheapest of the pieces taken; of equals the ones on later lines."""
    for run in sorted((run for run in runs if run.taken), key=_dearest_first, reverse=True):
        run.cheaper = min(run.taken, count)
        count -= run.cheaper


def _dearest_first(run: _Run) -> tuple[Fraction, int]:
    return -run.unit, run.place


def _cheapest_first(run: _Run) -> tuple[Fraction, int]:
    return run.unit, run.place


def _parts(effect: BundleEffect) -> int:
    return len(effect.parts) + (effect.gift is not None)


def _part_test(part: BundlePart, lists: Lists) -> LineTest:
    if part.goods is None:
        return lambda _facts, _line: True
    return goods_test(part.goods, lists)


def _owner(tests: Sequence[LineTest], facts: Facts, line: Line) -> int | None:
    if not _pieces(line):
        return None
    return next((number for number, fits in enumerate(tests) if fits(facts, line)), None)


def _pieces(line: Line) -> int:
    pieces, rest = divmod(line.quantity, QUANTITY_ONE)
    return 0 if rest else pieces
