"""Phase 7: what the receipt earns, rounded down once for each lot and spread over its lines."""

from dataclasses import dataclass, field

from shared.money import WHOLE_BP, allocate
from shared.points import POINT, floor_to
from shared.rules.compile import CompiledPack, LotTerms
from shared.rules.index import LineRule
from shared.rules.phases.draft import Benefit, Draft, Item, Phase
from shared.rules.result import EffectKind, Grant
from shared.rules.sentences import say
from shared.rules.terms import activation, expiry


def earn(pack: CompiledPack, draft: Draft) -> None:
    """Grant one lot for each set of terms among the rules that fit; nobody earns unnamed."""
    if draft.facts.member is None:
        return
    heaps: dict[int, _Heap] = {}
    for place, item in enumerate(draft.items):
        if Benefit.EARN not in item.closed:
            _gather(pack, draft, place, heaps)
    for lot, heap in sorted(heaps.items()):
        _grant(pack, draft, pack.lots[lot], heap)


@dataclass(slots=True)
class _Heap:
    """What rules of equal terms add up to by line: kopecks times basis points, and kopecks."""

    rules: dict[int, LineRule] = field(default_factory=dict)
    weights: dict[int, int] = field(default_factory=dict)
    bases: dict[int, int] = field(default_factory=dict)

    @property
    def first(self) -> LineRule:
        return self.rules[min(self.rules)]

    def add(self, rule: LineRule, place: int, base_minor: int, rate_bp: int) -> None:
        self.rules[rule.place] = rule
        self.weights[place] = self.weights.get(place, 0) + base_minor * rate_bp
        self.bases[place] = max(self.bases.get(place, 0), base_minor)


def _gather(pack: CompiledPack, draft: Draft, place: int, heaps: dict[int, _Heap]) -> None:
    item = draft.items[place]
    for rule in pack.earnings.of(item.line.goods):
        if not draft.open(rule):
            continue
        if not rule.matches(draft.facts, item.line):
            draft.did_nothing(rule, say("no_goods"))
            continue
        terms = pack.earn_terms[rule.id]
        base_minor = _base(item, terms.base)
        rate_bp = rule.rate(draft.facts, item.line)
        if base_minor * rate_bp:
            if terms.lot not in heaps:
                heaps[terms.lot] = _Heap()
            heaps[terms.lot].add(rule, place, base_minor, rate_bp)
        else:
            draft.did_nothing(rule, say("no_effect"))


def _base(item: Item, policy: str) -> int:
    """Return what a line earns on: the part that points paid is out unless the pack says so."""
    paid_by_points = item.redeemed_minor if policy == "after_discounts" else 0
    return item.sum_minor - item.earnless_minor + paid_by_points


def _grant(pack: CompiledPack, draft: Draft, terms: LotTerms, heap: _Heap) -> None:
    wallet = pack.wallet(terms.wallet)
    exact = sum(heap.weights.values()) * POINT
    points = floor_to(exact // (WHOLE_BP * wallet.point_value_minor), wallet.earning_unit)
    expires_on = expiry(terms.expiry, draft.facts.moment)
    dead = expires_on is not None and expires_on < draft.facts.day
    if dead or not points:
        for rule in heap.rules.values():
            draft.did_nothing(rule, say("dead_lot" if dead else "no_effect"))
        return
    places = sorted(heap.weights)
    shares = allocate(points, [heap.weights[place] for place in places], [points] * len(places))
    allocations: list[tuple[int, int]] = []
    for place, share in zip(places, shares, strict=True):
        draft.items[place].earned_points += share
        allocations.append((draft.items[place].line.no, share))
    effect = draft.add_effect(EffectKind.EARN, heap.first, allocations)
    draft.grants.append(
        Grant(
            effect_no=effect.no,
            rule=effect.rule,
            wallet=terms.wallet,
            kind=terms.kind,
            amount=points,
            activates_at=activation(terms.activation, draft.facts.moment),
            expires_on=expires_on,
        )
    )
    _explain(draft, heap, points)


def _explain(draft: Draft, heap: _Heap, points: int) -> None:
    base_minor = sum(heap.bases.values())
    for rule in heap.rules.values():
        draft.applied[rule.place] = rule.id
        draft.note(Phase.EARN, rule.applied, rule=rule.id, span=(base_minor, points))
