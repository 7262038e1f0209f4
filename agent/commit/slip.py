"""The slip of a sale."""

from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

from agent.printing import parts
from agent.printing.parts import Points
from agent.reserve.store import Claim
from shared.member import LotView
from shared.money import format_money
from shared.points import format_points
from shared.rules.paper import priced_lines
from shared.slip import Block, Divider, Row, Slip, SlipKind, Text, Weight
from shared.wire.facts import ReceiptCommitted
from shared.wire.feed import SettingsRow


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


def sale_slip(
    claim: Claim, sale: ReceiptCommitted, points: Points, code: str, slip_id: UUID
) -> Slip:
    """Compose what the customer takes home; `points` are the member's after the sale."""
    blocks = [
        *parts.header(claim.settings),
        *_heading(sale),
        Divider(),
        *priced_lines(claim.receipt, claim.evaluation),
        *_exchange(sale),
        *_member(claim, sale, points),
        *_coupons(sale),
        *parts.footer(code),
    ]
    return Slip(slip_id, SlipKind.SALE, tuple(blocks))


def recalled_slip(settings: SettingsRow, sale: ReceiptCommitted, slip_id: UUID) -> Slip:
    """Compose a sale's slip from its fact alone, which tells neither balance nor code."""
    blocks = [
        *parts.header(settings),
        *_heading(sale),
        Divider(),
        *priced_lines(sale.receipt, sale.evaluation),
        *_exchange(sale),
        *(_moved(sale) if sale.member is not None else ()),
        *_coupons(sale),
        *parts.footer(),
    ]
    return Slip(slip_id, SlipKind.SALE, tuple(blocks))


def _heading(sale: ReceiptCommitted) -> Iterator[Block]:
    number = f"Чек {sale.fiscal_number}" if sale.fiscal_number else "Чек"
    yield Row(number, parts.when(sale.at, sale.moment.zone))
    who = f"Кассир {sale.cashier}" if sale.cashier else ""
    yield Row(f"Касса {sale.receipt.till}", who)


def _exchange(sale: ReceiptCommitted) -> Iterator[Block]:
    if sale.exchange is not None:
        payable_minor = sale.evaluation.totals.payable_minor
        yield Row("Зачтено за возврат", format_money(sale.exchange.credit_minor))
        yield Row("ДОПЛАТА", format_money(payable_minor - sale.exchange.credit_minor), Weight.BOLD)


def _coupons(sale: ReceiptCommitted) -> Iterator[Block]:
    for coupon in sale.evaluation.coupons:
        yield Divider()
        yield Row("Купон", coupon.code, Weight.BOLD)
        until = f" по {coupon.last_day:%d.%m.%Y}" if coupon.last_day is not None else ""
        yield Text(f"Действует с {coupon.first_day:%d.%m.%Y}{until}")


def _member(claim: Claim, sale: ReceiptCommitted, points: Points) -> Iterator[Block]:
    if claim.member is None:
        return
    yield Divider()
    card = f"Карта {parts.masked_card(claim.card_tail)}" if claim.card_tail else "Участник"
    yield Row(card, claim.display_name)
    yield from _moved(sale)
    yield from parts.balance(points, claim.moment.zone, claim.as_of)
    for hint in claim.evaluation.hints:
        yield Text(hint.ru)


def _moved(sale: ReceiptCommitted) -> Iterator[Block]:
    assert sale.member is not None
    totals = sale.evaluation.totals
    yield Row("Начислено бонусов", format_points(totals.earned_points))
    yield from parts.once_rows(sale.evaluation.once, sale.granted, sale.member.account)
    yield Row("Списано бонусов", format_points(totals.redeemed_points))
