"""Days of the calendar: later months, and where a day of each year is celebrated."""

from calendar import isleap, monthrange
from datetime import date, timedelta
from typing import Final, Protocol

LEAP: Final = (2, 29)
END_OF_FEBRUARY: Final = "02-28"


class Around(Protocol):
    """How many days before and after an anniversary count, and where 29 February is."""

    @property
    def before_days(self) -> int:
        """Days before it."""
        ...

    @property
    def after_days(self) -> int:
        """Days after it."""
        ...

    @property
    def leap_day(self) -> str:
        """`02-28` or `03-01`."""
        ...


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


def year_around(of: date, today: date, around: Around, *, first_year: int) -> int | None:
    """Return the year whose anniversary a day is near to; None if it is near to none."""
    before, after = timedelta(days=around.before_days), timedelta(days=around.after_days)
    for year in (today.year - 1, today.year, today.year + 1):
        if not max(first_year, date.min.year) <= year <= date.max.year:
            continue
        if -before <= today - anniversary(of, year, around.leap_day) <= after:
            return year
    return None


def months_since(of: date, today: date) -> int:
    """Return the whole months from a day to another, negative before it."""
    months = (today.year - of.year) * 12 + today.month - of.month
    return months if add_months(of, months) <= today else months - 1
