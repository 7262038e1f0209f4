"""Earning rules compiled: what each gives the lines that it fits, and into which lot."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Final

from shared.basket import QUANTITY_ONE, Line
from shared.money import WHOLE_BP
from shared.points import POINT
from shared.rules.facts import Facts
from shared.rules.index import LineRule, RuleIndex
from shared.rules.limit_terms import (
    CAMPAIGN,
    POINTS,
    STORE,
    TILL,
    Limit,
    budget_left,
    points_left,
)
from shared.rules.model import Pack
from shared.rules.offers import Values, percent_values, table_values
from shared.rules.points_terms import EarnEffect, RedeemEffect
from shared.rules.terms import Term, read_activation, read_expiry

SCALE: Final = WHOLE_BP * 100
"""Of what rules give: kopecks times basis points times hundredths of a multiplier."""
_BUDGETS: Final = {CAMPAIGN: "earn_budget", STORE: "earn_store", TILL: "earn_till"}
"""What says that so many points are left."""

Given = Callable[[Facts, Sequence[Line], Sequence[int]], list[int]]
"""What lines get, in kopecks times SCALE, of their bases in kopecks."""


@dataclass(frozen=True, slots=True)
class LotTerms:
    """What makes points one lot: rules of equal terms add up and round once."""

    wallet: str
    kind: str
    to: str
    activation: Term
    expiry: Term


@dataclass(frozen=True, slots=True, eq=False)
class Earning:
    """An earning rule: the lot (by number) that it adds to, and what it gives."""

    rule: LineRule
    lot: int
    base: str
    given: Given
    multiplied: bool
    """A number of points is not."""
    unit: int
    """What a hundredth of a point is worth in what is given."""
    most: int | None
    """The most points (hundredths) that a receipt is given; None without a limit."""
    limits: tuple[Limit, ...]

    def most_now(self, facts: Facts) -> tuple[int, str] | None:
        """Return the most points that the member may be given now, and the code of what says so."""
        member = facts.member
        assert member is not None, "nobody earns unnamed"
        left = points_left(self.limits, self.rule.id, member, facts.day)
        budget = budget_left(facts.receipt.budgets, self.rule.id, POINTS)
        known = (("earn_limit", self.most), ("earn_left", left))
        found = [(most, code) for code, most in known if most is not None]
        if budget is not None:
            found.append((max(0, budget.left), _BUDGETS[budget.per]))
        return min(found, key=itemgetter(0), default=None)


@dataclass(frozen=True, slots=True, eq=False)
class Earnings:
    """All earning rules of a pack, and what multiplies them."""

    index: RuleIndex
    by_rule: Mapping[str, Earning]
    lots: tuple[LotTerms, ...]
    times: RuleIndex
    factors: Mapping[str, tuple[str, int]]
    """Wallet and hundredths of each multiplying rule."""


def lot_terms(effect: EarnEffect) -> LotTerms:
    """Return what makes an effect's points one lot."""
    return LotTerms(
        effect.wallet,
        effect.kind,
        effect.to,
        read_activation(effect.activation),
        read_expiry(effect.expiry),
    )


def earning(pack: Pack, rule: LineRule, effect: EarnEffect, lots: Sequence[LotTerms]) -> Earning:
    """Compile one earning rule."""
    value_minor = pack.wallets[effect.wallet].point_value_minor
    unit = value_minor * SCALE // POINT
    return Earning(
        rule=rule,
        lot=lots.index(lot_terms(effect)),
        base=effect.base,
        given=_given(pack, effect, unit),
        multiplied=_is_share(pack, effect),
        unit=unit,
        most=effect.at_most,
        limits=pack.rules[rule.place].limits,
    )


def _is_share(pack: Pack, effect: EarnEffect) -> bool:
    """Tell whether an effect gives a share of money, not a number of points."""
    if effect.table is not None:
        return not pack.tables[effect.table].rows[0].amounts
    return effect.points is None and effect.points_each is None


def _given(pack: Pack, effect: EarnEffect, unit: int) -> Given:
    """Compile what lines get; `unit` is what a hundredth of a point is worth in SCALE."""
    if effect.points is not None:
        whole = effect.points * unit
        times = _times(effect)
        return lambda _facts, lines, bases: _spread(whole * times(lines, bases), lines, bases)
    if effect.points_each is not None:
        each = effect.points_each * unit
        return lambda _facts, lines, bases: [
            each * line.quantity // QUANTITY_ONE if base else 0
            for line, base in zip(lines, bases, strict=True)
        ]
    values = percent_shares(pack, effect)
    if effect.table is not None and pack.tables[effect.table].rows[0].amounts:
        return lambda facts, lines, bases: [
            each * unit * line.quantity // QUANTITY_ONE if base else 0
            for line, base, each in zip(lines, bases, values(facts, lines), strict=True)
        ]
    return lambda facts, lines, bases: [
        base * rate * 100 for base, rate in zip(bases, values(facts, lines), strict=True)
    ]


def _times(effect: EarnEffect) -> Callable[[Sequence[Line], Sequence[int]], int]:
    """Compile how often a number of points is given: once, for each full sum, or so many units."""
    if (every_minor := effect.every_minor) is not None:
        return lambda _lines, bases: sum(bases) // every_minor
    if effect.every_pieces is not None:
        quantity = effect.every_pieces * QUANTITY_ONE
        return lambda lines, bases: (
            sum(line.quantity for line, base in zip(lines, bases, strict=True) if base) // quantity
        )
    return lambda _lines, _bases: 1


def percent_shares(pack: Pack, effect: EarnEffect | RedeemEffect) -> Values:
    """Compile the percent of each line: by a table, of its own, or the tier's."""
    if effect.table is not None:
        return table_values(pack.tables[effect.table], pack.lists)
    return percent_values(effect.percent, effect.tier_percent)


def _spread(whole: int, lines: Sequence[Line], bases: Sequence[int]) -> list[int]:
    """Spread a number of points by what lines cost; nothing where nothing is paid."""
    total = sum(bases)
    if not total:
        return [0] * len(lines)
    parts = [whole * base // total for base in bases]
    parts[bases.index(max(bases))] += whole - sum(parts)
    return parts
