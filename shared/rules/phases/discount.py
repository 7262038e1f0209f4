"""Phase 2: the stacking tree over each line."""

from typing import Final

from shared.rules.compile import CompiledPack
from shared.rules.index import LineRule
from shared.rules.phases.draft import Benefit, Draft, Item, Phase, Span
from shared.rules.result import EffectKind
from shared.rules.sentences import say
from shared.rules.stacking import Path, alone, resolve

_NO_GOODS: Final = say("no_goods")
_NO_EFFECT: Final = say("no_effect")
_OUTWEIGHED: Final = say("outweighed")
_AT_FLOOR: Final = say("at_floor")


def discount(pack: CompiledPack, draft: Draft) -> None:
    """Lower each line by what the tree chooses for it; one effect for each rule that did."""
    rules: dict[Path, LineRule] = {}
    for item in draft.items:
        if Benefit.DISCOUNT not in item.closed:
            _lower(pack, draft, item, rules)
    for rule in sorted(rules.values(), key=lambda rule: rule.place):
        if cuts := draft.cuts.get(rule.id):
            draft.add_effect(EffectKind.DISCOUNT, rule, list(cuts.items()))


def _lower(pack: CompiledPack, draft: Draft, item: Item, rules: dict[Path, LineRule]) -> None:
    rates: dict[Path, int] = {}
    for rule in pack.discounts.of(item.line.goods):
        if rate_bp := _rate(draft, item, rule):
            path = pack.paths[rule.id]
            rates[path] = rate_bp
            rules[path] = rule
    if not rates:
        return
    on, room = item.sum_minor, item.room_minor
    for part in resolve(pack.tree, rates, on=on, room=room):
        del rates[part.path]
        _take(draft, item, rules[part.path], part.amount)
    for path, rate_bp in rates.items():
        span = (on, on - alone(rate_bp, on=on, room=room))
        _explain_loser(draft, item, rules[path], span)


def _rate(draft: Draft, item: Item, rule: LineRule) -> int:
    """Return the basis points of a rule for a line; why there are none is kept."""
    if not draft.open(rule):
        return 0
    if not rule.matches(draft.facts, item.line):
        draft.did_nothing(rule, _NO_GOODS)
        return 0
    rate_bp = rule.rate(draft.facts, item.line)
    if not rate_bp:
        draft.did_nothing(rule, _NO_EFFECT)
    return rate_bp


def _take(draft: Draft, item: Item, rule: LineRule, amount_minor: int) -> None:
    before, no = item.sum_minor, item.line.no
    item.cut(amount_minor)
    cuts = draft.cuts.setdefault(rule.id, {})
    cuts[no] = cuts.get(no, 0) + amount_minor
    span = (before, item.sum_minor)
    draft.note(Phase.DISCOUNT, rule.applied, rule=rule.id, line=no, span=span)
    if item.floor_minor and not item.room_minor:
        draft.note(Phase.DISCOUNT, _AT_FLOOR, rule=rule.id, line=no, span=(span[1], span[1]))


def _explain_loser(draft: Draft, item: Item, rule: LineRule, span: Span) -> None:
    reason = _OUTWEIGHED if span[0] != span[1] else _NO_EFFECT
    draft.gave_way(rule, reason)
    draft.note(Phase.DISCOUNT, reason, rule=rule.id, line=item.line.no, span=span)
