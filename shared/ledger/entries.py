"""Entries of the ledger: immutable rows, each of one lot, with an id that its cause determines."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from shared.ids import derived


class EntryKind(StrEnum):
    """What an entry does to a lot; the two of debt do not count in its balance."""

    GRANT = "GRANT"
    REDEEM = "REDEEM"
    RESTORE = "RESTORE"
    CLAWBACK = "CLAWBACK"
    EXPIRE = "EXPIRE"
    ACTIVATE_EARLY = "ACTIVATE_EARLY"
    ADJUST = "ADJUST"
    DEBT = "DEBT"
    DEBT_SETTLE = "DEBT_SETTLE"


BESIDE_BALANCE = frozenset({EntryKind.DEBT, EntryKind.DEBT_SETTLE})


@dataclass(frozen=True, slots=True)
class Document:
    """What an entry comes from: a sale, return, void, import or expiry run, at its own instant.

    `day` is the store's business date of a sale.
    """

    uid: UUID
    at: datetime
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A posting of hundredths of a point on one lot; signed as it changes the balance or debt."""

    id: UUID
    account: UUID
    lot: UUID
    kind: EntryKind
    amount: int
    document: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class Turnover:
    """A qualifying purchase amount of a document in kopecks, negative for a return.

    `points` (hundredths) and `visits` are counted beside it on the same day. `at` is the document's
    instant: what a member had done by any moment is the sum up to it.
    """

    account: UUID
    document: UUID
    amount_minor: int
    day: date
    at: datetime
    points: int = 0
    visits: int = 0


def entry_id(document: UUID, effect_no: int, kind: EntryKind, account: UUID, lot: UUID) -> UUID:
    """Return the id of an entry: the same cause always posts the same id."""
    return derived("entry", document, effect_no, kind, account, lot)


def entry_of(
    account: UUID, lot: UUID, kind: EntryKind, amount: int, document: Document, effect_no: int = 0
) -> Entry:
    """Return an entry as a document posts it."""
    new_id = entry_id(document.uid, effect_no, kind, account, lot)
    return Entry(new_id, account, lot, kind, amount, document.uid, document.at)


def lot_id(document: UUID, effect_no: int, account: UUID) -> UUID:
    """Return the id of the lot that an effect of a document grants."""
    return derived("lot", document, effect_no, account)


def graced_lot(document: UUID, lot: UUID) -> UUID:
    """Return the id of the lot that takes in what a document gives back to an expired lot."""
    return derived("grace", document, lot)
