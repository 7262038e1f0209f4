"""Why each rule did what it did on each line of a receipt, and what it would have taken.

An answer's own trace comes first; what it has no step for (rules that an index never met, lines
that a rule does not fit) is found from the pack.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Final

from shared.receipt import Receipt, Redeem
from shared.rules.code_needs import code_ways
from shared.rules.compile import CompiledPack, gate_of
from shared.rules.effect_needs import effect_ways
from shared.rules.explain_lines import lines_left_out
from shared.rules.facts import Facts
from shared.rules.finding import RECEIPT, Answered, Finding
from shared.rules.model import OnceGrantRule, Pack, Rule
from shared.rules.needs import MET, wants_of
from shared.rules.once import next_days
from shared.rules.phases.draft import Draft
from shared.rules.phases.normalise import normalise
from shared.rules.points_terms import RedeemEffect
from shared.rules.result import EffectKind, Evaluation, Need, Rejected, Sentence, Ways
from shared.rules.sentences import rubles, say
from shared.rules.told import from_trace
from shared.rules.what_if import tried

_OF_MEMBERS: Final = frozenset({"redeem", "earn", "earn_times", "entitlement"})
_LOWERING: Final = frozenset({EffectKind.PRICE, EffectKind.DISCOUNT})
_NO_WAY: Final = frozenset({"used_up", "budget_spent", "store_spent", "till_spent"})
_GATES: Final = frozenset({"condition", "not_yet", "ended"}) | _NO_WAY
"""Reasons that close a rule to a receipt, whatever its lines are."""


def findings(answered: Answered) -> tuple[Finding, ...]:
    """Return findings by rule in declared order, the receipt before its lines; then the others'."""
    pack, evaluation = answered.pack, answered.evaluation
    draft = normalise(pack, answered.member, answered.receipt, answered.moment)
    full = replace(evaluation, rejected=with_ways(pack.source, draft.facts, evaluation.rejected))
    told = defaultdict[str, list[Finding]](list)
    titles = {rule.id: rule.title for rule in pack.source.conditional}
    for finding in from_trace(full, titles):
        told[finding.rule].append(finding)
    by_rule = [
        finding
        for rule in pack.source.conditional
        for finding in _of_rule(pack, draft, full, rule, told[rule.id])
    ]
    others = [
        replace(finding, ways=code_ways(pack.codes, draft.facts, finding.subject))
        if finding.phase == "codes"
        else finding
        for finding in told[""]
    ]
    return tuple(tried(answered, [*by_rule, *others]))


def with_ways(pack: Pack, facts: Facts, rejected: Iterable[Rejected]) -> tuple[Rejected, ...]:
    """Return rules that did not apply with what they would have taken of the receipt.

    The kernel does not look for it: nobody reads it of most receipts, and the pack, the member's
    view, the receipt and the moment give it whenever somebody does.
    """
    asked = {rule.id: rule for rule in pack.conditional}
    return tuple(
        replace(one, ways=_ways(pack, facts, asked[one.rule], one.reason.code)) for one in rejected
    )


def _ways(pack: Pack, facts: Facts, rule: Rule | OnceGrantRule, code: str) -> Ways:
    if code in _NO_WAY:
        return ()
    if code == "not_these_days" and isinstance(rule, OnceGrantRule) and facts.member is not None:
        days = next_days(rule, facts.member, facts.day)
        today = (facts.day.isoformat(),)
        return () if days is None else ((Need("on_days", tuple(map(str, days)), today),),)
    ways = wants_of(rule.when, rule.condition, pack.lists)(facts)
    return () if ways == MET else ways


def _of_rule(
    pack: CompiledPack,
    draft: Draft,
    evaluation: Evaluation,
    rule: Rule | OnceGrantRule,
    told: Sequence[Finding],
) -> Iterator[Finding]:
    if isinstance(rule, OnceGrantRule):
        yield from told or [_untold_grant(draft, rule)]
        return
    found = [*told, *_kept(evaluation, rule, told)] or [_untold(pack, draft, rule)]
    found = [_with_effect(pack.source, draft.facts, rule, finding) for finding in found]
    if _reached_lines(evaluation, rule, found):
        found += lines_left_out(pack, draft, evaluation, rule, found)
    yield from sorted(found, key=attrgetter("line_no"))


def _with_effect(pack: Pack, facts: Facts, rule: Rule, finding: Finding) -> Finding:
    """Add what a rule that fits but gives the receipt nothing would take."""
    if finding.line_no != RECEIPT or finding.reason.code != "no_effect" or finding.ways:
        return finding
    return replace(finding, ways=effect_ways(pack, facts, rule))


def _reached_lines(evaluation: Evaluation, rule: Rule, found: Sequence[Finding]) -> bool:
    """Tell whether a rule came so far that each line has its own reason."""
    codes = {finding.reason.code for finding in found}
    if codes & (_GATES | {"nobody", "other_redeem_rule"}):
        return False
    redeems = any(isinstance(effect, RedeemEffect) for effect in rule.then)
    by_line = any(finding.line_no for finding in found)
    return rule.id in evaluation.applied or redeems or by_line or "no_open_goods" in codes


def _kept(evaluation: Evaluation, rule: Rule, told: Sequence[Finding]) -> Iterator[Finding]:
    """Yield what caps have left of a rule's discounts, where they took some back."""
    given = sum(finding.before - finding.after for finding in told if finding.moves)
    given -= sum(finding.before - finding.after for finding in told if finding.points)
    kept = sum(
        effect.amount
        for effect in evaluation.effects
        if effect.rule == rule.id and effect.kind in _LOWERING
    )
    if kept != given:
        yield Finding(rule.id, RECEIPT, say("kept", given=rubles(given), kept=rubles(kept)))


def _untold(pack: CompiledPack, draft: Draft, rule: Rule) -> Finding:
    """Return why a rule did nothing where the answer has no word of it."""
    facts = draft.facts
    ways = _ways(pack.source, facts, rule, "")
    if (closed := gate_of(rule, pack.source.lists)(facts)) is not None:
        return Finding(rule.id, RECEIPT, closed, ways=ways)
    if facts.member is None and all(effect.effect in _OF_MEMBERS for effect in rule.then):
        return Finding(rule.id, RECEIPT, say("nobody"), ways=ways)
    return Finding(rule.id, RECEIPT, _why_nothing(draft, rule, ways), ways=ways)


def _why_nothing(draft: Draft, rule: Rule, ways: Ways) -> Sentence:
    if ways:
        return say("no_goods")
    if not draft.items:
        return say("empty_receipt")
    if any(isinstance(effect, RedeemEffect) for effect in rule.then):
        return say("asked_is_paid" if _asks_points(draft.facts.receipt) else "not_asked")
    return say("no_open_goods")


def _asks_points(receipt: Receipt) -> bool:
    if receipt.redeem is Redeem.EXACT:
        return receipt.redeem_points > 0
    return receipt.redeem is Redeem.MAXIMUM


def _untold_grant(draft: Draft, rule: OnceGrantRule) -> Finding:
    if rule.on == "registration":
        return Finding(rule.id, RECEIPT, say("at_registration"))
    if draft.facts.member is None:
        return Finding(rule.id, RECEIPT, say("nobody"))
    return Finding(rule.id, RECEIPT, say("empty_receipt"))
