"""A return of which some goods had come back before: what it moves is that of the others alone.

A lot is earned, or has paid, by all lines of a sale. That no more than the lot moves keeps one line
which comes back twice from moving its points twice only where it was the last one.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from uuid import UUID

from msgspec.structs import replace

from shared.rules.result import Draw
from shared.rules.returns import Before, LineShare, Part, Shares, shares
from shared.wire.facts import ReceiptCommitted
from shared.wire.frozen import frozen_of
from shared.wire.taken_back import ReceiptReturned, ReturnedLine, TakenBack


def without_the_same(
    sale: ReceiptCommitted, before: Sequence[TakenBack], returned: ReceiptReturned
) -> ReceiptReturned:
    """Return what a return moves of goods that had not come back; its money is as it was paid out.

    Goods and money stay as its store has stated them. Of points, certificates and turnover no more
    moves than the frozen shares of what was left of its lines.
    """
    done = done_before(sale, before)
    due = shares(frozen_of(sale), done, left_of(sale, done, returned.lines))
    left = _by_lot(due.taken)
    taken = _within(returned.taken, left)
    withheld = _within(returned.withheld, left)
    kept = _within(returned.kept, left)
    return replace(
        returned,
        lines=moved_by(returned.lines, due),
        restored=_within(returned.restored, _by_lot(due.restored)),
        refilled=_within(returned.refilled, _by_lot(due.refilled)),
        taken=taken,
        withheld=withheld,
        kept=kept,
        reached=_up_to(returned.reached, left.total()),
        turnover_minor=min(
            returned.turnover_minor, sum(share.turnover_minor for share in due.lines)
        ),
    )


def left_of(sale: ReceiptCommitted, done: Before, lines: Iterable[ReturnedLine]) -> list[Part]:
    """Return what of returned lines had not come back yet."""
    sold = {line.no: line.quantity for line in sale.receipt.lines}
    left = {no: quantity - done.quantities.get(no, 0) for no, quantity in sold.items()}
    return [
        Part(line.no, min(line.quantity, left[line.no]))
        for line in lines
        if left.get(line.no, 0) > 0
    ]


def moved_by(lines: Iterable[ReturnedLine], found: Shares) -> tuple[ReturnedLine, ...]:
    """Return lines as they were returned, with what their shares move; of the others nothing."""
    moved = {share.no: share for share in found.lines}
    return tuple(_moving(line, moved.get(line.no)) for line in lines)


def _moving(line: ReturnedLine, share: LineShare | None) -> ReturnedLine:
    said = (line.no, line.quantity, line.money_minor)
    if share is None:
        return ReturnedLine(*said, 0, 0, 0)
    return ReturnedLine(*said, share.restored_points, share.taken_points, share.turnover_minor)


def done_before(sale: ReceiptCommitted, before: Iterable[TakenBack]) -> Before:
    """Sum up what has come back, no more of a line than it has."""
    whole = {line.no: line.quantity for line in sale.receipt.lines}
    quantities, restored = Counter[int](), Counter[int]()
    for line in (line for one in before for line in one.lines):
        quantities[line.no] += line.quantity
        restored[line.no] += line.restored_points
    return Before({no: min(quantities[no], whole.get(no, 0)) for no in quantities}, restored)


def _by_lot(draws: Iterable[Draw]) -> Counter[UUID]:
    sums = Counter[UUID]()
    for draw in draws:
        sums[draw.lot] += draw.amount
    return sums


def _within(draws: Iterable[Draw], left: Counter[UUID]) -> tuple[Draw, ...]:
    """Return draws as far as their lots have something left, and take them off it."""
    found = []
    for draw in draws:
        amount = min(draw.amount, left[draw.lot])
        left[draw.lot] -= amount
        if amount:
            found.append(Draw(draw.lot, draw.account, amount))
    return tuple(found)


def _up_to(draws: Iterable[Draw], room: int) -> tuple[Draw, ...]:
    """Return draws in their order until the room is full."""
    found = []
    for draw in draws:
        amount = min(draw.amount, room)
        room -= amount
        if amount:
            found.append(Draw(draw.lot, draw.account, amount))
    return tuple(found)
