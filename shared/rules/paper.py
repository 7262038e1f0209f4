"""What a receipt says on paper: its lines and sums, the same for a till and for a trial."""

from collections.abc import Iterator
from functools import cache

from shared.basket import QUANTITY_ONE, Line
from shared.money import format_money
from shared.receipt import Receipt
from shared.rules.result import Evaluation, PricedLine
from shared.rules.sentences import Lang
from shared.rules.slip_defaults import priced_template
from shared.rules.slip_fill import Fill, Told, Values, fills_of
from shared.slip import Block

MINUS = "−"


def priced_lines(receipt: Receipt, evaluation: Evaluation, lang: Lang) -> Iterator[Block]:
    """Yield the lines that take part, each with what lowered it, and the sums below them."""
    told = Told(sums(evaluation), {"lines": list(line_values(receipt, evaluation))})
    return (block for fill in _priced(lang) for block in fill(told))


@cache
def _priced(lang: Lang) -> tuple[Fill, ...]:
    return fills_of(priced_template(), lang)


def line_values(receipt: Receipt, evaluation: Evaluation) -> Iterator[Values]:
    """Yield what is told of each line that takes part, with what lowered it."""
    priced = {line.no: line for line in evaluation.lines}
    for line in receipt.lines:
        if line.no in priced:
            yield _line(line, priced[line.no])


def sums(evaluation: Evaluation) -> Values:
    """Return the sums below the lines."""
    totals = evaluation.totals
    is_lower = totals.payable_minor != totals.base_minor
    return {
        "base": format_money(totals.base_minor) if is_lower else "",
        "discount": _less(totals.discount_minor),
        "by_points": _less(totals.redeemed_minor),
        "total": format_money(totals.payable_minor),
    }


def quantity(thousandths: int) -> str:
    """Write a quantity: whole pieces as such, weight with three places."""
    whole, part = divmod(thousandths, QUANTITY_ONE)
    return f"{whole},{part:03d}" if part else str(whole)


def _line(line: Line, priced: PricedLine) -> Values:
    return {
        "name": line.goods.name or line.goods.sku,
        "quantity": quantity(line.quantity),
        "price": format_money(line.price_minor),
        "sum": format_money(priced.base_minor),
        "discount": _less(priced.discount_minor),
        "by_points": _less(priced.redeemed_minor),
    }


def _less(amount_minor: int) -> str:
    return MINUS + format_money(amount_minor) if amount_minor else ""
