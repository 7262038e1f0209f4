"""The part of a pack file that gives and takes points: earning, multiplying, paying with them."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, model_validator

from shared.rules.faults import fault
from shared.rules.grammar import Document
from shared.rules.scalars import Amount, Count, Name, Percent
from shared.rules.terms import ActivationText, ExpiryText

TIMES_MAX: Final = 100_00
PIECES_MAX: Final = 1_000


def _times(times: int) -> int:
    if times > TIMES_MAX:
        most = TIMES_MAX // 100
        raise fault(
            "bad_number", ru=f"ожидается не больше {most}", en=f"at most {most} is expected"
        )
    return times


def _one_of(*forms: object, code: str, names: str) -> None:
    if sum(form is not None for form in forms) != 1:
        raise fault(code, ru=f"нужно ровно одно из {names}", en=f"exactly one of {names}")


class EarnEffect(Document):
    """Points for a receipt, granted as a lot: a percent of the lines, or a number of points.

    `points` is for the whole receipt, spread over the lines that the rule fits; `points_each` is
    for every unit. `at_most` limits what the rule gives one receipt.
    """

    effect: Literal["earn"]
    percent: Percent | None = None
    tier_percent: Name | None = None
    table: Name | None = None
    points: Amount | None = None
    points_each: Amount | None = None
    every_minor: Annotated[Amount | None, Field(alias="every", gt=0)] = None
    """`points` are for each full sum of so much that the lines earn on."""
    every_pieces: Annotated[Count | None, Field(ge=1, le=PIECES_MAX)] = None
    """`points` are for each full number of units."""
    at_most: Amount | None = None
    wallet: Name
    kind: Name = "purchase"
    base: Literal["paid_in_money", "after_discounts"] = "paid_in_money"
    to: Literal["member", "referrer"] = "member"
    """A referrer's lot is that of who brought the member."""
    activation: ActivationText
    expiry: ExpiryText

    @model_validator(mode="after")
    def _one_form(self) -> "EarnEffect":
        forms = (self.percent, self.tier_percent, self.table, self.points, self.points_each)
        names = "percent, tier_percent, table, points, points_each"
        _one_of(*forms, code="one_percent", names=names)
        every = (self.every_minor, self.every_pieces)
        if any(every) and (self.points is None or all(every)):
            raise fault(
                "every_points",
                ru="every и every_pieces бывают у points, и только одно из них",
                en="every and every_pieces go with points, and only one of them",
            )
        return self


class EarnTimesEffect(Document):
    """Multiplies what the percents of a wallet's earning rules give; the largest one counts."""

    effect: Literal["earn_times"]
    wallet: Name
    times: Annotated[Amount, Field(gt=0), AfterValidator(_times)]


class RedeemEffect(Document):
    """Points pay up to a share of the eligible lines, of the whole receipt, or of each line.

    By a table every line has its own share. `at_most` limits the points of one receipt.
    """

    effect: Literal["redeem"]
    percent: Percent | None = None
    tier_percent: Name | None = None
    table: Name | None = None
    at_most: Amount | None = None
    at_least: Amount | None = None
    """Fewer points than this do not pay."""
    wallet: Name
    share_base: Literal["eligible_lines", "whole_receipt", "each_line"] = "eligible_lines"
    complement_of: Name | None = None
    """A discount rule: points pay only for what it does not cover."""
    complement_by: Literal["goods", "discount_given"] = "goods"

    @model_validator(mode="after")
    def _one_form(self) -> "RedeemEffect":
        forms = (self.percent, self.tier_percent, self.table)
        _one_of(*forms, code="one_percent", names="percent, tier_percent, table")
        if self.table is not None and self.share_base != "each_line":
            raise fault(
                "table_by_line",
                ru="таблица даёт долю каждой строке: share_base: each_line",
                en="a table gives each line its share: share_base: each_line",
            )
        return self


LIMITS: Final = "limits"
_EARN_OPTIONS: Final = (
    "table",
    "points",
    "points_each",
    "every_minor",
    "every_pieces",
    "at_most",
    "to",
)
_REDEEM_OPTIONS: Final = ("table", "at_most", "at_least", "each_line")
POINTS_FEATURES: Final = frozenset(
    {
        *(f"then.earn.{name}" for name in _EARN_OPTIONS),
        LIMITS,
        *(f"then.redeem.{name}" for name in _REDEEM_OPTIONS),
    }
)


def points_features(effects: Iterable[object], *, limits: Sequence[object]) -> Iterator[str]:
    """Name what effects use beyond a percent, and whether their rule is limited."""
    if limits:
        yield LIMITS
    for effect in effects:
        if isinstance(effect, EarnEffect):
            given = effect.model_fields_set
            yield from (f"then.earn.{name}" for name in _EARN_OPTIONS if name in given)
        elif isinstance(effect, RedeemEffect):
            given = effect.model_fields_set | {effect.share_base}
            yield from (f"then.redeem.{name}" for name in _REDEEM_OPTIONS if name in given)
