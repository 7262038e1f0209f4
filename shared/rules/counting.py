"""Numbers with their nouns, in the right number: `120 бонусов`, `22 покупки`, `1 point`."""

from dataclasses import dataclass
from typing import Final

from shared.money import NO_BREAK_SPACE, format_money
from shared.points import POINT
from shared.rules.wording import Wording


@dataclass(frozen=True, slots=True)
class Noun:
    """A noun as numbers have it: one, two and five in Russian, one and two in English."""

    ru: tuple[str, str, str]
    en: tuple[str, str]


HOURS: Final = Noun(("час", "часа", "часов"), ("hour", "hours"))
DAYS: Final = Noun(("день", "дня", "дней"), ("day", "days"))
MONTHS: Final = Noun(("месяц", "месяца", "месяцев"), ("month", "months"))
TIMES: Final = Noun(("раз", "раза", "раз"), ("time", "times"))
RECEIPTS: Final = Noun(("чек", "чека", "чеков"), ("receipt", "receipts"))
_POINTS: Final = Noun(("бонус", "бонуса", "бонусов"), ("point", "points"))
_PURCHASES: Final = Noun(("покупка", "покупки", "покупок"), ("purchase", "purchases"))


def count_of(noun: Noun, number: int) -> Wording:
    """Write a whole number with its noun."""
    return _count(number * POINT, noun)


def count_points(points: int) -> Wording:
    """Write hundredths of a point with their noun; a part of a point is `5,50 бонуса`."""
    return _count(points, _POINTS)


def count_purchases(purchases: int) -> Wording:
    """Write hundredths of a purchase with their noun."""
    return _count(purchases, _PURCHASES)


def is_one(hundredths: int) -> bool:
    """Tell whether the verb of a number is singular in Russian."""
    whole, fraction = divmod(hundredths, POINT)
    return not fraction and whole % 10 == 1 and whole % 100 != 11


def _count(hundredths: int, of: Noun) -> Wording:
    amount = format_money(hundredths).removesuffix(",00")
    one, few, many = of.ru
    whole, fraction = divmod(hundredths, POINT)
    if is_one(hundredths):
        noun = one
    elif fraction or (whole % 10 in (2, 3, 4) and whole % 100 not in (12, 13, 14)):
        noun = few
    else:
        noun = many
    return Wording(
        f"{amount}{NO_BREAK_SPACE}{noun}",
        f"{amount}{NO_BREAK_SPACE}{of.en[hundredths != POINT]}",
    )
