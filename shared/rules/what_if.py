"""What would come of it: a receipt changed as an explanation says, and priced again."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from shared.basket import QUANTITY_ONE, Goods, Line
from shared.receipt import TenderKind
from shared.rules.evaluate import evaluate
from shared.rules.finding import Answered, Finding
from shared.rules.moment import FIRST, LAST
from shared.rules.result import Need, Sentence, Way
from shared.rules.sentences import say

TRIALS_MAX: Final = 64
"""So many ways of an explanation are tried; the others only say what is needed."""
_NOON: Final = time(12)
_CLOSED: Final = frozenset({"condition", "not_yet", "ended", "no_goods"})
_Change = Callable[[Answered, Need], Answered | None]


def tried(answered: Answered, found: Iterable[Finding]) -> Iterator[Finding]:
    """Yield findings; the first way of each rule is tried, as long as there are trials left."""
    left = TRIALS_MAX
    for finding in found:
        if not finding.ways or not finding.rule or finding.line_no or not left:
            yield finding
            continue
        changed = with_way(answered, finding.ways[0])
        if changed is None:
            yield finding
            continue
        left -= 1
        yield replace(finding, tried=_outcome(changed, finding.rule))


def with_way(answered: Answered, way: Way) -> Answered | None:
    """Return what would have been asked if all of a way were there; None if that is not known."""
    for need in way:
        change = _CHANGES.get(need.condition)
        changed = None if change is None else change(answered, need)
        if changed is None:
            return None
        answered = changed
    return answered


def _outcome(asked: Answered, rule: str) -> Sentence | None:
    """Return `enough`, or what is in the way of a rule that is open now; None if it is not."""
    again = evaluate(asked.pack, asked.member, asked.receipt, asked.moment)
    if rule in again.applied:
        return say("enough")
    refused = next((one.reason for one in again.rejected if one.rule == rule), None)
    return None if refused is None or refused.code in _CLOSED else refused


def _store(asked: Answered, need: Need) -> Answered:
    return replace(asked, receipt=replace(asked.receipt, store=_first(need)))


def _region(asked: Answered, need: Need) -> Answered:
    return replace(asked, receipt=replace(asked.receipt, region=_first(need)))


def _channel(asked: Answered, need: Need) -> Answered:
    return replace(asked, receipt=replace(asked.receipt, channel=_first(need)))


def _paid_in(asked: Answered, need: Need) -> Answered:
    return replace(asked, receipt=replace(asked.receipt, paid_in=TenderKind(_first(need))))


def _mark(asked: Answered, need: Need) -> Answered:
    marks = (*asked.receipt.marks, _first(need))
    return replace(asked, receipt=replace(asked.receipt, marks=marks))


def _code(asked: Answered, need: Need) -> Answered | None:
    words = asked.pack.source.codes[_first(need)].words
    if not words:
        return None
    presented = (*asked.receipt.promo_codes, words[0])
    return replace(asked, receipt=replace(asked.receipt, promo_codes=presented))


def _segment(asked: Answered, need: Need) -> Answered | None:
    if asked.member is None:
        return None
    segments = asked.member.segments | {_first(need)}
    return replace(asked, member=replace(asked.member, segments=segments))


def _sum(asked: Answered, need: Need) -> Answered | None:
    """Add goods that no rule names, for what is missing."""
    if not isinstance(need.needed, int) or not isinstance(need.has, int):
        return None
    lines = asked.receipt.lines
    no = max((line.no for line in lines), default=0) + 1
    line = Line(no, Goods(sku=""), QUANTITY_ONE, need.needed - need.has)
    return replace(asked, receipt=replace(asked.receipt, lines=(*lines, line)))


def _day(asked: Answered, need: Need) -> Answered | None:
    """Come at noon of the first day that is named, by the store's clock."""
    day, zone = date.fromisoformat(_first(need)), ZoneInfo(asked.moment.zone)
    instant = datetime.combine(day, _NOON, zone).astimezone(UTC)
    if not FIRST <= instant <= LAST:
        return None
    return replace(asked, moment=replace(asked.moment, instant=instant))


def _first(need: Need) -> str:
    assert isinstance(need.needed, tuple), "a need of words names some"
    return need.needed[0]


_CHANGES: Final[dict[str, _Change]] = {
    "store_in": _store,
    "region_in": _region,
    "channel_in": _channel,
    "paid_in": _paid_in,
    "mark_in": _mark,
    "code_in": _code,
    "segment_in": _segment,
    "receipt_sum_from": _sum,
    "day_from": _day,
    "on_days": _day,
}
