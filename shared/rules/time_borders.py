"""Borders in time: days, hours, dates of life, and what was counted before."""

from collections.abc import Hashable, Iterator, Sequence
from datetime import date, timedelta
from itertools import product
from typing import Final, get_args

from shared.rules.asked import Asked, distinct, documents
from shared.rules.condition_model import Month
from shared.rules.counters import ONE
from shared.rules.dates import add_months, months_since, year_around
from shared.rules.grammar import Weekday, Window
from shared.rules.model import Pack
from shared.rules.moment import FIRST, LAST
from shared.rules.price_model import DiscountEffect, Floor
from shared.rules.question_terms import METRICS, REGISTRATION, Age, Counted, Hours, Near, within
from shared.rules.scalars import COUNT_MAX

_WEEK: Final = 7
_YEAR: Final = 366
_FIRST: Final = FIRST.date() + timedelta(days=1)
_LAST: Final = LAST.date() - timedelta(days=2 * _YEAR)
_WEEKDAYS: Final[tuple[str, ...]] = get_args(Weekday)
_MONTH_NAMES: Final[tuple[str, ...]] = get_args(Month)
_NOON: Final = "12:00"
_GROWN_UP: Final = 30
_MONTHS: Final = {"years": 12, "months": 1}


def away(asked: Asked) -> tuple[int, ...]:
    """Return days since the last purchase; one less than none is who never bought."""
    near = [days - less for days in asked.of("away_days_from") for less in (0, 1)]
    return tuple(dict.fromkeys((0, *(days for days in near if days >= 0), *([-1] if near else []))))


def days_of_calendar(pack: Pack, asked: Asked) -> tuple[date, ...]:
    """Return days from the pack's first on that its windows, weekdays and months tell apart."""
    first = first_day(pack)
    windows = [
        (found.first, found.last)
        for part in (pack.rules, pack.codes, pack.counters, pack.floors)
        for found in documents(part)
        if isinstance(found, Window | Floor)
    ]
    edges = [edge for window in windows for edge in window if edge is not None]
    sold = [edge for edge in edges if first <= edge <= _LAST]
    near = [edge + timedelta(days=days) for edge in sold for days in (-1, 0, 1)]
    weekly, monthly = asked.of("weekday_in"), asked.of("month_in") + asked.of("day_of_month_in")
    span = _YEAR if monthly else _WEEK if weekly else 1
    candidates = [day + timedelta(days=no) for day in (first, *near) for no in range(span)]
    dom, months = asked.of("day_of_month_in"), asked.of("month_in")

    def told_apart(day: date) -> Hashable:
        return (
            tuple(_WEEKDAYS[day.weekday()] in one for one in weekly),
            tuple(str(day.day) in one for one in dom),
            tuple(_MONTH_NAMES[day.month - 1] in one for one in months),
            tuple((a is None or a <= day) and (z is None or day <= z) for a, z in windows),
        )

    return distinct([day for day in candidates if day >= first], told_apart)


def first_day(pack: Pack) -> date:
    """Return the first day of a pack, or the nearest that a till may have."""
    return min(max(pack.effective_from.date(), _FIRST), _LAST)


def clocks(pack: Pack, asked: Asked) -> tuple[str, ...]:
    """Return times of day that hours tell apart."""
    spans: list[Sequence[Hours]] = [*asked.of("time_in"), *(ban.time_in for ban in pack.bans)]
    edges = [edge for several in spans for span in several for edge in (span.first, span.last)]
    near = [clock for edge in edges for clock in _around(edge)]

    def told_apart(clock: str) -> Hashable:
        return tuple(within(several, clock) for several in spans)

    return distinct([_NOON, *near], told_apart)


def _around(edge: str) -> Iterator[str]:
    """Yield a time and the minute before it."""
    hours, minutes = map(int, edge.split(":"))
    for whole in (hours * 60 + minutes, hours * 60 + minutes - 1):
        if 0 <= whole < 24 * 60:
            yield f"{whole // 60:02d}:{whole % 60:02d}"


def lives(pack: Pack, asked: Asked) -> tuple[tuple[tuple[str, int], ...], ...]:
    """Return dates of life, in days ago, that conditions tell apart on the pack's first day."""
    today = first_day(pack)
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
    longest = (today - date.min).days
    born = [today - timedelta(days=min(longest, n - less)) for n in days for less in (0, 1)]
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
        if count < (today.year - 1) * 12
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


def counts(pack: Pack, asked: Asked) -> tuple[tuple[tuple[str, int], ...], ...]:
    """Return what was counted before at the borders of conditions, tables and n-th pieces."""
    marks: dict[str, list[int]] = {}
    for name, _, least in _counted(pack, asked):
        marks.setdefault(name, []).extend((least, least - 1))
    for rule in pack.rules:
        for effect in rule.then:
            if isinstance(effect, DiscountEffect) and effect.counter and effect.nth:
                marks.setdefault(effect.counter, []).append((effect.nth - 1) * ONE)
    several = [
        [(name, amount) for amount in dict.fromkeys((0, *found)) if amount >= 0]
        for name, found in marks.items()
    ]
    return tuple(product(*several))


def has_one_window_each(pack: Pack, asked: Asked) -> bool:
    """Tell whether whatever is counted is counted in one window only, as trials have one."""
    windows = {(name, window) for name, window, _ in _counted(pack, asked)}
    return len({name for name, _ in windows}) == len(windows)


def _counted(pack: Pack, asked: Asked) -> Iterator[tuple[str, str, int]]:
    """Yield what is counted, in which window, and a border."""
    for terms in asked.of("counted"):
        assert isinstance(terms, Counted), "what is counted has terms"
        yield terms.of, terms.window, terms.at_least
    for table in pack.tables.values():
        name = table.counter if table.by == "counter" else table.by
        if name is not None and (table.by == "counter" or name in METRICS):
            yield from ((name, table.window, row.from_minor or 0) for row in table.rows)
