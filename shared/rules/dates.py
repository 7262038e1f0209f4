"""Days of the calendar: later months, and where a day of each year is celebrated."""

from calendar import isleap, monthrange
from datetime import date, timedelta
from typing import Final

LEAP: Final = (2, 29)
END_OF_FEBRUARY: Final = "02-28"


def add_months(day: date, count: int) -> date:
    """Return the same day of a later (or earlier) month, or that month's last day without it."""
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def end_of_period(day: date, months: int) -> date:
    """Return the last day of the calendar's month, quarter or year that a day is in."""
    first = date(day.year, (day.month - 1) // months * months + 1, 1)
    return add_months(first, months) - timedelta(days=1)


def anniversary(of: date, year: int, leap_day: str = END_OF_FEBRUARY) -> date:
    """Return the day of a year that a day is celebrated on."""
    if (of.month, of.day) == LEAP and not isleap(year):
        return date(year, 2, 28) if leap_day == END_OF_FEBRUARY else date(year, 3, 1)
    return of.replace(year=year)
