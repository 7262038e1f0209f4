"""Scalars of a pack file: texts parsed to integers, never through a float.

A number of the canonical form is an integer already (kopecks, hundredths of a point, basis
points); the text of a person is a decimal such as `500000.00` or `5 %`.
"""

import re
from datetime import date, datetime
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BeforeValidator,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)

from shared.money import WHOLE_BP
from shared.rules.faults import fault

AMOUNT_MAX: Final = 10**12
COUNT_MAX: Final = 10**6
QUANTITY_MAX: Final = 10**10
_AMOUNT: Final = re.compile(r"([0-9]{1,10})(?:\.([0-9]{1,2}))?")
_PERCENT: Final = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,2}))?[ \u00a0]?%?")
_COUNT: Final = re.compile(r"[0-9]{1,7}")
_QUANTITY: Final = re.compile(r"([0-9]{1,7})(?:\.([0-9]{1,3}))?")
_CLOCK: Final = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LOCAL: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2})?")


def parse_amount(value: object) -> int:
    """Return kopecks (or hundredths of a point) of a decimal text such as `1240.50`."""
    return _bounded(
        _hundredths(value, _AMOUNT),
        AMOUNT_MAX,
        ru="ожидается сумма вида 1240.50",
        en="an amount such as 1240.50 is expected",
    )


def parse_percent(value: object) -> int:
    """Return basis points of a text such as `5 %` or `12.5`."""
    return _bounded(
        _hundredths(value, _PERCENT),
        WHOLE_BP,
        ru="ожидается процент от 0 до 100, например 12.5 %",
        en="a percent from 0 to 100 such as 12.5 % is expected",
    )


def parse_count(value: object) -> int:
    """Return a whole number of a text of digits."""
    whole = int(value) if isinstance(value, str) and _COUNT.fullmatch(value) else value
    return _bounded(whole, COUNT_MAX, ru="ожидается целое число", en="a whole number is expected")


def parse_quantity(value: object) -> int:
    """Return thousandths of a text such as `3` or `0.500`."""
    if isinstance(value, str) and (match := _QUANTITY.fullmatch(value)) is not None:
        whole, fraction = match.groups()
        value = int(whole) * 1000 + int((fraction or "").ljust(3, "0"))
    return _bounded(
        value, QUANTITY_MAX, ru="ожидается количество: 3 или 0.500", en="a quantity: 3 or 0.500"
    )


def parse_clock(value: object) -> str:
    """Return a time of day such as `09:30`; `24:00` is the end of the day."""
    if isinstance(value, str) and _CLOCK.fullmatch(value):
        return value
    raise fault("bad_clock", ru="ожидается время вида 09:30", en="a time such as 09:30 is expected")


def parse_day(value: object) -> date:
    """Return the day of a text such as `2026-03-31`."""
    try:
        if isinstance(value, str) and _DAY.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise fault("bad_day", ru="ожидается дата вида 2026-03-31", en="a day such as 2026-03-31")


def parse_local(value: object) -> datetime:
    """Return the wall-clock time, without a zone, of a text such as `2026-03-31T00:00`."""
    try:
        if isinstance(value, str) and _LOCAL.fullmatch(value):
            return datetime.fromisoformat(value)
    except ValueError:
        pass
    raise fault(
        "bad_time",
        ru="ожидается местное время вида 2026-03-31T00:00",
        en="a local time such as 2026-03-31T00:00 is expected",
    )


def parse_zone(value: str) -> str:
    """Return the name of a zone of the time zone database, such as `Europe/Moscow`."""
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        raise fault("bad_zone", ru="такого часового пояса нет", en="no such time zone") from error
    return value


def _hundredths(value: object, form: re.Pattern[str]) -> object:
    if not isinstance(value, str) or (match := form.fullmatch(value)) is None:
        return value
    whole, fraction = match.groups()
    return int(whole) * 100 + int((fraction or "").ljust(2, "0"))


def _bounded(value: object, largest: int, *, ru: str, en: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= largest:
        return value
    raise fault("bad_number", ru=ru, en=en)


def _written(form: re.Pattern[str], example: str, kind: str = "number") -> WithJsonSchema:
    """Tell editors how a scalar is written; without quotes it is a number to them, also 10:30."""
    text = {"type": "string", "pattern": f"^(?:{form.pattern})$", "examples": [example]}
    return WithJsonSchema({"anyOf": [text, {"type": kind, "minimum": 0}]})


_WORD: Final = {"type": ["string", "number", "boolean"], "minLength": 1, "maxLength": 64}

Amount = Annotated[int, BeforeValidator(parse_amount), _written(_AMOUNT, "1240.50")]
Percent = Annotated[int, BeforeValidator(parse_percent), _written(_PERCENT, "12.5 %")]
Quantity = Annotated[int, BeforeValidator(parse_quantity), _written(_QUANTITY, "0.500")]
Clock = Annotated[
    str,
    BeforeValidator(parse_clock),
    _written(_CLOCK, "09:30", "integer"),
]
Count = Annotated[int, BeforeValidator(parse_count), _written(_COUNT, "31", "integer")]
Day = Annotated[
    date,
    BeforeValidator(parse_day),
    PlainSerializer(date.isoformat),
    WithJsonSchema({"type": "string", "format": "date", "examples": ["2026-03-31"]}),
]
Local = Annotated[
    datetime,
    BeforeValidator(parse_local),
    PlainSerializer(datetime.isoformat),
    WithJsonSchema(
        {"type": "string", "pattern": f"^{_LOCAL.pattern}$", "examples": ["2026-03-31T00:00"]}
    ),
]
Zone = Annotated[str, AfterValidator(parse_zone)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Word = Annotated[str, StringConstraints(min_length=1, max_length=64), WithJsonSchema(dict(_WORD))]
Prose = Annotated[str, StringConstraints(min_length=1, max_length=200)]
GroupPath = Annotated[str, StringConstraints(pattern=r"^[^/\s][^/]*(/[^/]+)*$", max_length=200)]
