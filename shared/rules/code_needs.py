"""What it would take for a promo code that was refused, as data."""

from collections.abc import Iterator
from typing import Final

from shared.rules.code_model import CodeCampaign
from shared.rules.codes import Codes, Refusal, judge
from shared.rules.facts import Facts
from shared.rules.result import Need, Ways

_MENDABLE: Final = frozenset({Refusal.WRONG_STORE, Refusal.WRONG_SEGMENT, Refusal.BELOW_MINIMUM})


def code_ways(codes: Codes, facts: Facts, code: str) -> Ways:
    """Return what a presented code would have taken; nothing where no other receipt would do."""
    judged = next((one for one in judge(codes, facts) if one.presented.code == code), None)
    if judged is None or judged.refusal is None or judged.refusal[0] not in _MENDABLE:
        return ()
    needs = tuple(_needs(codes.campaigns[judged.campaign], facts))
    return (needs,) if needs else ()


def _needs(campaign: CodeCampaign, facts: Facts) -> Iterator[Need]:
    receipt, member = facts.receipt, facts.member
    yield from _among("store_in", campaign.stores, {receipt.store})
    yield from _among("region_in", campaign.regions, {receipt.region})
    segments = frozenset[str]() if member is None else member.segments
    yield from _among("segment_in", campaign.segments, segments)
    tier = set[str]() if facts.tier is None else {facts.tier.id}
    yield from _among("tier_in", campaign.tiers, tier)
    if campaign.first_purchase == "yes" and (member is None or member.receipts > 0):
        yield Need("first_purchase", ("yes",), ("no",))
    if campaign.per_member_max is not None and member is None:
        yield Need("member", ("known",), ("unknown",))
    least = campaign.receipt_sum_from
    if least is not None and facts.sum_minor < least:
        yield Need("receipt_sum_from", least, facts.sum_minor)


def _among(
    operator: str, wanted: tuple[str, ...] | None, has: frozenset[str] | set[str]
) -> Iterator[Need]:
    if wanted is not None and has.isdisjoint(wanted):
        yield Need(operator, wanted, tuple(sorted(has)))
