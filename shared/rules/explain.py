"""Why each rule did what it did on each line of a receipt, and what it would have taken.

An answer's own trace comes first; what it has no step for (rules that an index never met, lines
that a rule does not fit) is found from the pack.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from shared.rules.codes import APPLIED
from shared.rules.conditions import conjuncts, reads_lines, receipt_test
from shared.rules.explain_points import (
    covered,
    earned_by_line,
    not_requested,
    redeem_of,
    when_given,
    why_not_paid,
)
from shared.rules.facts import Facts
from shared.rules.model import OnceGrantRule, Pack, Rule
from shared.rules.needs import MET, wants_of, ways_of_line
from shared.rules.phases.draft import Phase
from shared.rules.points_terms import RedeemEffect
from shared.rules.result import CodeOutcome, Evaluation, Rejected, Sentence, Ways
from shared.rules.sentences import say
from shared.rules.wording import Wording

_OF_POINTS: Final = frozenset({"redeem", "earn", "earn_times"})
_CLOSING: Final = frozenset(
    {"ban_tobacco", "ban_certificate", "ban_service", "ban_pack", "goods_unknown", "line_out"}
)
RECEIPT: Final = 0
"""The number of the line that stands for the whole receipt."""
NO_RULE: Final = ""
"""The rule of what no rule does: caps, the cashier's discount, means of payment, promo codes."""


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
    """Return findings by rule in declared order, the receipt first, then what no rule did."""
    full = replace(evaluation, rejected=with_ways(pack, facts, evaluation.rejected))
    told: dict[str, list[Finding]] = {}
    for finding in from_trace(full):
        told.setdefault(finding.rule, []).append(finding)
    of_rules = (
        finding
        for rule in pack.conditional
        for finding in _of_rule(pack, facts, full, rule, told.get(rule.id, []))
    )
    return (*of_rules, *told.get(NO_RULE, ()))


def from_trace(evaluation: Evaluation) -> tuple[Finding, ...]:
    """Return what an answer alone tells, for a receipt whose pack is gone.

    What no rule did comes last, and the promo codes.
    """
    codes = [Finding(NO_RULE, RECEIPT, told_of_code(one)) for one in evaluation.codes]
    steps = [
        Finding(step.rule, step.line_no, step.reason, step.before, step.after)
        for step in evaluation.trace
    ]
    told = {(step.rule, step.reason.code) for step in steps}
    refused = [
        Finding(rejected.rule, RECEIPT, rejected.reason, ways=rejected.ways)
        for rejected in evaluation.rejected
        if rejected.ways or (rejected.rule, rejected.reason.code) not in told
    ]
    return tuple(sorted((*steps, *refused, *codes), key=lambda found: found.rule == NO_RULE))


def told_of_code(outcome: CodeOutcome) -> Sentence:
    """Say what became of a promo code that was presented."""
    reason = Wording(outcome.reason.ru, outcome.reason.en)
    said = "code_told:taken" if outcome.kind == APPLIED else "code_told"
    return say(said, word=outcome.code, reason=reason)


def with_ways(pack: Pack, facts: Facts, rejected: Iterable[Rejected]) -> tuple[Rejected, ...]:
    """Return rules that did not apply with what they would have taken of the receipt.

    The kernel does not look for it: nobody reads it of most receipts, and the pack, the member's
    view, the receipt and the moment give it whenever somebody does.
    """
    asked = {rule.id: rule for rule in pack.conditional}
    return tuple(replace(one, ways=_unmet(pack, facts, asked[one.rule])) for one in rejected)


def _of_rule(
    pack: Pack,
    facts: Facts,
    evaluation: Evaluation,
    rule: Rule | OnceGrantRule,
    told: list[Finding],
) -> Iterator[Finding]:
    if isinstance(rule, OnceGrantRule):
        told = [_with_days(facts, rule, finding) for finding in told]
    if not told:
        unmet = _unmet(pack, facts, rule)
        reason = _untold(pack, facts, evaluation, rule, unmet)
        told = [Finding(rule.id, RECEIPT, reason, ways=unmet)]
    if isinstance(rule, Rule):
        told += _more_of_points(pack, facts, evaluation, rule)
        if rule.id in evaluation.applied:
            told += _lines_left_out(pack, facts, evaluation, rule)
    yield from sorted(dict.fromkeys(told), key=lambda finding: finding.line_no)


