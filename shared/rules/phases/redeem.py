"""Phase 5: how many points may pay, how many do, on which lines and out of which lots."""

from dataclasses import dataclass

from shared.member import LotView
from shared.money import WHOLE_BP, allocate
from shared.points import floor_to, points_for, worth
from shared.receipt import Redeem
from shared.rules.compile import CompiledPack, RedeemRule
from shared.rules.model import Wallet
from shared.rules.phases.draft import Benefit, Draft, Item, Phase
from shared.rules.result import Draw, EffectKind, Redemption, Sentence
from shared.rules.sentences import percent, rubles, say, shorten


def redeem(pack: CompiledPack, draft: Draft) -> None:
    """Pay with points what was asked for, clamped to what the programme and the lots allow.

    The rule that is declared first among those that are open and fit a line governs.
    """
    if draft.facts.member is None:
        draft.redemption = _nothing(draft, say("no_member"))
        return
    found = [(ruled, _items(draft, ruled)) for ruled in pack.redeems if draft.open(ruled.rule)]
    if not found:
        draft.redemption = _nothing(draft, say("redeem_closed"))
        return
    ruled, items = next((pair for pair in found if pair[1]), found[0])
    wallet = pack.wallet(ruled.wallet)
    ceiling = _ceiling(draft, ruled, items, wallet)
    purse = _purse(draft, ruled.wallet)
    draft.redemption = _settle(draft, ruled, ceiling, purse, wallet)


@dataclass(frozen=True, slots=True)
class _Ceiling:
    """What the programme allows, whatever the member has; `points` are whole redeeming units."""

    items: tuple[Item, ...]
    exact: int
    points: int
    limits: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class _Purse:
    """The member's lots of a wallet that may be spent now, in spending order."""

    lots: tuple[LotView, ...]
    balance: int
    pending: int


def _items(draft: Draft, ruled: RedeemRule) -> tuple[Item, ...]:
    return tuple([item for item in draft.items if _eligible(draft, ruled, item)])


def _ceiling(draft: Draft, ruled: RedeemRule, items: tuple[Item, ...], wallet: Wallet) -> _Ceiling:
    eligible_minor = sum(item.sum_minor for item in items)
    room_minor = sum(item.points_room_minor for item in items)
    if draft.points_left_minor is not None:
        room_minor = min(room_minor, draft.points_left_minor)
    whole_minor = sum(item.sum_minor for item in draft.items)
    base_minor = eligible_minor if ruled.share_base == "eligible_lines" else whole_minor
    share_bp = ruled.share(draft.facts)
    cap_minor = base_minor * share_bp // WHOLE_BP
    limits: list[Sentence] = []
    if len(items) < len(draft.items):
        limits.append(say("eligible_lines", count=str(len(items)), amount=rubles(eligible_minor)))
    if cap_minor < room_minor:
        limits.append(
            say(
                "share_cap",
                percent=percent(share_bp),
                base=rubles(base_minor),
                amount=rubles(cap_minor),
            )
        )
    elif room_minor < eligible_minor:
        limits.append(say("floor", amount=rubles(eligible_minor - room_minor)))
    most = points_for(min(cap_minor, room_minor), wallet.point_value_minor)
    return _Ceiling(items, most, floor_to(most, wallet.redeeming_unit), tuple(limits))


def _eligible(draft: Draft, ruled: RedeemRule, item: Item) -> bool:
    if Benefit.REDEEM in item.closed or not draft.fits(ruled.rule, item):
        return False
    if ruled.covered is not None and ruled.covered(draft.facts, item.line):
        return False
    given = draft.cuts.get(ruled.covered_by or "", {})
    return item.line.no not in given


