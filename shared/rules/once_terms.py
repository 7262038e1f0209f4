"""Grants that a person gets once, as a pack states them; their condition stands in the model."""

from collections.abc import Iterator
from typing import Annotated, Final, Literal, get_args

from pydantic import AfterValidator, Field, model_validator

from shared.bearer import Bearer
from shared.money import WHOLE_BP
from shared.rules.faults import fault
from shared.rules.grammar import Document, Title, Window
from shared.rules.scalars import Amount, Count, Name, Percent
from shared.rules.terms import ActivationText, ExpiryText
from shared.rules.windows import ROLLING, PeriodText, read_period

AROUND_MAX: Final = 180
"""Days before or after an anniversary: the windows of two years never meet."""

Occasion = Literal["registration", "first_purchase", "birthday", "anniversary", "date", "goal"]
OCCASIONS: Final = get_args(Occasion)


def _around(days: int) -> int:
    if days > AROUND_MAX:
        raise fault(
            "too_long_window",
            ru=f"не больше {AROUND_MAX} дней",
            en=f"at most {AROUND_MAX} days",
        )
    return days


Around = Annotated[Count, AfterValidator(_around)]


class Goal(Document):
    """What is to be reached in a period: money in kopecks, points or purchases in hundredths."""

    metric: Literal["turnover", "points", "visits"] = "turnover"
    window: PeriodText = "lifetime"
    reach: Annotated[Amount, Field(gt=0)]

    @model_validator(mode="after")
    def _no_rolling(self) -> "Goal":
        if read_period(self.window).kind in ROLLING:
            raise fault(
                "rolling_goal",
                ru="у цели должен быть период с началом",
                en="a goal needs a period that begins",
            )
        return self


class OnceTerms(Document):
    """What is given on an occasion of the member's life, once a person and period: points mostly.

    A birthday or an anniversary (of the registration) is open from `before_days` before to
    `after_days` after it, both included. What `to: referrer` grants goes to who brought the member.
    """

    id: Name
    title: Title
    on: Occasion
    of: Name | None = None
    """The name of a date of the member's life, such as `wedding`; each of several is celebrated."""
    when: Window = Window()
    before_days: Around = 0
    after_days: Around = 0
    goal: Goal | None = None
    leap_day: Literal["02-28", "03-01"] = "02-28"
    """When a birthday of 29 February is in other years."""
    to: Literal["member", "referrer"] = "member"
    share: Percent = WHOLE_BP
    """How many of all persons get it, always the same ones: the others can be compared with."""
    points: Amount | None = None
    wallet: Name | None = None
    certificate: Annotated[Amount, Field(gt=0)] | None = None
    """Instead of points: a certificate of so much, whose code is printed."""
    coupon: Name | None = None
    """Instead of points: a unique code of this campaign."""
    kind: Name | None = None
    activation: ActivationText = "at once"
    expiry: ExpiryText

    @model_validator(mode="after")
    def _goal_of_a_goal(self) -> "OnceTerms":
        if (self.goal is not None) != (self.on == "goal"):
            raise fault("goal", ru="goal бывает у on: goal", en="goal goes with on: goal")
        if (self.of is not None) != (self.on == "date"):
            raise fault("of_date", ru="of бывает у on: date", en="of goes with on: date")
        return self

    @model_validator(mode="after")
    def _one_gift(self) -> "OnceTerms":
        gifts = (self.points, self.certificate, self.coupon)
        in_wallet = (self.points is None) == (self.wallet is None)
        if sum(gift is not None for gift in gifts) != 1 or not in_wallet:
            raise fault(
                "one_gift",
                ru="нужно одно из points с wallet, certificate и coupon",
                en="one of points with wallet, certificate and coupon",
            )
        if self.points is None and (self.on == "registration" or self.to != "member"):
            raise fault(
                "gift_at_a_till",
                ru="код печатается в чеке: не при регистрации и самому покупателю",
                en="a code is printed on a slip: not at a registration, and for the buyer himself",
            )
        return self

    @property
    def into(self) -> str:
        """The wallet of what is given; that of a certificate or code is no pack's."""
        if self.wallet is not None:
            return self.wallet
        return Bearer.CODE if self.certificate is None else Bearer.CERTIFICATE

    @property
    def amount(self) -> int:
        """Hundredths of a point, kopecks of a certificate, one code."""
        return self.points or self.certificate or 1

    @property
    def lot_kind(self) -> str:
        """The kind of the lot, by the occasion if the pack names none."""
        if self.kind is not None:
            return self.kind
        if self.to == "referrer":
            return "referral"
        return "welcome" if self.on == "registration" else self.of or self.on

    @property
    def features(self) -> Iterator[str]:
        """The names of what the grant uses."""
        yield f"grant.{self.on}"
        if self.to == "referrer":
            yield TO_REFERRER
        if self.share != WHOLE_BP:
            yield TO_A_SHARE
        if self.points is None:
            yield OF_A_CODE


TO_REFERRER: Final = "grant.to.referrer"
TO_A_SHARE: Final = "grant.share"
OF_A_CODE: Final = "grant.code"
ONCE_FEATURES: Final = frozenset(
    {TO_REFERRER, TO_A_SHARE, OF_A_CODE, *(f"grant.{one}" for one in OCCASIONS)}
)
