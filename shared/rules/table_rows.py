"""Which row of a table counts: by the receipt, by each line, or by what the member did before."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Final

from shared.basket import Line
from shared.rules.counters import count_of, pieces
from shared.rules.facts import Facts
from shared.rules.price_model import Table
from shared.rules.tracks import Track, counted
from shared.rules.windows import Period, WindowKind, read_period

Places = Callable[[Facts, Sequence[Line]], Sequence[int]]
"""Gives the place of each line's row; less than 0 is none."""
Measure = Callable[[Facts, Sequence[Line]], int]
_NOBODY: Final = -1
_COUNTS: Final = frozenset({"turnover_minor", "receipts", "history", "registered_on"})


def row_finder(table: Table) -> Places:
    """Compile the search for a table's row."""
    if table.by == "tier":
        places = {row.tier: place for place, row in enumerate(table.rows)}
        return lambda facts, lines: (
            [-1 if facts.tier is None else places.get(facts.tier.id, -1)] * len(lines)
        )
    if table.by == "segment":
        segments = [row.segment or "" for row in table.rows]
        return lambda facts, lines: [_of_segment(segments, facts)] * len(lines)
    thresholds = [row.from_minor or 0 for row in table.rows]
    if table.by in OF_LINES:
        of_line = OF_LINES[table.by]
        return lambda _facts, lines: [bisect_right(thresholds, of_line(one)) - 1 for one in lines]
    measure = measure_of(table)
    return lambda facts, lines: [bisect_right(thresholds, measure(facts, lines)) - 1] * len(lines)


def _of_segment(segments: Sequence[str], facts: Facts) -> int:
    mine = frozenset[str]() if facts.member is None else facts.member.segments
    return next((place for place, one in enumerate(segments) if one in mine), -1)


def table_fields(table: Table) -> frozenset[str]:
    """Return the names of the member's fields that a table reads, but for the tier's."""
    if table.by == "turnover" and table.window == "lifetime":
        return frozenset({"turnover_minor"})
    if table.by == "segment":
        return frozenset({"segments"})
    return _COUNTS if table.by in ("turnover", "purchases", "counter") else frozenset()


def measure_of(table: Table) -> Measure:
    """Compile what a table by amounts looks at, where that is the same for all lines."""
    if table.by in _OF_RECEIPT:
        return _OF_RECEIPT[table.by]
    period = read_period(table.window)
    if table.by == "counter":
        return _counter(table.counter or "", period)
    if table.by == "turnover" and period.kind is WindowKind.LIFETIME:
        return _turnover
    track = Track("turnover" if table.by == "turnover" else "visits", period)

    def measure(facts: Facts, _lines: Sequence[Line]) -> int:
        member = facts.member
        return _NOBODY if member is None else counted(track, member, facts.counted_on)

    return measure


def _counter(name: str, period: Period) -> Measure:
    def measure(facts: Facts, _lines: Sequence[Line]) -> int:
        member = facts.member
        if member is None:
            return _NOBODY
        return count_of(name, member.history.uses, period, facts.day)

    return measure


def _turnover(facts: Facts, _lines: Sequence[Line]) -> int:
    return _NOBODY if facts.member is None else facts.member.turnover_minor


_OF_RECEIPT: Final[dict[str, Measure]] = {
    "receipt_sum": lambda facts, _lines: facts.sum_minor,
    "eligible_sum": lambda _facts, lines: sum(line.base_minor for line in lines),
    "eligible_quantity": lambda _facts, lines: pieces(sum(line.quantity for line in lines)),
}
OF_LINES: Final[dict[str, Callable[[Line], int]]] = {
    "line_quantity": lambda line: pieces(line.quantity),
    "line_price": lambda line: line.price_minor,
}
