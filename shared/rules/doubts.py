"""Doubts that a pack raises by what it says, with no receipt tried."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from shared.points import format_points
from shared.rules.conditions import conjuncts
from shared.rules.features import nodes
from shared.rules.floor_doubts import Promise, below_floors
from shared.rules.grammar import Title
from shared.rules.limit_terms import DISCOUNT, POINTS
from shared.rules.model import OnceGrantRule, Pack, Rule
from shared.rules.points_terms import EarnEffect
from shared.rules.price_model import CouponEffect, EntitlementEffect
from shared.rules.sentences import amount_of, day_of, rubles
from shared.rules.terms import Term, Unit, read_activation, read_expiry
from shared.rules.tier_terms import TierStep
from shared.rules.tracks import compile_track
from shared.rules.windows import WindowKind, read_period
from shared.rules.wording import Wording

TIER_MAX_MINOR: Final = 1_000_000_000_00
"""A threshold that no customer reaches: a billion of roubles or points."""
VISITS_A_DAY_MAX: Final = 20
_LONG_DAYS: Final = 36_500
_DAYS: Final = {
    WindowKind.DAY: 1,
    WindowKind.WEEK: 7,
    WindowKind.MONTH: 31,
    WindowKind.QUARTER: 92,
    WindowKind.YEAR: 366,
    WindowKind.ANNIVERSARY: 366,
}
_HOURS: Final = 24
_MONTH_DAYS: Final = 31
_LOWERING: Final = frozenset({"price", "discount", "add_percent_points", "bundle", "entitlement"})


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something that is probably not meant: a stable code, where, and in words."""

    code: str
    path: str
    words: Wording


def doubts_of(pack: Pack) -> Iterator[Doubt]:
    """Yield windows that never open, tiers out of reach, prices below a floor and the like."""
    yield from _windows(pack)
    yield from _tiers(pack)
    yield from (_floor_doubt(pack, promise) for promise in below_floors(pack))
    yield from _offline(pack)
    yield from _lots(pack)
    yield from _limits(pack)
    yield from _codes(pack)


def path_of(pack: Pack, place: int) -> str:
    """Return the path of a rule or a grant by its place among all of them."""
    many = len(pack.rules)
    return f"rules.{place}" if place < many else f"grants.{place - many}"


def _windows(pack: Pack) -> Iterator[Doubt]:
    first = pack.effective_from.date()
    for place, rule in enumerate(pack.conditional):
        if any(last < first for last in _last_days(rule)):
            yield _never_opens(path_of(pack, place), rule.title, first)
    for name, campaign in pack.codes.items():
        if campaign.when.last is not None and campaign.when.last < first:
            yield _never_opens(f"codes.{name}", campaign.title, first)


def _last_days(rule: Rule | OnceGrantRule) -> Iterator[date]:
    if rule.when.last is not None:
        yield rule.when.last
    for part in conjuncts(rule.condition):
        ends = [span.last for span in part.day_in or ()]
        last = max((end for end in ends if end is not None), default=None)
        if last is not None and None not in ends:
            yield last


def _never_opens(path: str, title: Title, first: date) -> Doubt:
    begins = day_of(first)
    words = Wording(
        f"«{title.ru}» кончается раньше, чем пакет начинает действовать ({begins.ru} {first.year})",
        f"'{title.en}' ends before the pack comes into force ({begins.en} {first.year})",
    )
    return Doubt("never_opens", path, words)


def _tiers(pack: Pack) -> Iterator[Doubt]:
    steps = pack.tiers.steps if pack.tiers is not None else ()
    for place, step in enumerate(steps):
        path = f"tiers.steps.{place}"
        if (threshold := _out_of_reach(pack, place)) is not None:
            yield Doubt("tier_out_of_reach", f"{path}.from", _reach_words(pack, step, threshold))
        lower = steps[place - 1].percents if place else {}
        worse = sorted(name for name in lower if step.percents.get(name, 0) < lower[name])
        if worse:
            yield Doubt(
                "tier_worse",
                f"{path}.percents.{worse[0]}",
                Wording(
                    f"уровень «{step.title.ru}» хуже предыдущего: {', '.join(worse)}",
                    f"tier {step.title.en} is worse than the one below: {', '.join(worse)}",
                ),
            )


def _out_of_reach(pack: Pack, place: int) -> int | None:
    """Return the largest threshold of a tier, in any of its eras, if nobody reaches that."""
    track = pack.tiers
    assert track is not None, "there are steps"
    threshold = max(era.thresholds[place] for era in compile_track(track).eras)
    if track.metric == "points" and threshold and not _earns(pack):
        return threshold
    most = TIER_MAX_MINOR
    if track.metric == "visits":
        period = read_period(track.window)
        rolling = {
            WindowKind.ROLLING_DAYS: period.count,
            WindowKind.ROLLING_MONTHS: period.count * _MONTH_DAYS,
        }
        days = {**_DAYS, **rolling}.get(period.kind, _LONG_DAYS)
        most = days * VISITS_A_DAY_MAX * 100
    return threshold if threshold > most else None


