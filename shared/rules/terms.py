"""When points begin and cease to be spendable: the wording in a pack and the instants it gives."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final

from pydantic import BeforeValidator

from shared.rules.dates import add_months, end_of_period
from shared.rules.faults import fault
from shared.rules.moment import Moment

DAYS_MAX: Final = 36_500
_ACTIVATION: Final = re.compile(
    r"at once|next day|after (?P<count>[1-9][0-9]{0,4}) ?(?P<unit>h|hours?|days?)"
)
_EXPIRY: Final = re.compile(
    r"never|end of (?P<period>month|quarter|year)"
    r"|(?P<count>[1-9][0-9]{0,4}) (?P<unit>days?|months?)|(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})"
)
_PERIODS: Final = {"month": 1, "quarter": 3, "year": 12}
_DAYS_A_MONTH: Final = 31


class Unit(StrEnum):
    """What a term counts."""

    HOURS = "hours"
    DAYS = "days"
    MONTHS = "months"
    FIXED = "fixed"
    PERIOD = "period"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Term:
    """A length of time, the end of a period of some months, a fixed day, or never."""

    unit: Unit
    count: int = 0
    day: date | None = None


def read_activation(text: object) -> Term:
    """Parse `at once`, `after 24 h`, `next day` or `after 3 days`."""
    match = _ACTIVATION.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise fault(
            "bad_activation",
            ru="ожидается «at once», «after 24 h», «next day» или «after 3 days»",
            en="expected 'at once', 'after 24 h', 'next day' or 'after 3 days'",
        )
    if match["unit"] is None:
        return Term(Unit.DAYS, 1) if match[0] == "next day" else Term(Unit.HOURS)
    unit = Unit.HOURS if match["unit"].startswith("h") else Unit.DAYS
    return _bounded(Term(unit, int(match["count"])))


def read_expiry(text: object) -> Term:
    """Parse `12 months`, `30 days`, `end of quarter`, a day such as `2026-12-31`, or `never`."""
    match = _EXPIRY.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise _bad_expiry()
    if match["unit"] is not None:
        unit = Unit.DAYS if match["unit"].startswith("d") else Unit.MONTHS
        return _bounded(Term(unit, int(match["count"])))
    if match["period"] is not None:
        return Term(Unit.PERIOD, _PERIODS[match["period"]])
    if match["day"] is None:
        return Term(Unit.NEVER)
    try:
        return Term(Unit.FIXED, day=date.fromisoformat(match["day"]))
    except ValueError as error:
        raise _bad_expiry() from error


def activation(term: Term, moment: Moment) -> datetime:
    """Return the instant of activation: hours are exact, days begin at the store's midnight."""
    if term.unit is Unit.HOURS:
        return moment.instant + timedelta(hours=term.count)
    return moment.start_of(moment.day + timedelta(days=term.count))


def expiry(term: Term, moment: Moment) -> date | None:
    """Return the last day, in the store's calendar, on which the points may be spent."""
    if term.unit is Unit.DAYS:
        return moment.day + timedelta(days=term.count)
    if term.unit is Unit.MONTHS:
        return add_months(moment.day, term.count)
    if term.unit is Unit.PERIOD:
        return end_of_period(moment.day, term.count)
    return term.day


def _activation_text(value: object) -> object:
    read_activation(value)
    return value


def _expiry_text(value: object) -> object:
    read_expiry(value)
    return value


def _bounded(term: Term) -> Term:
    days = {Unit.HOURS: term.count // 24, Unit.MONTHS: term.count * _DAYS_A_MONTH}
    if days.get(term.unit, term.count) > DAYS_MAX:
        raise fault("too_long_term", ru="срок больше ста лет", en="more than a hundred years")
    return term


def _bad_expiry() -> Exception:
    return fault(
        "bad_expiry",
        ru="ожидается «12 months», «30 days», «end of quarter», дата вида 2026-12-31 или «never»",
        en="expected '12 months', '30 days', 'end of quarter', a day such as 2026-12-31 or 'never'",
    )


ActivationText = Annotated[str, BeforeValidator(_activation_text)]
ExpiryText = Annotated[str, BeforeValidator(_expiry_text)]
