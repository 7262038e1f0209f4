"""The kernel: a pack, a member, a receipt and a moment in; effects, totals and a trace out."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from shared.member import MemberView
from shared.receipt import Benefits, Receipt, Take
from shared.rules.codes import outcomes, uses_of
from shared.rules.compile import CompiledPack
from shared.rules.counters import counter_use
from shared.rules.limit_terms import POINTS, USES, discount_use
from shared.rules.moment import Moment
from shared.rules.phases.after import after, lots_read
from shared.rules.phases.cap import cap
from shared.rules.phases.change import round_change
from shared.rules.phases.choice import choose, grant_choices
from shared.rules.phases.coupons import issue_coupons
from shared.rules.phases.discount import discount
from shared.rules.phases.draft import Benefit, Draft, Item, Phase
from shared.rules.phases.earn import earn
from shared.rules.phases.hints import say_hints
from shared.rules.phases.normalise import normalise
from shared.rules.phases.once import once, once_points
from shared.rules.phases.price import price
from shared.rules.phases.redeem import redeem
from shared.rules.phases.tender import tender
from shared.rules.result import (
    BudgetUse,
    CodeOutcome,
    Evaluation,
    PricedLine,
    Rejected,
    RuleUse,
    Sentence,
    Totals,
)

Steps = Sequence[tuple[Phase, Callable[[CompiledPack, Draft], None]]]

STEPS: Final[Steps] = (
    (Phase.PRICE, price),
    (Phase.DISCOUNT, discount),
    (Phase.CHOICE, choose),
    (Phase.CAP, cap),
    (Phase.REDEEM, redeem),
    (Phase.TENDER, tender),
    (Phase.EARN, earn),
    (Phase.EARN, grant_choices),
    (Phase.AFTER, after),
    (Phase.AFTER, issue_coupons),
    (Phase.AFTER, say_hints),
    (Phase.AFTER, round_change),
    (Phase.AFTER, once),
)
"""What follows normalisation; a phase that comes later takes its place by `Phase`'s order."""
EARNING_STEPS: Final[Steps] = (
    (Phase.CHOICE, choose),
    (Phase.EARN, earn),
    (Phase.EARN, grant_choices),
    (Phase.AFTER, after),
    (Phase.AFTER, once_points),
)
"""Of a receipt that has its price already: points, turnover, and no code, since nobody waits."""


def evaluate(
    pack: CompiledPack, member: MemberView | None, receipt: Receipt, moment: Moment
) -> Evaluation:
    """Price a receipt: total, deterministic, and the same at the agent and at the centre.

    `receipt.member` is not looked at: who buys is `member`, and None is nobody. A lot's amount is
    what this receipt may draw of it.
    """
    is_sold = receipt.benefits is Benefits.EARNING
    if is_sold:
        receipt = replace(receipt, take=Take.BONUS)
    draft = normalise(pack, member, receipt, moment)
    for _, step in EARNING_STEPS if is_sold else STEPS:
        step(pack, draft)
    return _answer(pack, draft)


def _answer(pack: CompiledPack, draft: Draft) -> Evaluation:
    lines = tuple([_priced(item) for item in draft.items])
    facts = draft.facts
    codes = outcomes(pack.codes, draft.judged, _reasons(draft)) if draft.judged else ()
    return Evaluation(
        pack_hash=pack.pack_hash,
        lines=lines,
        totals=_totals(lines),
        effects=tuple(draft.effects),
        redemption=draft.redemption,
        grants=tuple(draft.grants),
        tier=None if facts.tier is None else facts.tier.id,
        tier_after=draft.tier_after,
        applied=tuple([draft.applied[place] for place in sorted(draft.applied)]),
        rejected=_rejected(draft),
        hints=tuple(draft.hints),
        lots_read=tuple([lot.id for lot in lots_read(facts.member)]),
        fields_read=() if facts.member is None else pack.fields_read,
        trace=tuple(draft.trace),
        once=tuple(draft.once),
        entitlements=tuple(draft.entitlements),
        coupons=tuple(draft.coupons),
        certificates=tuple(draft.certificates),
        codes=codes,
        uses=_uses(pack, draft, codes),
        budgets=_budget_uses(pack, draft),
        counted_on=facts.counted_on,
    )


