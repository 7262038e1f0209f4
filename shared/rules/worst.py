"""The basket that costs a pack the most: by trying all borders, or by climbing between them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from typing import Final

from shared.receipt import Redeem
from shared.rules.borders import Borders, borders
from shared.rules.compile import CompiledPack
from shared.rules.evaluate import evaluate
from shared.rules.model import Pack
from shared.rules.part_of_pack import alone
from shared.rules.trial import Trial, staged

PROBES_MAX: Final = 20_000
"""Trials of one survey unless more are asked for: a few seconds."""
ALONE_PART: Final = 4
"""One in so many trials looks at rules by themselves, where not all can be tried."""
GIVES_WAY: Final = frozenset({"outweighed", "outweighed_times"})
TOPS_MAX: Final = 8
_SETS: Final = ("segments", "codes", "marks", "flags", "beside")
_NAMED: Final = ("dates", "counted")


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


@dataclass(frozen=True, slots=True)
class Alone:
    """A rule as if it were the only one; `fits` are trials where it does something, dearest first.

    `complete` when none was left out.
    """

    tried: int
    complete: bool
    fits: tuple[Trial, ...]


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
    alone: dict[str, Alone] = field(default_factory=dict)
    """Rules by themselves, where not every trial could be made."""


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
    found.alone = rules_alone(pack.source, probes_max // ALONE_PART)
    found.tried = sum(one.tried for one in found.alone.values())
    ways_to_pay = values.values["redeem"]
    left = probes_max - found.tried
    for turn, redeem in enumerate(ways_to_pay, start=1):
        limit = probes_max - left + left * turn // len(ways_to_pay)
        _search(pack, values.with_only("redeem", redeem), found, limit)
    return found


def rules_alone(pack: Pack, probes_max: int) -> dict[str, Alone]:
    """Try each rule as if it were the only one: where it does something, or that it never does."""
    parts = {rule.id: alone(pack, rule) for rule in pack.rules}
    several = {rule: borders(part.source) for rule, part in parts.items()}
    found: dict[str, Alone] = {}
    left = probes_max
    fewest_first = sorted(parts, key=lambda rule: several[rule].count())
    for turn, rule in enumerate(fewest_first):
        share = max(1, left // (len(parts) - turn))
        survey = Survey(complete=several[rule].whole and several[rule].count() <= share)
        trials = several[rule].some_trials(share)
        probes = [one for trial in trials if (one := _applied(parts[rule], trial, rule, survey))]
        probes.sort(key=lambda probe: probe.share, reverse=True)
        found[rule] = Alone(survey.tried, survey.complete, tuple(one.trial for one in probes))
        left -= survey.tried
    return found


def _applied(pack: CompiledPack, trial: Trial, rule: str, survey: Survey) -> Probe | None:
    """Return what a trial shows if the rule did something."""
    survey.applied.clear()
    probe = _try(pack, trial, survey)
    return probe if rule in survey.applied else None


def _search(pack: CompiledPack, values: Borders, found: Survey, limit: int) -> None:
    """Climb from several starts by one field at a time; from the best of them by two at once.

    Two, as a code and the sum that it asks for are nothing one without the other. `found` has
    tried at most `limit` trials in the end.
    """
    half = (found.tried + limit) // 2
    tops: list[Probe] = []
    for start in (*_dearest_alone(pack, values, found, half), *_starts(values)):
        if found.tried >= half:
            break
        tops.append(_climb(pack, values, _try(pack, start, found), found, half))
    here: Probe | None = max(tops, key=lambda probe: probe.share, default=None)
    while here is not None:
        here = _climb(pack, values, here, found, limit)
        near = (one for one in _neighbours(values, here.trial, found))
        pairs = (two for one in near for two in _neighbours(values, one, found))
        here = _better(pack, pairs, here, found, limit)


def _climb(pack: CompiledPack, values: Borders, start: Probe, found: Survey, limit: int) -> Probe:
    """Change one field at a time for the better, until no change of one field is better."""
    here = start
    while (
        better := _better(pack, _neighbours(values, here.trial, found), here, found, limit)
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
    yield from _changed(values, members[-1])


def _dearest_alone(pack: CompiledPack, values: Borders, found: Survey, limit: int) -> list[Trial]:
    """Return the best of the trials in which rules do something by themselves."""
    plainest = next(values.every_trial())
    probes = [
        _try(pack, _over(plainest, one.fits[0]), found)
        for one in found.alone.values()
        if one.fits and found.tried < limit
    ]
    probes.sort(key=lambda probe: probe.share, reverse=True)
    return [probe.trial for probe in probes[:TOPS_MAX]]


def _neighbours(values: Borders, trial: Trial, found: Survey) -> Iterator[Trial]:
    """Yield the trial with what another rule takes as well, then with each field changed."""
    for one in found.alone.values():
        if one.fits:
            yield _over(trial, one.fits[0])
    yield from _changed(values, trial)


def _over(trial: Trial, other: Trial) -> Trial:
    """Lay over a trial what is not plain in another; what there are several of is put together."""
    plain = Trial(day=other.day)
    changed: dict[str, object] = {}
    for name in (one.name for one in fields(Trial) if one.name != "redeem"):
        old, new = getattr(trial, name), getattr(other, name)
        if name in _NAMED:
            changed[name] = tuple((dict(old) | dict(new)).items())
        elif new != getattr(plain, name):
            changed[name] = _joined(old, new) if name in _SETS else new
    return replace(trial, day=other.day, **changed)  # type: ignore[arg-type]


def _joined(old: object, new: object) -> object:
    if isinstance(old, frozenset) and isinstance(new, frozenset):
        return old | new
    assert isinstance(old, tuple), "several are a set, or in an order"
    assert isinstance(new, tuple), "several are a set, or in an order"
    return tuple(dict.fromkeys((*old, *new)))


def _changed(values: Borders, trial: Trial) -> Iterator[Trial]:
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
        if rejected.reason.code in GIVES_WAY:
            found.gave_way.setdefault(rejected.rule, set()).update(answer.applied)
    found.worst = _larger(found.worst, probe)
    if trial.redeem is Redeem.NONE:
        found.worst_discount = _larger(found.worst_discount, probe)
    return probe


def _larger(held: Probe | None, probe: Probe) -> Probe:
    return probe if held is None or probe.share > held.share else held
