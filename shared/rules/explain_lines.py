"""Why a rule that is open to a receipt does nothing for one of its lines."""

from collections.abc import Iterable, Sequence
from typing import Final

from shared.basket import Line
from shared.rules.compile import CompiledPack, goods_part
from shared.rules.finding import Finding, moved
from shared.rules.model import Rule
from shared.rules.needs import MET, ways_of_line
from shared.rules.phases.cap import most
from shared.rules.phases.draft import Benefit, Draft, Item
from shared.rules.phases.normalise import closed_by
from shared.rules.points_terms import EarnEffect, RedeemEffect
from shared.rules.result import EffectKind, Evaluation, PricedLine, Sentence
from shared.rules.sentences import rubles, say
from shared.rules.wording import Wording

_EARNS: Final = frozenset({"earn", "earn_times"})


def lines_left_out(
    pack: CompiledPack, draft: Draft, evaluation: Evaluation, rule: Rule, told: Iterable[Finding]
) -> list[Finding]:
    """Return the lines that an open rule did nothing for, each with the reason."""
    met = {finding.line_no for finding in told}
    items = {item.line.no: item for item in draft.items}
    rows = {row.no: row for row in evaluation.lines}
    found = []
    for line in draft.facts.receipt.lines:
        if line.no in met:
            continue
        ways = ways_of_line(rule.condition, pack.source.lists, draft.facts, line)
        item = items.get(line.no)
        if item is None:
            found.append(Finding(rule.id, line.no, say("line_out")))
        elif ways != MET:
            found.append(Finding(rule.id, line.no, say("not_this_line"), ways=ways))
        else:
            reason = closed(pack, draft, item, rule) or _open(
                pack, draft, evaluation, rule, item, rows[line.no]
            )
            found.append(Finding(rule.id, line.no, reason))
    return found


def closed(pack: CompiledPack, draft: Draft, item: Item, rule: Rule) -> Sentence | None:
    """Return what closes a line to all that a rule gives, if something does."""
    benefits = _benefits(rule)
    if not all(benefit in item.closed for benefit in benefits):
        return None
    return closed_by(pack, item.line.goods, benefits[0], draft.facts.moment)


def _benefits(rule: Rule) -> Sequence[Benefit]:
    return [_benefit(effect.effect) for effect in rule.then]


def _benefit(effect: str) -> Benefit:
    if effect in _EARNS:
        return Benefit.EARN
    return Benefit.REDEEM if effect == "redeem" else Benefit.DISCOUNT


def _open(
    pack: CompiledPack,
    draft: Draft,
    evaluation: Evaluation,
    rule: Rule,
    item: Item,
    row: PricedLine,
) -> Sentence:
    for effect in rule.then:
        if isinstance(effect, RedeemEffect):
            covered = _covered(pack, draft, evaluation, effect, item.line)
            return covered or _room(pack, evaluation, item, row)
        if isinstance(effect, EarnEffect) and not row.payable_minor:
            return say("nothing_paid")
    return say("no_effect_line")


def _covered(
    pack: CompiledPack, draft: Draft, evaluation: Evaluation, effect: RedeemEffect, line: Line
) -> Sentence | None:
    """Say that points pay only for what another rule does not cover, where it covers the line."""
    other = next((rule for rule in pack.source.rules if rule.id == effect.complement_of), None)
    if other is None:
        return None
    if effect.complement_by == "goods":
        covers = goods_part(other, pack.source.lists)(draft.facts, line)
    else:
        covers = any(move.rule == other.id for move in moved(evaluation, line.no))
    title = Wording(other.title.ru, other.title.en)
    return say("covered", title=title) if covers else None


def _room(pack: CompiledPack, evaluation: Evaluation, item: Item, row: PricedLine) -> Sentence:
    """Say that points might pay for a line, or that its price is the least already."""
    change = sum(
        amount
        for effect in evaluation.effects
        if effect.kind is EffectKind.CHANGE
        for no, amount in effect.allocations
        if no == row.no
    )
    off = row.discount_minor - change
    room = row.base_minor - off - item.floor_minor
    caps = pack.price_side.caps
    if caps.points == "counted":
        room = min(room, most(row.base_minor, caps.line, caps.line_amount) - off)
    return say("points_may_pay", amount=rubles(room)) if room > 0 else say("at_least_price")
