"""What a return moves: shares of the lines, cumulative, on what the sale has frozen."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import Connection

from agent.journal.service import Taking
from agent.leases.standing import Standing, standing
from agent.quote.service import pack_of
from agent.returns import store
from agent.returns.store import Before
from agent.station import Station
from shared.errors import Kind, LoyaltyError
from shared.points import worth
from shared.rules.compile import CompiledPack
from shared.rules.paper import quantity
from shared.rules.result import Draw
from shared.rules.returns import next_part, returned_share, returned_sum, withhold
from shared.wire.facts import Granted, ReceiptCommitted, ReturnedLine


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

    `taken_points` are what the goods had earned. Of them the member has spent some already: the
    refund pays for `withheld_points`, `forgiven_points` are let go, `debt_points` become debt.
    `money_minor` is what the lines are worth less `withheld_minor`.
    """

    lines: tuple[ReturnedLine, ...]
    money_minor: int
    turnover_minor: int
    restored: tuple[Draw, ...]
    taken: tuple[Draw, ...]
    restored_points: int
    taken_points: int
    debt_points: int
    withheld: tuple[Draw, ...]
    withheld_minor: int
    withheld_points: int
    forgiven_points: int
    forgives: bool


@dataclass(frozen=True, slots=True)
class _Taken:
    """Points (hundredths) of one line that go out of one lot that it earned."""

    no: int
    lot: Granted
    amount: int


def look(
    station: Station, connection: Connection, sold: ReceiptCommitted, parts: Sequence[Part]
) -> Preview:
    """Work out what a return would move; raises NotReturnableError."""
    before = store.before(connection, sold.receipt.uid)
    pack = pack_of(station, sold.evaluation.pack_hash)
    unit = _unit(pack, sold)
    taken = _taken(sold, before, parts)
    lines = tuple(_line(sold, before, part, unit, taken) for part in parts)
    restored_points = sum(line.restored_points for line in lines)
    last_spent_first = tuple(reversed(sold.evaluation.redemption.draws))
    back = _by_lot(taken)
    refund_minor = sum(line.money_minor for line in lines)
    missing = _missing(buyer(station, connection, sold), back)
    policy = "debt" if pack is None else pack.source.policies.spent_points
    values_minor = _values(pack, sold)
    withheld = withhold(refund_minor, missing, values_minor) if policy == "take_from_refund" else ()
    withheld_minor = sum(worth(draw.amount, values_minor[draw.lot]) for draw in withheld)
    missing_points = sum(draw.amount for draw in missing)
    withheld_points = sum(draw.amount for draw in withheld)
    forgiven_points = missing_points if policy == "forgive" else 0
    return Preview(
        lines=lines,
        money_minor=refund_minor - withheld_minor,
        turnover_minor=sum(line.turnover_minor for line in lines),
        restored=next_part(last_spent_first, sum(before.restored.values()), restored_points),
        taken=_without(back, withheld),
        restored_points=restored_points,
        taken_points=sum(line.taken_points for line in lines),
        debt_points=missing_points - withheld_points - forgiven_points,
        withheld=withheld,
        withheld_minor=withheld_minor,
        withheld_points=withheld_points,
        forgiven_points=forgiven_points,
        forgives=policy == "forgive",
    )


def buyer(station: Station, connection: Connection, sold: ReceiptCommitted) -> Standing | None:
    """Return how the buyer stands here now; None for a sale without a member."""
    return None if sold.member is None else standing(station, connection, sold.member.id)


def held_here(who: Standing | None, taken: Sequence[Draw]) -> list[Taking]:
    """Give back what this store still holds of the earned lots, so that it can be taken."""
    here = {lot.id: lot.here for lot in who.lots} if who else {}
    parts = [(draw, min(draw.amount, here.get(draw.lot, 0))) for draw in taken]
    return [Taking(draw.lot, draw.account, given_back=part) for draw, part in parts if part]


