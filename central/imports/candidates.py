"""A row of members read: what of it is personal, what it brings along, and what was left out."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from central.imports import values
from central.imports.fields import DATE_PREFIX
from central.imports.reasons import Note, Reason, RefusedError
from shared.errors import LoyaltyError
from shared.ids import is_card_number
from shared.member import PhoneRole
from shared.profile import OLDEST_BIRTHDAY, normal_email, normal_name

CARDS_MAX = 8
SEGMENTS_MAX = 32
LAST_DAY = date(9999, 12, 31)
WALLET = "bonus"
_NAMES = ("last_name", "first_name", "middle_name")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Known:
    """What rows are checked against; without tiers or wallets, these are not checked."""

    stores: Collection[str]
    tiers: Collection[str]
    wallets: Collection[str]
    dates: Sequence[str]
    card_prefix: str
    today: date


@dataclass(frozen=True, slots=True)
class Candidate:
    """A member as a file states him; points in hundredths, turnover in kopecks."""

    number: int
    notes: tuple[Note, ...]
    cards: tuple[str, ...]
    phone: str
    role: PhoneRole
    is_verified: bool
    name: str
    email: str
    birthday: date | None
    registered_on: date | None
    store: str
    tier: str | None
    tier_until: date | None
    segments: str
    dates: str
    points: int
    points_until: date | None
    wallet: str
    turnover_minor: int
    turnover_on: date | None
    receipts: int
    consent: str


def read_candidate(number: int, record: Mapping[str, str], known: Known) -> Candidate:
    """Read a row of members; what can be left out and does not fit is left out, with a note.

    Raises RefusedError for what decides who he is or what he has.
    """
    notes: list[Note] = []
    cells = {name: values.clean(text, notes, name) for name, text in record.items()}
    row = _Row(cells, notes, known)
    points = values.amount(cells.get("points", ""), "points")
    turnover = values.amount(cells.get("turnover", ""), "turnover")
    receipts = values.count(cells.get("receipts", ""), "receipts")
    cards = row.cards()
    phone = row.optional("phone", lambda text: values.phone(text, notes, "phone")) or ""
    if not cards and not phone:
        raise RefusedError(Reason.NO_IDENTIFIER)
    return Candidate(
        number=number,
        cards=cards,
        phone=phone,
        role=row.role(),
        is_verified=bool(phone) and values.yes(cells.get("phone_verified", "")),
        name=row.name(),
        email=row.optional("email", normal_email) or "",
        birthday=row.day("birthday", OLDEST_BIRTHDAY, known.today),
        registered_on=row.day("registered_on", OLDEST_BIRTHDAY, known.today),
        store=row.store(),
        tier=row.tier(),
        tier_until=row.needed_day("tier_until"),
        segments=row.segments(),
        dates=row.named_days(),
        points=points,
        points_until=row.needed_day("points_until"),
        wallet=row.wallet(points),
        turnover_minor=turnover,
        turnover_on=row.needed_day("turnover_on", known.today),
        receipts=receipts,
        consent=cells.get("consent", ""),
        notes=tuple(notes),
    )


@dataclass(slots=True)
class _Row:
    """The cleaned cells of a row, read field by field."""

    cells: Mapping[str, str]
    notes: list[Note]
    known: Known

    def optional(self, field: str, read: Callable[[str], _T]) -> _T | None:
        """Read a cell that may be left out if it does not fit."""
        text = self.cells.get(field, "")
        if not text:
            return None
        try:
            return read(text)
        except RefusedError as error:
            self.notes.append(error.note)
        except LoyaltyError as error:
            self.notes.append(Note(Reason(error.code), field))
        return None

    def day(self, field: str, first: date, last: date) -> date | None:
        """Read a day that may be left out."""
        dates, span = self.known.dates, (first, last)
        return self.optional(field, lambda text: values.day(text, dates, field, span))

    def needed_day(self, field: str, last: date = LAST_DAY) -> date | None:
        """Read a day on which something depends: one that does not fit refuses the row."""
        text = self.cells.get(field, "")
        span = (OLDEST_BIRTHDAY, last)
        return values.day(text, self.known.dates, field, span) if text else None

    def cards(self) -> tuple[str, ...]:
        """Read the numbers of his cards, with blanks, commas or semicolons between."""
        words = self.cells.get("card", "").replace(";", ",").split(",")
        cards = tuple(dict.fromkeys(values.card(word, "card") for word in words if word.strip()))
        if len(cards) > CARDS_MAX:
            raise RefusedError(Reason.BAD_CARD, "card")
        if any(is_card_number(one, self.known.card_prefix) for one in cards):
            self.notes.append(Note(Reason.OUR_NUMBER, "card"))
        return cards

    def name(self) -> str:
        """Read his name: in one cell, or in three."""
        whole = self.cells.get("name") or " ".join(self.cells.get(one, "") for one in _NAMES)
        if not whole.strip():
            return ""
        try:
            return normal_name(whole)
        except LoyaltyError:
            self.notes.append(Note(Reason.BAD_NAME, "name"))
            return ""

    def role(self) -> PhoneRole:
        """Read whose the phone is; his own if nothing is said."""
        text = self.cells.get("phone_role", "") or PhoneRole.OWN.value
        try:
            return PhoneRole(text)
        except ValueError as error:
            raise RefusedError(Reason.BAD_VALUE, "phone_role") from error

    def store(self) -> str:
        """Read his home store; one that is unknown is left out."""
        code = self.cells.get("store", "")
        if code and code not in self.known.stores:
            self.notes.append(Note(Reason.UNKNOWN_STORE, "store"))
            return ""
        return code

    def tier(self) -> str | None:
        """Read the tier that his card gives him."""
        tier = self.word("tier") or None
        if tier and self.known.tiers and tier not in self.known.tiers:
            raise RefusedError(Reason.UNKNOWN_TIER, "tier")
        return tier

    def wallet(self, points: int) -> str:
        """Read where his points lie; one that no pack has could be spent nowhere."""
        wallet = self.word("wallet") or WALLET
        if points and self.known.wallets and wallet not in self.known.wallets:
            raise RefusedError(Reason.UNKNOWN_WALLET, "wallet")
        return wallet

    def word(self, field: str) -> str:
        """Read a name without blanks."""
        text = self.cells.get(field, "")
        if " " in text or len(text) > values.WORD_CHARS_MAX:
            raise RefusedError(Reason.BAD_VALUE, field)
        return text

    def segments(self) -> str:
        """Read his segments, with blanks, commas or semicolons between."""
        text = self.cells.get("segments", "").replace(";", " ").replace(",", " ")
        words = list(dict.fromkeys(text.split()))
        if len(words) > SEGMENTS_MAX or any(len(word) > values.WORD_CHARS_MAX for word in words):
            raise RefusedError(Reason.BAD_VALUE, "segments")
        return " ".join(words)

    def named_days(self) -> str:
        """Read the days of his life."""
        found = []
        for field in sorted(self.cells):
            if field.startswith(DATE_PREFIX):
                day = self.day(field, OLDEST_BIRTHDAY, LAST_DAY)
                name = field.removeprefix(DATE_PREFIX)
                found += [f"{name}:{day.isoformat()}"] if day else []
        return " ".join(found)
