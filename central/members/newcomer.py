"""Somebody who registers, and what place he takes among the members."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum, auto
from uuid import UUID

from central.members.store import Member, Person
from shared.member import PhoneRole


class Place(Enum):
    """What became of a newcomer."""

    NEW = auto()
    MERGED = auto()
    """One person registered twice: the member known longer has joined the newcomer's account."""
    SHARED_PHONE = auto()
    """Another name on the same phone: both stay, a person looks at it."""
    SHARED_CARD = auto()
    """A card that somebody else has: both stay, a person looks at it."""


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A registration; `phone_index` may be empty."""

    member: UUID
    account: UUID
    card_index: bytes
    card_tail: str
    phone_index: bytes
    person: Person
    store: str
    day: date
    known_at: datetime
    birthday: date | None = None
    referrer: UUID | None = None
    other_phone_index: bytes = b""
    """Of a phone that finds him and is not, or not only, his own."""
    role: PhoneRole = PhoneRole.OWN
    segments: str = ""
    tier_floor: str | None = None
    tier_until: date | None = None
    dates: str = ""


@dataclass(frozen=True, slots=True)
class Placed:
    """A newcomer's place, and whom else it concerns."""

    place: Place
    others: tuple[Member, ...] = ()
