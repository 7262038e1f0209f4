"""The slip of a return."""

from collections.abc import Iterator
from uuid import UUID

from agent.commit.slip import quantity
from agent.printing import parts
from shared.money import format_money
from shared.points import format_points
from shared.slip import Align, Block, Divider, Row, Slip, SlipKind, Text, Weight
from shared.wire.facts import ReceiptCommitted, ReceiptReturned
from shared.wire.feed import SettingsRow


def return_slip(
    settings: SettingsRow,
    sold: ReceiptCommitted,
    returned: ReceiptReturned,
    debt_points: int,
    slip_id: UUID,
) -> Slip:
    """Compose what tells the customer which money and points have moved."""
    blocks = [
        *parts.header(settings),
        Text("Возврат", Align.CENTER, Weight.BOLD),
        Row(f"По чеку {sold.fiscal_number}".rstrip(), parts.when(returned.at, settings.zone)),
        Divider(),
        *_lines(sold, returned),
        Divider(),
        Row("ВОЗВРАТ ДЕНЕГ", format_money(returned.money_minor), Weight.BOLD),
        *_points(returned, debt_points),
        *parts.footer(),
    ]
    return Slip(slip_id, SlipKind.RETURN, tuple(blocks))


def _lines(sold: ReceiptCommitted, returned: ReceiptReturned) -> Iterator[Block]:
    goods = {line.no: line.goods for line in sold.receipt.lines}
    for line in returned.lines:
        yield Text(goods[line.no].name or goods[line.no].sku)
        yield Row(f"  {quantity(line.quantity)} шт.", format_money(line.money_minor))


def _points(returned: ReceiptReturned, debt_points: int) -> Iterator[Block]:
    if returned.restored:
        yield Row(
            "Возвращено бонусов", format_points(sum(draw.amount for draw in returned.restored))
        )
    if returned.taken:
        yield Row("Снято бонусов", format_points(sum(draw.amount for draw in returned.taken)))
    if debt_points:
        yield Row("Долг по бонусам", format_points(debt_points))
