"""Periods in which something is counted: how a pack words them, and the days that they span."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Final

from pydantic import BeforeValidator

from shared.rules.dates import add_months, anniversary
from shared.rules.faults import fault

SPANS_MAX: Final = 4_096
"""Spans that are remembered: a member's days are asked for again and again."""
ROLLING_DAYS_MAX: Final = 366
ROLLING_MONTHS_MAX: Final = 12
_DAY: Final = timedelta(days=1)
_ROLLING: Final = re.compile(r"rolling (?P<count>[1-9][0-9]{0,2}) (?P<unit>days?|months?)")


class WindowKind(StrEnum):
    """The kinds of periods."""

    LIFETIME = "lifetime"
    ROLLING_DAYS = "rolling_days"
    ROLLING_MONTHS = "rolling_months"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    ANNIVERSARY = "anniversary"


ROLLING: Final = frozenset({WindowKind.ROLLING_DAYS, WindowKind.ROLLING_MONTHS})
CALENDAR: Final = frozenset(WindowKind) - ROLLING - {WindowKind.LIFETIME}
_WORDS: Final = {
    "lifetime": WindowKind.LIFETIME,
    "calendar day": WindowKind.DAY,
    "calendar week": WindowKind.WEEK,
    "calendar month": WindowKind.MONTH,
    "calendar quarter": WindowKind.QUARTER,
    "calendar year": WindowKind.YEAR,
    "anniversary year": WindowKind.ANNIVERSARY,
}
_SHORT: Final[dict[WindowKind, Callable[[date], int]]] = {
    WindowKind.DAY: lambda _day: 0,
    WindowKind.WEEK: date.weekday,
}
"""How many days of the period are over."""
_LENGTHS: Final = {WindowKind.DAY: 0, WindowKind.WEEK: 6}
_MONTHS: Final = {WindowKind.MONTH: 1, WindowKind.QUARTER: 3, WindowKind.YEAR: 12}


@dataclass(frozen=True, slots=True)
class Period:
    """A kind of period; `count` is of the days or months that roll."""

    kind: WindowKind = WindowKind.LIFETIME
    count: int = 0


@dataclass(frozen=True, slots=True)
class Span:
    """Days, both included."""

    first: date
    last: date


def read_period(text: object) -> Period:
    """Parse `lifetime`, `rolling 12 months`, `rolling 90 days`, `calendar quarter` and the like."""
    if isinstance(text, str) and text in _WORDS:
        return Period(_WORDS[text])
    match = _ROLLING.fullmatch(text) if isinstance(text, str) else None
    if match is not None:
        in_days = match["unit"].startswith("d")
        kind = WindowKind.ROLLING_DAYS if in_days else WindowKind.ROLLING_MONTHS
        if int(match["count"]) <= (ROLLING_DAYS_MAX if in_days else ROLLING_MONTHS_MAX):
            return Period(kind, int(match["count"]))
    raise fault(
        "bad_period",
        ru="ожидается «lifetime», «rolling 12 months» (не больше года), «rolling 90 days», "
        "«calendar day», «calendar week», «calendar month», «calendar quarter», «calendar year» "
        "или «anniversary year»",
        en="expected 'lifetime', 'rolling 12 months' (a year at most), 'rolling 90 days', "
        "'calendar day', 'calendar week', 'calendar month', 'calendar quarter', 'calendar year' "
        "or 'anniversary year'",
    )


@lru_cache(maxsize=SPANS_MAX)
def span_of(period: Period, day: date, born: date | None) -> Span:
    """Return the period that a day is in, or for one that rolls, that ends with it.

    `born` is the day of the registration, from which years of an anniversary are counted; without
    it they are those of the calendar.
    """
    if period.kind is WindowKind.LIFETIME:
        return Span(date.min, date.max)
    if period.kind is WindowKind.ROLLING_DAYS:
        return Span(day - period.count * _DAY + _DAY, day)
    if period.kind is WindowKind.ROLLING_MONTHS:
        return Span(add_months(day, -period.count) + _DAY, day)
    if period.kind is WindowKind.ANNIVERSARY and born is not None:
        return _year_of(born, day)
    if period.kind in _SHORT:
        first = day - _SHORT[period.kind](day) * _DAY
        return Span(first, first + _LENGTHS[period.kind] * _DAY)
    months = _MONTHS.get(period.kind, 12)
    first = date(day.year, (day.month - 1) // months * months + 1, 1)
    return Span(first, add_months(first, months) - _DAY)


def span_before(period: Period, span: Span, born: date | None) -> Span:
    """Return the period before a calendar one."""
    return span_of(period, span.first - _DAY, born)


def _year_of(born: date, day: date) -> Span:
    celebrated = anniversary(born, day.year)
    year = day.year if celebrated <= day else day.year - 1
    return Span(anniversary(born, year), anniversary(born, year + 1) - _DAY)


def _period_text(value: object) -> object:
    read_period(value)
    return value


PeriodText = Annotated[str, BeforeValidator(_period_text)]
