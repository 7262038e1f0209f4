"""Phase 8: what the person gets once because of this receipt, or because he is here today."""

from typing import Final

from shared.member import MemberView
from shared.receipt import Receipt
from shared.rules.compile import CompiledPack
from shared.rules.facts import Facts
from shared.rules.moment import Moment
from shared.rules.once import due
from shared.rules.once_terms import OCCASIONS, Occasion
from shared.rules.phases.draft import Draft, Phase
from shared.rules.result import OnceGrant
from shared.rules.tiers import tier_of

_AT_A_RECEIPT: Final = frozenset(OCCASIONS) - {"registration"}


def once(pack: CompiledPack, draft: Draft) -> None:
    """Grant what is due at a receipt that has something in it; nobody gets anything unnamed."""
    if not draft.items:
        return
    for rule, verdict in due(pack.once, draft.facts, _AT_A_RECEIPT, draft.counted):
        if isinstance(verdict, OnceGrant):
            draft.once.append(verdict)
            draft.applied[rule.place] = verdict.rule
            draft.note(Phase.AFTER, rule.applied, rule=verdict.rule, span=(0, verdict.amount))
        else:
            draft.reasons[rule.place] = (rule, verdict)


def once_points(pack: CompiledPack, draft: Draft) -> None:
    """Grant what is due in points alone: a certificate or a coupon is given at the next receipt."""
    once(pack, draft)
    codes = {grant.rule for grant in draft.once if grant.is_code}
    draft.once[:] = [grant for grant in draft.once if not grant.is_code]
    for place in [place for place, rule in draft.applied.items() if rule in codes]:
        del draft.applied[place]


def grants_due(
    pack: CompiledPack,
    member: MemberView,
    receipt: Receipt,
    moment: Moment,
    occasion: Occasion,
) -> tuple[OnceGrant, ...]:
    """Return what a member gets on an occasion without a purchase; the receipt says where.

    Deterministic: the lots are the same in whichever store it is asked.
    """
    counted_on = pack.counting_day(moment)
    facts = Facts(
        receipt=receipt,
        member=member,
        tier=tier_of(pack, member, counted_on),
        moment=moment,
        day=moment.day,
        counted_on=counted_on,
        sum_minor=0,
    )
    found = due(pack.once, facts, (occasion,))
    return tuple(verdict for _, verdict in found if isinstance(verdict, OnceGrant))
