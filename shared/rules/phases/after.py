"""Phase 8: turnover, the tier that the receipt leads to, and what the cashier may say."""

from datetime import timedelta

from shared.member import DayCount, LotView, MemberView
from shared.rules.compile import CompiledPack
from shared.rules.phases.draft import Benefit, Draft, Phase
from shared.rules.sentences import amount_of, day_of, say, to_next_tier, will_expire
from shared.rules.tiers import distance, tier_of


def after(pack: CompiledPack, draft: Draft) -> None:
    """Count what was paid in money, preview the tier and find the hints."""
    turnover = Benefit.TURNOVER
    for item in draft.items:
        if turnover not in item.closed:
            counted = pack.source.policies.turnover == "after_discounts"
            item.turnover_minor = item.sum_minor + (item.redeemed_minor if counted else 0)
    member = draft.facts.member
    if member is None:
        return
    _preview_tier(pack, draft, member)
    _warn_of_expiry(pack, draft, member)


def _preview_tier(pack: CompiledPack, draft: Draft, member: MemberView) -> None:
    today = draft.facts.counted_on
    now = DayCount(
        today,
        sum([item.turnover_minor for item in draft.items]),
        sum([item.earned_points for item in draft.items]),
        visits=1,
    )
    draft.counted = now
    turnover_minor = member.turnover_minor + now.turnover_minor
    draft.note(Phase.AFTER, say("turnover"), span=(member.turnover_minor, turnover_minor))
    tier = tier_of(pack, member, today, now)
    if tier is None:
        return
    draft.tier_after = tier.id
    before = draft.facts.tier
    if before is None or tier.from_minor > before.from_minor:
        draft.hints.append(say("tier_reached", tier=tier.title))
    if (above := distance(pack, tier, member, today, now)) is not None:
        missing = amount_of(above.metric, above.missing)
        draft.hints.append(to_next_tier(above.tier.reach, missing))


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
