"""Phase 2: the stacking tree over each line, then the tree over the receipt."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from shared.rules.compile import CompiledPack
from shared.rules.index import LineRule
from shared.rules.offers import Scope
from shared.rules.phases.draft import Benefit, Draft, Item, Phase, Span
from shared.rules.receipt_stacking import resolve_receipt, spread_alone
from shared.rules.sentences import say
from shared.rules.stacking import Branch, Offer, Parts, Path, alone, resolve
from shared.rules.tree import Leaf

_NO_GOODS: Final = say("no_goods")
_NO_EFFECT: Final = say("no_effect")
_NOT_DISCOUNTED: Final = say("not_discounted")
_OUTWEIGHED: Final = say("outweighed")
_AT_FLOOR: Final = say("at_floor")


def discount(pack: CompiledPack, draft: Draft) -> None:
    """Lower each line by what the trees choose for it."""
    sheets = _sheets(pack, draft)
    if (line_tree := pack.trees.line) is not None:
        for place, item in enumerate(draft.items):
            if sheets["line"].offers[place]:
                _lower(draft, line_tree, sheets["line"], item, place)
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
    for rule, places in _fitting(pack, draft):
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


def _fitting(pack: CompiledPack, draft: Draft) -> Iterator[tuple[LineRule, Sequence[int]]]:
    """Yield the rules that fit some lines; why the others do not is kept."""
    found: dict[int, tuple[LineRule, list[int]]] = {}
    everywhere = [rule for rule in pack.discounts.everywhere if draft.open(rule)]
    for place, item in enumerate(draft.items):
        if Benefit.DISCOUNT in item.closed:
            continue
        naming = pack.discounts.naming(item.line.goods)
        for rule in (*everywhere, *filter(draft.open, naming)):
            if rule.matches(draft.facts, item.line):
                found.setdefault(rule.place, (rule, []))[1].append(place)
            else:
                draft.did_nothing(rule, _NO_GOODS)
    for _, pair in sorted(found.items()):
        yield pair


def _lower(draft: Draft, tree: Branch, sheet: _Sheet, item: Item, place: int) -> None:
    offers = sheet.offers[place]
    on, room = item.sum_minor, item.room_minor
    parts = resolve(tree, offers, on=on, room=room)
    _take_parts(draft, sheet, item, parts)
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
    for part in parts:
        _take(draft, item, sheet.rules[part.path][0], part.amount)


def _take(draft: Draft, item: Item, rule: LineRule, amount_minor: int) -> None:
    before, no = item.sum_minor, item.line.no
    draft.take(rule, item, amount_minor)
    span = (before, item.sum_minor)
    draft.note(Phase.DISCOUNT, rule.applied, rule=rule.id, line=no, span=span)
    if item.floor_minor and not item.room_minor:
        draft.note(Phase.DISCOUNT, _AT_FLOOR, rule=rule.id, line=no, span=(span[1], span[1]))


def _explain_loser(draft: Draft, loser: tuple[LineRule, Leaf], line: int, span: Span) -> None:
    rule, leaf = loser
    reason = _OUTWEIGHED if leaf.adds_points == "no" else _NOT_DISCOUNTED
    if span[0] == span[1]:
        reason = _NO_EFFECT
    draft.gave_way(rule, reason)
    draft.note(Phase.DISCOUNT, reason, rule=rule.id, line=line, span=span)
