"""Phase 7: what the receipt earns, rounded down once for each lot and spread over its lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import floordiv
from typing import Final
from uuid import UUID

from shared.money import allocate, round_half_up
from shared.points import POINT
from shared.rules.compile import CompiledPack
from shared.rules.counting import count_points
from shared.rules.earnings import SCALE, Earning, LotTerms
from shared.rules.index import LineRule
from shared.rules.phases.draft import Benefit, Draft, Item, Phase
from shared.rules.phases.fitting import fitting
from shared.rules.points_terms import TIMES_MAX
from shared.rules.result import EffectKind, Grant
from shared.rules.sentences import say
from shared.rules.terms import activation, expiry

_CLOSED: Final = frozenset({Benefit.EARN})
ONCE = 100
"""A multiplier of one, in hundredths."""


def earn(pack: CompiledPack, draft: Draft) -> None:
    """Grant one lot for each set of terms among the rules that fit; nobody earns unnamed."""
    if draft.facts.member is None:
        return
    found = fitting(draft, pack.earnings.index, _CLOSED) if pack.earnings.index else []
    if not found:
        return
    factors = _factors(pack, draft)
    heaps: dict[int, _Heap] = {}
    for rule, places in found:
        earning = pack.earnings.by_rule[rule.id]
        _gather(draft, earning, places, factors.get(_wallet(pack, earning), {}), heaps)
    for lot, heap in sorted(heaps.items()):
        _grant(pack, draft, pack.earnings.lots[lot], heap)


@dataclass(slots=True)
class _Heap:
    """What rules of equal terms add up to by line, in kopecks times SCALE, and the lines' bases."""

    rules: dict[int, LineRule] = field(default_factory=dict)
    weights: dict[int, int] = field(default_factory=dict)
    bases: dict[int, int] = field(default_factory=dict)
    parts: list[tuple[LineRule, list[tuple[int, int, int]]]] = field(default_factory=list)
    """What each rule gives: place of the line, its base, its weight."""

    @property
    def first(self) -> LineRule:
        return self.rules[min(self.rules)]

    def add(self, rule: LineRule, shares: list[tuple[int, int, int]]) -> None:
        """Add what a rule gives."""
        self.parts.append((rule, shares))
        for place, base_minor, weight in shares:
            if weight:
                self.rules[rule.place] = rule
                self.weights[place] = self.weights.get(place, 0) + weight
                if base_minor > self.bases.get(place, 0):
                    self.bases[place] = base_minor


