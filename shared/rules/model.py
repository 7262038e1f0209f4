"""The pack file as typed values: wallets, tiers, rules, the stacking tree and policies."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from shared.basket import Flag
from shared.rules.code_model import CodeCampaign
from shared.rules.condition_model import Condition
from shared.rules.faults import fault
from shared.rules.grammar import (
    CHILDREN_MAX,
    EFFECTS_MAX,
    LISTS_MAX,
    RULES_MAX,
    TABLES_MAX,
    VALUES_MAX,
    Document,
    Title,
    Window,
)
from shared.rules.limit_terms import Limits
from shared.rules.offline_terms import OfflinePolicies
from shared.rules.once_terms import OnceTerms
from shared.rules.points_terms import EarnEffect, EarnTimesEffect, RedeemEffect
from shared.rules.price_model import (
    FLOORS_MAX,
    AddPercentPointsEffect,
    Ban,
    BundleEffect,
    Caps,
    CouponEffect,
    DiscountEffect,
    EntitlementEffect,
    Floor,
    HintEffect,
    PriceEffect,
    PriceList,
    Table,
)
from shared.rules.return_terms import ReturnPolicies
from shared.rules.scalars import Amount, Count, GroupPath, Local, Name, Percent, Word, Zone
from shared.rules.slip_model import SlipName, SlipTemplate
from shared.rules.tier_terms import TierTrack
from shared.rules.twice_terms import TwicePolicies


class Wallet(Document):
    """A currency of points; a point is worth `point_value` in money and moves in whole units."""

    title: Title
    point_value_minor: Annotated[Amount, Field(alias="point_value")] = 100
    earning_unit: Amount = 100
    redeeming_unit: Amount = 100
    early_activation: Literal["allowed", "forbidden"] = "forbidden"
    early_activation_by: Annotated[tuple[Word, ...], Field(max_length=20)] = ()
    """Roles of cashiers who may; left out, everybody who works at a till."""
    early_activation_max: Amount | None = None
    """The most points of a lot that may be activated so."""
    early_activation_a_day: Annotated[Count | None, Field(ge=1)] = None
    """Lots of a member in a day of a store."""


Effect = Annotated[
    PriceEffect
    | DiscountEffect
    | AddPercentPointsEffect
    | BundleEffect
    | EntitlementEffect
    | CouponEffect
    | HintEffect
    | RedeemEffect
    | EarnEffect
    | EarnTimesEffect,
    Field(discriminator="effect"),
]


class Rule(Document):
    """WHEN, IF, THEN; at most one effect of a kind."""

    id: Name
    title: Title
    when: Window = Window()
    condition: Annotated[Condition | None, Field(alias="if")] = None
    limits: Limits = ()
    then: Annotated[tuple[Effect, ...], Field(min_length=1, max_length=EFFECTS_MAX)]


class OnceGrantRule(OnceTerms):
    """A grant that a person gets once, and for whom."""

    condition: Annotated[Condition | None, Field(alias="if")] = None


class StackingGroup(Document):
    """A node of the stacking tree; children are rules or other groups, in order."""

    group: Name
    mode: Literal["best", "worst", "first", "all_on_base", "all_on_rest"]
    scope: Literal["line", "receipt"] = "line"
    cap_bp: Annotated[Percent | None, Field(alias="cap")] = None
    children: Annotated[tuple[Name, ...], Field(min_length=1, max_length=CHILDREN_MAX)]
    modifiers: Annotated[tuple[Name, ...], Field(max_length=CHILDREN_MAX)] = ()
    """Rules that add percent points to what the group takes."""
    over_whole: Literal["clamp", "best"] = "clamp"
    """Where all on the base would take more than all there is: all of it, or the best alone."""

    @model_validator(mode="after")
    def _over_whole_of_sums(self) -> "StackingGroup":
        if self.over_whole != "clamp" and self.mode != "all_on_base":
            raise fault(
                "over_whole",
                ru="over_whole бывает у all_on_base",
                en="over_whole goes with all_on_base",
            )
        return self


class GoodsList(Document):
    """A named set of goods: these skus, all in these groups, of these brands or flags."""

    skus: Annotated[tuple[Word, ...], Field(max_length=VALUES_MAX)] = ()
    groups: Annotated[tuple[GroupPath, ...], Field(max_length=VALUES_MAX)] = ()
    brands: Annotated[tuple[Word, ...], Field(max_length=VALUES_MAX)] = ()
    flags: Annotated[tuple[Flag, ...], Field(max_length=VALUES_MAX)] = ()


class Counter(Document):
    """Counts what members buy, receipt by receipt: pieces, money paid, or receipts.

    Conditions on goods choose the lines that count. What comes back stays counted.
    """

    title: Title
    of: Literal["pieces", "money", "receipts"] = "pieces"
    condition: Annotated[Condition | None, Field(alias="if")] = None


class Policies(OfflinePolicies, ReturnPolicies, TwicePolicies):
    """Choices that a programme makes once."""

    tobacco_earning: Literal["off", "on"] = "off"
    expiry_hint_days: Count = 31
    till_tolerance_minor: Annotated[Amount, Field(alias="till_tolerance")] = 1
    """How much a till's own line sum may differ from ours; it is told in the trace."""
    small_change_minor: Annotated[Amount, Field(alias="small_change")] = 0
    """What is paid in cash is rounded down to this; 0 is not at all."""
    certificate_part: Literal["earns", "earns_nothing"] = "earns"
    """Whether what certificates pay earns points."""
    points_rounding: Literal["down", "half_up"] = "down"
    """How what a receipt earns is rounded to earning units, once for each lot."""
    multipliers: Literal["largest", "product"] = "largest"
    """What several multipliers of a line come to."""
    redeem_over_maximum: Literal["clamp", "refuse"] = "clamp"
    """Whether a request for more points than may pay takes as many as may, or none."""
    turnover: Literal["paid_in_money", "after_discounts"] = "paid_in_money"
    """Whether what points paid counts in the turnover."""
    services: Literal["no_turnover", "turnover"] = "no_turnover"
    line_pays_at_least_minor: Annotated[Amount, Field(alias="line_pays_at_least")] = 0
    receipt_pays_at_least_minor: Annotated[Amount, Field(alias="receipt_pays_at_least")] = 0


