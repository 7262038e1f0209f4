"""What a rule offers the lines that it fits: percents, amounts and prices compiled to functions."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Literal

from shared.basket import QUANTITY_ONE, Line
from shared.money import WHOLE_BP, round_half_up
from shared.rules.counters import LIFETIME, ONE, count_of
from shared.rules.facts import Facts
from shared.rules.goods_tests import LineTest, Lists, goods_test
from shared.rules.grammar import Rated
from shared.rules.model import Pack
from shared.rules.price_model import REST, DiscountEffect, Table
from shared.rules.stacking import Offer, Together, alone
from shared.rules.table_rows import row_finder

Offers = Callable[[Facts, Sequence[Line]], Sequence[Offer]]
"""Gives each of the lines that fit a rule its offer; 0 is nothing."""

Values = Callable[[Facts, Sequence[Line]], Sequence[int]]
Scope = Literal["line", "receipt"]


def discount_offers(pack: Pack, effect: DiscountEffect, scope: Scope) -> Offers:
    """Compile a discount for a group of a scope."""
    offers = _all_pieces(pack, effect, scope)
    if effect.pieces_max is None:
        return offers
    return _first_pieces(offers, effect.pieces_max * QUANTITY_ONE)


def _first_pieces(offers: Offers, most: int) -> Offers:
    """Offer the first units of the lines only, in all at most so many thousandths."""

    def limited(facts: Facts, lines: Sequence[Line]) -> Sequence[Offer]:
        left, taken = most, list[Line]()
        for line in lines:
            if part := min(left, line.quantity):
                taken.append(replace(line, quantity=part))
                left -= part
        rest = [0] * (len(lines) - len(taken))
        found = zip(offers(facts, taken), taken, lines, strict=False)
        return [*(_on_part(offer, part, line) for offer, part, line in found), *rest]

    return limited


def _on_part(offer: Offer, taken: Line, line: Line) -> Offer:
    """Offer on a part of a line's quantity; an amount off the receipt has no parts."""
    if isinstance(offer, Together) or offer == 0 or taken.quantity == line.quantity:
        return offer

    def cut(on: int) -> int:
        part = round_half_up(on * taken.quantity, line.quantity)
        return alone(offer, on=part, room=part)

    return cut


def _all_pieces(pack: Pack, effect: DiscountEffect, scope: Scope) -> Offers:
    if effect.price_minor is not None:
        to_minor = effect.price_minor
        return lambda _facts, lines: [_down_to(line, to_minor) for line in lines]
    if effect.amount_minor is not None:
        return _fixed(effect.amount_minor, effect.every_minor, scope)
    if effect.table is not None:
        table = pack.tables[effect.table]
        values = table_values(table, pack.lists)
        return _amounts(values, scope) if table.rows[0].amounts else values
    rates = percent_values(effect.percent, effect.tier_percent)
    return rates if effect.nth is None else _nth(rates, effect.nth, effect.counter)


def _fixed(off_minor: int, every_minor: int | None, scope: Scope) -> Offers:
    if every_minor is not None:
        return _for_every(off_minor, every_minor, scope)
    return _amounts(lambda _facts, lines: [off_minor] * len(lines), scope)


def rated_offers(effect: Rated) -> Offers:
    """Compile an effect of a plain percent."""
    return percent_values(effect.percent, effect.tier_percent)


def percent_values(percent: int | None, tier_percent: str | None) -> Values:
    """Compile a percent of its own, or the one that the member's tier names."""
    if percent is not None:
        return lambda _facts, lines: [percent] * len(lines)
    name = tier_percent or ""

    def of_tier(facts: Facts, lines: Sequence[Line]) -> Sequence[int]:
        return [0 if facts.tier is None else facts.tier.percents[name]] * len(lines)

    return of_tier


def table_values(table: Table, lists: Lists) -> Values:
    """Compile a table: the value of its row and of the first column that a line belongs to.

    A sum below the first row, a member without such a tier and goods of no column have 0.
    """
    rows = [row.percents or row.amounts for row in table.rows]
    places_of = row_finder(table)
    columns = [_column(name, lists) for name in table.columns]

    def cell(facts: Facts, place: int, line: Line) -> int:
        if place < 0:
            return 0
        return _cell(rows[place], columns, facts, line) if columns else rows[place][0]

    def values(facts: Facts, lines: Sequence[Line]) -> Sequence[int]:
        places = places_of(facts, lines)
        return [cell(facts, place, line) for place, line in zip(places, lines, strict=True)]

    return values


