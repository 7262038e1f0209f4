"""The price promise of an exchange: goods of the same sku cost no more than they did."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from agent.quote.service import Basket, Quote
from shared.money import round_half_up
from shared.rules.result import PricedLine
from shared.rules.returns import Part, returned_share
from shared.wire.facts import ReceiptCommitted

TURNS_MAX = 4
"""A discount on a line may change what other rules give: so often it is looked at again."""

Price = Callable[[Basket], Quote]


def keep_promise(
    basket: Basket, sold: ReceiptCommitted, parts: Sequence[Part], price: Price
) -> Basket:
    """Return the basket with what the cashier must take off, so that the promise is kept.

    Of a sku so much of a new line as has come back costs at most what it was sold for, before
    points; bans and floors hold. What is over the promise is taken off the line as the cashier's
    own discount, which comes before the rules of today.
    """
    priced = price(basket)
    targets = _targets(priced, _sold_for(sold, parts))
    for _ in range(TURNS_MAX):
        over = _over(priced, targets)
        if not over:
            break
        basket = _lowered(basket, priced, over)
        priced = price(basket)
    return basket


def _sold_for(sold: ReceiptCommitted, parts: Sequence[Part]) -> dict[str, tuple[int, int]]:
    """Return by sku what has come back, in thousandths, and what it was sold for, in kopecks."""
    lines = {line.no: line for line in sold.receipt.lines}
    priced = {line.no: line for line in sold.evaluation.lines}
    found: dict[str, tuple[int, int]] = {}
    for part in parts:
        line = lines.get(part.no)
        if line is None:
            continue
        share_minor = returned_share(_price(priced[part.no]), line.quantity, 0, part.quantity)
        quantity, sum_minor = found.get(line.goods.sku, (0, 0))
        found[line.goods.sku] = (quantity + part.quantity, sum_minor + share_minor)
    return found


def _targets(priced: Quote, sold_for: Mapping[str, tuple[int, int]]) -> dict[int, int]:
    """Return by line what it may cost: as promised, and what is beyond that as it is today."""
    left = dict(sold_for)
    targets = {}
    for line, row in zip(priced.receipt.lines, priced.evaluation.lines, strict=True):
        quantity, sum_minor = left.get(line.goods.sku, (0, 0))
        same = min(quantity, line.quantity)
        if not same:
            continue
        promised_minor = round_half_up(sum_minor * same, quantity)
        left[line.goods.sku] = (quantity - same, sum_minor - promised_minor)
        today_minor = _price(row)
        beyond_minor = today_minor - round_half_up(today_minor * same, line.quantity)
        targets[line.no] = promised_minor + beyond_minor
    return targets


def _over(priced: Quote, targets: Mapping[int, int]) -> dict[int, int]:
    """Return by line how much it costs over its target."""
    over = {
        row.no: _price(row) - targets.get(row.no, _price(row)) for row in priced.evaluation.lines
    }
    return {no: amount for no, amount in over.items() if amount > 0}


def _price(row: PricedLine) -> int:
    return row.base_minor - row.discount_minor


def _lowered(basket: Basket, priced: Quote, over: Mapping[int, int]) -> Basket:
    """Take off each line what makes it so much cheaper once today's percents are taken as well."""
    lines = {line.no: line for line in priced.receipt.lines}
    rows = {row.no: row for row in priced.evaluation.lines}

    def cut(no: int) -> int:
        line, row = lines[no], rows[no]
        rest_minor = line.base_minor - line.cashier_discount_minor
        return max(1, round_half_up(rest_minor * over[no], _price(row)))

    items = [
        replace(item, cashier_discount_minor=item.cashier_discount_minor + cut(item.no))
        if item.no in over
        else item
        for item in basket.items
    ]
    return replace(basket, items=tuple(items))
