"""The basket that costs a pack the most: by trying all borders, or by climbing between them."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Final

from shared.receipt import Redeem
from shared.rules.compile import CompiledPack
from shared.rules.evaluate import evaluate
from shared.rules.trial import Trial, Values, borders, count_of, every_trial, first_trial, staged

PROBES_MAX: Final = 20_000
"""Trials of one survey: a few seconds."""


@dataclass(frozen=True, slots=True)
class Probe:
    """What a pack gives a trial, in kopecks; points earned are in hundredths."""

    trial: Trial
    base_minor: int
    discount_minor: int
    redeemed_minor: int
    earned_points: int

    @property
    def benefit_minor(self) -> int:
        """What the customer does not pay in money."""
        return self.discount_minor + self.redeemed_minor

    @property
    def share(self) -> Fraction:
        """The benefit as a part of the price."""
        return Fraction(self.benefit_minor, self.base_minor or 1)


@dataclass(slots=True)
class Survey:
    """What trials have shown; `complete` when none was left out.

    `worst_discount` is without payment in points, `worst` with it.
    """

    complete: bool
    tried: int = 0
    worst: Probe | None = None
    worst_discount: Probe | None = None
    applied: set[str] = field(default_factory=set)
    gave_way: dict[str, set[str]] = field(default_factory=dict)
    """Rules that fitted and lost, and those that did something where they did."""


def survey(pack: CompiledPack) -> Survey:
    """Try a pack at the borders of its rules: all trials if they are few, else the most promising.

    At most `PROBES_MAX` evaluations.
    """
    values = borders(pack.source)
    if count_of(values) <= PROBES_MAX:
        found = Survey(complete=True)
        for trial in every_trial(values):
            _try(pack, trial, found)
        return found
    found = Survey(complete=False)
    for start in _starts(values):
        if found.tried >= PROBES_MAX:
            break
        _climb(pack, values, start, found)
    return found


def _climb(pack: CompiledPack, values: Values, start: Trial, found: Survey) -> None:
    """Change one field at a time for the better, until no change of one field is better."""
    here = _try(pack, start, found)
    while found.tried < PROBES_MAX:
        best = here
        for trial in _neighbours(values, here.trial):
            probe = _try(pack, trial, found)
            if probe.share > best.share:
                best = probe
            if found.tried >= PROBES_MAX:
                return
        if best is here:
            return
        here = best


def _starts(values: Values) -> Iterator[Trial]:
    """Yield the plainest trial of each tier, with and without points, then each single change."""
    plain = first_trial(values)
    members = [replace(plain, tier=tier) for tier in values["tier"]]  # type: ignore[arg-type]
    for start in members:
        yield start
        yield replace(start, redeem=Redeem.MAXIMUM)
    yield from _neighbours(values, members[-1])


def _neighbours(values: Values, trial: Trial) -> Iterator[Trial]:
    for name, several in values.items():
        for value in several:
            if value != getattr(trial, name):
                yield replace(trial, **{name: value})  # type: ignore[arg-type]


def _try(pack: CompiledPack, trial: Trial, found: Survey) -> Probe:
    answer = evaluate(pack, *staged(pack.source, trial))
    totals = answer.totals
    probe = Probe(
        trial,
        totals.base_minor,
        totals.discount_minor,
        totals.redeemed_minor,
        totals.earned_points,
    )
    found.tried += 1
    found.applied.update(answer.applied)
    for rejected in answer.rejected:
        if rejected.reason.code == "outweighed":
            found.gave_way.setdefault(rejected.rule, set()).update(answer.applied)
    found.worst = _larger(found.worst, probe)
    if trial.redeem is Redeem.NONE:
        found.worst_discount = _larger(found.worst_discount, probe)
    return probe


def _larger(held: Probe | None, probe: Probe) -> Probe:
    return probe if held is None or probe.share > held.share else held