def _cell(row: Sequence[int], columns: Sequence[LineTest], facts: Facts, line: Line) -> int:
    pairs = zip(row, columns, strict=True)
    return next((value for value, fits in pairs if fits(facts, line)), 0)


def _column(name: str, lists: Lists) -> LineTest:
    if name == REST:
        return lambda _facts, _line: True
    return goods_test((name,), lists)


def _amounts(values: Values, scope: Scope) -> Offers:
    """Take an amount off each unit, or once off the receipt: then the largest value counts."""
    if scope == "line":
        return lambda facts, lines: [
            _off(line, value) for line, value in zip(lines, values(facts, lines), strict=True)
        ]

    def once(facts: Facts, lines: Sequence[Line]) -> Sequence[Offer]:
        found = values(facts, lines)
        most = max(found)
        together = Together(lambda sums: (most, sums))
        return [together if value else 0 for value in found]

    return once


def _for_every(off_minor: int, every_minor: int, scope: Scope) -> Offers:
    """Take an amount off for each full sum: of each line, or of all lines that fit."""

    def of_lines(_facts: Facts, lines: Sequence[Line]) -> Sequence[Offer]:
        return [_at_most(off_minor * (line.base_minor // every_minor)) for line in lines]

    def of_receipt(_facts: Facts, lines: Sequence[Line]) -> Sequence[Offer]:
        off = off_minor * (sum(line.base_minor for line in lines) // every_minor)
        return [Together(lambda sums: (off, sums)) if off else 0 for _ in lines]

    return of_lines if scope == "line" else of_receipt


def _at_most(off: int) -> Offer:
    return (lambda on: min(on, off)) if off else 0


def _off(line: Line, amount_minor: int) -> Offer:
    return _at_most(round_half_up(amount_minor * line.quantity, QUANTITY_ONE))


def _down_to(line: Line, price_minor: int) -> Offer:
    target = round_half_up(price_minor * line.quantity, QUANTITY_ONE)
    return lambda on: max(0, on - target)


def _nth(rates: Values, nth: int, counter: str | None) -> Offers:
    return _every_nth(rates, nth) if counter is None else _every_nth_counted(rates, nth, counter)


def _every_nth(rates: Values, nth: int) -> Offers:
    def offers(facts: Facts, lines: Sequence[Line]) -> Sequence[Offer]:
        found = zip(lines, rates(facts, lines), strict=True)
        return [_of_pieces(line, rate_bp, nth) for line, rate_bp in found]

    return offers


def _every_nth_counted(rates: Values, nth: int, counter: str) -> Offers:
    """Count the pieces of a receipt on from those that the member had; nobody has none."""

    def offers(facts: Facts, lines: Sequence[Line]) -> Sequence[Offer]:
        if facts.member is None:
            return [0] * len(lines)
        had = count_of(counter, facts.member.history.uses, LIFETIME, facts.day) // ONE
        free = _due(nth, had, sum(_pieces(line) for line in lines))
        counts = _cheapest(lines, free)
        found = zip(lines, counts, rates(facts, lines), strict=True)
        return [_share_off(count * rate_bp, _pieces(line)) for line, count, rate_bp in found]

    return offers


def _due(nth: int, had: int, more: int) -> int:
    """Return how many of `more` pieces are an n-th one, after `had` of them."""
    return (had + more) // nth - had // nth


def _cheapest(lines: Sequence[Line], count: int) -> list[int]:
    """Choose so many of the cheapest pieces; of equals those on later lines."""
    chosen = [0] * len(lines)
    for place in sorted(range(len(lines)), key=lambda i: (lines[i].price_minor, -i)):
        chosen[place] = min(count, _pieces(lines[place]))
        count -= chosen[place]
    return chosen


def _of_pieces(line: Line, rate_bp: int, nth: int) -> Offer:
    """Take the percent off every n-th piece."""
    return _share_off(_pieces(line) // nth * rate_bp, _pieces(line))


def _pieces(line: Line) -> int:
    """Return the pieces of a line; what is weighed has none."""
    pieces, rest = divmod(line.quantity, QUANTITY_ONE)
    return 0 if rest else pieces


def _share_off(weight: int, pieces: int) -> Offer:
    return partial(_share_of_pieces, weight, pieces * WHOLE_BP) if weight else 0


def _share_of_pieces(numerator: int, denominator: int, on: int) -> int:
    return round_half_up(on * numerator, denominator)
