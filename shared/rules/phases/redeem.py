"""Phase 5: how many points may pay, how many do, on which lines and out of which lots."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from shared.member import LotView
from shared.money import WHOLE_BP, allocate
from shared.points import floor_to, points_for, worth
from shared.receipt import Redeem
from shared.rules.compile import CompiledPack, RedeemRule
from shared.rules.counting import count_points
from shared.rules.model import Wallet
from shared.rules.phases.draft import Benefit, Draft, Item, Phase
from shared.rules.result import Draw, EffectKind, Redemption, Sentence
from shared.rules.sentences import percent, rubles, say, shorten


def redeem(pack: CompiledPack, draft: Draft) -> None:
    """Pay with points what was asked for, clamped to what the programme and the lots allow.

    Wallets pay in the order in which their rules are declared; of a wallet's rules the first that
    is open and fits a line governs.
    """
    if draft.facts.member is None:
        draft.redemption = _nothing(draft, say("no_member"))
        return
    purses = _purses(pack, draft)
    if not purses:
        draft.redemption = _nothing(draft, say("redeem_closed"))
        return
    whole = _plan(draft, purses, None)
    maximum = sum(payment.points for payment in whole)
    receipt = draft.facts.receipt
    if receipt.redeem is Redeem.MAXIMUM:
        draft.redemption = _settle(draft, whole, maximum, whole)
        return
    requested = _requested(draft, maximum)
    if requested > maximum and pack.source.policies.redeem_over_maximum == "refuse":
        refused = _settle(draft, _plan(draft, purses, 0), 0, whole)
        reason = say("refused", requested=count_points(requested), most=shorten(maximum))
        draft.note(Phase.REDEEM, reason, span=(requested, 0))
        draft.redemption = replace(refused, requested=requested, limits=(reason, *refused.limits))
        return
    draft.redemption = _settle(draft, _plan(draft, purses, requested), requested, whole)


@dataclass(frozen=True, slots=True)
class _Purse:
    """A wallet's rule, the lines that it may pay for, and the member's lots, in spending order."""

    ruled: RedeemRule
    wallet: Wallet
    items: tuple[Item, ...]
    lots: tuple[LotView, ...]
    balance: int
    pending: int


@dataclass(frozen=True, slots=True)
class _Ceiling:
    """What the programme allows, whatever the member has; `points` are whole redeeming units."""

    exact: int
    points: int
    rooms: tuple[int, ...]
    limits: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class _Payment:
    """What a purse pays: points in all, kopecks by its lines."""

    purse: _Purse
    ceiling: _Ceiling
    points: int
    shares: tuple[int, ...]


def _purses(pack: CompiledPack, draft: Draft) -> list[_Purse]:
    by_wallet: dict[str, list[tuple[RedeemRule, tuple[Item, ...]]]] = {}
    for ruled in pack.redeems:
        if draft.open(ruled.rule):
            by_wallet.setdefault(ruled.wallet, []).append((ruled, _items(draft, ruled)))
    found = []
    for name, rules in by_wallet.items():
        ruled, items = next((pair for pair in rules if pair[1]), rules[0])
        for other, _ in rules if len(rules) > 1 else ():
            if other is not ruled:
                told = say("other_redeem_rule", title=ruled.rule.title)
                draft.note(Phase.REDEEM, told, rule=other.rule.id)
        found.append(_purse(draft, ruled, items, pack.wallet(name)))
    return found


def _purse(draft: Draft, ruled: RedeemRule, items: tuple[Item, ...], wallet: Wallet) -> _Purse:
    member, moment = draft.facts.member, draft.facts.moment
    assert member is not None, "a purse belongs to a member"
    alive = [
        lot
        for lot in member.lots
        if lot.wallet == ruled.wallet
        and lot.amount > 0
        and (lot.expires_on is None or draft.facts.day <= lot.expires_on)
    ]
    active = [lot for lot in alive if lot.activates_at <= moment.instant]
    balance = sum(lot.amount for lot in active)
    return _Purse(
        ruled=ruled,
        wallet=wallet,
        items=items,
        lots=tuple(sorted(active, key=lambda lot: lot.spending_order)),
        balance=balance,
        pending=sum(lot.amount for lot in alive) - balance,
    )


def _items(draft: Draft, ruled: RedeemRule) -> tuple[Item, ...]:
    """Return the lines that an open rule lets points pay for."""
    facts, matches, covered = draft.facts, ruled.rule.matches, ruled.covered
    given = draft.cuts.get(ruled.covered_by or "", {})
    found = [
        item
        for item in draft.items
        if Benefit.REDEEM not in item.closed
        and matches(facts, item.line)
        and item.line.no not in given
    ]
    if covered is not None:
        found = [item for item in found if not covered(facts, item.line)]
    return tuple(found)


def _plan(draft: Draft, purses: Sequence[_Purse], requested: int | None) -> list[_Payment]:
    """Let the purses pay one after the other; None asks for as much as may be."""
    paid: dict[int, int] = {}
    payments = []
    left = requested
    for purse in purses:
        unit = purse.wallet.redeeming_unit
        before = [paid.get(item.line.no, 0) for item in purse.items] if paid else ()
        ceiling = _ceiling(draft, purse, before, sum(paid.values()))
        points = min(ceiling.points, floor_to(purse.balance, unit))
        if left is not None:
            points = min(floor_to(left, unit), points)
        points = points if points >= purse.ruled.least else 0
        left = None if left is None else left - points
        sums = [item.sum_minor for item in purse.items]
        if any(before):
            sums = [amount - done for amount, done in zip(sums, before, strict=True)]
        amount_minor = worth(points, purse.wallet.point_value_minor)
        shares = allocate(amount_minor, sums, ceiling.rooms)
        for item, share in zip(purse.items, shares, strict=True):
            paid[item.line.no] = paid.get(item.line.no, 0) + share
        payments.append(_Payment(purse, ceiling, points, tuple(shares)))
    return payments


def _ceiling(draft: Draft, purse: _Purse, before: Sequence[int], paid_minor: int) -> _Ceiling:
    """Return what the programme lets a purse pay after those that paid `before` on its lines."""
    items, limits = purse.items, list[Sentence]()
    eligible_minor = sum([item.sum_minor for item in items])
    if len(items) < len(draft.items):
        limits.append(say("eligible_lines", count=str(len(items)), amount=rubles(eligible_minor)))
    rooms = [item.points_room_minor for item in items]
    if any(before):
        rooms = [room - done for room, done in zip(rooms, before, strict=True)]
    room_minor = sum(rooms)
    if draft.points_left_minor is not None:
        room_minor = min(room_minor, draft.points_left_minor - paid_minor)
    share = _share(draft, purse)
    rooms = list(map(min, share.rooms, rooms))
    cap_minor = min(share.cap_minor, sum(rooms))
    if cap_minor < room_minor:
        limits.append(share.limit())
    elif room_minor < (left_minor := eligible_minor - sum(before)):
        limits.append(_why_less(draft, purse, room_minor, left_minor, sum(rooms)))
    most = points_for(max(0, min(cap_minor, room_minor)), purse.wallet.point_value_minor)
    if purse.ruled.most is not None and purse.ruled.most < most:
        most = purse.ruled.most
        limits.append(say("redeem_limit", points=count_points(most)))
    points = floor_to(most, purse.wallet.redeeming_unit)
    return _Ceiling(most, points, tuple(rooms), tuple(limits))


def _why_less(
    draft: Draft, purse: _Purse, room_minor: int, left_minor: int, rooms_minor: int
) -> Sentence:
    """Say what leaves points less room than is to pay: a cap, the least to pay, or floors."""
    if room_minor < rooms_minor:
        least = rubles(draft.least_minor)
        return say(draft.points_left_by, least=least, amount=rubles(max(0, room_minor)))
    if any(item.points_room_minor < item.room_minor for item in purse.items):
        return say("points_capped", amount=rubles(room_minor))
    return say("floor", amount=rubles(left_minor - room_minor))


@dataclass(frozen=True, slots=True)
class _Share:
    """What the rule's share lets points pay in all and line by line, in kopecks."""

    cap_minor: int
    rooms: list[int]
    limit: Callable[[], Sentence]


