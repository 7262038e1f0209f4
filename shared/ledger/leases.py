"""Leases at the store: what may be spent without asking, from two numbers that only grow."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class LeaseUse:
    """What a store's own journal says of its lease of one lot (hundredths of a point).

    `kept` is what the store kept when the lot was born in its journal; `gone` = drawn + given back.
    """

    lot: UUID
    account: UUID
    kept: int = 0
    drawn: int = 0
    given_back: int = 0

    @property
    def gone(self) -> int:
        """All that has left the lease in this epoch."""
        return self.drawn + self.given_back


def spendable(granted: int, use: LeaseUse, held: int) -> int:
    """Return what open receipts may still draw from a lease.

    `granted` is the highest number that the centre has told, from its rows or from an answer. The
    centre counts what was kept at birth into it, so the higher of the two is the truth. A replica
    that is behind or rebuilt makes the result too low, never too high.
    """
    return max(0, max(granted, use.kept) - use.gone - held)


def to_give_back(granted: int, wanted_back: int, use: LeaseUse, held: int) -> int:
    """Return how much of what the centre asked back can be given back now."""
    return min(spendable(granted, use, held), max(0, wanted_back - use.given_back))


def is_live(activates_at: datetime, expires_on: date | None, at: datetime, day: date) -> bool:
    """Tell whether a lot can be spent at an instant that is `day` in the store."""
    return activates_at <= at and (expires_on is None or day <= expires_on)
