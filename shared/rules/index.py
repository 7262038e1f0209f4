"""Compiled rules of lines, found by sku and goods group, so that a line meets few of many."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Protocol

from shared.basket import Goods, Line
from shared.rules.conditions import LineTest, Lists
from shared.rules.facts import Facts
from shared.rules.model import Condition
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
    by_brand: Mapping[str, tuple[LineRule, ...]]

    def __bool__(self) -> bool:
        """Tell whether there is any rule."""
        return bool(self.everywhere or self.by_sku or self.by_group)

    def of(self, goods: Goods) -> Sequence[LineRule]:
        """Return the rules that may fit goods, in declared order."""
        found = self.naming(goods)
        if not found:
            return self.everywhere
        return sorted({*self.everywhere, *found}, key=_place)

    def naming(self, goods: Goods) -> set[LineRule]:
        """Return the rules that name these goods, without those that name none."""
        found = {*self.by_sku.get(goods.sku, ()), *self.by_brand.get(goods.brand, ())}
        path = goods.group if self.by_group else ""
        while path:
            found.update(self.by_group.get(path, ()))
            path = path.rpartition("/")[0]
        return found


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
        for sku in anchor.skus:
            by_sku.setdefault(sku, []).append(rule)
        for path in anchor.groups:
            by_group.setdefault(path, []).append(rule)
        for brand in anchor.brands:
            by_brand.setdefault(brand, []).append(rule)
    return RuleIndex(
        tuple(everywhere),
        {sku: tuple(found) for sku, found in by_sku.items()},
        {path: tuple(found) for path, found in by_group.items()},
        {brand: tuple(found) for brand, found in by_brand.items()},
    )


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
            return Anchor(
                skus=tuple(sku for goods in named for sku in goods.skus),
                groups=tuple(path for goods in named for path in goods.groups),
            )
    return None
