"""The compiled part of a pack that lowers prices, but for the stacking tree."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from shared.basket import Goods
from shared.rules.conditions import conjuncts
from shared.rules.goods_index import GoodsIndex, goods_index
from shared.rules.index import Anchor, LineRule, RuleIndex, anchor_of, index_of
from shared.rules.model import Pack
from shared.rules.offers import Values, percent_values, table_values
from shared.rules.price_model import (
    Ban,
    Caps,
    CouponEffect,
    EntitlementEffect,
    Floor,
    HintEffect,
    PriceEffect,
)
from shared.rules.terms import Term, read_activation, read_expiry
from shared.rules.wording import Wording

RuleOf = Callable[[int], LineRule]
"""Compiles the rule at a place of the pack."""
_E = TypeVar("_E", PriceEffect, EntitlementEffect, CouponEffect, HintEffect)


@dataclass(frozen=True, slots=True, eq=False)
class EntitlementTerms:
    """What a rule of a benefit to choose gives, and the lot that its bonus part becomes."""

    values: Values
    wallet: str
    point_value_minor: int
    kind: str
    activation: Term
    expiry: Term
    unless_asked: str


@dataclass(frozen=True, slots=True)
class CouponTerms:
    """The campaign of a coupon, and when its code may be used."""

    campaign: str
    activation: Term
    expiry: Term


@dataclass(frozen=True, slots=True, eq=False)
class Floors:
    """Lowest prices by law."""

    by_goods: GoodsIndex[Floor]

    def of(self, goods: Goods, day: date) -> int:
        """Return the highest of the floors in force for goods, in kopecks a unit, or 0."""
        if not self.by_goods:
            return 0
        found = (floor for floor in self.by_goods.of(goods) if _in_force(floor, day))
        return max((floor.price_minor for floor in found), default=0)


@dataclass(frozen=True, slots=True, eq=False)
class PriceSide:
    """Price lists, benefits to choose, floors and caps."""

    prices: RuleIndex
    price_of: Mapping[str, Mapping[str, int]]
    """Kopecks a unit by sku, by the rule that gives the list."""
    entitlements: RuleIndex
    terms: Mapping[str, EntitlementTerms]
    coupons: tuple[tuple[LineRule, CouponTerms], ...]
    hints: tuple[tuple[LineRule, Wording], ...]
    floors: Floors
    bans: GoodsIndex[Ban]
    caps: Caps
    line_pays_at_least_minor: int
    receipt_pays_at_least_minor: int


def compile_price_side(pack: Pack, rule_of: RuleOf) -> PriceSide:
    """Compile the prices, benefits, floors and caps of a pack that was checked."""
    priced = _effects(pack, PriceEffect)
    entitled = _effects(pack, EntitlementEffect)
    lists = {name: dict(found.prices) for name, found in pack.price_lists.items()}
    return PriceSide(
        prices=index_of(
            (rule_of(place), Anchor(skus=tuple(lists[effect.list]))) for place, effect in priced
        ),
        price_of={pack.rules[place].id: lists[effect.list] for place, effect in priced},
        entitlements=index_of(
            (rule_of(place), anchor_of(conjuncts(pack.rules[place].condition), pack.lists))
            for place, _ in entitled
        ),
        terms={pack.rules[place].id: _terms(pack, effect) for place, effect in entitled},
        coupons=tuple(
            (
                rule_of(place),
                CouponTerms(
                    effect.campaign, read_activation(effect.activation), read_expiry(effect.expiry)
                ),
            )
            for place, effect in _effects(pack, CouponEffect)
        ),
        hints=tuple(
            (rule_of(place), Wording(effect.words.ru, effect.words.en))
            for place, effect in _effects(pack, HintEffect)
        ),
        floors=_floors(pack),
        bans=_bans(pack),
        caps=pack.caps,
        line_pays_at_least_minor=pack.policies.line_pays_at_least_minor,
        receipt_pays_at_least_minor=pack.policies.receipt_pays_at_least_minor,
    )


def _effects(pack: Pack, kind: type[_E]) -> list[tuple[int, _E]]:
    return [
        (place, effect)
        for place, rule in enumerate(pack.rules)
        for effect in rule.then
        if isinstance(effect, kind)
    ]


def _terms(pack: Pack, effect: EntitlementEffect) -> EntitlementTerms:
    if effect.table is not None:
        values = table_values(pack.tables[effect.table], pack.lists)
    else:
        values = percent_values(effect.percent, effect.tier_percent)
    return EntitlementTerms(
        values=values,
        wallet=effect.wallet,
        point_value_minor=pack.wallets[effect.wallet].point_value_minor,
        kind=effect.kind,
        activation=read_activation(effect.activation),
        expiry=read_expiry(effect.expiry),
        unless_asked=effect.unless_asked,
    )


def _floors(pack: Pack) -> Floors:
    named = ((pack.lists[name], floor) for floor in pack.floors for name in floor.goods)
    return Floors(goods_index(named))


def _bans(pack: Pack) -> GoodsIndex[Ban]:
    return goods_index((pack.lists[name], ban) for ban in pack.bans for name in ban.goods)


def _in_force(floor: Floor, day: date) -> bool:
    return (floor.first is None or floor.first <= day) and (floor.last is None or day <= floor.last)
