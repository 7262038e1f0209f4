"""What tills get: kopecks, hundredths of a point, thousandths; who says so, and as of when."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from agent.till.models import MemberRef
from shared.rules.moment import Trust

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


class NamedAnswer(FoundAnswer):
    """Members whose shown name agrees, those of this store first; `more`: not all are here."""

    more: bool


class RegisteredAnswer(Answer):
    """A registration: `state` is provisional for a new member, existing for a known phone."""

    member: MemberRef
    name: str
    card: str
    state: str


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


class ConditionAnswer(BaseModel):
    """A device's condition from an instant on."""

    condition: str
    since: datetime
    sentence: SentenceView


class DeviceAnswer(ConditionAnswer):
    """A device's condition, and what it was before, latest first."""

    before: list[ConditionAnswer] = []


class RowsAnswer(BaseModel):
    """A stream's rows beside the centre's: where and when they were last the same, how many parts
    had to be read again in all, and when the stored rows were last added up."""

    same_at_number: int
    same_at: datetime | None
    repaired_parts: int
    scrubbed_at: datetime | None


class TimeAnswer(BaseModel):
    """The store's time, and whether it is `trusted` or `untrusted`: who told it last (`centre`,
    `fiscal` or `nobody`), what and when, and when it was trusted last."""

    at: datetime
    trust: Trust
    source: str
    told_at: datetime | None
    trusted_at: datetime | None


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
    refused_keys: SentenceView | None
    """A later list of keys of a root key that this store does not trust."""
    time: TimeAnswer


class EventAnswer(BaseModel):
    """A server-sent event's content."""

    name: str
    details: dict[str, Any]
