"""What the kernel answers: effects, allocations, totals and the trace. All values, no behaviour."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from shared.bearer import Bearer


class EffectKind(StrEnum):
    """What an effect does to the receipt or the member."""

    CASHIER = "cashier"
    PRICE = "price"
    DISCOUNT = "discount"
    REDEEM = "redeem"
    EARN = "earn"
    CHANGE = "change"


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence for people, with a stable code for programs."""

    code: str
    ru: str
    en: str


@dataclass(frozen=True, slots=True)
class Effect:
    """A consequence: kopecks for PRICE and DISCOUNT, hundredths of points for REDEEM and EARN.

    The allocations, `(line no, amount)` by line, sum to the amount.
    """

    no: int
    kind: EffectKind
    rule: str
    amount: int
    allocations: tuple[tuple[int, int], ...]


class PricedLine(Struct, frozen=True):
    """A line after all phases; kopecks, but for the points (hundredths).

    `payable_minor` = base − discount − what the points paid.
    """

    no: int
    base_minor: int
    discount_minor: int
    redeemed_points: int
    redeemed_minor: int
    payable_minor: int
    earned_points: int
    turnover_minor: int
    certificate_minor: int = 0
    """What certificates pay of what is to pay; the rest is money."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over the lines, in the lines' units."""

    base_minor: int
    discount_minor: int
    redeemed_points: int
    redeemed_minor: int
    payable_minor: int
    earned_points: int
    turnover_minor: int
    certificate_minor: int = 0

    @property
    def money_minor(self) -> int:
        """What is left to pay when certificates have paid."""
        return self.payable_minor - self.certificate_minor


@dataclass(frozen=True, slots=True)
class Draw:
    """Points (hundredths) taken from one lot."""

    lot: UUID
    account: UUID
    amount: int


@dataclass(frozen=True, slots=True)
class Grant:
    """A new lot of points (hundredths) that the receipt earns; `effect_no` names its effect."""

    effect_no: int
    rule: str
    wallet: str
    kind: str
    amount: int
    activates_at: datetime
    expires_on: date | None
    account: UUID | None = None
    """Whose it is, if not the member's own."""


@dataclass(frozen=True, slots=True)
class OnceGrant:
    """A lot of points (hundredths) that a person gets once in a period, maybe on another's account.

    `lot` stands for it, the same whichever store grants it: the account's own is `account_lot`.
    In the wallet of certificates or codes it is one of these, of a `campaign`, whose code the till
    makes.
    """

    rule: str
    period: str
    lot: UUID
    account: UUID
    wallet: str
    kind: str
    amount: int
    activates_at: datetime
    expires_on: date | None
    applied: Sentence
    campaign: str = ""

    @property
    def is_code(self) -> bool:
        """Whether a code is given, not points."""
        return self.wallet in frozenset(Bearer)


@dataclass(frozen=True, slots=True)
class Entitlement:
    """A benefit that the customer chose how to take: `amount` = `discount` + `bonus`, in kopecks.

    So for every line too: `(line no, discount, bonus)`.
    """

    rule: str
    amount: int
    discount: int
    bonus: int
    allocations: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class CodeOutcome:
    """What became of a promo code: `applied`, which uses it up, or the kind of its refusal."""

    code: str
    campaign: str
    channel: str
    kind: str
    reason: Sentence


@dataclass(frozen=True, slots=True)
class CertificatePayment:
    """What a certificate pays (kopecks, also by line) and how it stands after that.

    Where it pays nothing the reason says why.
    """

    code: str
    amount: int
    left: int
    state: str
    allocations: tuple[tuple[int, int], ...]
    reason: Sentence


@dataclass(frozen=True, slots=True)
class Coupon:
    """A unique code for the next purchase, its days included; with an owner it is his alone.

    The code is empty: it is made when the receipt is committed.
    """

    rule: str
    campaign: str
    code: str
    owner: UUID | None
    first_day: date
    last_day: date | None


@dataclass(frozen=True, slots=True)
class RuleUse:
    """A limited rule that served the member, and the points (hundredths) that it gave."""

    rule: str
    points: int


@dataclass(frozen=True, slots=True)
class BudgetUse:
    """What a receipt uses up of what a rule may give `per` campaign, which is the whole chain, per
    store or per till: a use, hundredths, or kopecks."""

    rule: str
    what: str
    window: str
    amount: int
    per: str = "campaign"


@dataclass(frozen=True, slots=True)
class Redemption:
    """How many points (hundredths) may pay now, how many do, and what limits them."""

    requested: int
    maximum: int
    redeemed: int
    limits: tuple[Sentence, ...]
    draws: tuple[Draw, ...]
    programme_maximum: int = 0
    """What the programme alone allows, whatever the member or the store's lease has."""


@dataclass(frozen=True, slots=True)
class Need:
    """A condition that does not hold: what it needs and what there is, numbers or words.

    The condition is an operator of the pack file, `day_from` or `day_to`; with `not ` before it,
    the words are those that may not be there. Amounts are in kopecks.
    """

    condition: str
    needed: int | tuple[str, ...]
    has: int | tuple[str, ...]


Way = tuple[Need, ...]
"""Everything that is needed together."""
Ways = tuple[Way, ...]
"""Several ways to the same end: any one of them would do, and of it everything is needed."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A rule that did not apply, and why."""

    rule: str
    reason: Sentence
    ways: Ways = ()
    """What it would have taken: empty until somebody asks (`explain.with_ways`)."""


class TraceStep(Struct, frozen=True):
    """One step of the evaluation, in order: the numbers are those that the phase worked with."""

    phase: str
    rule: str
    line_no: int
    """0 for the whole receipt."""
    before: int
    after: int
    reason: Sentence


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The kernel's whole answer for one receipt."""

    pack_hash: str
    lines: tuple[PricedLine, ...]
    totals: Totals
    effects: tuple[Effect, ...]
    redemption: Redemption
    grants: tuple[Grant, ...]
    tier: str | None
    tier_after: str | None
    applied: tuple[str, ...]
    rejected: tuple[Rejected, ...]
    hints: tuple[Sentence, ...]
    lots_read: tuple[UUID, ...]
    fields_read: tuple[str, ...]
    trace: tuple[TraceStep, ...]
    once: tuple[OnceGrant, ...] = ()
    entitlements: tuple[Entitlement, ...] = ()
    codes: tuple[CodeOutcome, ...] = ()
    certificates: tuple[CertificatePayment, ...] = ()
    uses: tuple[RuleUse, ...] = ()
    counted_on: date | None = None
    """The day of the turnover, by the programme's zone."""
    coupons: tuple[Coupon, ...] = ()
    budgets: tuple[BudgetUse, ...] = ()
