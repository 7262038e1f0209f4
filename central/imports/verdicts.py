"""What became of rows, and what that sums up to."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from central.imports.reasons import Note


class Outcome(StrEnum):
    """What became of a row: every row has exactly one."""

    ACCEPTED = "accepted"
    REPAIRED = "repaired"
    UPDATED = "updated"
    """Of somebody who is known, where an import is to update: his profile is other than before."""
    DUPLICATE = "duplicate"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A row's outcome with the reasons; what it stated and what was granted, in hundredths."""

    number: int
    outcome: Outcome
    notes: tuple[Note, ...] = ()
    points: int = 0
    granted: int = 0
    amount_minor: int = 0


@dataclass(frozen=True, slots=True)
class Tally:
    """Sums over rows: outcomes, reasons, points (hundredths) stated by outcome and granted."""

    outcomes: Mapping[str, int] = field(default_factory=dict)
    reasons: Mapping[str, int] = field(default_factory=dict)
    points: Mapping[str, int] = field(default_factory=dict)
    stated: int = 0
    """Points that rows state, whatever became of them."""
    granted: int = 0
    lots: int = 0
    amount_minor: int = 0

    @property
    def rows(self) -> int:
        """How many rows have an outcome."""
        return sum(self.outcomes.values())

    def of(self, outcome: Outcome) -> int:
        """Return how many rows have an outcome."""
        return self.outcomes.get(outcome.value, 0)


def added(tally: Tally, verdicts: Iterable[Verdict], stated: int) -> Tally:
    """Return the sums with more rows, which state so many points together."""
    outcomes, reasons = Counter(tally.outcomes), Counter(tally.reasons)
    points = Counter(tally.points)
    granted, lots, amount = tally.granted, tally.lots, tally.amount_minor
    for one in verdicts:
        outcomes[one.outcome.value] += 1
        points[one.outcome.value] += one.points
        reasons.update({note.reason.value for note in one.notes})
        granted, lots = granted + one.granted, lots + bool(one.granted)
        amount += one.amount_minor
    return replace(
        tally,
        outcomes=dict(outcomes),
        reasons=dict(reasons),
        points=dict(points),
        stated=tally.stated + stated,
        granted=granted,
        lots=lots,
        amount_minor=amount,
    )
