"""How often, or for how many points, a rule serves one member in a window."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Annotated, Final, Literal

from pydantic import Field, model_validator

from shared.member import MemberView
from shared.rules.faults import fault
from shared.rules.grammar import Document
from shared.rules.scalars import Amount, Count

LIMITS_MAX: Final = 5


class Limit(Document):
    """A number of receipts, or of points earned by the rule, per member and window.

    Days, weeks (from Monday) and months are the store's; `campaign` is for as long as the rule has
    been there. What a returned receipt has used stays used.
    """

    uses: Annotated[Count, Field(ge=1)] | None = None
    points: Annotated[Amount, Field(gt=0)] | None = None
    per: Literal["member"] = "member"
    window: Literal["day", "week", "month", "campaign"]

    @model_validator(mode="after")
    def _one_number(self) -> "Limit":
        if (self.uses is None) == (self.points is None):
            raise fault("one_limit", ru="нужно одно из uses и points", en="one of uses and points")
        return self


Limits = Annotated[tuple[Limit, ...], Field(max_length=LIMITS_MAX)]


def is_used_up(limits: tuple[Limit, ...], rule: str, member: MemberView, day: date) -> bool:
    """Tell whether some limit lets the rule serve the member no more."""
    left = points_left(limits, rule, member, day)
    return left == 0 or any(
        limit.uses is not None and _sums(limit, rule, member, day)[0] >= limit.uses
        for limit in limits
    )


def points_left(limits: tuple[Limit, ...], rule: str, member: MemberView, day: date) -> int | None:
    """Return how many points (hundredths) the rule may still give; None if it is not limited."""
    left = [
        max(0, limit.points - _sums(limit, rule, member, day)[1])
        for limit in limits
        if limit.points is not None
    ]
    return min(left, default=None)


def _sums(limit: Limit, rule: str, member: MemberView, day: date) -> tuple[int, int]:
    first = _FIRST[limit.window](day)
    found = [use for use in member.history.uses if use.rule == rule and first <= use.day]
    return sum(use.times for use in found), sum(use.points for use in found)


_FIRST: Final[dict[str, Callable[[date], date]]] = {
    "day": lambda day: day,
    "week": lambda day: day - timedelta(days=day.weekday()),
    "month": lambda day: day.replace(day=1),
    "campaign": lambda _day: date.min,
}
