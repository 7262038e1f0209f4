"""The last step: small change is let off when a receipt is paid in cash."""

from shared.money import allocate
from shared.receipt import TenderKind
from shared.rules.compile import CompiledPack
from shared.rules.phases.draft import Benefit, Draft, Phase
from shared.rules.result import EffectKind
from shared.rules.sentences import rubles, say


def round_change(pack: CompiledPack, draft: Draft) -> None:
    """Round what is to pay in money down to the policy's unit, wholly or not at all.

    It comes after points, turnover and everything else, so that it is the base of nothing; bans
    and floors hold.
    """
    unit = pack.source.policies.small_change_minor
    if not unit or draft.facts.receipt.paid_in is not TenderKind.CASH:
        return
    before = sum(item.money_minor for item in draft.items)
    change = before % unit
    rooms = [
        0 if Benefit.DISCOUNT in item.closed else min(item.room_minor, item.money_minor)
        for item in draft.items
    ]
    if not change or sum(rooms) < change:
        return
    shares = allocate(change, rooms, rooms)
    for item, share in zip(draft.items, shares, strict=True):
        if share:
            span = (item.sum_minor, item.sum_minor - share)
            item.cut(share)
            reason = say("small_change", amount=rubles(share))
            draft.note(Phase.AFTER, reason, line=item.line.no, span=span)
    numbers = [item.line.no for item in draft.items]
    draft.add_plain_effect(EffectKind.CHANGE, list(zip(numbers, shares, strict=True)))