def _share(draft: Draft, purse: _Purse) -> _Share:
    ruled, items = purse.ruled, purse.items
    rates = ruled.shares(draft.facts, [item.line for item in items]) if items else ()
    sums = [item.sum_minor for item in items]
    if ruled.share_base == "each_line":
        rooms = [amount * rate // WHOLE_BP for amount, rate in zip(sums, rates, strict=True)]
        most = sum(rooms)
        return _Share(most, rooms, lambda: say("line_share", amount=rubles(most)))
    whole_minor = sum([item.sum_minor for item in draft.items])
    base_minor = sum(sums) if ruled.share_base == "eligible_lines" else whole_minor
    share_bp = rates[0] if rates else 0
    cap_minor = base_minor * share_bp // WHOLE_BP
    return _Share(
        cap_minor,
        sums,
        lambda: say(
            "share_cap",
            percent=percent(share_bp),
            base=rubles(base_minor),
            amount=rubles(cap_minor),
        ),
    )


def _settle(
    draft: Draft, payments: Sequence[_Payment], requested: int, whole: Sequence[_Payment]
) -> Redemption:
    """Pay; `whole` is the plan of as much as may be, which tells the maximum."""
    redeemed = sum(payment.points for payment in payments)
    rules = [payment.purse.ruled.rule.id for payment in payments]
    limits: list[tuple[str, Sentence]] = []
    if redeemed < requested:
        clamped = say("clamped", requested=shorten(requested), redeemed=count_points(redeemed))
        limits.append((rules[0], clamped))
    for rule, payment in zip(rules, payments, strict=True):
        limits += [(rule, limit) for limit in _limits(payment, requested)]
        if payment.points:
            _pay(draft, payment)
    for rule, limit in limits:
        draft.note(Phase.REDEEM, limit, rule=rule, span=(requested, redeemed))
    return Redemption(
        requested=requested,
        maximum=sum(payment.points for payment in whole),
        redeemed=redeemed,
        limits=tuple(limit for _, limit in limits),
        draws=tuple(draw for payment in payments for draw in _draws(payment)),
        programme_maximum=sum(payment.ceiling.points for payment in whole),
    )


def _requested(draft: Draft, maximum: int) -> int:
    receipt = draft.facts.receipt
    if receipt.redeem is Redeem.EXACT:
        return max(0, receipt.redeem_points)
    return maximum if receipt.redeem is Redeem.MAXIMUM else 0


def _pay(draft: Draft, payment: _Payment) -> None:
    """Take what a purse pays off its lines; points follow the money."""
    rule, items = payment.purse.ruled.rule, payment.purse.items
    points = allocate(payment.points, payment.shares, [payment.points] * len(items))
    numbers = [item.line.no for item in items]
    for item, no, share_minor, share in zip(items, numbers, payment.shares, points, strict=True):
        before = item.sum_minor
        item.pay(share, share_minor)
        if share_minor:
            span = (before, item.sum_minor)
            draft.note(Phase.REDEEM, rule.applied, rule=rule.id, line=no, span=span)
    draft.add_effect(EffectKind.REDEEM, rule, list(zip(numbers, points, strict=True)))


def _limits(payment: _Payment, requested: int) -> list[Sentence]:
    """Say what limits a purse, by the programme and by what it holds."""
    purse, ceiling, unit = payment.purse, payment.ceiling, payment.purse.wallet.redeeming_unit
    limits = list(ceiling.limits)
    if 0 < min(ceiling.points, purse.balance) < purse.ruled.least:
        limits.append(say("redeem_least", points=count_points(purse.ruled.least)))
    if purse.balance < unit:
        limits.append(say("nothing_spendable"))
    elif purse.balance < ceiling.points:
        limits.append(say("balance", points=count_points(purse.balance)))
    if min(ceiling.exact, purse.balance) % unit or requested % unit:
        limits.append(say("redeeming_unit", unit=shorten(unit)))
    if purse.pending:
        limits.append(say("pending", points=count_points(purse.pending)))
    return limits


def _draws(payment: _Payment) -> list[Draw]:
    draws, points = [], payment.points
    for lot in payment.purse.lots:
        taken = min(lot.amount, points)
        if taken:
            draws.append(Draw(lot.id, lot.account, taken))
        points -= taken
    return draws


def _nothing(draft: Draft, reason: Sentence) -> Redemption:
    requested = _requested(draft, 0)
    draft.note(Phase.REDEEM, reason, span=(requested, 0))
    return Redemption(requested=requested, maximum=0, redeemed=0, limits=(reason,), draws=())
