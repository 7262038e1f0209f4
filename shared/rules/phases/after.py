"""Phase 8: turnover, the tier that the receipt leads to, and what the cashier may say."""

from datetime import timedelta

from shared.member import LotView, MemberView
from shared.rules.compile import CompiledPack
from shared.rules.phases.draft import Benefit, Draft, Phase
from shared.rules.sentences import day_of, rubles, say, will_expire
from shared.rules.tiers import tier_above, tier_of


def after(pack: CompiledPack, draft: Draft) -> None:
    """Count what was paid in money, preview the tier and find the hints."""
    for item in draft.items:
        if Benefit.TURNOVER not in item.closed:
            item.turnover_minor = item.sum_minor
    member = draft.facts.member
    if member is None:
        return
    _preview_tier(pack, draft, member)
    _warn_of_expiry(pack, draft, member)


def _preview_tier(pack: CompiledPack, draft: Draft, member: MemberView) -> None:
    counted_minor = sum(item.turnover_minor for item in draft.items)
    turnover_minor = member.turnover_minor + counted_minor
    tier = tier_of(pack, turnover_minor, member.tier_floor)
    draft.note(Phase.AFTER, say("turnover"), span=(member.turnover_minor, turnover_minor))
    if tier is None:
        return
    draft.tier_after = tier.id
    if tier != draft.facts.tier:
        draft.hints.append(say("tier_reached", tier=tier.title))
    if (above := tier_above(pack, tier)) is not None:
        missing_minor = above.from_minor - turnover_minor
        draft.hints.append(say("to_next_tier", reach=above.reach, amount=rubles(missing_minor)))


def _warn_of_expiry(pack: CompiledPack, draft: Draft, member: MemberView) -> None:
    """Name the nearest expiry within the policy's days, after what this receipt draws."""
    drawn = {draw.lot: draw.amount for draw in draft.redemption.draws}
    today = draft.facts.day
    last = today + timedelta(days=pack.source.policies.expiry_hint_days)
    left = [
        (lot.expires_on, lot.wallet, amount)
        for lot in member.lots
        if lot.expires_on is not None
        and today <= lot.expires_on <= last
        and (amount := lot.amount - drawn.get(lot.id, 0)) > 0
    ]
    if not left:
        return
    day, wallet, _ = min(left)
    points = sum(amount for on, owner, amount in left if (on, owner) == (day, wallet))
    draft.hints.append(say("expiring", points=will_expire(points), day=day_of(day)))


def lots_read(member: MemberView | None) -> tuple[LotView, ...]:
    """Return the lots that an evaluation looked at: all, for balance and hints, in order."""
    lots = () if member is None else member.lots
    return tuple(sorted(lots, key=lambda lot: lot.spending_order))
