"""What is probably not meant in a well formed pack, and the basket that costs it the most."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date
from typing import Final

from shared.points import format_points
from shared.rules.compile import CompiledPack
from shared.rules.conditions import conjuncts
from shared.rules.grammar import Title
from shared.rules.model import Pack, Rule
from shared.rules.price_model import DiscountEffect, PriceEffect
from shared.rules.question_terms import BasketHas
from shared.rules.sentences import day_of, percent, rubles
from shared.rules.trial import Trial
from shared.rules.units import quantity
from shared.rules.wording import Wording
from shared.rules.worst import PROBES_MAX, Probe, Survey, survey

TIER_MAX_MINOR: Final = 1_000_000_000_00
"""A threshold that no customer reaches: a billion."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something that is probably not meant: a stable code, where, and in words."""

    code: str
    path: str
    words: Wording


@dataclass(frozen=True, slots=True)
class Opinion:
    """Doubts about a pack, and the trials behind them with the dearest baskets."""

    doubts: tuple[Doubt, ...]
    survey: Survey


def lint(pack: CompiledPack, probes_max: int = PROBES_MAX) -> Opinion:
    """Look for floor conflicts, windows that never open, dead rules, tiers and caps out of reach.

    Rules are called dead or shadowed only when every border was tried.
    """
    tried = survey(pack, probes_max)
    source = pack.source
    doubts = [*_windows(source), *_tiers(source), *_floors(source), *_offline(source)]
    doubts += _idle(source, tried)
    return Opinion(tuple(doubts), tried)


def basket_words(probe: Probe) -> Wording:
    """Describe a trial and what it costs: `кошелёк, 10 000 ₽ … выгода 4 100 ₽ (41 %)`."""
    trial, share = probe.trial, percent(int(probe.share * 10_000))
    named = _named(trial)
    sums = (rubles(probe.base_minor), rubles(probe.benefit_minor), share)
    return Wording(
        f"{named}: цена {sums[0]}, выгода {sums[1]} ({sums[2]}), "
        f"из них скидка {rubles(probe.discount_minor)}, бонусами {rubles(probe.redeemed_minor)}",
        f"{named}: price {sums[0]}, benefit {sums[1]} ({sums[2]}), "
        f"of it discount {rubles(probe.discount_minor)}, points {rubles(probe.redeemed_minor)}",
    )


def _named(trial: Trial) -> str:
    """Name what of a trial is not plain, as a receipt file would."""
    plain = Trial(day=trial.day)
    parts = [f"day {trial.day}"]
    for field in fields(Trial):
        value = getattr(trial, field.name)
        if field.name not in ("day", "redeem") and value != getattr(plain, field.name):
            parts.append(f"{field.name.removesuffix('_minor')} {_said(field.name, value)}")
    return "; ".join(parts)


def _said(name: str, value: object) -> str:
    if name.endswith("_minor") and isinstance(value, int):
        return rubles(value)
    if name == "quantity" and isinstance(value, int):
        return quantity(value)
    if isinstance(value, BasketHas):
        return ", ".join(value.goods)
    if isinstance(value, tuple):
        return ", ".join(f"{what} {amount}" for what, amount in value)
    return ", ".join(sorted(value)) if isinstance(value, frozenset) else str(value)


def _windows(pack: Pack) -> Iterator[Doubt]:
    first = pack.effective_from.date()
    for place, rule in enumerate(pack.conditional):
        if rule.when.last is not None and rule.when.last < first:
            yield Doubt("never_opens", _path(pack, place), _window_words(rule.title, first))


def _window_words(title: Title, first: date) -> Wording:
    begins = day_of(first)
    return Wording(
        f"«{title.ru}» кончается раньше, чем пакет начинает действовать ({begins.ru})",
        f"'{title.en}' ends before the pack comes into force ({begins.en})",
    )


def _tiers(pack: Pack) -> Iterator[Doubt]:
    steps = pack.tiers.steps if pack.tiers is not None else ()
    for place, step in enumerate(steps):
        path = f"tiers.steps.{place}"
        if step.from_minor > TIER_MAX_MINOR:
            yield Doubt(
                "tier_out_of_reach",
                f"{path}.from",
                Wording(
                    f"до уровня «{step.title.ru}» никто не дойдёт: {rubles(step.from_minor)}",
                    f"nobody reaches {step.title.en}: {rubles(step.from_minor)}",
                ),
            )
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


def _floors(pack: Pack) -> Iterator[Doubt]:
    """Find prices that rules promise below a floor by law of the same goods."""
    for place, rule in enumerate(pack.rules):
        promised = dict(_promises(pack, rule))
        for floor in pack.floors:
            listed = {sku for name in floor.goods for sku in pack.lists[name].skus}
            listed |= set(floor.goods)
            below = sorted(k for k in promised.keys() & listed if promised[k] < floor.price_minor)
            for goods in below[:1]:
                yield Doubt(
                    "below_floor",
                    _path(pack, place),
                    Wording(
                        f"«{rule.title.ru}» обещает {rubles(promised[goods])} за {goods}, "
                        f"ниже минимальной цены {rubles(floor.price_minor)}",
                        f"'{rule.title.en}' promises {rubles(promised[goods])} for {goods}, "
                        f"below the floor of {rubles(floor.price_minor)}",
                    ),
                )


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


def _promises(pack: Pack, rule: Rule) -> Iterator[tuple[str, int]]:
    """Yield the prices that a rule sets, by sku, or by the list of goods that it names."""
    for effect in rule.then:
        if isinstance(effect, PriceEffect):
            yield from pack.price_lists[effect.list].prices.items()
        if isinstance(effect, DiscountEffect) and effect.price_minor is not None:
            for part in conjuncts(rule.condition):
                for name in (*(part.sku_in or ()), *(part.goods_in or ())):
                    yield name, effect.price_minor


def _idle(pack: Pack, tried: Survey) -> Iterator[Doubt]:
    if not tried.complete:
        return
    titles = {rule.id: rule.title for rule in pack.rules}
    for place, rule in enumerate(pack.rules):
        if rule.id in tried.applied:
            continue
        winners = sorted(tried.gave_way.get(rule.id, ()), key=list(titles).index)
        if winners:
            russian = ", ".join(f"«{titles[winner].ru}»" for winner in winners)
            english = ", ".join(f"'{titles[winner].en}'" for winner in winners)
            words = Wording(
                f"«{rule.title.ru}» всегда уступает: {russian}",
                f"'{rule.title.en}' always gives way to {english}",
            )
            yield Doubt("shadowed", _path(pack, place), words)
        else:
            words = Wording(
                f"«{rule.title.ru}» ничего не даёт ни в одном чеке",
                f"'{rule.title.en}' does nothing on any receipt",
            )
            yield Doubt("dead", _path(pack, place), words)


def _path(pack: Pack, place: int) -> str:
    many = len(pack.rules)
    return f"rules.{place}" if place < many else f"grants.{place - many}"
