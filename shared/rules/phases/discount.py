"""Phase 2: the stacking tree over each line, then the tree over the receipt."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from shared.rules.compile import CompiledPack
from shared.rules.index import LineRule
from shared.rules.offers import Scope
from shared.rules.phases.draft import Benefit, Draft, Item, Phase, Span
from shared.rules.phases.fitting import fitting
from shared.rules.receipt_stacking import resolve_receipt, spread_alone
from shared.rules.sentences import say
from shared.rules.stacking import Branch, Offer, Parts, Path, Resolver, alone
from shared.rules.tree import Leaf

_CLOSED: Final = frozenset({Benefit.DISCOUNT})
_NO_EFFECT: Final = say("no_effect")
_NOT_DISCOUNTED: Final = say("not_discounted")
_OUTWEIGHED: Final = say("outweighed")
_ALONE: Final = say("outweighed_price")
_NO_EFFECT_LINE: Final = say("no_effect_line")
_AT_FLOOR: Final = say("at_floor")


def discount(pack: CompiledPack, draft: Draft) -> None:
    """Lower each line by what the trees choose for it."""
    sheets = _sheets(pack, draft)
    if (resolve_line := pack.trees.resolve_line) is not None:
        sheet = sheets["line"]
        for item, offers in zip(draft.items, sheet.offers, strict=True):
            if offers:
                _lower(draft, resolve_line, sheet, item, offers)
    if (receipt_tree := pack.trees.receipt) is not None and sheets["receipt"].rules:
        _lower_together(draft, receipt_tree, sheets["receipt"])


@dataclass(slots=True)
class _Sheet:
    """What a tree has to choose from: offers by line, and the rules that make them."""

    offers: list[dict[Path, Offer]]
    rules: dict[Path, tuple[LineRule, Leaf]] = field(default_factory=dict)


def _sheets(pack: CompiledPack, draft: Draft) -> Mapping[Scope, _Sheet]:
    sheets: dict[Scope, _Sheet] = {
        "line": _Sheet([{} for _ in draft.items]),
        "receipt": _Sheet([{} for _ in draft.items]),
    }
    for rule in pack.discounts.everywhere:
        draft.open(rule)  # asked even where every line is closed to discounts
    for rule, places in fitting(draft, pack.discounts, _CLOSED):
        leaf = pack.trees.leaves[rule.id]
        sheet = sheets[leaf.tree]
        offers = leaf.offers(draft.facts, [draft.items[place].line for place in places])
        for place, offer in zip(places, offers, strict=True):
            if offer == 0:
                draft.did_nothing(rule, _NO_EFFECT)
                continue
            sheet.offers[place][leaf.path] = offer
            sheet.rules[leaf.path] = (rule, leaf)
    return sheets


def _lower(
    draft: Draft, resolve_line: Resolver, sheet: _Sheet, item: Item, offers: Mapping[Path, Offer]
) -> None:
    on = item.sum_minor
    room = on - item.floor_minor
    parts = resolve_line(offers, on=on, room=room)
    _take_parts(draft, sheet, item, parts)
    if len(parts) == len(offers):
        return
    won = {part.path for part in parts}
    for path, offer in offers.items():
        if path not in won:
            span = (on, on - alone(offer, on=on, room=room))
            _explain_loser(draft, sheet.rules[path], item.line.no, span)


def _lower_together(draft: Draft, tree: Branch, sheet: _Sheet) -> None:
    sums = [item.sum_minor for item in draft.items]
    rooms = [item.room_minor for item in draft.items]
    taken = resolve_receipt(tree, sheet.offers, sums=sums, rooms=rooms)
    for item, parts in zip(draft.items, taken, strict=True):
        _take_parts(draft, sheet, item, parts)
    won = {part.path for parts in taken for part in parts}
    for path in sorted(sheet.rules.keys() - won):
        offers = [mine.get(path) for mine in sheet.offers]
        on = sum(on for on, offer in zip(sums, offers, strict=True) if offer is not None)
        span = (on, on - sum(spread_alone(offers, sums, rooms)))
        _explain_loser(draft, sheet.rules[path], 0, span)


def _take_parts(draft: Draft, sheet: _Sheet, item: Item, parts: Parts) -> None:
    no = item.line.no
    for part in parts:
        rule, before = sheet.rules[part.path][0], item.sum_minor
        draft.take(rule, item, part.amount)
        now = item.sum_minor
        draft.note(Phase.DISCOUNT, rule.applied, rule=rule.id, line=no, span=(before, now))
        if item.floor_minor == now and now:
            draft.note(Phase.DISCOUNT, _AT_FLOOR, rule=rule.id, line=no, span=(now, now))


def _explain_loser(draft: Draft, loser: tuple[LineRule, Leaf], line: int, span: Span) -> None:
    rule, leaf = loser
    reason, told = _OUTWEIGHED, _ALONE
    if span[0] == span[1]:
        reason, told = _NO_EFFECT, _NO_EFFECT_LINE if line else _NO_EFFECT
    elif leaf.adds_points != "no":
        reason = told = _NOT_DISCOUNTED
    draft.gave_way(rule, reason)
    draft.note(Phase.DISCOUNT, told, rule=rule.id, line=line, span=span)
