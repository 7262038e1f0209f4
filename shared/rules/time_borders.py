"""Borders in time: days, hours, dates of life, and what was counted before."""

from collections.abc import Hashable, Iterator, Sequence
from datetime import date, timedelta
from itertools import product
from typing import Final

from shared.rules.asked import Asked, distinct, documents
from shared.rules.dates import add_months, months_since, year_around
from shared.rules.grammar import Window
from shared.rules.model import Pack
from shared.rules.price_model import Floor
from shared.rules.question_terms import REGISTRATION, Age, Counted, Hours, Near
from shared.rules.scalars import COUNT_MAX

_WEEK: Final = 7
_YEAR: Final = 366
_NOON: Final = "12:00"
_GROWN_UP: Final = 30
_MONTHS: Final = {"years": 12, "months": 1}


def away(asked: Asked) -> tuple[int, ...]:
    """Return days since the last purchase; one less than none is who never bought."""
    near = [days - less for days in asked.of("away_days_from") for less in (0, 1)]
    return tuple(dict.fromkeys((0, *(days for days in near if days >= 0), *([-1] if near else []))))


def days_of_calendar(pack: Pack, asked: Asked) -> tuple[date, ...]:
    """Return days from the pack's first on that its windows, weekdays and months tell apart."""
    first = pack.effective_from.date()
    windows = [
        (found.first, found.last) for found in documents(pack) if isinstance(found, Window | Floor)
    ]
    edges = [edge for window in windows for edge in window if edge is not None]
    near = [edge + timedelta(days=days) for edge in edges for days in (-1, 0, 1)]
    weekly, monthly = asked.of("weekday_in"), asked.of("month_in") + asked.of("day_of_month_in")
    span = _YEAR if monthly else _WEEK if weekly else 1
    candidates = [day + timedelta(days=no) for day in (first, *near) for no in range(span)]
    dom, months = asked.of("day_of_month_in"), asked.of("month_in")

    def told_apart(day: date) -> Hashable:
        return (
            day.weekday() if weekly else None,
            tuple(str(day.day) in one for one in dom),
            day.month if months else None,
            tuple((a is None or a <= day) and (z is None or day <= z) for a, z in windows),
        )

    return distinct([day for day in candidates if day >= first], told_apart)


def clocks(pack: Pack, asked: Asked) -> tuple[str, ...]:
    """Return times of day that hours tell apart."""
    spans: list[Hours] = [span for one in asked.of("time_in") for span in one]
    spans += [span for ban in pack.bans for span in ban.time_in]
    edges = [edge for span in spans for edge in (span.first, span.last)]
    near = [clock for edge in edges for clock in _around(edge)]

    def told_apart(clock: str) -> Hashable:
        return tuple((span.first <= clock, clock < span.last) for span in spans)

    return distinct([_NOON, *near], told_apart)


def _around(edge: str) -> Iterator[str]:
    """Yield a time and the minute before it."""
    hours, minutes = map(int, edge.split(":"))
    for whole in (hours * 60 + minutes, hours * 60 + minutes - 1):
        if 0 <= whole < 24 * 60:
            yield f"{whole // 60:02d}:{whole % 60:02d}"


def lives(pack: Pack, asked: Asked) -> tuple[tuple[tuple[str, int], ...], ...]:
    """Return dates of life, in days ago, that conditions tell apart on the pack's first day."""
    today = pack.effective_from.date()
    named: dict[str, list[Near | Age]] = {}
    for terms in (*asked.of("near"), *asked.of("age")):
        named.setdefault(terms.of, []).append(terms)
    days = asked.of("member_days_from")
    if days:
        named.setdefault(REGISTRATION, [])
    several = [
        [
            None,
            *((name, ago) for ago in _ago(today, terms, days if name == REGISTRATION else [])),
        ]
        for name, terms in named.items()
    ]
    return tuple(tuple(one for one in chosen if one is not None) for chosen in product(*several))


def _ago(today: date, terms: Sequence[Near | Age], days: Sequence[int]) -> tuple[int, ...]:
    born = [today - timedelta(days=count - less) for count in days for less in (0, 1)]
    nears = [one for one in terms if isinstance(one, Near)]
    ages = [one for one in terms if isinstance(one, Age)]
    months = {_GROWN_UP * 12}
    for age in ages:
        unit = _MONTHS[age.unit]
        months |= {age.first * unit}
        months |= set() if age.last is None else {(age.last + 1) * unit}
    shifts = {0, 1, -1}
    for near in nears:
        shifts |= {near.before_days, near.before_days + 1, -near.after_days, -near.after_days - 1}
    born += [
        add_months(today + timedelta(days=shift), -count)
        for count in sorted(months, reverse=True)
        for shift in sorted(shifts)
    ]

    def told_apart(day: date) -> Hashable:
        later = [1 if near.of == REGISTRATION else 0 for near in nears]
        return (
            tuple(
                year_around(day, today, near, first_year=day.year + more) is not None
                for near, more in zip(nears, later, strict=True)
            ),
            tuple(
                age.first <= months_since(day, today) // _MONTHS[age.unit] <= _end(age)
                for age in ages
            ),
            tuple((today - day).days >= count for count in days),
        )

    past = [day for day in born if day <= today]
    return tuple((today - day).days for day in distinct(past, told_apart))


def _end(age: Age) -> int:
    return COUNT_MAX if age.last is None else age.last


def counts(asked: Asked) -> tuple[tuple[tuple[str, int], ...], ...]:
    """Return what was counted before at the borders of conditions, each metric by itself."""
    marks: dict[str, list[int]] = {}
    for terms in asked.of("counted"):
        assert isinstance(terms, Counted), "what is counted has terms"
        marks.setdefault(terms.of, []).extend((terms.at_least, terms.at_least - 1))
    several = [
        [(name, amount) for amount in dict.fromkeys((0, *found)) if amount >= 0]
        for name, found in marks.items()
    ]
    return tuple(product(*several))
