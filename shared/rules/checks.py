"""What types cannot say of a pack."""

from typing import Final

from shared.points import POINT
from shared.rules.condition_model import Condition
from shared.rules.conditions import reads_lines
from shared.rules.faults import PackError
from shared.rules.features import nodes
from shared.rules.grammar import Rated
from shared.rules.model import (
    Effect,
    OnceGrantRule,
    Pack,
    Rule,
)
from shared.rules.points_checks import check_points
from shared.rules.points_terms import EarnEffect, RedeemEffect
from shared.rules.price_checks import check_prices
from shared.rules.price_model import DiscountEffect, EntitlementEffect
from shared.rules.question_checks import check_question
from shared.rules.references import known, unique, unknown
from shared.rules.slip_checks import check_slips
from shared.rules.tier_checks import check_tiers
from shared.rules.tree_checks import check_tree

CONDITION_NODES_MAX: Final = 64


def check(pack: Pack) -> None:
    """Raise PackError at the first reference or order that does not hold."""
    _check_wallets(pack)
    check_tiers(pack.tiers)
    _check_rules(pack)
    _check_grants(pack)
    _check_counters(pack)
    check_prices(pack)
    check_points(pack)
    check_tree(pack)
    check_slips(pack.slips)


def _check_wallets(pack: Pack) -> None:
    for name, wallet in pack.wallets.items():
        path = f"wallets.{name}"
        for unit in ("point_value_minor", "earning_unit", "redeeming_unit"):
            if getattr(wallet, unit) == 0:
                raise _fault(f"{path}.{unit.removesuffix('_minor')}", "zero", "ноль", "zero")
        if wallet.redeeming_unit * wallet.point_value_minor % POINT:
            raise _fault(
                f"{path}.redeeming_unit",
                "fraction",
                "единица списания должна стоить целое число копеек",
                "a redeeming unit must be worth whole kopecks",
            )


def _check_rules(pack: Pack) -> None:
    unique((rule.id for rule in pack.conditional), "rules", "id")
    discounts = frozenset(
        rule.id for rule in pack.rules for e in rule.then if isinstance(e, DiscountEffect)
    )
    for place, rule in enumerate(pack.rules):
        path = f"rules.{place}"
        _check_window(rule, path)
        if rule.condition is not None:
            _check_condition(pack, rule.condition, f"{path}.if")
        unique((effect.effect for effect in rule.then), f"{path}.then", "effect")
        for number, effect in enumerate(rule.then):
            _check_effect(pack, effect, f"{path}.then.{number}", discounts)


def _check_grants(pack: Pack) -> None:
    for place, grant in enumerate(pack.grants):
        path = f"grants.{place}"
        _check_window(grant, path)
        _check_gift(pack, grant, path)
        if grant.condition is not None:
            _check_condition(pack, grant.condition, f"{path}.if")
            if reads_lines(grant.condition):
                raise _fault(
                    f"{path}.if",
                    "no_goods",
                    "здесь нет товаров, о которых спрашивает условие",
                    "there are no goods here to ask of",
                )


def _check_counters(pack: Pack) -> None:
    for name, counter in pack.counters.items():
        if counter.condition is not None:
            _check_condition(pack, counter.condition, f"counters.{name}.if")
    for place, rule in enumerate(pack.rules):
        for number, effect in enumerate(rule.then):
            if isinstance(effect, DiscountEffect) and effect.counter is not None:
                path = f"rules.{place}.then.{number}.counter"
                known((effect.counter,), pack.counters, path)
                if pack.counters[effect.counter].of != "pieces":
                    raise _fault(
                        path, "not_pieces", "счётчик считает не штуки", "it counts no pieces"
                    )


def _check_gift(pack: Pack, grant: OnceGrantRule, path: str) -> None:
    if grant.coupon is not None:
        known((grant.coupon,), pack.codes, f"{path}.coupon")
        if pack.codes[grant.coupon].words:
            raise _fault(
                f"{path}.coupon",
                "words",
                "у кампании с общими словами нет уникальных кодов",
                "a campaign of common words has no unique codes",
            )
    if grant.wallet is None:
        return
    known((grant.wallet,), pack.wallets, f"{path}.wallet")
    if not grant.points or grant.points % pack.wallets[grant.wallet].earning_unit:
        raise _fault(
            f"{path}.points",
            "not_units",
            "нужно целое число единиц начисления, не ноль",
            "a whole number of earning units, and not zero",
        )


def _check_window(rule: Rule | OnceGrantRule, path: str) -> None:
    first, last = rule.when.first, rule.when.last
    if first is not None and last is not None and last < first:
        raise _fault(
            f"{path}.when.to",
            "window",
            "окно кончается раньше, чем начинается",
            "the window ends before it begins",
        )


def _check_condition(pack: Pack, condition: Condition, path: str) -> None:
    tiers = {step.id for step in pack.tiers.steps} if pack.tiers is not None else set()
    for count, node in enumerate(nodes(condition), start=1):
        if count > CONDITION_NODES_MAX:
            raise _fault(
                path,
                "too_many",
                f"в условии больше {CONDITION_NODES_MAX} операторов",
                f"the condition has more than {CONDITION_NODES_MAX} operators",
            )
        known(node.tier_in or (), tiers, path)
        known(node.goods_in or (), pack.lists, path)
        known(node.code_in or (), pack.codes, path)
        check_question(pack, node, path)


def _check_effect(pack: Pack, effect: Effect, path: str, discounts: frozenset[str]) -> None:
    by_tier = None
    if isinstance(effect, Rated | DiscountEffect | EntitlementEffect | EarnEffect | RedeemEffect):
        by_tier = effect.tier_percent
    if by_tier is not None:
        steps = pack.tiers.steps if pack.tiers is not None else ()
        if not steps or any(by_tier not in step.percents for step in steps):
            raise unknown(f"{path}.tier_percent", by_tier)
    if isinstance(effect, RedeemEffect) and effect.complement_of is not None:
        known((effect.complement_of,), discounts, f"{path}.complement_of")


def _fault(path: str, code: str, ru: str, en: str) -> PackError:
    return PackError(path, code, ru=ru, en=en)
