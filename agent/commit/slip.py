"""The slip of a sale."""

from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

from agent.printing import parts
from agent.printing.parts import Points
from agent.reserve.store import Claim
from agent.scan import slip_code
from shared.basket import QUANTITY_ONE, Line
from shared.member import LotView
from shared.money import format_money
from shared.points import format_points
from shared.rules.result import PricedLine
from shared.slip import Block, Divider, Row, Slip, SlipKind, Text, Weight
from shared.wire.facts import ReceiptCommitted

MINUS = "−"


def points_after(claim: Claim, sale: ReceiptCommitted) -> Points:
    """Return the member's points once the sale's draws and grants have happened."""
    if claim.member is None:
        return parts.points_of((), claim.moment)
    drawn = {draw.lot: draw.amount for draw in claim.evaluation.redemption.draws}
    lots = [replace(lot, amount=lot.amount - drawn.get(lot.id, 0)) for lot in claim.lots]
    lots += [
        LotView(lot.lot, lot.account, lot.wallet, lot.amount, lot.activates_at, lot.expires_on)
        for lot in sale.granted
        if lot.account == claim.member.account
    ]
    return parts.points_of(lots, claim.moment)


def sale_slip(claim: Claim, sale: ReceiptCommitted, token: bytes, slip_id: UUID) -> Slip:
    """Compose what the customer takes home."""
    blocks = [
        *parts.header(claim.settings),
        *_heading(claim, sale),
        Divider(),
        *_lines(claim),
        Divider(),
        *_totals(claim),
        *_member(claim, sale),
        *parts.footer(slip_code(sale.receipt.uid, token)),
    ]
    return Slip(slip_id, SlipKind.SALE, tuple(blocks))


def quantity(thousandths: int) -> str:
    """Write a quantity: whole pieces as such, weight with three places."""
    whole, part = divmod(thousandths, QUANTITY_ONE)
    return f"{whole},{part:03d}" if part else str(whole)


def _heading(claim: Claim, sale: ReceiptCommitted) -> Iterator[Block]:
    number = f"Чек {sale.fiscal_number}" if sale.fiscal_number else "Чек"
    yield Row(number, parts.when(sale.at, claim.moment.zone))
    who = f"Кассир {sale.cashier}" if sale.cashier else ""
    yield Row(f"Касса {sale.receipt.till}", who)


def _lines(claim: Claim) -> Iterator[Block]:
    for line, priced in zip(claim.receipt.lines, claim.evaluation.lines, strict=True):
        yield Text(line.goods.name or line.goods.sku)
        yield from _amounts(line, priced)


def _amounts(line: Line, priced: PricedLine) -> Iterator[Block]:
    pieces = f"{quantity(line.quantity)} × {format_money(line.price_minor)}"
    yield Row(f"  {pieces}", format_money(priced.base_minor))
    if priced.discount_minor:
        yield Row("  скидка", MINUS + format_money(priced.discount_minor))
    if priced.redeemed_minor:
        yield Row("  бонусами", MINUS + format_money(priced.redeemed_minor))


def _totals(claim: Claim) -> Iterator[Block]:
    totals = claim.evaluation.totals
    if totals.payable_minor != totals.base_minor:
        yield Row("Сумма", format_money(totals.base_minor))
    if totals.discount_minor:
        yield Row("Скидка", MINUS + format_money(totals.discount_minor))
    if totals.redeemed_minor:
        yield Row("Оплачено бонусами", MINUS + format_money(totals.redeemed_minor))
    yield Row("К ОПЛАТЕ", format_money(totals.payable_minor), Weight.BOLD)


def _member(claim: Claim, sale: ReceiptCommitted) -> Iterator[Block]:
    if claim.member is None:
        return
    totals = claim.evaluation.totals
    yield Divider()
    card = f"Карта {parts.masked_card(claim.card_tail)}" if claim.card_tail else "Участник"
    yield Row(card, claim.display_name)
    yield Row("Начислено бонусов", format_points(totals.earned_points))
    yield from parts.once_rows(claim.evaluation.once, sale.granted, claim.member.account)
    yield Row("Списано бонусов", format_points(totals.redeemed_points))
    yield from parts.balance(points_after(claim, sale), claim.moment.zone, claim.as_of)
    for hint in claim.evaluation.hints:
        yield Text(hint.ru)
