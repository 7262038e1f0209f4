"""A member as a store may see him: the part of the person and his lots that the kernel reads."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct


class ProfileField(StrEnum):
    """What of a member's profile can be edited."""

    NAME = "name"
    BIRTHDAY = "birthday"
    PHONE = "phone"
    EMAIL = "email"


class PhoneRole(StrEnum):
    """Whose a phone is that finds a member: only his own makes two members one person."""

    OWN = "own"
    RELATIVE = "relative"
    SHARED = "shared"


class FamilyRole(StrEnum):
    """What a relative may do with the accounts of his family."""

    REDEEMS = "redeems"
    """Whatever its head may."""
    EARNS = "earns"
    """He earns for the family, and redeems only what his own account has."""


class FieldVersion(Struct, array_like=True, frozen=True):
    """An edited field and the edit whose value counts; a verified one beats what is claimed."""

    field: str
    version: UUID
    verified: bool = False


class DayCount(Struct, array_like=True, frozen=True):
    """What a member did on a day: kopecks of turnover, hundredths of points earned, purchases."""

    day: date
    turnover_minor: int = 0
    points: int = 0
    visits: int = 0


class Use(Struct, array_like=True, frozen=True):
    """How often a limited rule has served a member on a day, and with how many points."""

    rule: str
    day: date
    times: int = 0
    points: int = 0


class NamedDay(Struct, array_like=True, frozen=True):
    """A date of the member's life by its name: a wedding, a child's birthday."""

    name: str
    day: date


class History(Struct, array_like=True, frozen=True):
    """What an account has had and done, as far as rules ask: bounded, newest last."""

    once: tuple[UUID, ...] = ()
    """Lots that the person got once."""
    days: tuple[DayCount, ...] = ()
    """In order; the first gathers whatever is older than is kept by day."""
    uses: tuple[Use, ...] = ()
    """By rule and day, of rules that are limited."""


NO_HISTORY: Final = History()


@dataclass(frozen=True, slots=True)
class LotView:
    """A lot of points (hundredths): `amount` is what this receipt may draw of it.

    It is spendable from the instant `activates_at` up to and including the store's day
    `expires_on`; None means never.
    """

    id: UUID
    account: UUID
    wallet: str
    amount: int
    activates_at: datetime
    expires_on: date | None

    @property
    def spending_order(self) -> tuple[date, datetime, int]:
        """Earliest expiry first, then earliest activation, then id."""
        return (self.expires_on or date.max, self.activates_at, self.id.int)


@dataclass(frozen=True, slots=True)
class MemberView:
    """What the kernel may read of a member; turnover is lifetime, in kopecks."""

    id: UUID
    account: UUID
    """The account that new grants go to."""
    turnover_minor: int = 0
    receipts: int = 0
    registered_on: date | None = None
    birthday: date | None = None
    segments: frozenset[str] = frozenset()
    tier_floor: str | None = None
    """A tier set by hand: the member is never below it."""
    lots: tuple[LotView, ...] = ()
    person: bytes = b""
    """Blind index of the own phone; empty if there is none."""
    referrer: UUID | None = None
    """The account of who brought him."""
    history: History = NO_HISTORY
    tier_until: date | None = None
    """The last day of a tier set by hand; None is for good."""
    dates: tuple[NamedDay, ...] = ()
    """Dates of life beside the birthday; a name may have several."""
    joined: tuple[str, ...] = ()
    """The names of persons who joined him."""

    @property
    def person_key(self) -> str:
        """Who the person is for grants that he gets once, whichever member he is here."""
        return person_key(self.person, self.id)

    @property
    def person_keys(self) -> tuple[str, ...]:
        """Under which names he may have got something once: his own, and of who joined him."""
        return tuple(dict.fromkeys((self.person_key, *self.joined)))


def person_key(phone_index: bytes, member: UUID) -> str:
    """Name a person: by the own phone, else by the member."""
    return phone_index.hex() or str(member)


def display_name(name: str) -> str:
    """Return the part of a name that screens and slips show: first name and an initial.

    «Петрова Анна Сергеевна» cannot be told from «Анна Петрова» without a dictionary, so the words
    are taken as given: the first whole, the second as an initial.
    """
    words = name.split()
    return f"{words[0]} {words[1][0]}." if len(words) > 1 else "".join(words)