def _earns(pack: Pack) -> bool:
    kinds = {effect.effect for rule in pack.rules for effect in rule.then}
    return bool(kinds & {"earn", "entitlement"})


def _reach_words(pack: Pack, step: TierStep, threshold: int) -> Wording:
    assert pack.tiers is not None, "there are steps"
    amount = amount_of(pack.tiers.metric, threshold)
    return Wording(
        f"до уровня «{step.title.ru}» никто не дойдёт: {amount.ru}",
        f"nobody reaches {step.title.en}: {amount.en}",
    )


def _floor_doubt(pack: Pack, promise: Promise) -> Doubt:
    rule = pack.rules[promise.place]
    price, floor = rubles(promise.price_minor), rubles(promise.floor_minor)
    words = Wording(
        f"«{rule.title.ru}» обещает {price} за {promise.goods}, ниже минимальной цены {floor}",
        f"'{rule.title.en}' promises {price} for {promise.goods}, below the floor of {floor}",
    )
    return Doubt("below_floor", path_of(pack, promise.place), words)


def _offline(pack: Pack) -> Iterator[Doubt]:
    """Find a cap of a receipt or a pass that is less than the least that can be redeemed."""
    units = [wallet.redeeming_unit for wallet in pack.wallets.values()]
    for name in ("offline_receipt_points", "offline_pass_points"):
        if 0 < getattr(pack.policies, name) < min(units, default=0):
            least = format_points(min(units))
            yield Doubt(
                "offline_cap_idle",
                f"policies.{name}",
                Wording(
                    f"сверх закреплённого без связи ничего не списать: списывают от {least}",
                    f"nothing beyond the lease is redeemed offline: the least is {least}",
                ),
            )


def _lots(pack: Pack) -> Iterator[Doubt]:
    """Find points and coupons that are over before they begin, or before the pack begins."""
    first = pack.effective_from.date()
    terms = [
        (f"rules.{place}.then.{number}.expiry", rule.title, effect.activation, effect.expiry)
        for place, rule in enumerate(pack.rules)
        for number, effect in enumerate(rule.then)
        if isinstance(effect, EarnEffect | EntitlementEffect | CouponEffect)
    ]
    terms += [
        (f"grants.{place}.expiry", grant.title, grant.activation, grant.expiry)
        for place, grant in enumerate(pack.grants)
    ]
    for path, title, begins, ends in terms:
        term = read_expiry(ends)
        fixed = term.day if term.unit is Unit.FIXED else None
        if (fixed is not None and fixed < first) or _days(term) < _days(read_activation(begins)):
            words = Wording(
                f"«{title.ru}»: начисленное сгорает раньше, чем начинает действовать "
                f"({begins}, {ends})",
                f"'{title.en}': what it gives ends before it begins ({begins}, {ends})",
            )
            yield Doubt("dead_lot", path, words)


def _days(term: Term) -> int:
    """Return after how many days a term is over at the latest; what has an end of its own, late."""
    if term.unit is Unit.HOURS:
        return term.count // _HOURS
    if term.unit is Unit.DAYS:
        return term.count
    return term.count * _MONTH_DAYS if term.unit is Unit.MONTHS else _LONG_DAYS + 1


def _limits(pack: Pack) -> Iterator[Doubt]:
    """Find limits of what a rule does not give."""
    for place, rule in enumerate(pack.rules):
        kinds = {effect.effect for effect in rule.then}
        for number, limit in enumerate(rule.limits):
            idle = (limit.what == POINTS and "earn" not in kinds) or (
                limit.what == DISCOUNT and not kinds & _LOWERING
            )
            if idle:
                words = Wording(
                    f"«{rule.title.ru}»: лимит ограничивает то, чего правило не даёт",
                    f"'{rule.title.en}': the limit is of something that the rule does not give",
                )
                yield Doubt("idle_limit", f"rules.{place}.limits.{number}", words)


def _codes(pack: Pack) -> Iterator[Doubt]:
    """Find campaigns whose codes no rule asks for."""
    asked = {
        name
        for rule in pack.conditional
        for node in (nodes(rule.condition) if rule.condition is not None else ())
        for name in node.code_in or ()
    }
    for name, campaign in pack.codes.items():
        if name not in asked:
            words = Wording(
                f"промокод «{campaign.title.ru}» ничего не даёт: его не спрашивает ни одно правило",
                f"promo code '{campaign.title.en}' gives nothing: no rule asks for it",
            )
            yield Doubt("idle_code", f"codes.{name}", words)
