"""The slips of a return and of a void."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from agent.printing import parts
from agent.printing.parts import Points, masked_card
from shared.basket import QUANTITY_ONE
from shared.money import format_money
from shared.points import format_points
from shared.rules.paper import quantity
from shared.slip import Align, Block, Divider, Row, Slip, SlipKind, Text, Weight
from shared.wire.facts import ReceiptCommitted
from shared.wire.rows import SettingsRow
from shared.wire.taken_back import ReceiptReturned, ReceiptVoided, ReturnedBySlip, TakenBack


@dataclass(frozen=True, slots=True)
class Statement:
    """How the member stands after the return; `as_of` is set when the line was down."""

    name: str
    accounts: tuple[UUID, ...]
    points: Points
    as_of: datetime | None
    debt_points: int = 0
    forgiven_points: int = 0
    lapsed_points: int = 0


@dataclass(frozen=True, slots=True)
class OnCertificates:
    """Ends of certificates' codes: kopecks that go back on some, others whose sale came back."""

    refilled: Sequence[tuple[str, int]]
    ended: Sequence[str]


def return_slip(
    settings: SettingsRow,
    sold: ReceiptCommitted,
    returned: ReceiptReturned,
    statement: Statement | None,
    certificates: OnCertificates,
    slip_id: UUID,
) -> Slip:
    """Compose what tells the customer which money and points have moved."""
    blocks = [
        *parts.header(settings),
        Text("Возврат", Align.CENTER, Weight.BOLD),
        Row(f"По чеку {sold.fiscal_number}".rstrip(), parts.when(returned.at, settings.zone)),
        *parts.time_mark(returned.trusted),
        Divider(),
        *_lines(sold, returned),
        Divider(),
        *_less(returned),
        *_to_certificates(certificates),
        Row("ВОЗВРАТ ДЕНЕГ", format_money(returned.money_minor), Weight.BOLD),
        *_exchange(returned),
        *(_member(returned, statement, settings.zone) if statement else ()),
        *parts.footer(),
    ]
    return Slip(slip_id, SlipKind.RETURN, tuple(blocks))


def _exchange(returned: ReceiptReturned) -> Iterator[Block]:
    """Say how much of the money has gone into the new receipt."""
    if returned.exchange is not None:
        credit_minor = returned.exchange.credit_minor
        yield Row("Зачтено в новом чеке", format_money(credit_minor))
        yield Row("К ВЫДАЧЕ", format_money(returned.money_minor - credit_minor), Weight.BOLD)


def by_slip_slip(settings: SettingsRow, returned: ReturnedBySlip, slip_id: UUID) -> Slip:
    """Compose what tells the customer of a return by the slip alone."""
    lines = [
        Row(
            f"Строка {line.no}: {quantity(line.quantity)} {_unit(line.quantity)}",
            format_money(line.money_minor),
        )
        for line in returned.lines
    ]
    points = any(line.restored_points or line.taken_points for line in returned.lines)
    blocks = [
        *parts.header(settings),
        Text("Возврат по слипу", Align.CENTER, Weight.BOLD),
        Row(f"Покупка в магазине {returned.store}", parts.when(returned.at, settings.zone)),
        *parts.time_mark(returned.trusted),
        Divider(),
        *lines,
        Divider(),
        Row("ВОЗВРАТ ДЕНЕГ", format_money(returned.money_minor), Weight.BOLD),
        *([Text("Бонусы пересчитаем, когда появится связь с центром")] if points else ()),
        *parts.footer(),
    ]
    return Slip(slip_id, SlipKind.RETURN, tuple(blocks))


def void_slip(
    settings: SettingsRow,
    sold: ReceiptCommitted,
    voided: ReceiptVoided,
    statement: Statement | None,
    certificates: OnCertificates,
    slip_id: UUID,
) -> Slip:
    """Compose what tells the customer that the receipt counts no more."""
    number = f"Чек {sold.fiscal_number}" if sold.fiscal_number else "Чек"
    blocks = [
        *parts.header(settings),
        Text("Чек аннулирован", Align.CENTER, Weight.BOLD),
        Row(f"{number} от", parts.when(sold.at, settings.zone)),
        Row("Аннулирован", parts.when(voided.at, settings.zone)),
        *parts.time_mark(voided.trusted),
        *([Text(f"Причина: {voided.reason}")] if voided.reason else ()),
        Divider(),
        *_lines(sold, voided),
        Divider(),
        *_to_certificates(certificates),
        Row("ВОЗВРАТ ДЕНЕГ", format_money(voided.money_minor), Weight.BOLD),
        *(_member(voided, statement, settings.zone) if statement else ()),
        *parts.footer(),
    ]
    return Slip(slip_id, SlipKind.VOID, tuple(blocks))


def _lines(sold: ReceiptCommitted, returned: TakenBack) -> Iterator[Block]:
    goods = {line.no: line.goods for line in sold.receipt.lines}
    for line in returned.lines:
        yield Text(goods[line.no].name or goods[line.no].sku)
        yield Row(
            f"{quantity(line.quantity)} {_unit(line.quantity)}", format_money(line.money_minor)
        )


def _less(returned: ReceiptReturned) -> Iterator[Block]:
    """Say what lowers the money that is paid back."""
    if returned.recharged_minor > 0:
        yield Text("Скидка на оставшийся товар")
        yield Row("больше не действует", format_money(-returned.recharged_minor))
    elif returned.recharged_minor < 0:
        yield Row("Доплата за скидку возвращена", format_money(-returned.recharged_minor))
    if returned.withheld:
        points = format_points(sum(draw.amount for draw in returned.withheld))
        yield Text(f"Потраченные бонусы: {points}")
        yield Row("Удержано за них", format_money(-returned.withheld_minor))


def _to_certificates(certificates: OnCertificates) -> Iterator[Block]:
    for tail in certificates.ended:
        yield Text(f"Сертификат {masked_card(tail)} погашен: платить им нельзя")
    for tail, amount_minor in certificates.refilled:
        yield Row(f"На сертификат {masked_card(tail)}", format_money(amount_minor))


def _unit(thousandths: int) -> str:
    return "ед." if thousandths % QUANTITY_ONE else "шт."


def _member(returned: TakenBack, statement: Statement, zone: str) -> Iterator[Block]:
    yield Divider()
    yield Row("Участник", statement.name)
    restored = sum(draw.amount for draw in returned.restored)
    left = (*returned.taken, *returned.reached, *returned.kept)
    taken = sum(draw.amount for draw in left if draw.account in statement.accounts)
    yield Row("Возвращено бонусов", format_points(restored))
    if statement.lapsed_points:
        yield Row("Сгорело до возврата", format_points(statement.lapsed_points))
    yield Row("Снято бонусов", format_points(taken - statement.forgiven_points))
    if statement.forgiven_points:
        yield Row("Прощено бонусов", format_points(statement.forgiven_points))
    if statement.debt_points:
        yield Row("Долг по бонусам", format_points(statement.debt_points))
    yield from parts.balance(statement.points, zone, statement.as_of)
