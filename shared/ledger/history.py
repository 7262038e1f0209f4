"""What is remembered of an account, bounded: whatever the order in which facts arrive."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from shared.member import DayCount, History

ONCE_MAX: Final = 64
"""Once-only grants that are remembered, the latest."""
DAYS_KEPT: Final = timedelta(days=800)
"""Days that are told apart, back from the newest: the year before a calendar year."""


def with_once(history: History, lot: UUID) -> History:
    """Note that the person got a once-only lot."""
    if lot in history.once:
        return history
    return replace(history, once=(*history.once, lot)[-ONCE_MAX:])


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


def joined(histories: Iterable[History]) -> History:
    """Return what a member has had and done on all of his accounts."""
    whole = History()
    for one in histories:
        once = dict.fromkeys((*whole.once, *one.once))
        whole = replace(with_days(whole, one.days), once=tuple(once))
    return whole


def _sum(day: date, parts: Iterable[DayCount]) -> DayCount:
    parts = list(parts)
    return DayCount(
        day,
        sum(part.turnover_minor for part in parts),
        sum(part.points for part in parts),
        sum(part.visits for part in parts),
    )
