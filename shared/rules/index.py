"""Compiled rules of lines, found by sku and goods group, so that a line meets few of many."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Protocol

from shared.basket import Goods, Line
from shared.rules.condition_model import Condition
from shared.rules.facts import Facts
from shared.rules.goods_tests import LineTest, Lists
from shared.rules.result import Sentence
from shared.rules.wording import Wording

Gate = Callable[[Facts], Sentence | None]
"""Says why a rule is closed to a receipt, or None if it is open."""

Rate = Callable[[Facts, Line], int]
"""Gives basis points."""

Share = Callable[[Facts], int]
"""Gives the basis points of the whole receipt."""


@dataclass(frozen=True, slots=True, eq=False)
class LineRule:
    """One effect of a rule, ready to be asked of lines; `place` is its order in the pack."""

    id: str
    title: Wording
    place: int
    gate: Gate
    matches: LineTest
    rate: Rate
    applied: Sentence
    """What the trace says where the rule did something; the numbers are the step's."""


def any_line(_facts: Facts, _line: Line) -> bool:
    """Fit a line whatever it is: what a rule without conditions on goods asks."""
    return True


class Asked(Protocol):
    """What the kernel can say why it did nothing of."""

    @property
    def id(self) -> str:
        """The rule's id."""
        ...


@dataclass(frozen=True, slots=True)
class Anchor:
    """Goods that a line must be among for a rule to fit it."""

    skus: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class RuleIndex:
    """Rules by what a line must be; `everywhere` are those that name no goods."""

    everywhere: tuple[LineRule, ...]
    by_sku: Mapping[str, tuple[LineRule, ...]]
    by_group: Mapping[str, tuple[LineRule, ...]]
    """With the rules of the groups above."""
    by_brand: Mapping[str, tuple[LineRule, ...]]

    def __bool__(self) -> bool:
        """Tell whether there is any rule."""
        return bool(self.everywhere or self.names_goods)

    @property
    def names_goods(self) -> bool:
        """Whether any rule does."""
        return bool(self.by_sku or self.by_group or self.by_brand)

    def of(self, goods: Goods) -> Sequence[LineRule]:
        """Return the rules that may fit goods, in declared order."""
        found = self.naming(goods)
        if not found:
            return self.everywhere
        return sorted({*self.everywhere, *found}, key=_place)

    def naming(self, goods: Goods) -> Collection[LineRule]:
        """Return the rules that name these goods, each once, without those that name none."""
        by_sku, by_brand = self.by_sku.get(goods.sku, ()), self.by_brand.get(goods.brand, ())
        by_group = self._naming_group(goods.group) if self.by_group else ()
        if not by_brand and not by_group:
            return by_sku
        if not by_brand and not by_sku:
            return by_group
        return {*by_sku, *by_brand, *by_group}

    def _naming_group(self, path: str) -> Collection[LineRule]:
        while path:
            if (found := self.by_group.get(path)) is not None:
                return found
            path = path.rpartition("/")[0]
        return ()


_place = attrgetter("place")


def index_of(rules: Iterable[tuple[LineRule, Anchor | None]]) -> RuleIndex:
    """Build the index of rules and their anchors."""
    everywhere: list[LineRule] = []
    by_sku: dict[str, list[LineRule]] = {}
    by_group: dict[str, list[LineRule]] = {}
    by_brand: dict[str, list[LineRule]] = {}
    for rule, anchor in rules:
        if anchor is None:
            everywhere.append(rule)
            continue
        for sku in dict.fromkeys(anchor.skus):
            by_sku.setdefault(sku, []).append(rule)
        for path in anchor.groups:
            by_group.setdefault(path, []).append(rule)
        for brand in anchor.brands:
            by_brand.setdefault(brand, []).append(rule)
    return RuleIndex(
        tuple(everywhere),
        {sku: tuple(found) for sku, found in by_sku.items()},
        {path: _with_those_above(by_group, path) for path in by_group},
        {brand: tuple(found) for brand, found in by_brand.items()},
    )


def _with_those_above(by_group: Mapping[str, list[LineRule]], path: str) -> tuple[LineRule, ...]:
    found = dict.fromkeys(by_group[path])
    while path := path.rpartition("/")[0]:
        found |= dict.fromkeys(by_group.get(path, ()))
    return tuple(found)


def anchor_of(must_hold: Iterable[Condition], lists: Lists) -> Anchor | None:
    """Return the goods that the first goods condition among conjuncts names, if any does."""
    for condition in must_hold:
        if condition.sku_in is not None:
            return Anchor(skus=condition.sku_in)
        if condition.group_in is not None:
            return Anchor(groups=condition.group_in)
        if condition.brand_in is not None:
            return Anchor(brands=condition.brand_in)
        if condition.goods_in is not None:
            named = [lists[name] for name in condition.goods_in]
            if any(goods.flags for goods in named):
                continue
            return Anchor(
                skus=tuple(sku for goods in named for sku in goods.skus),
                groups=tuple(path for goods in named for path in goods.groups),
                brands=tuple(brand for goods in named for brand in goods.brands),
            )
    return None