def _purse(draft: Draft, wallet: str) -> _Purse:
    member, moment = draft.facts.member, draft.facts.moment
    assert member is not None, "a purse belongs to a member"
    alive = [
        lot
        for lot in member.lots
        if lot.wallet == wallet
        and lot.amount > 0
        and (lot.expires_on is None or draft.facts.day <= lot.expires_on)
    ]
    active = [lot for lot in alive if lot.activates_at <= moment.instant]
    balance = sum(lot.amount for lot in active)
    return _Purse(
        lots=tuple(sorted(active, key=lambda lot: lot.spending_order)),
        balance=balance,
        pending=sum(lot.amount for lot in alive) - balance,
    )


def _settle(
    draft: Draft, ruled: RedeemRule, ceiling: _Ceiling, purse: _Purse, wallet: Wallet
) -> Redemption:
    unit = wallet.redeeming_unit
    maximum = min(ceiling.points, floor_to(purse.balance, unit))
    requested = _requested(draft, maximum)
    redeemed = min(floor_to(requested, unit), maximum)
    if redeemed:
        _pay(draft, ruled, ceiling.items, redeemed, wallet)
    limits = ceiling.limits + _purse_limits(ceiling, purse, requested, unit)
    if redeemed < requested:
        clamped = say("clamped", requested=shorten(requested), redeemed=shorten(redeemed))
        limits = (clamped, *limits)
    for limit in limits:
        draft.note(Phase.REDEEM, limit, rule=ruled.rule.id, span=(requested, redeemed))
    return Redemption(
        requested=requested,
        maximum=maximum,
        redeemed=redeemed,
        limits=limits,
        draws=_draws(purse.lots, redeemed),
        programme_maximum=ceiling.points,
    )


def _requested(draft: Draft, maximum: int) -> int:
    receipt = draft.facts.receipt
    if receipt.redeem is Redeem.EXACT:
        return max(0, receipt.redeem_points)
    return maximum if receipt.redeem is Redeem.MAXIMUM else 0


def _pay(
    draft: Draft, ruled: RedeemRule, items: tuple[Item, ...], points: int, wallet: Wallet
) -> None:
    """Spread the payment by what is left to pay, never below a floor; points follow the money."""
    amount_minor = worth(points, wallet.point_value_minor)
    shares = allocate(
        amount_minor, [item.sum_minor for item in items], [item.points_room_minor for item in items]
    )
    shares_points = allocate(points, shares, [points] * len(items))
    allocations: list[tuple[int, int]] = []
    for item, share_minor, share_points in zip(items, shares, shares_points, strict=True):
        before = item.sum_minor
        item.pay(share_points, share_minor)
        allocations.append((item.line.no, share_points))
        if share_minor:
            draft.note(
                Phase.REDEEM,
                ruled.rule.applied,
                rule=ruled.rule.id,
                line=item.line.no,
                span=(before, item.sum_minor),
            )
    draft.add_effect(EffectKind.REDEEM, ruled.rule, allocations)


def _purse_limits(
    ceiling: _Ceiling, purse: _Purse, requested: int, unit: int
) -> tuple[Sentence, ...]:
    limits: list[Sentence] = []
    if purse.balance < unit:
        limits.append(say("nothing_spendable"))
    elif purse.balance < ceiling.points:
        limits.append(say("balance", amount=shorten(purse.balance)))
    if min(ceiling.exact, purse.balance) % unit or requested % unit:
        limits.append(say("redeeming_unit", unit=shorten(unit)))
    if purse.pending:
        limits.append(say("pending", amount=shorten(purse.pending)))
    return tuple(limits)


def _draws(lots: tuple[LotView, ...], points: int) -> tuple[Draw, ...]:
    draws: list[Draw] = []
    for lot in lots:
        taken = min(lot.amount, points)
        if taken:
            draws.append(Draw(lot.id, lot.account, taken))
        points -= taken
    return tuple(draws)


def _nothing(draft: Draft, reason: Sentence) -> Redemption:
    requested = _requested(draft, 0)
    draft.note(Phase.REDEEM, reason, span=(requested, 0))
    return Redemption(requested=requested, maximum=0, redeemed=0, limits=(reason,), draws=())
