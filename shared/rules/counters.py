"""Counters of a programme: what a member has bought of some goods, over all of his receipts."""

from collections.abc import Iterable
from datetime import date
from typing import Final

from shared.basket import QUANTITY_ONE
from shared.member import Use
from shared.points import POINT
from shared.rules.windows import Period, WindowKind, span_of

ONE: Final = 100
"""A piece or a receipt, in hundredths."""
LIFETIME: Final = Period(WindowKind.LIFETIME)
PERIODS: Final = frozenset({WindowKind.LIFETIME, WindowKind.DAY, WindowKind.WEEK, WindowKind.MONTH})
"""Periods that a member's history tells apart."""


def counter_use(name: str) -> str:
    """Return the name by which a member's history keeps a counter; no rule has it."""
    return f"count.{name}"


def count_of(name: str, uses: Iterable[Use], period: Period, day: date) -> int:
    """Return what was counted in the period of a day so far: hundredths, or kopecks."""
    first = span_of(period, day, None).first
    kept = counter_use(name)
    return sum(use.points for use in uses if use.rule == kept and first <= use.day)


def pieces(quantity: int) -> int:
    """Return thousandths of a quantity in hundredths."""
    return quantity * POINT // QUANTITY_ONE
