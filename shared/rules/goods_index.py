"""What is said of goods, found by sku, brand, flag and the groups above them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from shared.basket import Goods
from shared.rules.model import GoodsList

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, eq=False)
class GoodsIndex(Generic[_T]):
    """Values by what goods must be for them; goods may have a value twice."""

    by_sku: Mapping[str, tuple[_T, ...]]
    by_group: Mapping[str, tuple[_T, ...]]
    by_brand: Mapping[str, tuple[_T, ...]]
    by_flag: Mapping[str, tuple[_T, ...]]

    def __bool__(self) -> bool:
        """Tell whether there is any value."""
        return bool(self.by_sku or self.by_group or self.by_brand or self.by_flag)

    def of(self, goods: Goods) -> Iterator[_T]:
        """Yield the values for goods."""
        yield from self.by_sku.get(goods.sku, ())
        yield from self.by_brand.get(goods.brand, ())
        for flag in goods.flags if self.by_flag else ():
            yield from self.by_flag.get(flag, ())
        path = goods.group if self.by_group else ""
        while path:
            yield from self.by_group.get(path, ())
            path = path.rpartition("/")[0]


def goods_index(pairs: Iterable[tuple[GoodsList, _T]]) -> GoodsIndex[_T]:
    """Build the index of lists of goods, each with its value."""
    listed = list(pairs)
    return GoodsIndex(
        _grouped((sku, value) for goods, value in listed for sku in goods.skus),
        _grouped((path, value) for goods, value in listed for path in goods.groups),
        _grouped((brand, value) for goods, value in listed for brand in goods.brands),
        _grouped((flag, value) for goods, value in listed for flag in goods.flags),
    )


def _grouped(pairs: Iterable[tuple[str, _T]]) -> dict[str, tuple[_T, ...]]:
    found: dict[str, list[_T]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return {key: tuple(values) for key, values in found.items()}
