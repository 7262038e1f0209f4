"""Conditions of a pack file: a closed set of operators, each with its operand."""

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from shared.basket import Flag
from shared.receipt import TenderKind
from shared.rules.faults import fault
from shared.rules.grammar import VALUES_MAX, Document, GroupPaths, Names, Weekday, Window, Words
from shared.rules.price_model import NTH_MAX
from shared.rules.question_terms import SPANS_MAX, Age, BasketHas, Counted, Hours, Near
from shared.rules.scalars import Amount, Count, Quantity

MONTH_DAYS: Final = 31
Month = Literal["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]


def _day_of_month(day: int) -> int:
    if not 1 <= day <= MONTH_DAYS:
        raise fault("bad_number", ru="ожидается число месяца", en="a day of a month is expected")
    return day


DayOfMonth = Annotated[Count, AfterValidator(_day_of_month)]


class Condition(Document):
    """One operator of the closed set and its operands."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    all_: Annotated[tuple["Condition", ...] | None, Field(alias="all", min_length=1)] = None
    any_: Annotated[tuple["Condition", ...] | None, Field(alias="any", min_length=1)] = None
    not_: Annotated["Condition | None", Field(alias="not")] = None
    member: Literal["known", "unknown"] | None = None
    tier_in: Names | None = None
    segment_in: Words | None = None
    store_in: Words | None = None
    region_in: Words | None = None
    channel_in: Words | None = None
    code_in: Names | None = None
    paid_in: Annotated[tuple[TenderKind, ...] | None, Field(min_length=1)] = None
    """How the customer is going to pay, where the till has said so."""
    mark_in: Words | None = None
    """What the till says of the receipt: `instalment`, `pickup`."""
    first_purchase: Literal["yes", "no"] | None = None
    every_nth_purchase: Annotated[Count, Field(ge=1, le=NTH_MAX)] | None = None
    referred: Literal["yes", "no"] | None = None
    """Whether somebody brought the member."""
    member_days_from: Count | None = None
    """Days since the registration, at least."""
    away_days_from: Count | None = None
    """Days since the last purchase, at least; who has none was never away."""
    near: Near | None = None
    age: Age | None = None
    counted: Counted | None = None
    weekday_in: Annotated[tuple[Weekday, ...] | None, Field(min_length=1)] = None
    month_in: Annotated[tuple[Month, ...] | None, Field(min_length=1)] = None
    day_of_month_in: Annotated[tuple[DayOfMonth, ...] | None, Field(min_length=1)] = None
    day_in: Annotated[tuple[Window, ...] | None, Field(min_length=1, max_length=SPANS_MAX)] = None
    time_in: Annotated[tuple[Hours, ...] | None, Field(min_length=1, max_length=SPANS_MAX)] = None
    receipt_sum_from: Amount | None = None
    basket_has: BasketHas | None = None
    sku_in: Words | None = None
    group_in: GroupPaths | None = None
    brand_in: Words | None = None
    flag_in: Annotated[tuple[Flag, ...] | None, Field(min_length=1, max_length=VALUES_MAX)] = None
    goods_in: Names | None = None
    quantity_from: Quantity | None = None
    """Of one line."""
    price_from: Amount | None = None
    """Of one unit, before discounts."""

    @model_validator(mode="after")
    def _one_operator(self) -> "Condition":
        if len(self.model_fields_set) != 1:
            raise fault("one_operator", ru="нужен ровно один оператор", en="exactly one operator")
        return self

    @property
    def operator(self) -> str:
        """The name of the operator, as in the file but for a trailing underscore."""
        return next(iter(self.model_fields_set))

    @property
    def operand(self) -> object:
        """What the operator is given: a word, a number, names or inner conditions."""
        return getattr(self, self.operator)
