"""Operators whose operand has parts, compiled: whether they hold, what they need, what there is."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from shared.basket import Line
from shared.member import MemberView, Use
from shared.rules.condition_model import Condition
from shared.rules.counters import count_of
from shared.rules.dates import months_since, year_around
from shared.rules.facts import Facts
from shared.rules.goods_tests import Lists, goods_test
from shared.rules.grammar import Window
from shared.rules.question_terms import (
    BIRTHDAY,
    METRICS,
    REGISTRATION,
    Age,
    BasketHas,
    Counted,
    Hours,
    Near,
    within,
)
from shared.rules.scalars import COUNT_MAX
from shared.rules.tracks import Track, counted
from shared.rules.windows import Period, read_period

_MONTHS_A_YEAR: Final = 12
_DAYS_OF_LIFE: Final = frozenset({"birthday", "registered_on", "dates"})
_COUNTS: Final = frozenset({"history", "turnover_minor", "receipts", "registered_on"})


class Question(NamedTuple):
    """A condition ready to be asked; `has` are words for an explanation."""

    holds: Callable[[Facts], bool]
    has: Callable[[Facts], tuple[str, ...]]


def question(condition: Condition, lists: Lists) -> Question:
    """Compile an operator of `QUESTIONS`."""
    return QUESTIONS[condition.operator](condition.operand, lists)


def days_of(member: MemberView | None, name: str) -> tuple[date, ...]:
    """Return the dates that a member has by a name."""
    if member is None:
        return ()
    if name in (BIRTHDAY, REGISTRATION):
        day = member.birthday if name == BIRTHDAY else member.registered_on
        return () if day is None else (day,)
    return tuple(named.day for named in member.dates if named.name == name)


def _hours(spans: Sequence[Hours], _lists: Lists) -> Question:
    return Question(lambda facts: within(spans, facts.moment.clock), _clock)


def _clock(facts: Facts) -> tuple[str, ...]:
    return (facts.moment.clock,)


def _days(windows: Sequence[Window], _lists: Lists) -> Question:
    spans = [(one.first or date.min, one.last or date.max) for one in windows]
    return Question(
        lambda facts: any(first <= facts.day <= last for first, last in spans),
        lambda facts: (facts.day.isoformat(),),
    )


def _near(near: Near, _lists: Lists) -> Question:
    later = 1 if near.of == REGISTRATION else 0

    def holds(facts: Facts) -> bool:
        return any(
            year_around(day, facts.day, near, first_year=day.year + later) is not None
            for day in days_of(facts.member, near.of)
        )

    return Question(holds, lambda facts: _iso(days_of(facts.member, near.of)))


def _iso(days: Iterable[date]) -> tuple[str, ...]:
    return tuple(sorted(day.isoformat() for day in days))


def _age(age: Age, _lists: Lists) -> Question:
    unit = _MONTHS_A_YEAR if age.unit == "years" else 1
    last = COUNT_MAX if age.last is None else age.last

    def ages(facts: Facts) -> list[int]:
        return [months_since(day, facts.day) // unit for day in days_of(facts.member, age.of)]

    return Question(
        lambda facts: any(age.first <= found <= last for found in ages(facts)),
        lambda facts: tuple(map(str, sorted(ages(facts)))),
    )


def _counted(terms: Counted, _lists: Lists) -> Question:
    period = read_period(terms.window)
    count = _metric(terms.of, period) if terms.of in METRICS else _counter(terms.of, period)
    return Question(
        lambda facts: facts.member is not None and count(facts, facts.member) >= terms.at_least,
        lambda facts: () if facts.member is None else (str(count(facts, facts.member)),),
    )


def _metric(name: str, period: Period) -> Callable[[Facts, MemberView], int]:
    track = Track("visits" if name == "purchases" else name, period)
    return lambda facts, member: counted(track, member, facts.counted_on)


def _counter(name: str, period: Period) -> Callable[[Facts, MemberView], int]:
    def count(facts: Facts, member: MemberView) -> int:
        uses: Sequence[Use] = member.history.uses
        return count_of(name, uses, period, facts.day)

    return count


def _basket(terms: BasketHas, lists: Lists) -> Question:
    fits = goods_test(terms.goods, lists)

    def sums(facts: Facts) -> tuple[int, int]:
        found: list[Line] = [line for line in facts.open_lines if fits(facts, line)]
        return sum(line.quantity for line in found), sum(line.base_minor for line in found)

    def holds(facts: Facts) -> bool:
        quantity, sum_minor = sums(facts)
        return quantity >= terms.quantity and sum_minor >= terms.sum_minor

    return Question(
        holds,
        lambda facts: tuple(map(str, sums(facts))),
    )


QUESTIONS: Final[dict[str, Callable[[Any, Lists], Question]]] = {
    "time_in": _hours,
    "day_in": _days,
    "near": _near,
    "age": _age,
    "counted": _counted,
    "basket_has": _basket,
}
NEEDED: Final[dict[str, Callable[[Any], tuple[str, ...]]]] = {
    "time_in": lambda spans: tuple(f"{span.first}–{span.last}" for span in spans),
    "day_in": lambda windows: tuple(f"{one.first or ''}/{one.last or ''}" for one in windows),
    "near": lambda near: (near.of, str(near.before_days), str(near.after_days)),
    "age": lambda age: (
        age.of,
        str(age.first),
        "" if age.last is None else str(age.last),
        age.unit,
    ),
    "counted": lambda terms: (terms.of, terms.window, str(terms.at_least)),
    "basket_has": lambda terms: (str(terms.quantity), str(terms.sum_minor), *terms.goods),
}
"""What these operators ask for, as words."""
FIELDS_ASKED: Final = {"near": _DAYS_OF_LIFE, "age": _DAYS_OF_LIFE, "counted": _COUNTS}
"""The member's fields that these operators read."""
