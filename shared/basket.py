"""What lies on the counter: goods as the replica knows them, and the lines of a receipt."""

from dataclasses import dataclass
from enum import StrEnum

from shared.money import round_half_up

QUANTITY_ONE = 1000


class Flag(StrEnum):
    """What the law or the chain says of goods; the kernel obeys, rules may ask."""

    SALE = "sale"
    TOBACCO = "tobacco"
    ALCOHOL = "alcohol"
    CERTIFICATE = "certificate"
    SERVICE = "service"
    EXCLUDE_TURNOVER = "exclude_turnover"


@dataclass(frozen=True, slots=True)
class Goods:
    """Goods of the assortment: `group` is a path such as `wine/red`; floor in kopecks a unit."""

    sku: str
    name: str = ""
    group: str = ""
    brand: str = ""
    flags: frozenset[Flag] = frozenset()
    floor_minor: int = 0
    known: bool = True
    """False when neither the replica nor the line says what it is: it takes no points."""


@dataclass(frozen=True, slots=True)
class Line:
    """A position of a receipt: quantity in thousandths, price in kopecks for one unit."""

    no: int
    goods: Goods
    quantity: int
    price_minor: int
    cashier_discount_minor: int = 0
    """Kopecks that the cashier took off the line before."""
    stated_minor: int | None = None
    """The line sum that the till itself has found, before any effect."""

    @property
    def base_minor(self) -> int:
        """The line sum in kopecks before any effect, rounded half up once."""
        return round_half_up(self.price_minor * self.quantity, QUANTITY_ONE)

    @property
    def difference_minor(self) -> int:
        """How much more the till has found for the line than its price and quantity give."""
        return 0 if self.stated_minor is None else self.stated_minor - self.base_minor

    @property
    def floor_minor(self) -> int:
        """The lowest sum of the line in kopecks: min(its price, its floor), rounded up."""
        return self.floor_at(self.goods.floor_minor)

    def floor_at(self, unit_minor: int) -> int:
        """Return the lowest sum of the line for a floor in kopecks a unit."""
        return min(self.base_minor, -(-unit_minor * self.quantity // QUANTITY_ONE))


def piece_rows(sum_minor: int, quantity: int) -> list[tuple[int, int]]:
    """Split a line sum into rows of equal pieces whose prices sum to it exactly.

    A fiscal document states a price a piece with the discount inside, and 289.70 has no third: it
    is one piece of 96.56 and two of 96.57. What is weighed is not split and has no rows.
    """
    pieces, rest = divmod(quantity, QUANTITY_ONE)
    if rest or not pieces:
        return []
    price_minor, dearer = divmod(sum_minor, pieces)
    rows = [(pieces - dearer, price_minor), (dearer, price_minor + 1)]
    return [(count * QUANTITY_ONE, price) for count, price in rows if count]
