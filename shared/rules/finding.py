"""What an explanation is made of: one thing that happened, or did not, to a line or the receipt."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from shared.member import MemberView
from shared.receipt import Receipt
from shared.rules.compile import CompiledPack
from shared.rules.moment import Moment
from shared.rules.phases.draft import Phase
from shared.rules.result import Evaluation, Sentence, TraceStep, Ways

RECEIPT: Final = 0
"""The number of the line that stands for the whole receipt."""
ENOUGH: Final = "enough"
"""The code of a trial after which the rule applies."""


class Unit(StrEnum):
    """What the numbers of a finding are."""

    NONE = "none"
    MONEY = "money"
    """Kopecks before and after."""
    POINTS = "points"
    """Hundredths of a point before and after."""
    EARNED = "earned"
    """Kopecks that earn, and the hundredths of a point that they earned."""
    GIVEN = "given"
    """Hundredths of a point that were given, after."""
    TIMES = "times"
    """Multipliers before and after, in hundredths."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of a rule on a line (or on the receipt), and what would have changed that.

    Without a rule it is what the kernel or the cashier did, in a phase. `subject` is the code or
    the certificate that it is about.
    """

    rule: str
    line_no: int
    reason: Sentence
    before: int = 0
    after: int = 0
    ways: Ways = ()
    phase: str = ""
    unit: Unit = Unit.NONE
    subject: str = ""
    points: int = 0
    """Hundredths of a point that paid for what was taken off."""
    tried: Sentence | None = None
    """What comes of the first way: `enough`, or what is in the way even then; None if untried."""

    @property
    def moves(self) -> bool:
        """Tell whether it moved what a line costs, from `before` to `after`."""
        priced = self.line_no != RECEIPT and self.unit is Unit.MONEY
        return priced and self.reason.code in _MOVES

    @property
    def earns(self) -> int:
        """Hundredths of a point that the line earned the member by it."""
        told = self.line_no != RECEIPT and self.reason.code in ("earned", "earned_benefit")
        return self.after if told else 0


_MOVES: Final = frozenset(
    {
        "applied",
        "budget_short",
        "capped",
        "cashier",
        "cashier_limited",
        "chosen",
        "least_paid",
        "limit_short",
        "small_change",
        "store_short",
        "till_short",
    }
)
_NOT_PRICED: Final = frozenset({Phase.NORMALISE, Phase.EARN, Phase.TENDER})


def of_step(step: TraceStep) -> Finding:
    """Return what a step of the trace tells."""
    return Finding(
        step.rule,
        step.line_no,
        step.reason,
        step.before,
        step.after,
        phase=step.phase,
        unit=_unit(step),
    )


def _unit(step: TraceStep) -> Unit:
    code, whole = step.reason.code, step.line_no == RECEIPT
    if step.phase == Phase.EARN:
        if code == "applied":
            return Unit.EARNED if whole else Unit.TIMES
        return Unit.EARNED if code == "earned" else Unit.POINTS
    if whole and step.phase == Phase.REDEEM:
        return Unit.NONE
    if whole and step.phase == Phase.AFTER and step.rule:
        return Unit.GIVEN
    return Unit.MONEY


@dataclass(frozen=True, slots=True)
class Answered:
    """What the kernel was asked, and its answer."""

    pack: CompiledPack
    member: MemberView | None
    receipt: Receipt
    moment: Moment
    evaluation: Evaluation


def moved(evaluation: Evaluation, line_no: int) -> list[Finding]:
    """Return what moved the price of a line, in order: the first begins at its base."""
    found = [of_step(step) for step in evaluation.trace if step.line_no == line_no]
    return [finding for finding in found if finding.moves and finding.phase not in _NOT_PRICED]
