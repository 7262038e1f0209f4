"""A conflict as a value: what two places saw differently, whom it concerns, what became of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class ConflictKind(StrEnum):
    """What happened; docs/protocol.md says how each is resolved."""

    DEBT = "debt"
    RETURNED_TWICE = "returned_twice"
    FORKED = "forked"
    WRITTEN_OFF = "written_off"
    MERGED = "merged"
    SHARED_PHONE = "shared_phone"
    SHARED_CARD = "shared_card"
    USED_TWICE = "used_twice"
    SOLD_BEFORE = "sold_before"
    UNKNOWN_CERTIFICATE = "unknown_certificate"
    CODE_USED_TWICE = "code_used_twice"
    PASS_USED_TWICE = "pass_used_twice"  # noqa: S105
    CODE_TAKEN = "code_taken"
    GIVEN_BEFORE = "given_before"
    COUPON_USED = "coupon_used"
    OVER_BUDGET = "over_budget"
    OVER_LIMIT = "over_limit"
    NOT_FIRST_PURCHASE = "not_first_purchase"
    OTHER_BYTES = "other_bytes"
    LATE = "late"
    CLOCK = "clock"
    QUARANTINED = "quarantined"
    DAMAGED = "damaged"
    DIVERGENCE_FOUND = "divergence_found"
    STALE = "stale"
    EARLY_RETURN = "early_return"
    UNKNOWN_MEMBER = "unknown_member"
    EDITED_TWICE = "edited_twice"
    NEW_EPOCH = "new_epoch"
    CENTRE_RESTORED = "centre_restored"
    JOURNAL_GAP = "journal_gap"


ALERTS = frozenset(
    {
        ConflictKind.OTHER_BYTES,
        ConflictKind.QUARANTINED,
        ConflictKind.DAMAGED,
        ConflictKind.JOURNAL_GAP,
    }
)
"""What somebody must act upon: nothing resolves it by itself."""


class ConflictState(StrEnum):
    """Whether a person, or the missing fact, has settled a conflict."""

    OPEN = "open"
    RESOLVED = "resolved"
    UNDONE = "undone"


class Ending(StrEnum):
    """What becomes of points that are kept aside for a fact which will not be posted."""

    SPENT = "spent"
    FREED = "freed"


class Role(StrEnum):
    """As what a conflict names something."""

    FACT = "fact"
    DOCUMENT = "document"
    STORE = "store"
    CASHIER = "cashier"
    MEMBER = "member"
    ACCOUNT = "account"
    LOT = "lot"


@dataclass(frozen=True, slots=True)
class Party:
    """Whom or what a conflict concerns: an id, a store's code, or a cashier as store/number."""

    role: Role
    name: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """What happened in one sentence, in both languages."""

    ru: str
    en: str

    def in_words(self, locale: str) -> str:
        """Return the sentence for people, in Russian for `ru` and in English otherwise."""
        return self.ru if locale == "ru" else self.en


@dataclass(frozen=True, slots=True)
class Finding:
    """A conflict as whoever detects it tells it; the details fill in its sentence.

    It is recorded once by its `key`, that of the fact in which it was found if none is named.
    """

    kind: ConflictKind
    details: Mapping[str, object]
    parties: tuple[Party, ...] = ()
    points: int = 0
    amount_minor: int = 0
    subject: UUID | None = None
    key: UUID | None = None


@dataclass(frozen=True, slots=True)
class Conflict:
    """A record of a conflict: never changed but for its state, and who settled it with which words.

    `at` is the centre's time; `subject` is what an undo works on: a fact, a member, a lot. What is
    at stake stands in hundredths of a point and in kopecks.
    """

    id: UUID
    kind: ConflictKind
    at: datetime
    subject: UUID
    sentence: Sentence
    parties: tuple[Party, ...] = ()
    points: int = 0
    amount_minor: int = 0
    state: ConflictState = ConflictState.OPEN
    resolved_by: str = ""
    resolved_at: datetime | None = None
    note: str = ""

    def named(self, role: Role) -> tuple[str, ...]:
        """Return whom it names in a role, in order."""
        return tuple(sorted(party.name for party in self.parties if party.role is role))

    def ids(self, role: Role) -> tuple[UUID, ...]:
        """Return the ids that it names in a role, in order."""
        return tuple(UUID(name) for name in self.named(role))


def parties(role: Role, names: Iterable[object]) -> tuple[Party, ...]:
    """Return those who have a name, in a role."""
    return tuple(Party(role, str(name)) for name in names if name)
