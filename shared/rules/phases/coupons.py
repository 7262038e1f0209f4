"""Coupons for the next purchase, of the receipts that earn them."""

from datetime import date

from shared.rules.compile import CompiledPack
from shared.rules.index import LineRule
from shared.rules.phases.draft import Benefit, Draft, Phase
from shared.rules.result import Coupon
from shared.rules.sentences import say
from shared.rules.terms import activation, expiry


def issue_coupons(pack: CompiledPack, draft: Draft) -> None:
    """Issue a coupon for each rule that is open and fits a line that may have benefits.

    Its code is made where it is printed, of chance: what follows from the receipt can be guessed.
    """
    moment = draft.facts.moment
    for rule, terms in pack.price_side.coupons:
        if not draft.open(rule):
            continue
        if not any(_earns(draft, rule, place) for place in range(len(draft.items))):
            draft.did_nothing(rule, say("no_goods"))
            continue
        last_day = expiry(terms.expiry, moment)
        first_day = moment.day_of(activation(terms.activation, moment))
        if last_day is not None and last_day < first_day:
            draft.did_nothing(rule, say("dead_lot"))
            continue
        draft.applied[rule.place] = rule.id
        draft.coupons.append(_coupon(draft, rule, terms.campaign, first_day, last_day))
        draft.note(Phase.AFTER, rule.applied, rule=rule.id)


def _earns(draft: Draft, rule: LineRule, place: int) -> bool:
    item = draft.items[place]
    return Benefit.DISCOUNT not in item.closed and rule.matches(draft.facts, item.line)


def _coupon(
    draft: Draft, rule: LineRule, campaign: str, first_day: date, last_day: date | None
) -> Coupon:
    member = draft.facts.member
    return Coupon(
        rule=rule.id,
        campaign=campaign,
        code="",
        owner=None if member is None else member.id,
        first_day=first_day,
        last_day=last_day,
    )
