"""The level that a member has on a day, from what he has done: a pure function of his days.

Levels are numbers from 0 up; what is counted is kopecks, or hundredths of a point or of a visit.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from typing import Final

from shared.member import DayCount, MemberView
from shared.money import WHOLE_BP, share_of
from shared.rules.dates import add_months
from shared.rules.tier_terms import TierTrack
from shared.rules.windows import (
    CALENDAR,
    ROLLING,
    Period,
    Span,
    WindowKind,
    read_period,
    span_before,
    span_of,
)

PERIODS_BACK_MAX: Final = 12
"""How far a level is followed back that falls by one step a period."""
VISIT: Final = 100
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Era:
    """Thresholds from a day on; `keeps` if who would drop then keeps what he had."""

    since: date
    thresholds: tuple[int, ...]
    keeps: bool


@dataclass(frozen=True, slots=True)
class Ease:
    """Thresholds lower by a percent for a segment, both days included."""

    segment: str
    by_bp: int
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Track:
    """A tier track, compiled."""

    metric: str
    period: Period
    band: str = "running"
    drops_at_once: bool = True
    one_step: bool = False
    grace: timedelta = timedelta()
    eras: tuple[Era, ...] = ()
    eases: tuple[Ease, ...] = ()
    same_receipt: bool = False

    @property
    def is_plain(self) -> bool:
        """Tell whether nothing but the sum of all time counts."""
        lifetime = self.period.kind is WindowKind.LIFETIME
        return lifetime and self.drops_at_once and len(self.eras) == 1 and not self.eases


def compile_track(terms: TierTrack) -> Track:
    """Compile a track whose steps ascend in every era."""
    period = read_period(terms.window)
    lifetime = period.kind is WindowKind.LIFETIME
    first = tuple(step.from_minor for step in terms.steps)
    eras = [Era(date.min, first, keeps=False)]
    for change in sorted(terms.changes, key=lambda change: change.since):
        before = eras[-1].thresholds
        now = tuple(
            change.from_minor.get(step.id, threshold)
            for step, threshold in zip(terms.steps, before, strict=True)
        )
        eras.append(Era(change.since, now, keeps=change.members == "keep"))
    return Track(
        metric=terms.metric,
        period=period,
        band=terms.band,
        drops_at_once=lifetime if terms.drop is None else terms.drop == "at_once",
        one_step=terms.downgrade == "one_step",
        same_receipt=terms.applies == "same_receipt",
        grace=timedelta(days=terms.grace_days),
        eras=tuple(eras),
        eases=tuple(
            Ease(ease.segment, ease.by, ease.first or date.min, ease.until) for ease in terms.eased
        ),
    )


def level_of(track: Track, member: MemberView, day: date, extra: DayCount | None = None) -> int:
    """Return the level of a member on a day; `extra` is counted as well, at its day."""
    if track.is_plain:
        more = 0 if extra is None else _of(track.metric, extra)
        return _place(track.eras[0].thresholds, _total(track.metric, member) + more)
    count = _Count(track, member, extra)
    return max([count.level(day, day), *count.kept(day)])


def counted(track: Track, member: MemberView, day: date, extra: DayCount | None = None) -> int:
    """Return what has been counted in the period of a day so far."""
    days = member.history.days
    if track.is_plain and (not days or days[-1].day <= day):
        return _total(track.metric, member) + (0 if extra is None else _of(track.metric, extra))
    return _Count(track, member, extra).so_far(day)


def thresholds_on(track: Track, member: MemberView, day: date) -> tuple[int, ...]:
    """Return where the levels begin for a member on a day."""
    found = next(era for era in reversed(track.eras) if era.since <= day).thresholds
    for ease in track.eases:
        if ease.segment in member.segments and ease.first <= day <= ease.last:
            eased = (share_of(one, WHOLE_BP - ease.by_bp) for one in found)
            found = tuple(map(min, found, eased))
    return found


class _Count:
    """What a member has done by day, ready for sums over spans."""

    def __init__(self, track: Track, member: MemberView, extra: DayCount | None) -> None:
        self._track, self._member = track, member
        days = list(member.history.days)
        total = _total(track.metric, member)
        if extra is not None:
            days.append(extra)
            total += _of(track.metric, extra)
        days.sort(key=lambda one: one.day)
        self._days = [one.day for one in days]
        amounts = [_of(track.metric, one) for one in days]
        self._sums = [0, *accumulate(amounts)]
        self._gains = [0, *accumulate(max(0, amount) for amount in amounts)]
        self._before = total - self._sums[-1]
        """What was counted before the days that are known."""

    def level(self, day: date, by: date) -> int:
        """Return the level on a day by the thresholds of the day `by`."""
        marks = thresholds_on(self._track, self._member, by)
        kind = self._track.period.kind
        if kind in CALENDAR:
            return self._by_calendar(day, marks, PERIODS_BACK_MAX)
        if kind in ROLLING:
            return self._rolling(day, marks)
        peak = self._so_far_ever(day)
        return _place(marks, peak)

    def kept(self, day: date) -> list[int]:
        """Return the levels that eras which are over have left to the member."""
        track = self._track
        begun = [era for era in track.eras[1:] if era.since <= day]
        anew = max((era.since for era in begun if not era.keeps), default=date.min)
        ends = [era.since - _DAY for era in begun if era.keeps]
        ends += [
            ease.last
            for ease in track.eases
            if ease.last < day and ease.segment in self._member.segments
        ]
        return [
            self.level(end, end) for end in ends if anew <= end and day <= self._holds_until(end)
        ]

    def so_far(self, day: date) -> int:
        """Return what was counted in the period of a day, up to it."""
        if self._track.period.kind is WindowKind.LIFETIME:
            return self._before + self._upto(day)
        span = self._span(day)
        return self._between(Span(span.first, day))

    def _by_calendar(self, day: date, marks: Sequence[int], depth: int) -> int:
        span = self._span(day)
        before = span_before(self._track.period, span, self._member.registered_on)
        level = self._in_period(span, before, day, marks)
        in_grace = day < span.first + self._track.grace
        if not depth or not (self._track.one_step or in_grace):
            return level
        last = self._by_calendar(before.last, marks, depth - 1)
        return max(level, last if in_grace else last - 1)

    def _in_period(self, span: Span, before: Span, day: date, marks: Sequence[int]) -> int:
        """Return the level by the band of the period alone."""
        last = self._between(before)
        now = self._now(Span(span.first, day))
        if self._track.band == "previous":
            return _place(marks, last)
        return _place(marks, now if self._track.band == "running" else max(now, last))

    def _now(self, span: Span) -> int:
        if self._track.drops_at_once:
            return self._between(span)
        start = self._sums[bisect_left(self._days, span.first)]
        return max([0, *(total - start for total in self._within(span))])

    def _rolling(self, day: date, marks: Sequence[int]) -> int:
        now = _place(marks, self._between(self._span(day)))
        first = self._span(day).first - self._track.grace
        if self._track.drops_at_once or now == _place(marks, self._gained(first, day)):
            return now
        places = range(bisect_left(self._days, first), bisect_right(self._days, day))
        ends = {first, day, *(self._days[place] for place in places)}
        return _place(marks, max(self._between(self._span(end)) for end in ends))

    def _gained(self, first: date, day: date) -> int:
        """Return more than was ever counted at once in periods that end between two days."""
        low = bisect_left(self._days, self._span(first).first)
        return self._gains[bisect_right(self._days, day)] - self._gains[low]

    def _so_far_ever(self, day: date) -> int:
        now = self._before + self._upto(day)
        if self._track.drops_at_once:
            return now
        return max([now, *(self._before + total for total in self._within(Span(date.min, day)))])

    def _span(self, day: date) -> Span:
        return span_of(self._track.period, day, self._member.registered_on)

    def _upto(self, day: date) -> int:
        return self._sums[bisect_right(self._days, day)]

    def _within(self, span: Span) -> list[int]:
        """Return the running sums at the ends of the days of a span."""
        low, high = bisect_left(self._days, span.first), bisect_right(self._days, span.last)
        return [
            self._sums[place + 1]
            for place in range(low, high)
            if place + 1 == len(self._days) or self._days[place + 1] != self._days[place]
        ]

    def _between(self, span: Span) -> int:
        return self._upto(span.last) - self._sums[bisect_left(self._days, span.first)]

    def _holds_until(self, day: date) -> date:
        period = self._track.period
        if period.kind is WindowKind.LIFETIME:
            return date.max
        if period.kind is WindowKind.ROLLING_DAYS:
            return day + period.count * _DAY
        if period.kind is WindowKind.ROLLING_MONTHS:
            return add_months(day, period.count)
        return self._span(day).last


def _place(marks: Sequence[int], value: int) -> int:
    return max(0, bisect_right(marks, value) - 1)


def _of(metric: str, day: DayCount) -> int:
    if metric == "turnover":
        return day.turnover_minor
    return day.points if metric == "points" else day.visits * VISIT


def _total(metric: str, member: MemberView) -> int:
    if metric == "turnover":
        return member.turnover_minor
    if metric == "visits":
        return member.receipts * VISIT
    return sum(day.points for day in member.history.days)
