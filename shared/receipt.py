"""A receipt as the till states it: lines, who buys, what is asked for, how it is paid."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from shared.basket import Line
from shared.certificate import Certificate


class Redeem(StrEnum):
    """How many points the customer wants to pay with."""

    NONE = "none"
    EXACT = "exact"
    MAXIMUM = "maximum"


class Take(StrEnum):
    """How the customer takes a benefit that he may choose."""

    UNSAID = "unsaid"
    DISCOUNT = "discount"
    BONUS = "bonus"
    AMOUNT = "amount"
    PERCENT = "percent"


class Benefits(StrEnum):
    """What a programme may still do for a receipt.

    One that was sold without the agent has its price: it earns, and nothing lowers it or pays it.
    """

    ALL = "all"
    EARNING = "earning"


class TenderKind(StrEnum):
    """Means of payment."""

    CASH = "cash"
    CARD = "card"
    CERTIFICATE = "certificate"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Tender:
    """A payment, in kopecks."""

    kind: TenderKind
    amount_minor: int


class CodeState(StrEnum):
    """Where a unique promo code is in its life."""

    ACTIVE = "active"
    HELD = "held"
    USED = "used"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class PresentedCode:
    """What the store knows of a promo code that the customer names.

    An empty campaign means: whichever has it among its common words. Of one that is held, stores
    named in `elsewhere` hold it, an empty name is the centre; none are another receipt here.
    """

    code: str
    campaign: str = ""
    state: CodeState = CodeState.ACTIVE
    owner: UUID | None = None
    used: int = 0
    used_by_member: int = 0
    first_day: date | None = None
    last_day: date | None = None
    channel: str = ""
    elsewhere: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OfferedCertificate:
    """A certificate that pays: so many kopecks, or with None as many as it can.

    `here_minor` is what of it this store may take now, None for all; stores named in `elsewhere`
    hold the rest, an empty name is the centre. One that is not `known` is nobody's.
    """

    certificate: Certificate
    wanted_minor: int | None = None
    here_minor: int | None = None
    elsewhere: tuple[str, ...] = ()
    known: bool = True


@dataclass(frozen=True, slots=True)
class BudgetLeft:
    """What is left of what a rule may give: receipts, hundredths, kopecks.

    `per` says to whom: `campaign` is the whole chain, `store` and `till` are those of the receipt.
    """

    rule: str
    what: str
    window: str
    left: int
    per: str = "campaign"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the till asks to price: `redeem_points` (hundredths) counts when `redeem` is EXACT."""

    uid: UUID
    store: str
    till: str
    lines: tuple[Line, ...]
    member: UUID | None = None
    redeem: Redeem = Redeem.NONE
    redeem_points: int = 0
    promo_codes: tuple[str, ...] = ()
    region: str = ""
    channel: str = "till"
    take: Take = Take.UNSAID
    take_value: int = 0
    """Of a split, the discount: kopecks of AMOUNT, basis points of PERCENT."""
    codes: tuple[PresentedCode, ...] = ()
    """What is known of some of `promo_codes`."""
    certificates: tuple[OfferedCertificate, ...] = ()
    paid_in: TenderKind | None = None
    """How the customer is going to pay, if that is known."""
    marks: tuple[str, ...] = ()
    """What the till says of the receipt as a whole: `instalment`, `pickup`."""
    budgets: tuple[BudgetLeft, ...] = ()
    """Of rules that are limited for the whole chain, the store or the till."""
    benefits: Benefits = Benefits.ALL
