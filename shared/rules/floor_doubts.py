"""Prices that rules promise below a floor by law of the same goods."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from shared.rules.conditions import conjuncts
from shared.rules.model import Pack, Rule
from shared.rules.price_model import BundleEffect, DiscountEffect, PriceEffect

Named = tuple[str, str]
"""What goods are named by and the name: `("group", "spirits/vodka")`."""


@dataclass(frozen=True, slots=True)
class Promise:
    """A price of some goods that a rule gives, and the floor that it does not reach; kopecks."""

    place: int
    goods: str
    price_minor: int
    floor_minor: int


def below_floors(pack: Pack) -> Iterator[Promise]:
    """Yield one promise for each rule and floor that do not go together."""
    for place, rule in enumerate(pack.rules):
        promised = list(_promises(pack, rule))
        for floor in pack.floors:
            held = set(_listed(pack, floor.goods))
            broken = sorted(
                (name, price_minor)
                for (kind, name), price_minor in promised
                if price_minor < floor.price_minor and any(_meets((kind, name), on) for on in held)
            )
            for name, price_minor in broken[:1]:
                yield Promise(place, name, price_minor, floor.price_minor)


def _promises(pack: Pack, rule: Rule) -> Iterator[tuple[Named, int]]:
    """Yield the prices of a unit that a rule sets, by what names the goods."""
    for effect in rule.then:
        if isinstance(effect, PriceEffect):
            prices = pack.price_lists[effect.list].prices.items()
            yield from ((("sku", sku), price_minor) for sku, price_minor in prices)
        if isinstance(effect, DiscountEffect) and effect.price_minor is not None:
            yield from ((named, effect.price_minor) for named in _of_rule(pack, rule))
        if isinstance(effect, BundleEffect) and effect.price_minor is not None:
            pieces = sum(part.pieces for part in effect.parts)
            goods = [name for part in effect.parts for name in part.goods or ()]
            named_goods = set(_listed(pack, goods)) or set(_of_rule(pack, rule))
            if len(effect.parts) == 1:
                yield from ((named, effect.price_minor // pieces) for named in named_goods)


def _of_rule(pack: Pack, rule: Rule) -> Iterator[Named]:
    for part in conjuncts(rule.condition):
        yield from (("sku", sku) for sku in part.sku_in or ())
        yield from (("group", path) for path in part.group_in or ())
        yield from (("brand", brand) for brand in part.brand_in or ())
        yield from (("flag", str(flag)) for flag in part.flag_in or ())
        yield from _listed(pack, part.goods_in or ())


def _listed(pack: Pack, names: Iterable[str]) -> Iterator[Named]:
    for name in names:
        goods = pack.lists[name]
        yield from (("sku", sku) for sku in goods.skus)
        yield from (("group", path) for path in goods.groups)
        yield from (("brand", brand) for brand in goods.brands)
        yield from (("flag", str(flag)) for flag in goods.flags)


def _meets(one: Named, other: Named) -> bool:
    """Tell whether two names have goods in common, as far as the names tell."""
    if one[0] == other[0] == "group":
        a, b = f"{one[1]}/", f"{other[1]}/"
        return a.startswith(b) or b.startswith(a)
    return one == other
