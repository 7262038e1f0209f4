"""Rows of a table in words: where a band begins, and its values by lists of goods."""

from collections.abc import Iterator
from typing import Final

from shared.rules.condition_words import count_words
from shared.rules.counting import count_points
from shared.rules.plain.clause import Clause, Facet, Form, Telling
from shared.rules.plain.voice import Voice
from shared.rules.points_terms import EarnEffect
from shared.rules.price_model import REST, DiscountEffect, Table, TableRow
from shared.rules.sentences import percent, rubles, shorten, spoken
from shared.rules.wording import Wording

_FROM: Final = Wording("от {start}: {{}}", "from {start}: {{}}")
_TIER: Final = Wording("уровень {name}: {{}}", "tier {name}: {{}}")
_SEGMENT: Final = Wording("сегмент {name}: {{}}", "segment {name}: {{}}")
_SEGMENTS: Final = Wording("сегменты {}", "segments {}")
_PIECES: Final = Wording("{count} шт.", "{count} pcs.")
REST_WORDS: Final = Wording("остальное", "the rest")
_OF_SUMS: Final = frozenset({"receipt_sum", "eligible_sum", "line_price"})
_OF_PIECES: Final = frozenset({"eligible_quantity", "line_quantity"})


def rows(voice: Voice, table: Table, owner: str) -> Iterator[Facet]:
    """Tell each row; the owner is the table's name, by which its users tell the unit of amounts."""
    for row in table.rows:
        template = _band(voice, table, row)
        yield (
            f"row.{row.tier or row.segment or row.from_minor}",
            Clause(template, tuple(_cells(voice, table, row, owner)), Form.ROW),
        )
    segments = tuple(row.segment for row in table.rows if row.segment is not None)
    if segments:
        label = spoken(_SEGMENTS, voice.lang)
        yield "segments", Clause(label, segments, Form.ORDER, Telling.IF_CHANGED)


def _band(voice: Voice, table: Table, row: TableRow) -> str:
    if row.tier is not None:
        return voice.say(_TIER, name=voice.called("tiers", row.tier))
    if row.segment is not None:
        return voice.say(_SEGMENT, name=row.segment)
    return voice.say(_FROM, start=_start(voice, table, row.from_minor or 0))


def _start(voice: Voice, table: Table, amount: int) -> str:
    if table.by in _OF_SUMS:
        return rubles(amount)
    if table.by in _OF_PIECES:
        return voice.say(_PIECES, count=shorten(amount))
    return count_words(table.counter or table.by, amount, voice.pack, voice.lang)


def _cells(voice: Voice, table: Table, row: TableRow, owner: str) -> Iterator[str]:
    values = [percent(rate_bp) for rate_bp in row.percents]
    values += [_amount(voice, amount, owner) for amount in row.amounts]
    if not table.columns:
        yield from values
        return
    for column, value in zip(table.columns, values, strict=False):
        name = voice.say(REST_WORDS) if column == REST else voice.called("lists", column)
        yield f"{name} {value}"


def _amount(voice: Voice, amount: int, table: str) -> str:
    """Write an amount as points where points are earned by the table, as money where it is off."""
    users = {
        type(effect)
        for rule in voice.pack.rules
        for effect in rule.then
        if getattr(effect, "table", None) == table
    }
    if users == {EarnEffect}:
        return spoken(count_points(amount), voice.lang)
    return rubles(amount) if users == {DiscountEffect} else shorten(amount)
