"""A receipt that is looked at: found by its slip or its number, shown with what may come back."""

from uuid import UUID

from agent import receipts
from agent.quote.service import store_settings
from agent.returns.sources import UnknownReceiptError, hear_of, sale_of
from agent.scan import Scan
from agent.screen import desk as panels
from agent.screen.desk import Desk, Goods, Lookup, new_uid
from agent.station import Station
from shared.runtime.sqlite import reading
from shared.wire.slips import SlipSale

ELSEWHERE = "elsewhere"


def open_receipt(station: Station, desk: Desk, receipt: UUID, scan: Scan | None = None) -> None:
    """Show a receipt: of this store with its slip, of another one as the centre or its slip tells.

    Raises UnknownReceiptError, SoldElsewhereError, SlipNeededError, LineNeededError,
    NoSettingsError.
    """
    store_settings(station)
    code, told = (scan.code, scan.sale) if scan else ("", None)
    uid = new_uid(station)
    try:
        found = receipts.look_up(station, receipt)
    except UnknownReceiptError:
        goods = _elsewhere(station, receipt, told)
        desk.lookup = Lookup(receipt, code, goods, ELSEWHERE, "", "", uid)
    else:
        before = found.returned or {}
        goods = tuple(
            Goods(line.no, line.goods.name or line.goods.sku, line.quantity, before.get(line.no, 0))
            for line in found.receipt.lines
        )
        desk.lookup = Lookup(
            receipt, code, goods, found.state, found.print_state, found.slip_text, uid
        )
    desk.show(panels.RECEIPT)


def _elsewhere(station: Station, receipt: UUID, told: SlipSale | None) -> tuple[Goods, ...]:
    if told is not None:
        return tuple(Goods(line.no, "", line.quantity, 0) for line in told.lines)
    hear_of(station, receipt, station.time.now())
    with reading(station.journal) as connection:
        sold = sale_of(station, connection, receipt)
    return tuple(
        Goods(line.no, line.goods.name or line.goods.sku, line.quantity, 0)
        for line in sold.receipt.lines
    )
