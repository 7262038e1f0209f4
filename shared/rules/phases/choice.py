"""Phase 3: benefits that the customer takes as a discount, as points or as a split of both."""

from collections.abc import Sequence
from typing import Final

from shared.money import allocate, share_of
from shared.points import POINT
from shared.receipt import Take
from shared.rules.compile import CompiledPack
from shared.rules.compile_price import EntitlementTerms
from shared.rules.index import LineRule
from shared.rules.phases.draft import Benefit, Choice, Draft, Phase
from shared.rules.phases.fitting import fitting
from shared.rules.result import EffectKind, Entitlement, Grant
from shared.rules.sentences import rubles, say
from shared.rules.terms import activation, expiry

_CLOSED: Final = frozenset({Benefit.DISCOUNT, Benefit.EARN})
_NO_EFFECT: Final = say("no_effect")


def choose(pack: CompiledPack, draft: Draft) -> None:
    """Resolve each line's largest benefit; the discount part never lowers it below its floor.

    What is wanted as a discount and has no room becomes points, so that the parts always sum to
    the benefit. Nobody is entitled unnamed.
    """
    if draft.facts.member is None or not pack.price_side.entitlements:
        return
    best: dict[int, tuple[int, int, LineRule]] = {}
    for rule, places in fitting(draft, pack.price_side.entitlements, _CLOSED):
        terms = pack.price_side.terms[rule.id]
        day = expiry(terms.expiry, draft.facts.moment)
        if day is not None and day < draft.facts.day:
            draft.did_nothing(rule, say("dead_lot"))
            continue
        _weigh(draft, rule, terms, places, best)
    for place in sorted({rule.place for _, _, rule in best.values()}):
        mine = {no: amount for no, (amount, _, rule) in best.items() if rule.place == place}
        rule = next(rule for _, _, rule in best.values() if rule.place == place)
        _split(draft, rule, pack.price_side.terms[rule.id], mine)


def grant_choices(pack: CompiledPack, draft: Draft) -> None:
    """Grant the bonus part of each benefit as a lot, and tell what the benefits came to."""
    for choice in draft.choices:
        terms = pack.price_side.terms[choice.rule.id]
        shares = [
            (draft.items[place].line.no, bonus * POINT // terms.point_value_minor)
            for place, bonus in sorted(choice.bonuses.items())
        ]
        draft.entitlements.append(_told(draft, choice))
        points = sum(share for _, share in shares)
        if not points:
            continue
        for place, (_, share) in zip(sorted(choice.bonuses), shares, strict=True):
            draft.items[place].earned_points += share
        effect = draft.add_effect(EffectKind.EARN, choice.rule, shares)
        draft.grants.append(
            Grant(
                effect_no=effect.no,
                rule=effect.rule,
                wallet=terms.wallet,
                kind=terms.kind,
                amount=points,
                activates_at=activation(terms.activation, draft.facts.moment),
                expires_on=expiry(terms.expiry, draft.facts.moment),
            )
        )


def _weigh(
    draft: Draft,
    rule: LineRule,
    terms: EntitlementTerms,
    places: Sequence[int],
    best: dict[int, tuple[int, int, LineRule]],
) -> None:
    """Keep the rule's benefit for the lines where it is the largest so far."""
    rates = terms.values(draft.facts, [draft.items[place].line for place in places])
    for place, rate_bp in zip(places, rates, strict=True):
        amount = share_of(draft.items[place].sum_minor, rate_bp)
        if not amount:
            draft.did_nothing(rule, _NO_EFFECT)
        elif place not in best or amount > best[place][0]:
            if place in best:
                _lost(draft, best[place][2], place, best[place][0])
            best[place] = (amount, rate_bp, rule)
        else:
            _lost(draft, rule, place, amount)


def _lost(draft: Draft, rule: LineRule, place: int, amount_minor: int) -> None:
    """Keep that a benefit gave way to a larger one."""
    draft.gave_way(rule, say("outweighed"))
    told = say("outweighed_benefit", amount=rubles(amount_minor))
    draft.note(Phase.CHOICE, told, rule=rule.id, line=draft.items[place].line.no)


def _split(draft: Draft, rule: LineRule, terms: EntitlementTerms, mine: dict[int, int]) -> None:
    """Divide the benefit of some lines by what was asked for, and take the discounts off."""
    places = sorted(mine)
    amounts = [mine[place] for place in places]
    wanted = _wanted(draft, terms, sum(amounts))
    rooms = [min(mine[place], draft.items[place].room_minor) for place in places]
    discounts = allocate(wanted, amounts, rooms)
    choice = Choice(rule, mine, {})
    for place, discount in zip(places, discounts, strict=True):
        item = draft.items[place]
        choice.bonuses[place] = mine[place] - discount
        before = item.sum_minor
        if discount:
            draft.take(rule, item, discount)
        draft.note(
            Phase.CHOICE,
            say(
                "chosen",
                title=rule.title,
                discount=rubles(discount),
                bonus=rubles(mine[place] - discount),
            ),
            rule=rule.id,
            line=item.line.no,
            span=(before, item.sum_minor),
        )
    if sum(discounts) < wanted:
        draft.note(
            Phase.CHOICE, say("choice_at_floor"), rule=rule.id, span=(wanted, sum(discounts))
        )
    draft.applied[rule.place] = rule.id
    draft.choices.append(choice)


def _wanted(draft: Draft, terms: EntitlementTerms, amount: int) -> int:
    """Return how much of a benefit is wanted as a discount."""
    receipt = draft.facts.receipt
    take = Take(terms.unless_asked) if receipt.take is Take.UNSAID else receipt.take
    if take is Take.AMOUNT:
        return max(0, min(receipt.take_value, amount))
    if take is Take.PERCENT:
        return max(0, min(share_of(amount, receipt.take_value), amount))
    return amount if take is Take.DISCOUNT else 0


def _told(draft: Draft, choice: Choice) -> Entitlement:
    bonus = sum(choice.bonuses.values())
    amount = sum(choice.amounts.values())
    return Entitlement(
        rule=choice.rule.id,
        amount=amount,
        discount=amount - bonus,
        bonus=bonus,
        allocations=tuple(
            (draft.items[place].line.no, whole - choice.bonuses[place], choice.bonuses[place])
            for place, whole in sorted(choice.amounts.items())
        ),
    )
