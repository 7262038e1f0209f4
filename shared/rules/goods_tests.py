"""Whether a line is of goods: by sku and group, and by named lists of them."""

from collections.abc import Callable, Iterable, Mapping

from shared.basket import Line
from shared.rules.facts import Facts
from shared.rules.model import GoodsList

LineTest = Callable[[Facts, Line], bool]
Lists = Mapping[str, GoodsList]


def goods_test(names: Iterable[str], lists: Lists) -> LineTest:
    """Compile membership in any of the named lists of goods."""
    named = [lists[name] for name in names]
    skus = frozenset(sku for goods in named for sku in goods.skus)
    brands = frozenset(brand for goods in named for brand in goods.brands)
    flags = frozenset(flag for goods in named for flag in goods.flags)
    in_groups = groups_test([path for goods in named for path in goods.groups])
    if not brands and not flags:
        return lambda facts, line: line.goods.sku in skus or in_groups(facts, line)
    return lambda facts, line: (
        line.goods.sku in skus
        or line.goods.brand in brands
        or not flags.isdisjoint(line.goods.flags)
        or in_groups(facts, line)
    )


def groups_test(paths: Iterable[str]) -> LineTest:
    """Compile membership in any of these groups or in one below them."""
    prefixes = tuple(f"{path}/" for path in paths)
    return lambda _facts, line: f"{line.goods.group}/".startswith(prefixes)
