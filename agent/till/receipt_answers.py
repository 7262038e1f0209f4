"""What the till API answers of receipts: priced, reserved, committed, looked up, explained."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from agent.till.answers import Answer, SentenceView


class LineAnswer(BaseModel):
    """A line after all rules."""

    no: int
    sku: str
    name: str
    quantity: int
    price_minor: int
    base_minor: int
    discount_minor: int
    redeemed_points: int
    redeemed_minor: int
    payable_minor: int
    certificate_minor: int
    """What certificates pay of what is to pay."""
    earned_points: int
    rows: list[tuple[int, int]]
    """The fiscal rows of pieces, `[quantity, price]` with every reduction inside."""


class TotalsAnswer(BaseModel):
    """Sums over the lines; of what is to pay certificates pay their part, the rest is money."""

    base_minor: int
    discount_minor: int
    redeemed_points: int
    redeemed_minor: int
    payable_minor: int
    certificate_minor: int
    money_minor: int
    earned_points: int


class EffectAnswer(BaseModel):
    """A rule's consequence with its exact allocation: `[line no, amount]`."""

    no: int
    kind: str
    rule: str
    amount: int
    allocations: list[tuple[int, int]]


class RedemptionAnswer(BaseModel):
    """How many points pay, how many could now, and why not more."""

    requested: int
    redeemable: int
    redeemed: int
    limits: list[SentenceView]


class EarnedAnswer(BaseModel):
    """A lot that the receipt earns."""

    rule: str
    amount: int
    activates_at: datetime
    expires_on: date | None


class NeedAnswer(BaseModel):
    """What a condition needs and what there is: words, or a number (amounts in kopecks)."""

    condition: str
    needed: int | list[str]
    has: int | list[str]


class EntitlementAnswer(BaseModel):
    """A benefit to choose: amount = discount + bonus; so by line, `[no, discount, bonus]`."""

    rule: str
    amount_minor: int
    discount_minor: int
    bonus_minor: int
    allocations: list[tuple[int, int, int]]


class CodeAnswer(BaseModel):
    """What became of a promo code: `applied`, or the kind of its refusal."""

    code: str
    campaign: str
    kind: str
    reason: SentenceView


class CertificateAnswer(BaseModel):
    """What a certificate pays and how it stands after that, by the end of its code."""

    tail: str
    amount_minor: int
    left_minor: int
    state: str
    reason: SentenceView


class CouponAnswer(BaseModel):
    """A code for the next purchase, its days included; it is made when the receipt is committed."""

    rule: str
    campaign: str
    first_day: date
    last_day: date | None


class RejectedAnswer(BaseModel):
    """A rule that did not apply, and why."""

    rule: str
    reason: SentenceView


class ExplainedAnswer(RejectedAnswer):
    """A rule that did not apply, why, and what it would have taken: any one of the ways."""

    ways: list[list[NeedAnswer]]


class QuoteAnswer(Answer):
    """A priced receipt; the digest covers what the customer pays, redeems and earns."""

    receipt: UUID
    digest: str
    lines: list[LineAnswer]
    totals: TotalsAnswer
    effects: list[EffectAnswer]
    redemption: RedemptionAnswer
    earned: list[EarnedAnswer]
    entitlements: list[EntitlementAnswer]
    codes: list[CodeAnswer]
    certificates: list[CertificateAnswer]
    coupons: list[CouponAnswer]
    tier: str | None
    tier_after: str | None
    applied: list[str]
    rejected: list[RejectedAnswer]
    hints: list[SentenceView]


class ReservedAnswer(QuoteAnswer):
    """A receipt whose price and points stand until it is committed or cancelled."""

    state: str = "reserved"


class GiftAnswer(BaseModel):
    """A certificate (its kopecks) or a code (0) that the person gets once, printed on the slip."""

    kind: str
    code: str
    amount_minor: int
    last_day: date | None


class CommittedAnswer(Answer):
    """A sale that is durable; balances after it."""

    receipt: UUID
    state: str
    fact: UUID
    seq: int
    slip: UUID
    digest: str
    balance_points: int
    pending_points: int
    coupons: list[str]
    """Codes for the next purchase, in the order of the quote's coupons."""
    gifts: list[GiftAnswer]


class CancelledAnswer(Answer):
    """A receipt that ended without a sale."""

    receipt: UUID
    state: str = "cancelled"


class ReprintAnswer(Answer):
    """A copy on its way to the printer."""

    receipt: UUID
    copy_no: int


class ExchangeAnswer(BaseModel):
    """An exchange: its uid, the uid of the return beside this receipt, what it paid of it."""

    uid: UUID
    other: UUID
    credit_minor: int


class ReceiptAnswer(Answer):
    """A receipt of this store: its state, the centre's word on it, and its slip."""

    receipt: UUID
    state: str
    sync: str
    sync_reason: str
    print_state: str
    lines: list[LineAnswer]
    totals: TotalsAnswer
    returned: dict[int, int]
    exchange: ExchangeAnswer | None
    slip_text: str


class TraceStepAnswer(BaseModel):
    """A step of the evaluation; line 0 is the whole receipt."""

    phase: str
    rule: str
    line_no: int
    before: int
    after: int
    reason: SentenceView


class ExplanationAnswer(BaseModel):
    """The trace in words, rule by rule and line by line, each line of text by itself."""

    ru: list[str]
    en: list[str]


class TraceAnswer(Answer):
    """Why a receipt was priced as it was."""

    receipt: UUID
    applied: list[str]
    rejected: list[ExplainedAnswer]
    steps: list[TraceStepAnswer]
    explanation: ExplanationAnswer