def _factors(pack: CompiledPack, draft: Draft) -> dict[str, dict[int, int]]:
    """Return by wallet and line what the multipliers come to, by the pack's policy."""
    found: dict[tuple[str, int], list[tuple[int, LineRule]]] = {}
    index = pack.earnings.times
    for rule, places in fitting(draft, index, _CLOSED) if index else ():
        wallet, times = pack.earnings.factors[rule.id]
        draft.did_nothing(rule, say("outweighed_times"))
        for place in places:
            found.setdefault((wallet, place), []).append((times, rule))
    all_count = pack.source.policies.multipliers == "product"
    factors: dict[str, dict[int, int]] = {}
    for (wallet, place), several in found.items():
        counting = several if all_count else [max(several, key=_times)]
        before = ONCE
        for times, rule in counting:
            after = min(TIMES_MAX, before * times // ONCE)
            draft.applied[rule.place] = rule.id
            no = draft.items[place].line.no
            draft.note(Phase.EARN, rule.applied, rule=rule.id, line=no, span=(before, after))
            before = after
        factors.setdefault(wallet, {})[place] = before
    return factors


def _times(factor: tuple[int, LineRule]) -> int:
    return factor[0]


def _wallet(pack: CompiledPack, earning: Earning) -> str:
    return pack.earnings.lots[earning.lot].wallet


def _gather(
    draft: Draft,
    earning: Earning,
    places: Sequence[int],
    factors: dict[int, int],
    heaps: dict[int, _Heap],
) -> None:
    items = [draft.items[place] for place in places]
    bases = _bases(items, earning.base)
    given = earning.given(draft.facts, [item.line for item in items], bases)
    if earning.multiplied:
        given = [
            weight * factors.get(place, ONCE) // ONCE
            for place, weight in zip(places, given, strict=True)
        ]
    whole = sum(given)
    if not whole:
        draft.did_nothing(earning.rule, say("no_effect"))
        return
    most = earning.most_now(draft.facts)
    if most is not None and whole > most[0] * earning.unit:
        points, code = most
        given = allocate(points * earning.unit, given, given)
        limit, before = say(code, points=count_points(points)), whole // earning.unit
        draft.note(Phase.EARN, limit, rule=earning.rule.id, span=(before, points))
    draft.earned[earning.rule.id] = sum(given) // earning.unit
    heap = heaps.setdefault(earning.lot, _Heap())
    heap.add(earning.rule, list(zip(places, bases, given, strict=True)))


def _bases(items: Sequence[Item], policy: str) -> list[int]:
    """Return what lines earn on: the part that points paid is out unless the pack says so."""
    if policy == "after_discounts":
        return [item.sum_minor - item.earnless_minor + item.redeemed_minor for item in items]
    return [item.sum_minor - item.earnless_minor for item in items]


def _grant(pack: CompiledPack, draft: Draft, terms: LotTerms, heap: _Heap) -> None:
    wallet = pack.wallet(terms.wallet)
    exact = sum(heap.weights.values()) * POINT
    unit = SCALE * wallet.point_value_minor * wallet.earning_unit
    round_to = round_half_up if pack.source.policies.points_rounding == "half_up" else floordiv
    points = round_to(exact, unit) * wallet.earning_unit
    expires_on = expiry(terms.expiry, draft.facts.moment)
    dead = expires_on is not None and expires_on < draft.facts.day
    reason = _why_not(draft, terms, points, dead=dead)
    if reason:
        for rule in heap.rules.values():
            draft.did_nothing(rule, say(reason))
        return
    places = sorted(heap.weights)
    shares = allocate(points, [heap.weights[place] for place in places], [points] * len(places))
    allocations: list[tuple[int, int]] = []
    for place, share in zip(places, shares, strict=True):
        if terms.to == "member":
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
            account=_account(draft, terms),
        )
    )
    told = "earned" if terms.to == "member" else "earned_other"
    _explain(draft, heap, dict(zip(places, shares, strict=True)), told)


def _why_not(draft: Draft, terms: LotTerms, points: int, *, dead: bool) -> str:
    if dead:
        return "dead_lot"
    if _account(draft, terms) is None and terms.to == "referrer":
        return "no_referrer"
    return "" if points else "no_effect"


def _account(draft: Draft, terms: LotTerms) -> UUID | None:
    """Return another's account that gets the lot; None is the member's own, or nobody's."""
    member = draft.facts.member
    return member.referrer if member is not None and terms.to == "referrer" else None


def _explain(draft: Draft, heap: _Heap, shares: Mapping[int, int], told: str) -> None:
    """Tell what a rule gave in all; of several that add up, also what each gave each line."""
    for rule in heap.rules.values():
        draft.applied[rule.place] = rule.id
    if len(heap.rules) == 1:
        rule, span = heap.first, (sum(heap.bases.values()), sum(shares.values()))
        draft.note(Phase.EARN, rule.applied, rule=rule.id, span=span)
        return
    left = {place: [heap.weights[place], share] for place, share in shares.items()}
    for rule, parts in heap.parts:
        if rule.place not in heap.rules:
            continue
        mine = [
            (place, base, _part(left[place], weight)) for place, base, weight in parts if weight
        ]
        span = (sum([base for _, base, _ in mine]), sum([points for _, _, points in mine]))
        draft.note(Phase.EARN, rule.applied, rule=rule.id, span=span)
        reason = say(told, title=rule.title)
        for place, base, points in mine:
            no = draft.items[place].line.no
            draft.note(Phase.EARN, reason, rule=rule.id, line=no, span=(base, points))


def _part(left: list[int], weight: int) -> int:
    """Take a rule's part of a line's points: what is left of them goes by what weighs still."""
    points = left[1] * weight // left[0]
    left[0] -= weight
    left[1] -= points
    return points
