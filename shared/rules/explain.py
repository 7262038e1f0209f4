"""Why each rule did what it did on each line of a receipt, and what it would have taken.

An answer's own trace comes first; what it has no step for (rules that an index never met, lines
that a rule does not fit) is found from the pack.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from shared.rules.facts import Facts
from shared.rules.model import OnceGrantRule, Pack, Rule
from shared.rules.needs import MET, wants_of, ways_of_line
from shared.rules.phases.draft import Phase
from shared.rules.result import Evaluation, Rejected, Sentence, Ways
from shared.rules.sentences import say

_OF_POINTS: Final = frozenset({"redeem", "earn", "earn_times"})
RECEIPT: Final = 0
"""The number of the line that stands for the whole receipt."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of a rule on a line (or on the receipt), and what would have changed that.

    The numbers are those of the phase: kopecks before and after, or for `earn` points.
    """

    rule: str
    line_no: int
    reason: Sentence
    before: int = 0
    after: int = 0
    ways: Ways = ()


def findings(pack: Pack, facts: Facts, evaluation: Evaluation) -> tuple[Finding, ...]:
    """Return findings by rule in declared order, the receipt before its lines."""
    full = replace(evaluation, rejected=with_ways(pack, facts, evaluation.rejected))
    return tuple(
        finding for rule in pack.conditional for finding in _of_rule(pack, facts, full, rule)
    )


def from_trace(evaluation: Evaluation) -> tuple[Finding, ...]:
    """Return what an answer alone tells, for a receipt whose pack is gone."""
    steps = [
        Finding(step.rule, step.line_no, step.reason, step.before, step.after)
        for step in evaluation.trace
        if step.rule
    ]
    refused = [
        Finding(rejected.rule, RECEIPT, rejected.reason, ways=rejected.ways)
        for rejected in evaluation.rejected
    ]
    return (*steps, *refused)


def with_ways(pack: Pack, facts: Facts, rejected: Iterable[Rejected]) -> tuple[Rejected, ...]:
    """Return rules that did not apply with what they would have taken of the receipt.

    The kernel does not look for it: nobody reads it of most receipts, and the pack, the member's
    view, the receipt and the moment give it whenever somebody does.
    """
    asked = {rule.id: rule for rule in pack.conditional}
    return tuple(replace(one, ways=_unmet(pack, facts, asked[one.rule])) for one in rejected)


def _of_rule(
    pack: Pack, facts: Facts, evaluation: Evaluation, rule: Rule | OnceGrantRule
) -> Iterator[Finding]:
    told = [finding for finding in from_trace(evaluation) if finding.rule == rule.id]
    if told:
        yield from sorted(told, key=lambda finding: finding.line_no)
    else:
        unmet = _unmet(pack, facts, rule)
        yield Finding(rule.id, RECEIPT, _untold(facts, rule, unmet), ways=unmet)
    if rule.id in evaluation.applied and isinstance(rule, Rule):
        yield from _lines_left_out(pack, facts, evaluation, rule)


def _unmet(pack: Pack, facts: Facts, rule: Rule | OnceGrantRule) -> Ways:
    ways = wants_of(rule.when, rule.condition, pack.lists)(facts)
    return () if ways == MET else ways


def _untold(facts: Facts, rule: Rule | OnceGrantRule, unmet: Ways) -> Sentence:
    """Return why a rule did nothing where the answer has no word of it."""
    if facts.member is None and (isinstance(rule, OnceGrantRule) or _only_points(rule)):
        return say("nobody")
    return say("no_goods" if unmet else "no_effect")


def _only_points(rule: Rule) -> bool:
    return all(effect.effect in _OF_POINTS for effect in rule.then)


def _lines_left_out(
    pack: Pack, facts: Facts, evaluation: Evaluation, rule: Rule
) -> Iterator[Finding]:
    """Yield the lines that a rule passed by though it did something elsewhere."""
    closed = {s.line_no: s.reason for s in evaluation.trace if s.phase == Phase.NORMALISE}
    met = {step.line_no for step in evaluation.trace if step.rule == rule.id}
    given = (effect.allocations for effect in evaluation.effects if effect.rule == rule.id)
    met |= {no for allocations in given for no, _ in allocations}
    for line in facts.receipt.lines:
        if line.no in met:
            continue
        ways = ways_of_line(rule.condition, pack.lists, facts, line)
        if ways != MET:
            yield Finding(rule.id, line.no, say("not_this_line"), ways=ways)
        elif line.no in closed:
            yield Finding(rule.id, line.no, closed[line.no])
