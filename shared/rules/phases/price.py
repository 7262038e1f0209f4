"""Phase 1: what the cashier took off, then prices for members and closed sales."""

from shared.basket import QUANTITY_ONE
from shared.money import round_half_up
from shared.rules.compile import CompiledPack
from shared.rules.index import LineRule
from shared.rules.phases.draft import Benefit, Draft, Item, Phase
from shared.rules.result import EffectKind
from shared.rules.sentences import rubles, say


def price(pack: CompiledPack, draft: Draft) -> None:
    """Lower each line to the lowest price that its buyer may have, never below the floor."""
    asked = [item for item in draft.items if item.line.cashier_discount_minor > 0]
    cashier = [(item.line.no, _cashier(draft, item)) for item in asked]
    if any(amount for _, amount in cashier):
        draft.add_plain_effect(EffectKind.CASHIER, cashier)
    cuts: dict[int, tuple[LineRule, list[tuple[int, int]]]] = {}
    for item in draft.items if pack.price_side.prices else ():
        if Benefit.DISCOUNT not in item.closed:
            _sell(pack, draft, item, cuts)
    for _, (rule, allocations) in sorted(cuts.items()):
        draft.add_effect(EffectKind.PRICE, rule, allocations)


def _cashier(draft: Draft, item: Item) -> int:
    """Take the cashier's discount off, as far as the law and the floor let it."""
    asked = item.line.cashier_discount_minor
    allowed = 0 if Benefit.DISCOUNT in item.closed else min(asked, item.room_minor)
    before = item.sum_minor
    if allowed:
        item.cut(allowed)
    code = "cashier" if allowed == asked else "cashier_limited"
    reason = say(code, asked=rubles(asked), allowed=rubles(allowed))
    draft.note(Phase.PRICE, reason, line=item.line.no, span=(before, item.sum_minor))
    return allowed


def _sell(
    pack: CompiledPack,
    draft: Draft,
    item: Item,
    cuts: dict[int, tuple[LineRule, list[tuple[int, int]]]],
) -> None:
    line, side = item.line, pack.price_side
    found = [
        (round_half_up(side.price_of[rule.id][line.goods.sku] * line.quantity, QUANTITY_ONE), rule)
        for rule in side.prices.of(line.goods)
        if _fits(draft, rule, item)
    ]
    if not found:
        return
    lowest, winner = min(found, key=lambda pair: pair[0])
    before = item.sum_minor
    amount = min(before - lowest, item.room_minor)
    for target, rule in found:
        if rule is not winner or amount <= 0:
            lost = target < before
            draft.gave_way(rule, say("outweighed" if lost else "no_lower_price"))
            reason = say("outweighed_price" if lost else "no_lower_price")
            draft.note(Phase.PRICE, reason, rule=rule.id, line=line.no, span=(before, target))
    if amount > 0:
        item.cut(amount)
        cuts.setdefault(winner.place, (winner, []))[1].append((line.no, amount))
        span = (before, item.sum_minor)
        draft.note(Phase.PRICE, winner.applied, rule=winner.id, line=line.no, span=span)


def _fits(draft: Draft, rule: LineRule, item: Item) -> bool:
    if not draft.open(rule):
        return False
    if rule.matches(draft.facts, item.line):
        return True
    draft.did_nothing(rule, say("no_goods"))
    return False
