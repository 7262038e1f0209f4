"""What a return may still move of its sale, after others: each point and kopeck moves once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from shared.ledger.books import Lot
from shared.rules.result import Draw
from shared.wire.facts import Granted, Issued, ReceiptCommitted
from shared.wire.taken_back import TakenBack

Amounts = dict[UUID, int]
"""Hundredths of a point by lot."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What of a return is posted: never more than is left of the sale."""

    restored: Amounts
    taken: Amounts
    withheld: Amounts
    kept: Amounts
    reached: Amounts
    turnover_minor: int

    def earned_of(self, account: UUID, sale: ReceiptCommitted) -> int:
        """Return how many points an account has earned less: those of its lots of the sale."""
        own = {lot.lot for lot in sale.granted if lot.account == account}
        gone = (*self.taken.items(), *self.withheld.items(), *self.kept.items())
        return sum(amount for lot, amount in gone if lot in own) + sum(self.reached.values())


def left_to_move(sale: ReceiptCommitted, before: Sequence[TakenBack], now: TakenBack) -> Moved:
    """Return what a return moves of what earlier ones have left of its sale."""
    paid = _by_lot(drawn_by(sale))
    paid_left = _minus(paid, _by_lot(draw for one in before for draw in restored_by(one)))
    brought = {lot.lot: lot.amount for lot in brought_by(sale)}
    gone = (draw for one in before for draw in (*taken_by(one), *one.withheld, *one.kept))
    left = _minus(brought, _by_lot(gone))
    taken = _at_most(_by_lot(taken_by(now)), left)
    left = _minus(left, taken)
    withheld = _at_most(_by_lot(now.withheld), left)
    left = _minus(left, withheld)
    kept = _at_most(_by_lot(now.kept), left)
    reached_before = sum(draw.amount for one in before for draw in one.reached)
    earned = {lot.lot for lot in sale.granted}
    owed = sum(amount for lot, amount in _minus(left, kept).items() if lot in earned)
    room = max(0, owed - reached_before)
    turnover_minor = sale.evaluation.totals.turnover_minor
    turnover_left = turnover_minor - sum(one.turnover_minor for one in before)
    return Moved(
        restored=_at_most(_by_lot(restored_by(now)), paid_left),
        taken=taken,
        withheld=withheld,
        kept=kept,
        reached=_within(_by_lot(now.reached), room),
        turnover_minor=max(0, min(now.turnover_minor, turnover_left)),
    )


def still_granted(sale: ReceiptCommitted, before: Sequence[TakenBack], lot: Lot, now: int) -> int:
    """Return what a return has to take for its share of a lot that the sale has brought.

    Where a person has taken back what the sale should not have granted, that is a part of what is
    left, so that nothing is taken twice.
    """
    brought = sum(one.amount for one in brought_by(sale) if one.lot == lot.id)
    if lot.granted >= brought:
        return now
    gone = (draw for one in before for draw in (*taken_by(one), *one.withheld, *one.kept))
    done = _by_lot(gone).get(lot.id, 0)
    return (done + now) * lot.granted // brought - done * lot.granted // brought


def still_reached(
    sale: ReceiptCommitted, before: Sequence[TakenBack], moved: Moved, lots: Mapping[UUID, Lot]
) -> Amounts:
    """Return what a return has to take of other lots in place of those that the sale has brought.

    Where a person has taken back what it should not have granted, that is a part of what is left.
    """
    gone = _by_lot(draw for one in before for draw in (*taken_by(one), *one.withheld, *one.kept))
    owed = due = 0
    for lot in sale.granted:
        now = (moved.taken, moved.withheld, moved.kept)
        left = max(0, lot.amount - sum(one.get(lot.lot, 0) for one in (gone, *now)))
        there = lots.get(lot.lot)
        granted = lot.amount if there is None else min(there.granted, lot.amount)
        owed += left
        due += left * granted // lot.amount if left else 0
    if due >= owed:
        return moved.reached
    done = sum(draw.amount for one in before for draw in one.reached)
    found: Amounts = {}
    for lot_id, amount in moved.reached.items():
        found[lot_id] = (done + amount) * due // owed - done * due // owed
        done += amount
    return found


def drawn_by(sale: ReceiptCommitted) -> tuple[Draw, ...]:
    """Return what a sale drew of all lots, points and certificates."""
    return (*sale.evaluation.redemption.draws, *sale.bearers)


def brought_by(sale: ReceiptCommitted) -> tuple[Granted | Issued, ...]:
    """Return all lots that a sale brings, points and certificates."""
    return (*sale.granted, *sale.issued)


def restored_by(returned: TakenBack) -> tuple[Draw, ...]:
    """Return what goes back into lots, points and certificates."""
    return (*returned.restored, *returned.refilled)


def taken_by(returned: TakenBack) -> tuple[Draw, ...]:
    """Return what goes out of the lots of the sale, points and certificates."""
    return (*returned.taken, *returned.revoked)


def _by_lot(draws: Iterable[Draw]) -> Amounts:
    sums: Amounts = {}
    for draw in draws:
        sums[draw.lot] = sums.get(draw.lot, 0) + draw.amount
    return sums


def _minus(whole: Mapping[UUID, int], part: Mapping[UUID, int]) -> Amounts:
    return {lot: max(0, amount - part.get(lot, 0)) for lot, amount in whole.items()}


def _at_most(wanted: Mapping[UUID, int], left: Mapping[UUID, int]) -> Amounts:
    return {lot: min(amount, left.get(lot, 0)) for lot, amount in wanted.items()}


def _within(wanted: Mapping[UUID, int], room: int) -> Amounts:
    """Return amounts in their order until the room is full."""
    found: Amounts = {}
    for lot, amount in wanted.items():
        found[lot] = min(amount, room)
        room -= found[lot]
    return found