class Pack(Document):
    """Everything that the kernel needs to price a receipt."""

    name: Name
    version: Count
    title: Title
    effective_from: Local
    zone: Zone | None = None
    """By which turnover is counted and tiers run; left out, by the store's own."""
    tz: Annotated[str, StringConstraints(pattern=r"^[0-9]{4}[a-z]$")]
    requires: Annotated[tuple[Word, ...], Field(max_length=1_000)] = ()
    wallets: Annotated[dict[Name, Wallet], Field(max_length=50)] = {}
    tiers: TierTrack | None = None
    lists: Annotated[dict[Name, GoodsList], Field(max_length=LISTS_MAX)] = {}
    tables: Annotated[dict[Name, Table], Field(max_length=TABLES_MAX)] = {}
    price_lists: Annotated[dict[Name, PriceList], Field(max_length=LISTS_MAX)] = {}
    counters: Annotated[dict[Name, Counter], Field(max_length=LISTS_MAX)] = {}
    codes: Annotated[dict[Name, CodeCampaign], Field(max_length=LISTS_MAX)] = {}
    bans: Annotated[tuple[Ban, ...], Field(max_length=FLOORS_MAX)] = ()
    floors: Annotated[tuple[Floor, ...], Field(max_length=FLOORS_MAX)] = ()
    caps: Caps = Caps()
    rules: Annotated[tuple[Rule, ...], Field(max_length=RULES_MAX)] = ()
    grants: Annotated[tuple[OnceGrantRule, ...], Field(max_length=RULES_MAX)] = ()
    stacking: Annotated[tuple[StackingGroup, ...], Field(max_length=RULES_MAX)] = ()
    policies: Policies = Policies()
    slips: dict[SlipName, SlipTemplate] = {}
    """What slips say; of one that is not here, what is built in."""

    @property
    def conditional(self) -> tuple[Rule | OnceGrantRule, ...]:
        """All that has an id, a window and a condition."""
        return (*self.rules, *self.grants)
