"""Lines of a receipt as the till states them, with what the replica knows of their goods."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from agent.replica import store as rows
from shared.basket import Flag, Goods, Line
from shared.errors import Kind, LoyaltyError
from shared.wire.rows import GoodsRow

_FLAGS = {flag.value: flag for flag in Flag}


class NoPriceError(LoyaltyError):
    """A line without a price for goods that have none here."""

    kind = Kind.INVALID
    code = "no_price"
    ru = "Строка {no}: у товара «{sku}» здесь нет цены, укажите её в строке."
    en = "Line {no}: goods {sku} have no price here, state it in the line."


class UnknownBarcodeError(LoyaltyError):
    """A line that names only a barcode which no goods have."""

    kind = Kind.NOT_FOUND
    code = "unknown_barcode"
    ru = "Строка {no}: товара со штрихкодом {barcode} нет в справочнике."
    en = "Line {no}: no goods have barcode {barcode}."


class TillDiffersError(LoyaltyError):
    """A line sum of the till's that is further from ours than the programme tolerates."""

    kind = Kind.INVALID
    code = "till_differs"
    ru = "Строка {no}: касса насчитала {stated_minor} коп., по цене и количеству {base_minor} коп."
    en = "Line {no}: the till found {stated_minor} kopecks, price and quantity give {base_minor}."


@dataclass(frozen=True, slots=True)
class Attributes:
    """What the till itself says of goods that the replica may lack."""

    name: str = ""
    group: str = ""
    brand: str = ""
    flags: frozenset[Flag] = frozenset()
    floor_minor: int = 0


@dataclass(frozen=True, slots=True)
class Item:
    """A line as the till states it: `sku` or `barcode`, thousandths, kopecks a unit."""

    no: int
    quantity: int
    sku: str = ""
    barcode: str = ""
    price_minor: int | None = None
    attributes: Attributes | None = None
    cashier_discount_minor: int = 0
    stated_minor: int | None = None
    certificate: str = ""
    """The code of the certificate that the line sells."""


def lines_of(connection: Connection, items: Sequence[Item]) -> tuple[Line, ...]:
    """Return the lines of a receipt; raises NoPriceError, UnknownBarcodeError."""
    wanted = {item.sku.encode() for item in items if item.sku}
    known = {row.sku: row for row in rows.many(connection, GoodsRow, wanted)}
    return tuple([_line(item, _goods_row(connection, item, known)) for item in items])


def check_sums(lines: Sequence[Line], tolerance_minor: int) -> None:
    """Raise TillDiffersError for a line sum of the till's that is too far from ours."""
    for line in lines:
        if line.stated_minor is not None and abs(line.difference_minor) > tolerance_minor:
            raise TillDiffersError(
                no=line.no, stated_minor=line.stated_minor, base_minor=line.base_minor
            )


def _line(item: Item, row: GoodsRow | None) -> Line:
    if row is None and not item.sku:
        raise UnknownBarcodeError(no=item.no, barcode=item.barcode)
    goods = _goods(item, row)
    price_minor = item.price_minor
    if price_minor is None:
        if row is None:
            raise NoPriceError(no=item.no, sku=goods.sku)
        price_minor = row.price_minor
    return Line(
        item.no, goods, item.quantity, price_minor, item.cashier_discount_minor, item.stated_minor
    )


def _goods_row(
    connection: Connection, item: Item, known: Mapping[str, GoodsRow]
) -> GoodsRow | None:
    if item.sku:
        return known.get(item.sku)
    return rows.goods_by_barcode(connection, item.barcode)


def _goods(item: Item, row: GoodsRow | None) -> Goods:
    """Take the replica's row for bans and floors; the line's own attributes serve what it lacks."""
    if row is not None:
        flags = frozenset([_FLAGS[name] for name in row.flags if name in _FLAGS])
        return Goods(row.sku, row.name, row.group, row.brand, flags, row.floor_minor)
    told = item.attributes
    if told is None:
        return Goods(item.sku, known=False)
    return Goods(item.sku, told.name, told.group, told.brand, told.flags, told.floor_minor)
