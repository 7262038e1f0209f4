"""Which rules of an index fit which lines of a receipt: asked once for all lines, in one place."""

from typing import Final

from shared.rules.index import LineRule, RuleIndex, any_line
from shared.rules.phases.draft import Benefit, Draft
from shared.rules.sentences import say

_NO_GOODS: Final = say("no_goods")

Fitting = list[tuple[LineRule, list[int]]]
"""Rules in declared order, each with the places of the lines that it fits."""


def fitting(draft: Draft, index: RuleIndex, closed_to: frozenset[Benefit]) -> Fitting:
    """Return the open rules that fit some line; why the others do not is kept.

    Lines that are closed to one of the benefits are passed by.
    """
    lines = [
        (place, item.line)
        for place, item in enumerate(draft.items)
        if closed_to.isdisjoint(item.closed)
    ]
    if not lines:
        return []
    everywhere = [rule for rule in index.everywhere if draft.open(rule)]
    found = {
        rule.place: (rule, [place for place, _ in lines])
        for rule in everywhere
        if rule.matches is any_line
    }
    choosy = [rule for rule in everywhere if rule.place not in found]
    if choosy or index.names_goods:
        facts = draft.facts
        for place, line in lines:
            for rule in (*choosy, *filter(draft.open, index.naming(line.goods))):
                if rule.matches(facts, line):
                    found.setdefault(rule.place, (rule, []))[1].append(place)
                else:
                    draft.did_nothing(rule, _NO_GOODS)
    return [found[place] for place in sorted(found)]
