"""Returns on frozen allocations: cumulative shares of a line, and the lots they move."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from shared.basket import Line
from shared.money import round_half_up
from shared.points import points_for, worth
from shared.rules.result import CertificatePayment, Draw, Evaluation


@dataclass(frozen=True, slots=True)
class Part:
    """How much of a line comes back, in thousandths."""

    no: int
    quantity: int


@dataclass(frozen=True, slots=True)
class EarnedLot:
    """A lot that an effect of the sale has granted; `unit` is the step in which it is taken."""

    effect_no: int
    lot: UUID
    account: UUID
    unit: int


@dataclass(frozen=True, slots=True)
class Frozen:
    """A sale as far as returns go; `unit` is the step in which points that paid go back.

    Lots that a person gets once are not among the earned ones: a return leaves them.
    """

    lines: tuple[Line, ...]
    evaluation: Evaluation
    earned: tuple[EarnedLot, ...]
    account: UUID | None
    unit: int = 1
    bearers: tuple[Draw, ...] = ()
    """What certificates have paid out of their lots, in the order in which they paid."""

    def line(self, no: int) -> Line | None:
        """Return a line by its number."""
        return next((line for line in self.lines if line.no == no), None)


@dataclass(frozen=True, slots=True)
class Before:
    """What earlier returns have moved, by line: thousandths, and hundredths of a point restored."""

    quantities: Mapping[int, int]
    restored: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class LineShare:
    """What goes back with a part of a line; `taken_points` are the buyer's own."""

    no: int
    quantity: int
    money_minor: int
    restored_points: int
    taken_points: int
    turnover_minor: int


@dataclass(frozen=True, slots=True)
class Shares:
    """What a return moves by what the sale has frozen, before any policy."""

    lines: tuple[LineShare, ...]
    restored: tuple[Draw, ...]
    """Back into the lots that were spent last first."""
    taken: tuple[Draw, ...]
    certificates: tuple[tuple[str, int], ...]
    """Kopecks of the lines' money that certificates have paid, by their codes."""
    refilled: tuple[Draw, ...]
    """The same as draws of their lots."""


@dataclass(frozen=True, slots=True)
class _Taken:
    no: int
    lot: EarnedLot
    amount: int


def shares(frozen: Frozen, before: Before, parts: Sequence[Part]) -> Shares:
    """Work out the shares of parts that the lines still have."""
    taken = _taken(frozen, before, parts)
    lines = tuple(_line(frozen, before, part, taken) for part in parts)
    restored_points = sum(line.restored_points for line in lines)
    last_spent_first = tuple(reversed(frozen.evaluation.redemption.draws))
    return Shares(
        lines=lines,
        restored=next_part(last_spent_first, sum(before.restored.values()), restored_points),
        taken=_by_lot(taken),
        certificates=certificate_shares(frozen, before, parts),
        refilled=refills(frozen, before, parts),
    )


def certificate_shares(
    frozen: Frozen, before: Before, parts: Sequence[Part]
) -> tuple[tuple[str, int], ...]:
    """Return by code what certificates get back of returned lines, in kopecks.

    Each gets of a line what it has paid of it, cumulative as everything else.
    """
    found = [
        (payment.code, _back(frozen, payment, before, parts))
        for payment in frozen.evaluation.certificates
    ]
    return tuple((code, amount) for code, amount in found if amount)


def _back(
    frozen: Frozen, payment: CertificatePayment, before: Before, parts: Sequence[Part]
) -> int:
    wanted = {part.no: part.quantity for part in parts}
    return sum(
        returned_share(amount, line.quantity, before.quantities.get(no, 0), wanted[no])
        for no, amount in payment.allocations
        if no in wanted and (line := frozen.line(no)) is not None
    )


def refills(frozen: Frozen, before: Before, parts: Sequence[Part]) -> tuple[Draw, ...]:
    """Return the same as draws: each certificate's part is cut out of its own, end to end."""
    done = [Part(no, quantity) for no, quantity in before.quantities.items()]
    found: list[Draw] = []
    start = 0
    for payment in frozen.evaluation.certificates:
        had = _back(frozen, payment, Before({}, {}), done)
        now = _back(frozen, payment, before, parts)
        found += next_part(frozen.bearers, start + had, now)
        start += payment.amount
    return tuple(found)


