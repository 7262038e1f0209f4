"""Certificates that are sold: each on a line of its own, with the code that is on it."""

from agent.quote.lines import Item
from agent.replica import store as rows
from agent.screen.act import Act
from agent.screen.desk import Desk
from agent.screen.typed import hundredths
from agent.station import Station
from shared.basket import Flag
from shared.errors import Kind, LoyaltyError
from shared.runtime.sqlite import reading
from shared.wire.rows import GoodsRow


class SoldCodeNeededError(LoyaltyError):
    """A line sells a certificate, and nobody has said which."""

    kind = Kind.INVALID
    code = "sold_code_needed"
    ru = "Строка {no}: отсканируйте код сертификата, который продаёте."
    en = "Line {no}: scan the code of the certificate that is sold."


def add_goods(station: Station, desk: Desk, goods: GoodsRow) -> None:
    """Add a piece of goods, a certificate on a line of its own; raises BasketFullError."""
    lines_max = station.settings.lines_max
    if Flag.CERTIFICATE in goods.flags:
        desk.sale.add_single(goods.sku, lines_max)
    else:
        desk.sale.add(goods.sku, lines_max)


def take_for_sale(station: Station, desk: Desk, code: str) -> bool:
    """Let the first line that waits for a certificate sell this one; no if none waits."""
    item = next(iter(_waiting(station, desk)), None)
    if item is None:
        return False
    desk.sale.sell_certificate(item.no, code, item.price_minor)
    return True


def set_certificate(act: Act) -> None:
    """Take the code and the price of a line's certificate as typed; raises BadAmountError."""
    price, code = act.text("price"), act.text("certificate")
    act.desk.sale.sell_certificate(act.number("no"), code, hundredths(price) if price else None)


def demand_codes(station: Station, desk: Desk) -> None:
    """Raise SoldCodeNeededError for a certificate without its code: it would never pay."""
    for item in _waiting(station, desk):
        raise SoldCodeNeededError(no=item.no)


def _waiting(station: Station, desk: Desk) -> list[Item]:
    """Return the lines that sell a certificate of which the code is not known yet."""
    items = [item for item in desk.sale.items if not item.certificate]
    with reading(station.replica) as connection:
        known = rows.many(connection, GoodsRow, {item.sku.encode() for item in items})
    sold = {goods.sku for goods in known if Flag.CERTIFICATE in goods.flags}
    return [item for item in items if item.sku in sold]