def _with_days(facts: Facts, rule: OnceGrantRule, finding: Finding) -> Finding:
    """Say on which days a yearly grant is given, where it is not one of them."""
    days = when_given(rule, facts) if finding.reason.code == "not_these_days" else None
    return finding if days is None else replace(finding, reason=days)


def _more_of_points(
    pack: Pack, facts: Facts, evaluation: Evaluation, rule: Rule
) -> Iterator[Finding]:
    """Yield what each line has earned, and the lines that points do not pay for."""
    for no, reason in earned_by_line(evaluation, rule):
        yield Finding(rule.id, no, reason)
    effect = redeem_of(rule)
    if effect is not None and facts.member is not None and not _is_closed(pack, facts, rule):
        yield from _of_payment(pack, facts, evaluation, rule, effect)


def _of_payment(
    pack: Pack, facts: Facts, evaluation: Evaluation, rule: Rule, effect: RedeemEffect
) -> Iterator[Finding]:
    """Yield why points do not pay for lines, and that nobody has asked for it."""
    asked = not_requested(facts, evaluation)
    if asked is not None and why_not_paid(pack, facts, evaluation, rule, effect) == asked:
        yield Finding(rule.id, RECEIPT, asked)
    closed = _closed(evaluation)
    found = covered(pack, facts, evaluation, effect)
    kept_out = {no: reason for no, reason in found if no not in closed}
    yield from (Finding(rule.id, no, reason) for no, reason in kept_out.items())
    if rule.id not in evaluation.applied:
        left_out = _lines_left_out(pack, facts, evaluation, rule)
        yield from (finding for finding in left_out if finding.line_no not in kept_out)


def _closed(evaluation: Evaluation) -> dict[int, Sentence]:
    """Return why lines are closed to benefits, by their numbers."""
    return {
        step.line_no: step.reason
        for step in evaluation.trace
        if step.phase == Phase.NORMALISE and step.reason.code in _CLOSING
    }


def _is_closed(pack: Pack, facts: Facts, rule: Rule) -> bool:
    """Tell whether a rule is closed to the whole receipt."""
    asked = [part for part in conjuncts(rule.condition) if not reads_lines(part)]
    in_days = wants_of(rule.when, None, pack.lists)(facts) == MET
    return not in_days or not all(receipt_test(part, pack.lists)(facts) for part in asked)


def _unmet(pack: Pack, facts: Facts, rule: Rule | OnceGrantRule) -> Ways:
    ways = wants_of(rule.when, rule.condition, pack.lists)(facts)
    return () if ways == MET else ways


def _untold(
    pack: Pack,
    facts: Facts,
    evaluation: Evaluation,
    rule: Rule | OnceGrantRule,
    unmet: Ways,
) -> Sentence:
    """Return why a rule did nothing where the answer has no word of it."""
    if isinstance(rule, OnceGrantRule) and rule.on == "registration":
        return say("at_registration")
    if facts.member is None and (isinstance(rule, OnceGrantRule) or _only_points(rule)):
        return say("nobody")
    if unmet:
        return say("no_goods")
    effect = redeem_of(rule)
    if effect is not None and isinstance(rule, Rule):
        return why_not_paid(pack, facts, evaluation, rule, effect)
    return say("no_effect")


def _only_points(rule: Rule) -> bool:
    return all(effect.effect in _OF_POINTS for effect in rule.then)


def _lines_left_out(
    pack: Pack, facts: Facts, evaluation: Evaluation, rule: Rule
) -> Iterator[Finding]:
    """Yield the lines that a rule passed by though it did something elsewhere."""
    closed = _closed(evaluation)
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
