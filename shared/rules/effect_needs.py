"""What it would take for a rule that fits but gives nothing: more goods, a larger sum, a tier."""

from collections.abc import Iterator, Sequence
from typing import Final

from shared.basket import Line
from shared.points import POINT
from shared.rules.bundles import missing_pieces
from shared.rules.facts import Facts
from shared.rules.model import Pack, Rule
from shared.rules.needs import MET, ways_of_line
from shared.rules.price_model import BundleEffect, DiscountEffect, Table
from shared.rules.result import Need, Ways
from shared.rules.table_rows import OF_LINES, measure_of

GOODS_SUM, LINE_SUM, GOODS_PIECES, PART_PIECES = (
    "goods_sum",
    "line_sum",
    "goods_pieces",
    "part_pieces",
)
"""Needs that are no operators: of all goods that the rule fits, of one line, or of a part of its
bundle."""
_MEMBER: Final = Need("member", ("known",), ("unknown",))
_OF_RECEIPT: Final = {
    "receipt_sum": "receipt_sum_from",
    "eligible_sum": GOODS_SUM,
    "eligible_quantity": GOODS_PIECES,
}
_METRICS: Final = {"turnover": "turnover", "purchases": "purchases"}


def effect_ways(pack: Pack, facts: Facts, rule: Rule) -> Ways:
    """Return what the effects of an open rule would take of a receipt that it gives nothing."""
    lines = [
        line
        for line in facts.open_lines
        if ways_of_line(rule.condition, pack.lists, facts, line) == MET
    ]
    needs = tuple(need for effect in rule.then for need in _needs(pack, facts, effect, lines))
    needs += tuple(_of_full_sums(pack, rule, lines))
    return (needs,) if needs else ()


def _needs(pack: Pack, facts: Facts, effect: object, lines: Sequence[Line]) -> Iterator[Need]:
    if isinstance(effect, BundleEffect):
        for part, has in missing_pieces(effect, pack.lists, facts, lines):
            yield Need(PART_PIECES, (str(part.pieces * POINT), *(part.goods or ())), has * POINT)
    elif isinstance(effect, DiscountEffect):
        if effect.tier_percent is not None and facts.member is None:
            yield _MEMBER
        if effect.table is not None:
            yield from _of_table(pack.tables[effect.table], facts, lines)


def _of_full_sums(pack: Pack, rule: Rule, lines: Sequence[Line]) -> Iterator[Need]:
    """Yield what is missing to the first full sum: of all lines in a group of the receipt."""
    every = [one.every_minor for one in rule.then if isinstance(one, DiscountEffect)]
    bases = [line.base_minor for line in lines]
    of_receipt = any(
        rule.id in group.children for group in pack.stacking if group.scope == "receipt"
    )
    for sum_minor in every:
        if sum_minor is not None and of_receipt:
            yield from _more(GOODS_SUM, sum_minor, sum(bases))
        elif sum_minor is not None:
            yield from _more(LINE_SUM, sum_minor, max(bases, default=0))


def _of_table(table: Table, facts: Facts, lines: Sequence[Line]) -> Iterator[Need]:
    """Yield what is missing to the first row."""
    if table.by in OF_LINES:
        return
    if table.by not in _OF_RECEIPT and facts.member is None:
        yield _MEMBER
    elif table.by == "tier":
        tier = () if facts.tier is None else (facts.tier.id,)
        named = tuple(row.tier for row in table.rows if row.tier is not None)
        if not set(tier) & set(named):
            yield Need("tier_in", named, tier)
    elif table.by == "segment":
        yield from _segments(table, facts)
    else:
        yield from _of_amounts(table, facts, lines)


def _segments(table: Table, facts: Facts) -> Iterator[Need]:
    named = tuple(row.segment for row in table.rows if row.segment is not None)
    has = frozenset[str]() if facts.member is None else facts.member.segments
    if has.isdisjoint(named):
        yield Need("segment_in", named, tuple(sorted(has)))


def _of_amounts(table: Table, facts: Facts, lines: Sequence[Line]) -> Iterator[Need]:
    least, has = table.rows[0].from_minor or 0, measure_of(table)(facts, lines)
    if (of_receipt := _OF_RECEIPT.get(table.by)) is not None:
        yield from _more(of_receipt, least, has)
    elif has < least:
        of = _METRICS.get(table.by, table.counter or "")
        yield Need("counted", (of, table.window, str(least)), (str(has),))


def _more(condition: str, least: int, has: int) -> Iterator[Need]:
    if has < least:
        yield Need(condition, least, has)
