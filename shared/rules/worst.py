"""The basket that costs a pack the most: by trying all borders, or by climbing between them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Final

from shared.receipt import Redeem
from shared.rules.borders import Borders, borders
from shared.rules.compile import CompiledPack
from shared.rules.evaluate import evaluate
from shared.rules.trial import Trial, staged

PROBES_MAX: Final = 20_000
"""Trials of one survey unless more are asked for: a few seconds."""


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


def survey(pack: CompiledPack, probes_max: int = PROBES_MAX) -> Survey:
    """Try a pack at the borders of its rules: all trials if they are few, else the most promising.

    At most `probes_max` evaluations.
    """
    values = borders(pack.source)
    if values.count() <= probes_max:
        found = Survey(complete=values.whole)
        for trial in values.every_trial():
            _try(pack, trial, found)
        return found
    found = Survey(complete=False)
    ways_to_pay = values.values["redeem"]
    for turn, redeem in enumerate(ways_to_pay, start=1):
        limit = probes_max * turn // len(ways_to_pay)
        _search(pack, values.with_only("redeem", redeem), found, limit)
    return found


def _search(pack: CompiledPack, values: Borders, found: Survey, limit: int) -> None:
    """Climb from several starts by one field at a time; from the best of them by two at once.

    Two, as a code and the sum that it asks for are nothing one without the other. `found` has
    tried at most `limit` trials in the end.
    """
    half = (found.tried + limit) // 2
    tops: list[Probe] = []
    for start in _starts(values):
        if found.tried >= half:
            break
        tops.append(_climb(pack, values, _try(pack, start, found), found, half))
    here: Probe | None = max(tops, key=lambda probe: probe.share, default=None)
    while here is not None:
        here = _climb(pack, values, here, found, limit)
        pairs = (two for one in _neighbours(values, here.trial) for two in _neighbours(values, one))
        here = _better(pack, pairs, here, found, limit)


def _climb(pack: CompiledPack, values: Borders, start: Probe, found: Survey, limit: int) -> Probe:
    """Change one field at a time for the better, until no change of one field is better."""
    here = start
    while (
        better := _better(pack, _neighbours(values, here.trial), here, found, limit)
    ) is not None:
        here = better
    return here


def _better(
    pack: CompiledPack, trials: Iterable[Trial], than: Probe, found: Survey, limit: int
) -> Probe | None:
    """Return the best of the trials if it is better; None also when there have been enough."""
    best = than
    for trial in trials:
        if found.tried >= limit:
            return None
        probe = _try(pack, trial, found)
        if probe.share > best.share:
            best = probe
    return None if best is than else best


def _starts(values: Borders) -> Iterator[Trial]:
    """Yield the plainest trial of each tier, then each single change of the last."""
    plainest = next(values.every_trial())
    members = [replace(plainest, tier=tier) for tier in values.values["tier"]]  # type: ignore[arg-type]
    yield from members
    yield from _neighbours(values, members[-1])


def _neighbours(values: Borders, trial: Trial) -> Iterator[Trial]:
    for name, several in values.values.items():
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
