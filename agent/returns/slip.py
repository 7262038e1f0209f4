"""What the slips of a return and of a void tell."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from agent.printing import parts
from agent.printing.parts import Paper, Points, masked_card
from shared.basket import QUANTITY_ONE
from shared.money import format_money
from shared.points import format_points
from shared.rules.paper import quantity
from shared.rules.slip_fill import Told, Values
from shared.rules.wording import Wording
from shared.slip import Slip
from shared.wire.facts import ReceiptCommitted
from shared.wire.taken_back import ReceiptReturned, ReceiptVoided, ReturnedBySlip, TakenBack

_PIECES: Final = Wording("шт.", "pcs")
_UNITS: Final = Wording("ед.", "units")
_LATER: Final = Wording(
    "Бонусы пересчитаем, когда появится связь с центром",
    "Points will be settled once the centre is in reach",
)


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


@dataclass(frozen=True, slots=True)
class Undone:
    """A sale of which something comes back, and what that does beside its fact."""

    sold: ReceiptCommitted
    statement: Statement | None
    certificates: OnCertificates


def return_slip(paper: Paper, undone: Undone, returned: ReceiptReturned, slip_id: UUID) -> Slip:
    """Compose what tells the customer which money and points have moved."""
    told = _told(paper, undone, returned, _less(returned))
    return paper.slip("return", told, slip_id)


def by_slip_slip(paper: Paper, returned: ReturnedBySlip, slip_id: UUID) -> Slip:
    """Compose what tells the customer of a return by the slip alone."""
    points = any(line.restored_points or line.taken_points for line in returned.lines)
    told = Told(
        {
            **parts.shop(paper),
            **parts.time_mark(paper, returned.trusted),
            "store": returned.store,
            "at": parts.when(returned.at, paper.settings.zone),
            "money": format_money(returned.money_minor),
            "later": paper.say(_LATER) if points else "",
        },
        {
            "lines": [
                {
                    "no": str(line.no),
                    "quantity": _pieces(paper, line.quantity),
                    "money": format_money(line.money_minor),
                }
                for line in returned.lines
            ]
        },
    )
    return paper.slip("return_by_slip", told, slip_id)


def void_slip(paper: Paper, undone: Undone, voided: ReceiptVoided, slip_id: UUID) -> Slip:
    """Compose what tells the customer that the receipt counts no more."""
    sold_at = parts.when(undone.sold.at, paper.settings.zone)
    told = _told(paper, undone, voided, {"sold_at": sold_at, "reason": voided.reason})
    return paper.slip("void", told, slip_id)


def _told(paper: Paper, undone: Undone, back: TakenBack, more: Values) -> Told:
    zone, statement = paper.settings.zone, undone.statement
    values = {
        **parts.shop(paper),
        **parts.time_mark(paper, back.trusted),
        "number": undone.sold.fiscal_number,
        "at": parts.when(back.at, zone),
        "money": format_money(back.money_minor),
        **more,
        **({} if statement is None else _member(back, statement, zone)),
    }
    certificates = undone.certificates
    lists: dict[str, Sequence[Values]] = {
        "lines": list(_lines(paper, undone.sold, back)),
        "ended": [{"tail": masked_card(tail)} for tail in certificates.ended],
        "refilled": [
            {"tail": masked_card(tail), "amount": format_money(amount_minor)}
            for tail, amount_minor in certificates.refilled
        ],
        **({} if statement is None else parts.lots(statement.points, zone)),
    }
    return Told(values, lists)


def _lines(paper: Paper, sold: ReceiptCommitted, back: TakenBack) -> Iterator[Values]:
    goods = {line.no: line.goods for line in sold.receipt.lines}
    for line in back.lines:
        yield {
            "name": goods[line.no].name or goods[line.no].sku,
            "quantity": _pieces(paper, line.quantity),
            "money": format_money(line.money_minor),
        }


def _pieces(paper: Paper, thousandths: int) -> str:
    unit = _UNITS if thousandths % QUANTITY_ONE else _PIECES
    return f"{quantity(thousandths)} {paper.say(unit)}"


def _less(returned: ReceiptReturned) -> Values:
    """Say what lowers the money that is paid back, and what of it goes into a new receipt."""
    values: dict[str, str] = {}
    if returned.recharged_minor > 0:
        values["recharged"] = format_money(-returned.recharged_minor)
    elif returned.recharged_minor < 0:
        values["recharged_back"] = format_money(-returned.recharged_minor)
    if returned.withheld:
        values["spent"] = format_points(sum(draw.amount for draw in returned.withheld))
        values["withheld"] = format_money(-returned.withheld_minor)
    if returned.exchange is not None:
        credit_minor = returned.exchange.credit_minor
        values["exchange_credit"] = format_money(credit_minor)
        values["exchange_pay"] = format_money(returned.money_minor - credit_minor)
    return values


def _member(back: TakenBack, statement: Statement, zone: str) -> Values:
    left = (*back.taken, *back.reached, *back.kept)
    taken = sum(draw.amount for draw in left if draw.account in statement.accounts)
    return {
        "member": statement.name,
        "restored": format_points(sum(draw.amount for draw in back.restored)),
        "lapsed": _some(statement.lapsed_points),
        "taken": format_points(taken - statement.forgiven_points),
        "forgiven": _some(statement.forgiven_points),
        "debt": _some(statement.debt_points),
        **parts.balance(statement.points, zone, statement.as_of),
    }


def _some(points: int) -> str:
    return format_points(points) if points else ""
