"""The code at the end of a sale's slip: a pointer, or all that another store needs to return it."""

from agent.quote.service import pack_of
from agent.station import Station
from shared.rules.result import PricedLine
from shared.slip import QR_MAX
from shared.wire import slips
from shared.wire.facts import ReceiptCommitted
from shared.wire.rows import AGENT_TAIL_BYTES
from shared.wire.slips import SlipLine, SlipSale


def slip_code(station: Station, sale: ReceiptCommitted, token: bytes) -> str:
    """Return the code of a sale's slip, signed by this agent where the programme needs that.

    Where other stores do not return by slip, or the receipt is too long for a code that prints
    well, it names the receipt alone: the centre is asked for the rest. It does not tell of
    certificates that were sold: without the centre nobody knows whether they are whole.
    """
    only_named = slips.pointer(sale.receipt.uid, token)
    pack = pack_of(station, sale.evaluation.pack_hash)
    if pack is None or pack.source.policies.offline_return != "cap":
        return only_named
    if len(sale.evaluation.lines) > slips.LINES_MAX or sale.day < slips.FIRST_DAY:
        return only_named
    sold = {issued.line_no for issued in sale.issued}
    quantities = {line.no: line.quantity for line in sale.receipt.lines}
    told = SlipSale(
        receipt=sale.receipt.uid,
        token=token,
        agent_tail=station.identity.agent.bytes[-AGENT_TAIL_BYTES:],
        epoch=station.identity.epoch,
        day=sale.day,
        lines=tuple(
            _line(row, quantities[row.no]) for row in sale.evaluation.lines if row.no not in sold
        ),
    )
    code = slips.write(told, station.identity.keys.sign)
    return code if len(code) <= QR_MAX else only_named


def _line(row: PricedLine, quantity: int) -> SlipLine:
    money_minor = row.payable_minor - row.certificate_minor
    return SlipLine(row.no, quantity, money_minor, row.redeemed_points, row.earned_points)
