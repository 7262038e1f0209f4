"""Numbers with their nouns, in the right number: `120 бонусов`, `22 покупки`, `1 point`."""

from collections.abc import Sequence
from typing import Final

from shared.money import NO_BREAK_SPACE, format_money
from shared.points import POINT
from shared.rules.wording import Wording

_POINTS: Final = (("бонус", "бонуса", "бонусов"), ("point", "points"))
_PURCHASES: Final = (("покупка", "покупки", "покупок"), ("purchase", "purchases"))


def count_points(points: int) -> Wording:
    """Write hundredths of a point with their noun; a part of a point is `5,50 бонуса`."""
    return _count(points, *_POINTS)


def count_purchases(purchases: int) -> Wording:
    """Write hundredths of a purchase with their noun."""
    return _count(purchases, *_PURCHASES)


def is_one(hundredths: int) -> bool:
    """Tell whether the verb of a number is singular in Russian."""
    whole, fraction = divmod(hundredths, POINT)
    return not fraction and whole % 10 == 1 and whole % 100 != 11


def _count(hundredths: int, russian: Sequence[str], english: Sequence[str]) -> Wording:
    amount = format_money(hundredths).removesuffix(",00")
    one, few, many = russian
    whole, fraction = divmod(hundredths, POINT)
    if is_one(hundredths):
        noun = one
    elif fraction or (whole % 10 in (2, 3, 4) and whole % 100 not in (12, 13, 14)):
        noun = few
    else:
        noun = many
    return Wording(
        f"{amount}{NO_BREAK_SPACE}{noun}",
        f"{amount}{NO_BREAK_SPACE}{english[hundredths != POINT]}",
    )
