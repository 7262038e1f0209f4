"""What a return moves: shares of the lines, cumulative, on what the sale has frozen."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from agent.journal.service import Taking
from agent.leases.standing import Standing, standing
from agent.quote.service import pack_of
from agent.returns import store
from agent.returns.store import Before
from agent.station import Station
from shared.errors import Kind, LoyaltyError
from shared.rules.paper import quantity
from shared.rules.result import Draw
from shared.rules.returns import next_part, returned_share, returned_sum
from shared.wire.facts import ReceiptCommitted, ReturnedLine


class NotReturnableError(LoyaltyError):
    """A line that the sale does not have, or more of it than is left; thousandths."""

    kind = Kind.CONFLICT
    code = "not_returnable"
    ru = "Строка {no}: можно вернуть не больше {left_shown}, запрошено {asked_shown}."
    en = "Line {no}: {left_shown} are left to return, {asked_shown} were asked."

    def __init__(self, *, no: int, left: int, asked: int) -> None:
        shown = {"left_shown": quantity(left), "asked_shown": quantity(asked)}
        super().__init__(no=no, left=left, asked=asked, **shown)


@dataclass(frozen=True, slots=True)
class Part:
    """How much of a line comes back, in thousandths."""

    no: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What a return would move: kopecks and hundredths of a point.

    `debt_points` is the part of `taken_points` that the member has spent already.
    """

    lines: tuple[ReturnedLine, ...]
    money_minor: int
    turnover_minor: int
    restored: tuple[Draw, ...]
    taken: tuple[Draw, ...]
    restored_points: int
    taken_points: int
    debt_points: int


@dataclass(frozen=True, slots=True)
class _Units:
    """The steps in which points of a sale go back, in hundredths: those of its wallet."""

    restored: int = 1
    taken: int = 1


def look(
    station: Station, connection: Connection, sold: ReceiptCommitted, parts: Sequence[Part]
) -> Preview:
    """Work out what a return would move; raises NotReturnableError."""
    before = store.before(connection, sold.receipt.uid)
    units = _units(station, sold)
    lines = tuple(_line(sold, before, part, units) for part in parts)
    restored_points = sum(line.restored_points for line in lines)
    taken_points = sum(line.taken_points for line in lines)
    last_spent_first = tuple(reversed(sold.evaluation.redemption.draws))
    earned = [Draw(lot.lot, lot.account, lot.amount) for lot in sold.granted]
    taken = next_part(earned, sum(before.taken.values()), taken_points)
    return Preview(
        lines=lines,
        money_minor=sum(line.money_minor for line in lines),
        turnover_minor=sum(line.turnover_minor for line in lines),
        restored=next_part(last_spent_first, sum(before.restored.values()), restored_points),
        taken=taken,
        restored_points=restored_points,
        taken_points=taken_points,
        debt_points=_debt(buyer(station, connection, sold), taken),
    )


def buyer(station: Station, connection: Connection, sold: ReceiptCommitted) -> Standing | None:
    """Return how the buyer stands here now; None for a sale without a member."""
    return None if sold.member is None else standing(station, connection, sold.member.id)


def held_here(who: Standing | None, taken: Sequence[Draw]) -> list[Taking]:
    """Give back what this store still holds of the earned lots, so that it can be taken."""
    here = {lot.id: lot.here for lot in who.lots} if who else {}
    parts = [(draw, min(draw.amount, here.get(draw.lot, 0))) for draw in taken]
    return [Taking(draw.lot, draw.account, given_back=part) for draw, part in parts if part]


def _units(station: Station, sold: ReceiptCommitted) -> _Units:
    pack = pack_of(station, sold.evaluation.pack_hash)
    if pack is None or sold.member is None:
        return _Units()
    drawn = {draw.lot for draw in sold.evaluation.redemption.draws}
    paid_from = {lot.wallet for lot in sold.member.lots if lot.id in drawn}
    earned_to = {lot.wallet for lot in sold.granted}
    return _Units(
        restored=min((pack.wallet(wallet).redeeming_unit for wallet in paid_from), default=1),
        taken=min((pack.wallet(wallet).earning_unit for wallet in earned_to), default=1),
    )


def _line(sold: ReceiptCommitted, before: Before, part: Part, units: _Units) -> ReturnedLine:
    line = next((line for line in sold.receipt.lines if line.no == part.no), None)
    done = before.quantities.get(part.no, 0)
    left = line.quantity - done if line else 0
    if line is None or part.quantity > left:
        raise NotReturnableError(no=part.no, left=left, asked=part.quantity)
    priced = next(priced for priced in sold.evaluation.lines if priced.no == part.no)

    def money(amount_minor: int) -> int:
        return returned_share(amount_minor, line.quantity, done, part.quantity)

    def points(amount: int, moved: dict[int, int], unit: int) -> int:
        whole = returned_sum(amount, line.quantity, done + part.quantity, unit)
        return max(0, whole - moved.get(part.no, 0))

    return ReturnedLine(
        no=part.no,
        quantity=part.quantity,
        money_minor=money(priced.payable_minor),
        restored_points=points(priced.redeemed_points, before.restored, units.restored),
        taken_points=points(priced.earned_points, before.taken, units.taken),
        turnover_minor=money(priced.turnover_minor),
    )


def _debt(who: Standing | None, taken: Sequence[Draw]) -> int:
    left = {lot.id: lot.amount for lot in who.lots} if who else {}
    return sum(max(0, draw.amount - max(0, left.get(draw.lot, 0))) for draw in taken)