def _rejected(draft: Draft) -> tuple[Rejected, ...]:
    refused = draft.reasons.keys() - draft.applied.keys()
    found = [draft.reasons[place] for place in sorted(refused)]
    return tuple([Rejected(rule.id, reason) for rule, reason in found])


def _reasons(draft: Draft) -> dict[int, Sentence | None]:
    """Return why each rule did nothing, None for those that did something."""
    refused: dict[int, Sentence | None] = {
        place: reason for place, (_, reason) in draft.reasons.items()
    }
    return refused | dict.fromkeys(draft.applied)


def _priced(item: Item) -> PricedLine:
    return PricedLine(
        item.line.no,
        item.base_minor,
        item.discount_minor,
        item.redeemed_points,
        item.redeemed_minor,
        item.sum_minor,
        item.earned_points,
        item.turnover_minor,
        item.certificate_minor,
    )


def _totals(lines: tuple[PricedLine, ...]) -> Totals:
    return Totals(
        base_minor=sum([line.base_minor for line in lines]),
        discount_minor=sum([line.discount_minor for line in lines]),
        redeemed_points=sum([line.redeemed_points for line in lines]),
        redeemed_minor=sum([line.redeemed_minor for line in lines]),
        payable_minor=sum([line.payable_minor for line in lines]),
        earned_points=sum([line.earned_points for line in lines]),
        turnover_minor=sum([line.turnover_minor for line in lines]),
        certificate_minor=sum([line.certificate_minor for line in lines]),
    )


def _uses(pack: CompiledPack, draft: Draft, codes: tuple[CodeOutcome, ...]) -> tuple[RuleUse, ...]:
    """Return the limited rules that served the member, and the limited codes that he used."""
    if draft.facts.member is None:
        return ()
    served = sorted(rule for rule in draft.applied.values() if rule in pack.limited)
    by_rule = [RuleUse(rule, draft.earned.get(rule, 0)) for rule in served]
    taken = [(rule, _taken(draft, rule)) for rule in served if rule in pack.discount_limits]
    off = [
        RuleUse(discount_use(rule), amount_minor) for rule, amount_minor in taken if amount_minor
    ]
    codes_used = uses_of(pack.codes, codes)
    return (*by_rule, *off, *codes_used, *_counted(pack, draft))


def _counted(pack: CompiledPack, draft: Draft) -> Iterator[RuleUse]:
    """Yield what the counters add for the member; what may have no benefits counts nowhere."""
    open_items = [item for item in draft.items if Benefit.DISCOUNT not in item.closed]
    for counter in pack.counters:
        paid = ((item.line, item.sum_minor) for item in open_items)
        if amount := counter.amount(draft.facts, paid):
            yield RuleUse(counter_use(counter.name), amount)


def _budget_uses(pack: CompiledPack, draft: Draft) -> tuple[BudgetUse, ...]:
    """Return what the receipt uses up of what the chain, its store and its till may give."""
    if not pack.budgeted:
        return ()
    applied = frozenset(draft.applied.values())
    found = [
        BudgetUse(rule, limit.what, limit.window, _used(draft, rule, limit.what), limit.per)
        for rule, limit in pack.budgeted
        if rule in applied
    ]
    return tuple([use for use in found if use.amount])


def _used(draft: Draft, rule: str, what: str) -> int:
    if what == USES:
        return 1
    return draft.earned.get(rule, 0) if what == POINTS else _taken(draft, rule)


def _taken(draft: Draft, rule: str) -> int:
    """Return what a rule took off, kopecks."""
    return sum(draft.cuts.get(rule, {}).values())
