"""The slip of a sale."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from uuid import UUID

from agent.printing import parts
from agent.printing.parts import Points
from agent.reserve.store import Claim
from shared.bearer import Bearer
from shared.certificate import tail_in
from shared.member import LotView
from shared.money import format_money
from shared.points import format_points
from shared.rules.paper import MINUS, priced_lines
from shared.slip import Block, Divider, Row, Slip, SlipKind, Text, Weight
from shared.wire.facts import Issued, ReceiptCommitted
from shared.wire.rows import SettingsRow


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


@dataclass(frozen=True, slots=True)
class Secrets:
    """What stands on paper alone: the slip's own code, and those of coupons in their order."""

    code: str
    coupons: tuple[str, ...] = ()
    gifts: tuple[tuple[str, Issued], ...] = ()


def sale_slip(
    claim: Claim, sale: ReceiptCommitted, points: Points, secrets: Secrets, slip_id: UUID
) -> Slip:
    """Compose what the customer takes home; `points` are the member's after the sale."""
    blocks = [
        *parts.header(claim.settings),
        *_heading(sale),
        Divider(),
        *priced_lines(claim.receipt, claim.evaluation),
        *_certificates(sale),
        *_money(sale),
        *_member(claim, sale, points),
        *_coupons(sale, secrets.coupons),
        *_gifts(sale, secrets.gifts),
        *parts.footer(secrets.code),
    ]
    return Slip(slip_id, SlipKind.SALE, tuple(blocks))


def recalled_slip(settings: SettingsRow, sale: ReceiptCommitted, slip_id: UUID) -> Slip:
    """Compose a sale's slip from its fact alone, which tells neither balance nor codes."""
    made = [one for one in sale.issued if not one.line_no]
    coupons = [parts.masked_card(one.tail) for one in made if one.once is None]
    gifts = [(parts.masked_card(one.tail), one) for one in made if one.once is not None]
    blocks = [
        *parts.header(settings),
        *_heading(sale),
        Divider(),
        *priced_lines(sale.receipt, sale.evaluation),
        *_certificates(sale),
        *_money(sale),
        *(_moved(sale) if sale.member is not None else ()),
        *_coupons(sale, coupons),
        *_gifts(sale, gifts),
        *parts.footer(),
    ]
    return Slip(slip_id, SlipKind.SALE, tuple(blocks))


def _heading(sale: ReceiptCommitted) -> Iterator[Block]:
    number = f"Чек {sale.fiscal_number}" if sale.fiscal_number else "Чек"
    yield Row(number, parts.when(sale.at, sale.moment.zone))
    who = f"Кассир {sale.cashier}" if sale.cashier else ""
    yield Row(f"Касса {sale.receipt.till}", who)
    yield from parts.time_mark(sale.moment.trusted)


def _certificates(sale: ReceiptCommitted) -> Iterator[Block]:
    """Say what certificates paid and have left, and which were sold."""
    for paid in sale.evaluation.certificates:
        if paid.amount:
            tail = parts.masked_card(tail_in(paid.code))
            yield Row(f"Сертификат {tail}", MINUS + format_money(paid.amount))
            yield Row("  осталось на нём", format_money(paid.left))
    for sold in (one for one in sale.issued if one.line_no):
        until = f" по {sold.expires_on:%d.%m.%Y}" if sold.expires_on is not None else ""
        yield Row(f"Продан сертификат {parts.masked_card(sold.tail)}", format_money(sold.amount))
        yield Text(f"Им можно платить после связи магазина с центром{until}")


def _money(sale: ReceiptCommitted) -> Iterator[Block]:
    """Say what is paid in money where something else has paid too."""
    totals = sale.evaluation.totals
    if sale.exchange is not None:
        credit_minor = sale.exchange.credit_minor
        yield Row("Зачтено за возврат", format_money(credit_minor))
        yield Row("ДОПЛАТА", format_money(totals.money_minor - credit_minor), Weight.BOLD)
    elif totals.certificate_minor:
        yield Row("Деньгами", format_money(totals.money_minor), Weight.BOLD)


def _coupons(sale: ReceiptCommitted, codes: Iterable[str]) -> Iterator[Block]:
    for coupon, code in zip(sale.evaluation.coupons, codes, strict=True):
        yield Divider()
        yield Row("Купон", code, Weight.BOLD)
        until = f" по {coupon.last_day:%d.%m.%Y}" if coupon.last_day is not None else ""
        yield Text(f"Действует с {coupon.first_day:%d.%m.%Y}{until}")


def _gifts(sale: ReceiptCommitted, gifts: Iterable[tuple[str, Issued]]) -> Iterator[Block]:
    """Print the codes of what the person gets once; any store takes them once the centre has."""
    titles: dict[UUID | None, str] = {grant.lot: grant.applied.ru for grant in sale.evaluation.once}
    for code, gift in gifts:
        is_certificate = gift.bearer == Bearer.CERTIFICATE
        what = f"Сертификат на {format_money(gift.amount)}" if is_certificate else "Купон"
        until = f", по {gift.expires_on:%d.%m.%Y}" if gift.expires_on is not None else ""
        yield Divider()
        yield Text(titles.get(gift.once, ""))
        yield Row(what, code, Weight.BOLD)
        yield Text(f"Действует после связи магазина с центром{until}")


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
