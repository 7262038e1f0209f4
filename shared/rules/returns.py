"""Returns on frozen allocations: cumulative shares of a line, and the lots they move."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from shared.money import round_half_up
from shared.points import points_for, worth
from shared.rules.result import Draw


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
