"""The slip of a return."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from agent.printing import parts
from agent.printing.parts import Points
from shared.basket import QUANTITY_ONE
from shared.money import format_money
from shared.points import format_points
from shared.rules.paper import quantity
from shared.slip import Align, Block, Divider, Row, Slip, SlipKind, Text, Weight
from shared.wire.facts import ReceiptCommitted, ReceiptReturned
from shared.wire.feed import SettingsRow


@dataclass(frozen=True, slots=True)
class Statement:
    """How the member stands after the return; `as_of` is set when the line was down."""

    name: str
    debt_points: int
    forgiven_points: int
    points: Points
    as_of: datetime | None


def return_slip(
    settings: SettingsRow,
    sold: ReceiptCommitted,
    returned: ReceiptReturned,
    statement: Statement | None,
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
        *_withheld(returned),
        Row("ВОЗВРАТ ДЕНЕГ", format_money(returned.money_minor), Weight.BOLD),
        *(_member(returned, statement, settings.zone) if statement else ()),
        *parts.footer(),
    ]
    return Slip(slip_id, SlipKind.RETURN, tuple(blocks))


def _lines(sold: ReceiptCommitted, returned: ReceiptReturned) -> Iterator[Block]:
    goods = {line.no: line.goods for line in sold.receipt.lines}
    for line in returned.lines:
        yield Text(goods[line.no].name or goods[line.no].sku)
        yield Row(
            f"{quantity(line.quantity)} {_unit(line.quantity)}", format_money(line.money_minor)
        )


def _withheld(returned: ReceiptReturned) -> Iterator[Block]:
    if returned.withheld:
        points = format_points(sum(draw.amount for draw in returned.withheld))
        yield Text(f"Потраченные бонусы: {points}")
        yield Row("Удержано за них", format_money(-returned.withheld_minor))


def _unit(thousandths: int) -> str:
    return "ед." if thousandths % QUANTITY_ONE else "шт."


def _member(returned: ReceiptReturned, statement: Statement, zone: str) -> Iterator[Block]:
    yield Divider()
    yield Row("Участник", statement.name)
    restored = sum(draw.amount for draw in returned.restored)
    taken = sum(draw.amount for draw in returned.taken)
    yield Row("Возвращено бонусов", format_points(restored))
    yield Row("Снято бонусов", format_points(taken - statement.forgiven_points))
    if statement.forgiven_points:
        yield Row("Прощено бонусов", format_points(statement.forgiven_points))
    if statement.debt_points:
        yield Row("Долг по бонусам", format_points(statement.debt_points))
    yield from parts.balance(statement.points, zone, statement.as_of)
