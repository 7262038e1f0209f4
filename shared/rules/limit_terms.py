"""How often, for how many points or for how large a discount a rule serves, in a window.

A limit per member is counted in his history; one per campaign is a budget of the whole chain, one
per store or till is counted there: of these the receipt says what is left.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from operator import attrgetter
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
MEMBER, STORE, TILL, CAMPAIGN = "member", "store", "till", "campaign"
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

    `per` member, per store or till, each of which has its own, or per campaign, which is all stores
    together. Days, weeks (from Monday), months, quarters and years are the store's; `campaign` is
    for as long as the rule has been there. What a returned receipt has used stays used.
    """

    uses: Annotated[Count, Field(ge=1)] | None = None
    points: Annotated[Amount, Field(gt=0)] | None = None
    discount: Annotated[Amount, Field(gt=0)] | None = None
    per: Literal["member", "store", "till", "campaign"] = "member"
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


_PER_FEATURES: Final = {
    STORE: "limits.store",
    TILL: "limits.till",
    CAMPAIGN: "limits.campaign",
}
OF_DISCOUNT: Final = "limits.discount"
LONG_WINDOW: Final = "limits.long"
LIMIT_FEATURES: Final = frozenset({*_PER_FEATURES.values(), OF_DISCOUNT, LONG_WINDOW})
Limits = Annotated[tuple[Limit, ...], Field(max_length=LIMITS_MAX)]


def limit_features(limits: Iterable[Limit]) -> Iterator[str]:
    """Name what limits use beyond the first limits that there were."""
    for limit in limits:
        if limit.per in _PER_FEATURES:
            yield _PER_FEATURES[limit.per]
        if limit.discount is not None:
            yield OF_DISCOUNT
        if limit.window in ("quarter", "year"):
            yield LONG_WINDOW


def discount_use(rule: str) -> str:
    """Return the name by which a member's history counts a rule's discounts; no rule has it."""
    return f"off.{rule}"


def used_up(limits: Sequence[Limit], rule: str, member: MemberView, day: date) -> Limit | None:
    """Return the limit by which the rule serves the member no more, of several the longest; None
    if none is used up."""
    of_member = [limit for limit in limits if limit.per == MEMBER]
    over = [limit for limit in of_member if _left(limit, rule, member, day) <= 0]
    return max(over, key=lambda limit: limit.span(day).last, default=None)


def points_left(limits: Sequence[Limit], rule: str, member: MemberView, day: date) -> int | None:
    """Return how many points (hundredths) a member may get of a rule; None if it is not limited."""
    return _least(limits, POINTS, lambda limit: _left(limit, rule, member, day))


def discount_left(limits: Sequence[Limit], rule: str, member: MemberView, day: date) -> int | None:
    """Return what a rule may take off for a member, kopecks; None if it is not limited."""
    return _least(limits, DISCOUNT, lambda limit: _left(limit, rule, member, day))


def budget_left(budgets: Iterable[BudgetLeft], rule: str, what: str) -> BudgetLeft | None:
    """Return the least that the chain, the store or the till has left of what a rule may give; None
    if none of them limits it. It may be less than nothing."""
    found = [one for one in budgets if (one.rule, one.what) == (rule, what)]
    return min(found, key=attrgetter("left"), default=None)


def spent_budget(budgets: Iterable[BudgetLeft], rule: str) -> BudgetLeft | None:
    """Return the first of what a rule may give of which nothing is left."""
    return next((one for one in budgets if one.rule == rule and one.left <= 0), None)


def _least(limits: Sequence[Limit], what: str, left: Callable[[Limit], int]) -> int | None:
    found = [left(one) for one in limits if one.per == MEMBER and one.what == what]
    return max(0, min(found)) if found else None


def _left(limit: Limit, rule: str, member: MemberView, day: date) -> int:
    first = limit.span(day).first
    name = discount_use(rule) if limit.what == DISCOUNT else rule
    found = [use for use in member.history.uses if use.rule == name and first <= use.day]
    used = [use.times if limit.what == USES else use.points for use in found]
    return limit.amount - sum(used)
