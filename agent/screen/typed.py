"""What cashiers type: amounts as they are written here, `1 085,50`, quantities as `0,350`."""

import re
from datetime import date

from shared.errors import Kind, LoyaltyError

_SPACES = re.compile(r"[\s\u00a0\u202f]")
_DAY = re.compile(r"(\d{1,2})[./-]?(\d{2})[./-]?(\d{4})")
_NUMBER = re.compile(r"(\d{1,10})(?:[.,](\d{1,3}))?")
HUNDREDTHS, THOUSANDTHS = 2, 3


class BadAmountError(LoyaltyError):
    """A text that is no amount, points or quantity."""

    kind = Kind.INVALID
    code = "bad_amount"
    ru = "«{text}» не читается как число. Введите, например, 150 или 1 085,50."
    en = "“{text}” does not read as a number. Type 150 or 1 085,50, for example."


class BadDayError(LoyaltyError):
    """A text that is no day."""

    kind = Kind.INVALID
    code = "bad_day"
    ru = "«{text}» не читается как дата. Введите, например, 05.03.1990."
    en = "“{text}” does not read as a date. Type 05.03.1990, for example."


def day(text: str) -> date:
    """Return a day typed as 05.03.1990, or as eight digits; raises BadDayError."""
    found = _DAY.fullmatch(_SPACES.sub("", text))
    try:
        if found is not None:
            return date(int(found[3]), int(found[2]), int(found[1]))
    except ValueError as error:
        raise BadDayError(text=text.strip()) from error
    raise BadDayError(text=text.strip())


def hundredths(text: str) -> int:
    """Return kopecks or hundredths of a point; raises BadAmountError."""
    return _read(text, HUNDREDTHS)


def thousandths(text: str) -> int:
    """Return a quantity; raises BadAmountError."""
    return _read(text, THOUSANDTHS)


def _read(text: str, places: int) -> int:
    found = _NUMBER.fullmatch(_SPACES.sub("", text))
    fraction = found[2] or "" if found else ""
    if found is None or len(fraction) > places:
        raise BadAmountError(text=text.strip())
    return int(found[1] + fraction.ljust(places, "0"))