def returned_share(amount: int, quantity: int, before: int, now: int) -> int:
    """Return the part of a line's amount that goes with `now` more of its quantity.

    Rounded half up on the cumulative sum, so that any order of partial returns adds up to the
    amount: 100 on a quantity of 3 gives 33, 34, 33.
    """
    return returned_sum(amount, quantity, before + now) - returned_sum(amount, quantity, before)


def returned_sum(amount: int, quantity: int, done: int, unit: int = 1) -> int:
    """Return how much of a line's amount is back once `done` of its quantity is.

    Rounded half up to the unit, but never over the amount, which is back when the whole line is.
    """
    if done == quantity:
        return amount
    return min(amount, round_half_up(amount * done, quantity * unit) * unit)


def next_part(draws: Sequence[Draw], before: int, amount: int) -> tuple[Draw, ...]:
    """Cut the piece `before .. before + amount` out of draws laid end to end."""
    parts, start = [], 0
    for draw in draws:
        low, high = max(start, before), min(start + draw.amount, before + amount)
        if low < high:
            parts.append(Draw(draw.lot, draw.account, high - low))
        start += draw.amount
    return tuple(parts)


def withhold(
    refund_minor: int, missing: Sequence[Draw], values_minor: Mapping[UUID, int]
) -> tuple[Draw, ...]:
    """Return which of the missing points a refund pays for; `values_minor` is a point's, by lot.

    A refund that covers a lot's points, to the kopeck below, pays for all of them.
    """
    paid, room_minor = [], refund_minor
    for draw in missing:
        value_minor = values_minor[draw.lot]
        covered = worth(draw.amount, value_minor) <= room_minor
        points = draw.amount if covered else points_for(room_minor, value_minor)
        room_minor -= worth(points, value_minor)
        if points:
            paid.append(Draw(draw.lot, draw.account, points))
    return tuple(paid)


def without(draws: Iterable[Draw], others: Iterable[Draw]) -> tuple[Draw, ...]:
    """Return draws less others of the same lots."""
    less: dict[UUID, int] = {}
    for draw in others:
        less[draw.lot] = less.get(draw.lot, 0) + draw.amount
    rest = (replace(draw, amount=draw.amount - less.get(draw.lot, 0)) for draw in draws)
    return tuple(draw for draw in rest if draw.amount)


def _taken(frozen: Frozen, before: Before, parts: Sequence[Part]) -> list[_Taken]:
    """Return what goes out of each lot: of a line, what the line has earned in that lot."""
    lots = {lot.effect_no: lot for lot in frozen.earned}
    quantities = {line.no: line.quantity for line in frozen.lines}
    found = []
    for effect in frozen.evaluation.effects:
        lot = lots.get(effect.no)
        if lot is None:
            continue
        earned = dict(effect.allocations)
        for part in parts:
            done, whole = before.quantities.get(part.no, 0), quantities[part.no]
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


def _line(frozen: Frozen, before: Before, part: Part, taken: Sequence[_Taken]) -> LineShare:
    line = frozen.line(part.no)
    assert line is not None, f"the sale has no line {part.no}"
    priced = next(priced for priced in frozen.evaluation.lines if priced.no == part.no)
    done, whole = before.quantities.get(part.no, 0), line.quantity
    restored = returned_sum(priced.redeemed_points, whole, done + part.quantity, frozen.unit)
    mine = [one.amount for one in taken if (one.no, one.lot.account) == (part.no, frozen.account)]
    return LineShare(
        no=part.no,
        quantity=part.quantity,
        money_minor=returned_share(priced.payable_minor, whole, done, part.quantity),
        restored_points=max(0, restored - before.restored.get(part.no, 0)),
        taken_points=sum(mine),
        turnover_minor=returned_share(priced.turnover_minor, whole, done, part.quantity),
    )
