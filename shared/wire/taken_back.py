"""Bodies of the facts that take a sale back: returns, voids, and returns by the slip alone."""

from datetime import date, datetime
from uuid import UUID

from msgspec import Struct

from shared.rules.moment import Trust
from shared.rules.result import Draw


class Exchange(Struct, array_like=True, frozen=True):
    """Goods taken back and others sold for them: `other` is the uid of the document beside it.

    `credit_minor` is what of the refund pays for the new goods.
    """

    uid: UUID
    other: UUID
    credit_minor: int = 0


class ReturnedLine(Struct, array_like=True, frozen=True):
    """Part of a sale's line that came back; quantity in thousandths, the rest as in the sale."""

    no: int
    quantity: int
    money_minor: int
    restored_points: int
    taken_points: int
    turnover_minor: int


class ReceiptReturned(Struct, frozen=True):
    """A return by line on the frozen allocations of its sale.

    `restored` go back into the lots that paid, `taken` come out of the lots that were earned and
    `reached` out of other lots of the buyer; what cannot be taken becomes debt at the centre, or is
    let go. `money_minor` is paid out in money: that of the lines less `recharged_minor`, less what
    is `refilled`, and less `withheld_minor`, the worth of `withheld`, earned points that were spent
    already.
    """

    uid: UUID
    sale: UUID
    lines: tuple[ReturnedLine, ...]
    restored: tuple[Draw, ...]
    taken: tuple[Draw, ...]
    money_minor: int
    turnover_minor: int
    member: UUID | None
    cashier: str
    at: datetime
    day: date
    counted_on: date | None = None
    """The day of the turnover, by the programme's zone."""
    withheld: tuple[Draw, ...] = ()
    withheld_minor: int = 0
    forgives: bool = False
    refilled: tuple[Draw, ...] = ()
    """Kopecks that go back on the certificates that paid."""
    revoked: tuple[Draw, ...] = ()
    """What goes out of the lots of certificates and coupons that the sale brought to life."""
    reached: tuple[Draw, ...] = ()
    kept: tuple[Draw, ...] = ()
    """Earned points that were active already and stay with the member."""
    grace_days: int | None = 14
    """How long points live that go back into an expired lot; None: they do not go back."""
    recharged_minor: int = 0
    """What goods that stay cost more without a discount that the return has broken; less than
    nothing when an earlier return had been charged for goods that come back now."""
    exchange: Exchange | None = None
    trusted: Trust = Trust.TRUSTED
    """Whether `at` was the trusted time of its store."""
    till: str = ""
    """Empty where the till has not said which it is."""


class ReceiptVoided(Struct, frozen=True):
    """A sale of this shift that is undone: all that it did is taken back, as if it had not been.

    `restored` is all that points paid, `taken` all lots that were granted, also those that a person
    gets once; what of them is spent already becomes debt. Turnover, visit and uses of limited rules
    are taken out of the day on which the sale counted. `money_minor` is paid out in money; what
    certificates paid is `refilled`, those that were sold are `revoked`.
    """

    uid: UUID
    sale: UUID
    lines: tuple[ReturnedLine, ...]
    restored: tuple[Draw, ...]
    taken: tuple[Draw, ...]
    money_minor: int
    turnover_minor: int
    member: UUID | None
    cashier: str
    till: str
    reason: str
    at: datetime
    day: date
    refilled: tuple[Draw, ...] = ()
    revoked: tuple[Draw, ...] = ()
    trusted: Trust = Trust.TRUSTED
    """Whether `at` was the trusted time of its store."""

    @property
    def withheld(self) -> tuple[Draw, ...]:
        """Nothing is withheld from the money."""
        return ()

    @property
    def kept(self) -> tuple[Draw, ...]:
        """Nothing stays with the member."""
        return ()

    @property
    def reached(self) -> tuple[Draw, ...]:
        """No other lots are reached."""
        return ()


class ReturnedBySlip(Struct, frozen=True):
    """A return in another store that had nothing but the slip: the money is out, by what it said.

    Which points move, of which lots, the centre finds from the sale when it has both. `lines` say
    what the customer was told.
    """

    uid: UUID
    sale: UUID
    store: str
    """That has sold, as the slip says."""
    lines: tuple[ReturnedLine, ...]
    money_minor: int
    cashier: str
    at: datetime
    day: date
    counted_on: date | None = None
    trusted: Trust = Trust.TRUSTED
    """Whether `at` was the trusted time of its store."""
    till: str = ""


TakenBack = ReceiptReturned | ReceiptVoided
"""What takes a sale back, in part or wholly."""
