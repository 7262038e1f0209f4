"""What tills get: kopecks, hundredths of a point, thousandths; who says so, and as of when."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from agent.till.models import MemberRef

AUTHORITY = "agent"


class SentenceView(BaseModel):
    """A sentence with a stable code."""

    code: str
    ru: str
    en: str


class PackView(BaseModel):
    """The rules that an answer was given by."""

    name: str
    version: str
    hash: str


class Answer(BaseModel):
    """Base of all answers: who stands behind it, how old the chain's data are, what to mind."""

    model_config = ConfigDict(frozen=True)

    authority: str = AUTHORITY
    as_of: datetime | None = None
    pack: PackView | None = None
    warnings: list[SentenceView] = []


class LotAnswer(BaseModel):
    """A lot: `amount` in all, `here` what this store may spend of it now."""

    id: UUID
    amount: int
    here: int
    state: str
    activates_at: datetime
    expires_on: date | None


class MemberAnswer(BaseModel):
    """A member, masked; `ref` is what a receipt carries on, `privileges` are his tier's."""

    ref: MemberRef
    name: str
    tier: str | None
    tier_title: SentenceView | None
    privileges: list[SentenceView]
    balance_points: int
    pending_points: int
    available_here_points: int
    debt_points: int
    turnover_minor: int
    lots: list[LotAnswer]


class GoodsAnswer(BaseModel):
    """Goods of the directory."""

    sku: str
    name: str
    group: str
    price_minor: int
    flags: list[str]


class SlipLineAnswer(BaseModel):
    """A line of a receipt as its slip tells."""

    no: int
    quantity: int
    money_minor: int
    redeemed_points: int
    earned_points: int


class PassAnswer(BaseModel):
    """What a signed pass says: hundredths of a point, and when it is over."""

    account: UUID
    counter: int
    points: int
    ends_at: datetime


class ScanAnswer(Answer):
    """What a code is, with what it found; `lines` are what a signed slip tells of its receipt."""

    kind: str
    code: str
    members: list[MemberAnswer] = []
    goods: GoodsAnswer | None = None
    receipt: UUID | None = None
    lines: list[SlipLineAnswer] = []
    granted: PassAnswer | None = None


class FoundCertificateAnswer(Answer):
    """A certificate: what is on it, what of it this store may take now, and to which day."""

    tail: str
    state: str
    balance_minor: int
    available_here_minor: int
    nominal_minor: int
    last_day: date | None
    held_by: list[str]
    """Stores that hold parts of it; an empty name is the centre."""


class FoundAnswer(Answer):
    """Members that an identifier may mean."""

    members: list[MemberAnswer]


class RegisteredAnswer(Answer):
    """A registration: `state` is provisional for a new member, existing for a known phone."""

    member: MemberRef
    name: str
    card: str
    state: str


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


class ActivatedAnswer(Answer):
    """A lot that can be spent from now on."""

    lot: UUID
    member: UUID
    amount: int
    activates_at: datetime


class SignedInAnswer(Answer):
    """A cashier at work: tills send the token in the header `Kopilka-Cashier`."""

    token: str
    cashier: str
    name: str
    role: str
    ends_at: datetime


class DeviceAnswer(BaseModel):
    """A device's condition."""

    condition: str
    since: datetime
    sentence: SentenceView


class RowsAnswer(BaseModel):
    """A stream's rows beside the centre's: where and when they were last the same, how many parts
    had to be read again in all, and when the stored rows were last added up."""

    same_at_number: int
    same_at: datetime | None
    repaired_parts: int
    scrubbed_at: datetime | None


class StatusAnswer(Answer):
    """How the store's agent is."""

    version: str
    agent: UUID
    store: str
    epoch: int
    online: bool
    offline_reason: str
    queue_depth: int
    oldest_unsent_at: datetime | None
    outcomes: dict[str, int]
    replica_age_s: float | None
    streams: dict[str, int]
    rows: dict[str, RowsAnswer]
    free_disk_mb: int
    room: str
    """`plenty`, `scarce`, `accrual_only` or `none`."""
    open_reserves: int
    spool: dict[str, int]
    devices: dict[str, DeviceAnswer]
    refused_packs: dict[str, SentenceView]


class EventAnswer(BaseModel):
    """A server-sent event's content."""

    name: str
    details: dict[str, Any]
