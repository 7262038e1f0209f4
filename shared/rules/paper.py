"""What a receipt says on paper: its lines and sums, the same for a till and for a trial."""

from collections.abc import Iterator

from shared.basket import QUANTITY_ONE, Line
from shared.money import format_money
from shared.receipt import Receipt
from shared.rules.result import Evaluation, PricedLine
from shared.slip import Block, Divider, Row, Text, Weight

MINUS = "−"


def priced_lines(receipt: Receipt, evaluation: Evaluation) -> Iterator[Block]:
    """Yield the lines that take part, each with what lowered it, and the sums below them."""
    priced = {line.no: line for line in evaluation.lines}
    for line in receipt.lines:
        if line.no in priced:
            yield from _line(line, priced[line.no])
    yield Divider()
    yield from _totals(evaluation)


def quantity(thousandths: int) -> str:
    """Write a quantity: whole pieces as such, weight with three places."""
    whole, part = divmod(thousandths, QUANTITY_ONE)
    return f"{whole},{part:03d}" if part else str(whole)


def _line(line: Line, priced: PricedLine) -> list[Block]:
    pieces = f"  {quantity(line.quantity)} × {format_money(line.price_minor)}"
    found: list[Block] = [
        Text(line.goods.name or line.goods.sku),
        Row(pieces, format_money(priced.base_minor)),
    ]
    if priced.discount_minor:
        found.append(Row("  скидка", MINUS + format_money(priced.discount_minor)))
    if priced.redeemed_minor:
        found.append(Row("  бонусами", MINUS + format_money(priced.redeemed_minor)))
    return found


def _totals(evaluation: Evaluation) -> Iterator[Block]:
    totals = evaluation.totals
    if totals.payable_minor != totals.base_minor:
        yield Row("Сумма", format_money(totals.base_minor))
    if totals.discount_minor:
        yield Row("Скидка", MINUS + format_money(totals.discount_minor))
    if totals.redeemed_minor:
        yield Row("Оплачено бонусами", MINUS + format_money(totals.redeemed_minor))
    yield Row("К ОПЛАТЕ", format_money(totals.payable_minor), Weight.BOLD)
