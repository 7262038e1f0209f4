"""What stays with the customer, priced again: which discounts a return has broken."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from shared.basket import Line
from shared.member import MemberView
from shared.receipt import Receipt, Redeem
from shared.rules.compile import CompiledPack
from shared.rules.evaluate import evaluate
from shared.rules.moment import Moment
from shared.rules.result import Effect, EffectKind, Evaluation
from shared.rules.returns import returned_sum

_LOWERING: Final = frozenset({EffectKind.PRICE, EffectKind.DISCOUNT})


@dataclass(frozen=True, slots=True)
class Sold:
    """What a sale was priced from, and what came of it."""

    pack: CompiledPack
    member: MemberView | None
    receipt: Receipt
    moment: Moment
    evaluation: Evaluation


@dataclass(frozen=True, slots=True)
class Broken:
    """Kopecks of discounts that the goods which stay would not have had by themselves."""

    threshold_minor: int = 0
    bundle_minor: int = 0
    bundle_lines: tuple[int, ...] = ()
    """Lines of broken bundles of which something stays."""


def broken(sold: Sold, back: Mapping[int, int]) -> Broken:
    """Compare what the goods that stay were sold for with what they would have cost alone.

    They are priced by the pack, the member and the moment of the sale, without points and means of
    payment. A kopeck for each share of a discount is rounding, and no difference. `back` is how
    much of each line has come back, in thousandths.
    """
    stays = tuple(_stays(line, back.get(line.no, 0)) for line in sold.receipt.lines)
    lines = tuple(line for line in stays if line.quantity)
    if not lines or not any(back.values()):
        return Broken()
    alone = replace(
        sold.receipt,
        lines=lines,
        redeem=Redeem.NONE,
        redeem_points=0,
        certificates=(),
        paid_in=None,
    )
    again = evaluate(sold.pack, sold.member, alone, sold.moment)
    bundles = _bundles(sold.pack)
    had = {line.no: line.quantity for line in sold.receipt.lines}
    kept = [
        (effect.rule, no, amount - returned_sum(amount, had[no], back.get(no, 0)))
        for effect in _lowering(sold.evaluation)
        for no, amount in effect.allocations
    ]
    now = [
        (effect.rule, no, amount)
        for effect in _lowering(again)
        for no, amount in effect.allocations
    ]
    lost_bundle = _sum(kept, bundles) - _sum(now, bundles)
    lost_other = _sum(kept, None) - _sum(now, None) - lost_bundle
    if lost_bundle + lost_other <= len(kept):
        return Broken()
    lost_in = {rule for rule, _, _ in kept if rule in bundles} if lost_bundle > 0 else set()
    return Broken(
        threshold_minor=lost_other,
        bundle_minor=lost_bundle,
        bundle_lines=tuple(sorted({no for rule, no, left in kept if rule in lost_in and left})),
    )


def charged_minor(found: Broken, *, threshold: str, bundle: str) -> int:
    """Return what the customer owes for goods that stay, by the programme's policies, in kopecks.

    What one kind of discount gives more of than before lessens what the other has lost.
    """
    lost = found.threshold_minor if threshold == "reevaluate" else min(0, found.threshold_minor)
    lost += found.bundle_minor if bundle == "charge" else min(0, found.bundle_minor)
    return max(0, lost)


def _stays(line: Line, back: int) -> Line:
    cashier = line.cashier_discount_minor
    return replace(
        line,
        quantity=line.quantity - back,
        cashier_discount_minor=cashier - returned_sum(cashier, line.quantity, back),
        stated_minor=None,
    )


def _lowering(evaluation: Evaluation) -> list[Effect]:
    return [effect for effect in evaluation.effects if effect.kind in _LOWERING]


def _bundles(pack: CompiledPack) -> frozenset[str]:
    return frozenset(
        rule.id
        for rule in pack.source.rules
        if any(effect.effect == "bundle" for effect in rule.then)
    )


def _sum(parts: Iterable[tuple[str, int, int]], rules: frozenset[str] | None) -> int:
    return sum(amount for rule, _, amount in parts if rules is None or rule in rules)