def _unit(pack: CompiledPack | None, sold: ReceiptCommitted) -> int:
    """Return the step in which points that paid go back, in hundredths: that of their wallet."""
    if pack is None or sold.member is None:
        return 1
    drawn = {draw.lot for draw in sold.evaluation.redemption.draws}
    paid_from = {lot.wallet for lot in sold.member.lots if lot.id in drawn}
    return min((pack.wallet(wallet).redeeming_unit for wallet in paid_from), default=1)


def _taken(sold: ReceiptCommitted, before: Before, parts: Sequence[Part]) -> list[_Taken]:
    """Return what goes out of each lot: of a line, what the line has earned in that lot."""
    lots = {lot.effect_no: lot for lot in sold.granted if not lot.person}
    quantities = {line.no: line.quantity for line in sold.receipt.lines}
    found = []
    for effect in sold.evaluation.effects:
        lot = lots.get(effect.no)
        if lot is None:
            continue
        earned = dict(effect.allocations)
        for part in parts:
            done, whole = before.quantities.get(part.no, 0), quantities.get(part.no, 0)
            amount = earned.get(part.no, 0)
            now = returned_sum(amount, whole, done + part.quantity, lot.unit)
            moved = now - returned_sum(amount, whole, done, lot.unit)
            found.append(_Taken(part.no, lot, moved))
    return found


def _by_lot(taken: Sequence[_Taken]) -> tuple[Draw, ...]:
    sums: dict[UUID, Draw] = {}
    for one in taken:
        before = sums.get(one.lot.lot, Draw(one.lot.lot, one.lot.account, 0))
        sums[one.lot.lot] = replace(before, amount=before.amount + one.amount)
    return tuple(draw for draw in sums.values() if draw.amount)


def _line(
    sold: ReceiptCommitted, before: Before, part: Part, unit: int, taken: Sequence[_Taken]
) -> ReturnedLine:
    line = next((line for line in sold.receipt.lines if line.no == part.no), None)
    done = before.quantities.get(part.no, 0)
    left = line.quantity - done if line else 0
    if line is None or part.quantity > left:
        raise NotReturnableError(no=part.no, left=left, asked=part.quantity)
    priced = next(priced for priced in sold.evaluation.lines if priced.no == part.no)

    def money(amount_minor: int) -> int:
        return returned_share(amount_minor, line.quantity, done, part.quantity)

    restored = returned_sum(priced.redeemed_points, line.quantity, done + part.quantity, unit)
    own = sold.member.account if sold.member else None
    mine = [one.amount for one in taken if one.no == part.no and one.lot.account == own]
    return ReturnedLine(
        no=part.no,
        quantity=part.quantity,
        money_minor=money(priced.payable_minor),
        restored_points=max(0, restored - before.restored.get(part.no, 0)),
        taken_points=sum(mine),
        turnover_minor=money(priced.turnover_minor),
    )


def _values(pack: CompiledPack | None, sold: ReceiptCommitted) -> dict[UUID, int]:
    """Return what a point of each earned lot is worth, in kopecks; nothing without the rules."""
    if pack is None:
        return {}
    return {lot.lot: pack.wallet(lot.wallet).point_value_minor for lot in sold.granted}


def _missing(who: Standing | None, taken: Sequence[Draw]) -> list[Draw]:
    """Return what the buyer's own lots no longer have of what a return takes."""
    left = {lot.id: lot.amount for lot in who.lots} if who else {}
    accounts = who.accounts if who else ()
    own = [draw for draw in taken if draw.account in accounts]
    short = [replace(one, amount=one.amount - max(0, left.get(one.lot, 0))) for one in own]
    return [draw for draw in short if draw.amount > 0]


def _without(taken: Sequence[Draw], withheld: Sequence[Draw]) -> tuple[Draw, ...]:
    paid = {draw.lot: draw.amount for draw in withheld}
    rest = (replace(draw, amount=draw.amount - paid.get(draw.lot, 0)) for draw in taken)
    return tuple(draw for draw in rest if draw.amount)
