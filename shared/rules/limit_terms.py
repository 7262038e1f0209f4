"""How often, for how many points or for how large a discount a rule serves, in a window.

A limit per member is counted in his history; one per campaign is a budget of the whole chain, of
which the receipt says what is left.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Annotated, Final, Literal

from pydantic import Field, model_validator

from shared.member import MemberView
from shared.receipt import BudgetLeft
from shared.rules.faults import fault
from shared.rules.grammar import Document
from shared.rules.scalars import Amount, Count
from shared.rules.windows import Period, Span, WindowKind, span_of

LIMITS_MAX: Final = 5
USES, POINTS, DISCOUNT = "uses", "points", "discount"
WHATS: Final = (USES, POINTS, DISCOUNT)
MEMBER, CAMPAIGN = "member", "campaign"
WindowName = Literal["day", "week", "month", "quarter", "year", "campaign"]
_WINDOWS: Final = {
    "month": Period(WindowKind.MONTH),
    "quarter": Period(WindowKind.QUARTER),
    "year": Period(WindowKind.YEAR),
    "campaign": Period(WindowKind.LIFETIME),
}
_SHORT: Final[dict[str, Callable[[date], timedelta]]] = {
    "day": lambda _day: timedelta(),
    "week": lambda day: timedelta(days=day.weekday()),
}
"""How much of a window is over."""
_LENGTHS: Final = {"day": timedelta(), "week": timedelta(days=6)}


class Limit(Document):
    """A number of receipts, of points, or of kopecks of discount that a rule gives in a window.

    `per` member, or per campaign, which is all stores together. Days, weeks (from Monday), months,
    quarters and years are the store's; `campaign` is for as long as the rule has been there. What a
    returned receipt has used stays used.
    """

    uses: Annotated[Count, Field(ge=1)] | None = None
    points: Annotated[Amount, Field(gt=0)] | None = None
    discount: Annotated[Amount, Field(gt=0)] | None = None
    per: Literal["member", "campaign"] = "member"
    window: WindowName

    @model_validator(mode="after")
    def _one_number(self) -> "Limit":
        if sum(getattr(self, what) is not None for what in WHATS) != 1:
            raise fault(
                "one_limit",
                ru="нужно одно из uses, points и discount",
                en="one of uses, points and discount",
            )
        return self

    @property
    def what(self) -> str:
        """What is limited."""
        return next(what for what in WHATS if getattr(self, what) is not None)

    @property
    def amount(self) -> int:
        """How much of it there is: receipts, hundredths of a point, kopecks."""
        found = getattr(self, self.what)
        assert isinstance(found, int)
        return found

    def span(self, day: date) -> Span:
        """Return the window that a day is in."""
        if self.window in _SHORT:
            first = day - _SHORT[self.window](day)
            return Span(first, first + _LENGTHS[self.window])
        return span_of(_WINDOWS[self.window], day, None)


PER_CAMPAIGN: Final = "limits.campaign"
OF_DISCOUNT: Final = "limits.discount"
LONG_WINDOW: Final = "limits.long"
LIMIT_FEATURES: Final = frozenset({PER_CAMPAIGN, OF_DISCOUNT, LONG_WINDOW})
Limits = Annotated[tuple[Limit, ...], Field(max_length=LIMITS_MAX)]


def limit_features(limits: Iterable[Limit]) -> Iterator[str]:
    """Name what limits use beyond the first limits that there were."""
    for limit in limits:
        if limit.per == CAMPAIGN:
            yield PER_CAMPAIGN
        if limit.discount is not None:
            yield OF_DISCOUNT
        if limit.window in ("quarter", "year"):
            yield LONG_WINDOW


def discount_use(rule: str) -> str:
    """Return the name by which a member's history counts a rule's discounts; no rule has it."""
    return f"off.{rule}"


def is_used_up(limits: Sequence[Limit], rule: str, member: MemberView, day: date) -> bool:
    """Tell whether some limit lets the rule serve the member no more."""
    of_member = [limit for limit in limits if limit.per == MEMBER]
    return any(_left(limit, rule, member, day) <= 0 for limit in of_member)


def points_left(limits: Sequence[Limit], rule: str, member: MemberView, day: date) -> int | None:
    """Return how many points (hundredths) a member may get of a rule; None if it is not limited."""
    return _least(limits, POINTS, lambda limit: _left(limit, rule, member, day))


def discount_left(limits: Sequence[Limit], rule: str, member: MemberView, day: date) -> int | None:
    """Return what a rule may take off for a member, kopecks; None if it is not limited."""
    return _least(limits, DISCOUNT, lambda limit: _left(limit, rule, member, day))


def budget_left(budgets: Iterable[BudgetLeft], rule: str, what: str) -> int | None:
    """Return what the chain has left of what a rule may give; None if there is no such budget."""
    found = [one.left for one in budgets if (one.rule, one.what) == (rule, what)]
    return max(0, min(found)) if found else None


def is_spent(budgets: Iterable[BudgetLeft], rule: str) -> bool:
    """Tell whether the chain has nothing left of what a rule may give."""
    return any(one.left <= 0 for one in budgets if one.rule == rule)


def _least(limits: Sequence[Limit], what: str, left: Callable[[Limit], int]) -> int | None:
    found = [left(one) for one in limits if one.per == MEMBER and one.what == what]
    return max(0, min(found)) if found else None


def _left(limit: Limit, rule: str, member: MemberView, day: date) -> int:
    first = limit.span(day).first
    name = discount_use(rule) if limit.what == DISCOUNT else rule
    found = [use for use in member.history.uses if use.rule == name and first <= use.day]
    used = [use.times if limit.what == USES else use.points for use in found]
    return limit.amount - sum(used)
