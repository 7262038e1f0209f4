"""Phase 4: the largest benefit of a line and of the receipt; then discounts are final."""

from collections.abc import Mapping, Sequence
from typing import Final

from shared.money import WHOLE_BP, allocate
from shared.rules.compile import CompiledPack
from shared.rules.facts import Facts
from shared.rules.limit_terms import (
    CAMPAIGN,
    DISCOUNT,
    STORE,
    TILL,
    Limit,
    budget_left,
    discount_left,
)
from shared.rules.phases.draft import Benefit, Draft, Item, Phase
from shared.rules.result import EffectKind, Sentence
from shared.rules.sentences import rubles, say

_SHORT: Final = {CAMPAIGN: "budget_short", STORE: "store_short", TILL: "till_short"}
"""What says that a rule takes off less because so much was given to others."""


def cap(pack: CompiledPack, draft: Draft) -> None:
    """Take back what discounts give over the caps; one effect for each rule that keeps some.

    The cashier's discount and price lists count, but only discounts go back. What goes back of a
    benefit to choose becomes points.
    """
    _cap_rules(pack, draft)
    _cap_lines(pack, draft)
    _cap_receipt(pack, draft)
    for place, rule in sorted(draft.lowering.items()):
        cuts = draft.cuts[rule.id]
        if any(cuts.values()):
            draft.add_effect(EffectKind.DISCOUNT, rule, list(cuts.items()))
        elif draft.applied.get(place) is None:
            draft.gave_way(rule, say("capped_away"))


def _cap_rules(pack: CompiledPack, draft: Draft) -> None:
    """Take back what rules give over their limits: each gives what is left of them."""
    for rule_id, limits in pack.discount_limits.items():
        cuts = draft.cuts.get(rule_id)
        left, code = _left(draft.facts, rule_id, limits)
        if cuts and left is not None and (over := sum(cuts.values()) - left) > 0:
            given = [cuts[no] for no in sorted(cuts)]
            back = dict(zip(sorted(cuts), allocate(over, given, given), strict=True))
            for place, item in enumerate(draft.items):
                if amount_minor := back.get(item.line.no, 0):
                    cuts[item.line.no] -= amount_minor
                    before = item.sum_minor
                    item.give_back(amount_minor)
                    _to_points(draft, place, item.line.no)
                    short = say(code, back=rubles(amount_minor))
                    span = (before, item.sum_minor)
                    draft.note(Phase.CAP, short, rule=rule_id, line=item.line.no, span=span)


def _left(facts: Facts, rule: str, limits: Sequence[Limit]) -> tuple[int | None, str]:
    """Return what a rule may still take off, and how it is said that it is less than it would."""
    budget = budget_left(facts.receipt.budgets, rule, DISCOUNT)
    own = None if facts.member is None else discount_left(limits, rule, facts.member, facts.day)
    left = None if budget is None else max(0, budget.left)
    if own is not None and (left is None or own < left):
        return own, "limit_short"
    return left, "budget_short" if budget is None else _SHORT[budget.per]


def _cap_lines(pack: CompiledPack, draft: Draft) -> None:
    caps = pack.price_side.caps
    if caps.line is None and caps.line_amount is None:
        return
    for item in draft.items:
        limit = most(item.base_minor, caps.line, caps.line_amount)
        over = min(item.base_minor - item.sum_minor - limit, _ours(draft, item))
        if over > 0:
            _give_back(draft, item, over, say("capped", limit=rubles(limit), back=rubles(over)))
        if caps.points == "counted":
            item.points_left_minor = max(0, limit - (item.base_minor - item.sum_minor))


def _cap_receipt(pack: CompiledPack, draft: Draft) -> None:
    side = pack.price_side
    caps, least = side.caps, side.receipt_pays_at_least_minor
    if caps.receipt is None and caps.receipt_amount is None and not least:
        return
    items = [item for item in draft.items if Benefit.DISCOUNT not in item.closed]
    base_minor = sum(item.base_minor for item in items)
    largest = most(base_minor, caps.receipt, caps.receipt_amount)
    at_least = max(0, sum(item.base_minor for item in draft.items) - least)
    limit = min(largest, at_least)
    given = sum(item.base_minor - item.sum_minor for item in items)
    ours = [_ours(draft, item) for item in items]
    weights = [item.sum_minor + mine for item, mine in zip(items, ours, strict=True)]
    back = allocate(max(0, given - limit), weights, ours)
    code, told = ("least_paid", least) if at_least < largest else ("capped", largest)
    for item, amount in zip(items, back, strict=True):
        if amount:
            reason = say(code, limit=rubles(told), back=rubles(amount))
            _give_back(draft, item, amount, reason)
    given -= sum(back)
    room = limit if caps.points == "counted" else at_least
    draft.points_left_minor = max(0, room - given)
    if caps.points != "counted" or at_least < largest:
        draft.points_left_by, draft.least_minor = "points_least", least


def _ours(draft: Draft, item: Item) -> int:
    """Return what the discounts of rules take off a line: only that goes back."""
    return sum([cuts.get(item.line.no, 0) for cuts in draft.cuts.values()])


def most(base_minor: int, rate_bp: int | None, amount_minor: int | None) -> int:
    """Return the largest benefit of a sum under a cap by percent and by amount."""
    by_rate = base_minor if rate_bp is None else base_minor * rate_bp // WHOLE_BP
    return by_rate if amount_minor is None else min(by_rate, amount_minor)


def _give_back(draft: Draft, item: Item, amount_minor: int, reason: Sentence) -> None:
    """Return kopecks to a line from the discounts on it, by what each of them gave."""
    no, before = item.line.no, item.sum_minor
    cuts: list[dict[int, int]] = [mine for mine in draft.cuts.values() if mine.get(no)]
    given = [mine[no] for mine in cuts]
    for mine, back in zip(cuts, allocate(amount_minor, given, given), strict=True):
        mine[no] -= back
    item.give_back(amount_minor)
    draft.note(Phase.CAP, reason, line=no, span=(before, item.sum_minor))
    _to_points(draft, draft.items.index(item), no)


def _to_points(draft: Draft, place: int, no: int) -> None:
    for choice in draft.choices:
        if place in choice.amounts:
            cuts: Mapping[int, int] = draft.cuts.get(choice.rule.id, {})
            choice.bonuses[place] = choice.amounts[place] - cuts.get(no, 0)
