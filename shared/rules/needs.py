"""What it would take for a rule's conditions to hold, as data: needed, and what there is."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import product
from typing import Final

from shared.basket import Line
from shared.rules.condition_model import Condition
from shared.rules.conditions import (
    conjuncts,
    found,
    found_on,
    line_test,
    needed,
    reads_lines,
    reads_receipt,
    receipt_test,
)
from shared.rules.facts import Facts
from shared.rules.goods_tests import Lists
from shared.rules.grammar import Window
from shared.rules.result import Need, Ways

WAYS_MAX: Final = 8
WORDS_MAX: Final = 20
MET: Final[Ways] = ((),)
NOT: Final = "not "

Wants = Callable[[Facts], Ways]


def wants_of(window: Window, condition: Condition | None, lists: Lists) -> Wants:
    """Compile what a rule would take of a receipt: the ways to its conditions, cheapest first.

    Each way is everything that is missing together; an empty way tells that nothing is. At most
    `WAYS_MAX` ways and `WORDS_MAX` words of each operand are named.
    """
    must_hold = conjuncts(condition)
    of_receipt = [_wanted(part, lists, "") for part in must_hold if not reads_lines(part)]
    of_lines = [part for part in must_hold if reads_lines(part)]
    parts = [_in_window(window), *of_receipt]
    if of_lines:
        parts.append(_on_a_line(of_lines, lists))
    return _every(parts)


def _wanted(condition: Condition, lists: Lists, sense: str) -> Wants:
    """Compile a condition, or in the sense `NOT` its opposite."""
    if condition.not_ is not None:
        return _wanted(condition.not_, lists, "" if sense else NOT)
    inner = condition.all_ or condition.any_
    if inner is not None:
        parts = [_wanted(part, lists, sense) for part in inner]
        return _every(parts) if (condition.all_ is not None) != bool(sense) else _either(parts)
    if not reads_receipt(condition):
        missing = ((Need(sense + condition.operator, _needed(condition), ()),),)
        return lambda _facts: missing
    return _of_receipt(condition, lists, sense)


def _of_receipt(condition: Condition, lists: Lists, sense: str) -> Wants:
    operator, asked = condition.operator, _needed(condition)
    holds = receipt_test(condition, lists)

    def ask(facts: Facts) -> Ways:
        if holds(facts) != bool(sense):
            return MET
        has = found(condition, lists, facts)
        return ((Need(sense + operator, asked, has if isinstance(has, int) else _few(has)),),)

    return ask


def _on_a_line(must_hold: Sequence[Condition], lists: Lists) -> Wants:
    """Compile conditions on goods: what is missing is what the nearest line misses."""
    parts = [(line_test(part, lists), _wanted(part, lists, "")) for part in must_hold]

    def ask(facts: Facts) -> Ways:
        nearest = [wanted for _, wanted in parts]
        for line in facts.receipt.lines:
            missing = [wanted for holds, wanted in parts if not holds(facts, line)]
            if not missing:
                return MET
            nearest = min(nearest, missing, key=len)
        return _every(nearest)(facts)

    return ask


def ways_of_line(condition: Condition | None, lists: Lists, facts: Facts, line: Line) -> Ways:
    """Return what the goods conditions of a rule would take of one line."""
    must_hold = [part for part in conjuncts(condition) if reads_lines(part)]
    missing = [part for part in must_hold if not line_test(part, lists)(facts, line)]
    ways = _every([_wanted(part, lists, "") for part in missing])(facts)
    return tuple(tuple(_seen(need, line) for need in way) for way in ways)


def _seen(need: Need, line: Line) -> Need:
    """Fill in what a line has, where a need asks of goods."""
    seen = found_on(need.condition.removeprefix(NOT), line)
    if isinstance(seen, int):
        return replace(need, has=seen)
    return replace(need, has=_few(seen)) if seen else need


def _in_window(window: Window) -> Wants:
    first, last = window.first, window.last

    def ask(facts: Facts) -> Ways:
        today = (facts.day.isoformat(),)
        if first is not None and facts.day < first:
            return ((Need("day_from", (first.isoformat(),), today),),)
        if last is not None and facts.day > last:
            return ((Need("day_to", (last.isoformat(),), today),),)
        return MET

    return ask


def _every(parts: Iterable[Wants]) -> Wants:
    asked = tuple(parts)

    def ask(facts: Facts) -> Ways:
        ways = MET
        for part in asked:
            more = part(facts)
            if more is not MET:
                ways = tuple(one + other for one, other in product(ways, more))[:WAYS_MAX]
        return ways

    return ask


def _either(parts: Iterable[Wants]) -> Wants:
    asked = tuple(parts)

    def ask(facts: Facts) -> Ways:
        found_ways = [part(facts) for part in asked]
        if any(() in ways for ways in found_ways):
            return MET
        return tuple(sorted((way for ways in found_ways for way in ways), key=len)[:WAYS_MAX])

    return ask


def _needed(condition: Condition) -> int | tuple[str, ...]:
    asked = needed(condition)
    return asked if isinstance(asked, int) else _few(asked)


def _few(words: tuple[str, ...]) -> tuple[str, ...]:
    return words[:WORDS_MAX]
