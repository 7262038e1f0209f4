"""What is remembered of an account, bounded: whatever the order in which facts arrive."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from shared.member import DayCount, History, Use

ONCE_MAX: Final = 64
"""Once-only grants that are remembered, the latest."""
USES_MAX: Final = 400
USES_KEPT: Final = timedelta(days=62)
"""Days whose uses are told apart: two months; what is older is gathered by rule and month."""
DAYS_KEPT: Final = timedelta(days=800)
"""Days that are told apart, back from the newest: the year before a calendar year."""


def with_once(history: History, lot: UUID) -> History:
    """Note that the person got a once-only lot."""
    if lot in history.once:
        return history
    return replace(history, once=(*history.once, lot)[-ONCE_MAX:])


def without_once(history: History, lot: UUID) -> History:
    """Forget that the person got a once-only lot: its sale was voided."""
    return replace(history, once=tuple(one for one in history.once if one != lot))


def with_days(history: History, new: Iterable[DayCount]) -> History:
    """Add what was done on days to what is known of them."""
    days: dict[date, DayCount] = {}
    for one in (*history.days, *new):
        days[one.day] = _sum(one.day, [days.get(one.day, DayCount(one.day)), one])
    ordered = [days[day] for day in sorted(days)]
    if not ordered:
        return history
    first_kept = ordered[-1].day - DAYS_KEPT
    old = [one for one in ordered if one.day < first_kept]
    gathered = [_sum(old[-1].day, old)] if old else []
    return replace(history, days=(*gathered, *ordered[len(old) :]))


def with_uses(history: History, new: Iterable[Use]) -> History:
    """Add uses of limited rules to those that are known."""
    uses: dict[tuple[str, date], Use] = {}
    for one in (*history.uses, *new):
        before = uses.get((one.rule, one.day), Use(one.rule, one.day))
        uses[one.rule, one.day] = _use(one.day, [before, one])
    if not uses:
        return history
    first_kept = max(day for _, day in uses) - USES_KEPT
    old: dict[tuple[str, int, int], list[Use]] = {}
    for (rule, day), use in uses.items():
        if day < first_kept:
            old.setdefault((rule, day.year, day.month), []).append(use)
    kept = [use for use in uses.values() if use.day >= first_kept]
    kept += [_use(max(use.day for use in found), found) for found in old.values()]
    kept.sort(key=lambda use: (use.day, use.rule))
    return replace(history, uses=tuple(kept[-USES_MAX:]))


def joined(histories: Iterable[History]) -> History:
    """Return what a member has had and done on all of his accounts."""
    whole = History()
    for one in histories:
        once = dict.fromkeys((*whole.once, *one.once))
        whole = replace(with_uses(with_days(whole, one.days), one.uses), once=tuple(once))
    return whole


def _sum(day: date, parts: Iterable[DayCount]) -> DayCount:
    parts = list(parts)
    return DayCount(
        day,
        sum(part.turnover_minor for part in parts),
        sum(part.points for part in parts),
        sum(part.visits for part in parts),
    )


def _use(day: date, parts: Iterable[Use]) -> Use:
    parts = list(parts)
    times, points = sum(part.times for part in parts), sum(part.points for part in parts)
    return Use(parts[0].rule, day, times, points)
