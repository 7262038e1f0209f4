"""Conditions that need more than a word or a number: hours, dates of life, counts, other goods."""

from collections.abc import Iterable
from typing import Annotated, Final, Literal, get_args

from pydantic import AfterValidator, Field, model_validator

from shared.rules.faults import fault
from shared.rules.grammar import Document, Names
from shared.rules.once_terms import Around
from shared.rules.scalars import Amount, Clock, Count, Name, Quantity
from shared.rules.windows import PeriodText

SPANS_MAX: Final = 50
YEARS_MAX: Final = 150
DAYS_MAX: Final = 36_500
Metric = Literal["purchases", "turnover", "points"]
METRICS: Final = get_args(Metric)
BIRTHDAY: Final = "birthday"
REGISTRATION: Final = "registration"


_MIDNIGHT: Final = "24:00"


class Hours(Document):
    """Hours of the store's day: from a minute up to another, that one not included.

    An end that is not after the beginning is on the next day: `22:00` to `02:00`.
    """

    first: Annotated[Clock, Field(alias="from")] = "00:00"
    last: Annotated[Clock, Field(alias="to")] = "24:00"

    @model_validator(mode="after")
    def _not_empty(self) -> "Hours":
        if self.first == self.last:
            raise fault("no_hours", ru="часы пусты", en="the hours are empty")
        if self.first == _MIDNIGHT:
            raise fault(
                "no_hours",
                ru="24:00 бывает только концом: день начинается в 00:00",
                en="24:00 is an end only: a day begins at 00:00",
            )
        return self


def within(spans: Iterable[Hours], clock: str) -> bool:
    """Tell whether a time of day, such as `09:30`, is in one of the spans."""
    return any(
        span.first <= clock < span.last
        if span.first < span.last
        else clock >= span.first or clock < span.last
        for span in spans
    )


class Near(Document):
    """Around a yearly day of the member's: his birthday, his registration, or a named date.

    Both ends are included. The day of the registration itself is no anniversary.
    """

    of: Name = BIRTHDAY
    before_days: Around = 0
    after_days: Around = 0
    leap_day: Literal["02-28", "03-01"] = "02-28"


def _years(count: int) -> int:
    if count > YEARS_MAX * 12:
        raise fault("too_old", ru="возраст слишком велик", en="the age is too great")
    return count


class Age(Document):
    """Whole years (or months) since a date of the member's, both numbers included.

    Where a name has several dates, as of children, one of them suffices.
    """

    of: Name = BIRTHDAY
    first: Annotated[Count, AfterValidator(_years), Field(alias="from")] = 0
    last: Annotated[Count | None, Field(alias="to")] = None
    unit: Annotated[Literal["years", "months"], Field(alias="in")] = "years"

    @model_validator(mode="after")
    def _in_order(self) -> "Age":
        if self.last is not None and self.last < self.first:
            raise fault("window", ru="конец раньше начала", en="the end is before the beginning")
        return self


class Counted(Document):
    """What the member did before this receipt: in a period, at least so much.

    `of` is `purchases`, `turnover`, `points` (earned), or a counter of the pack. A counter knows
    a calendar day, week or month, or as long as it has been there: `lifetime`.
    """

    of: Name
    window: PeriodText = "lifetime"
    at_least: Amount


class BasketHas(Document):
    """Goods of these lists on the receipt, together so many and for so much, before discounts.

    What may have no benefits (tobacco, certificates, services) does not count.
    """

    goods: Names
    quantity: Quantity = 1
    sum_minor: Annotated[Amount, Field(alias="sum")] = 0
