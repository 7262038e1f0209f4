"""What types cannot say of a pack: references that resolve, tiers in order, one stacking tree."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from shared.points import POINT
from shared.rules.conditions import reads_lines
from shared.rules.faults import PackError
from shared.rules.features import nodes
from shared.rules.model import Condition, Effect, OnceGrantRule, Pack, RedeemEffect, Rule

CONDITION_NODES_MAX: Final = 64
GROUP_DEPTH_MAX: Final = 16


def check(pack: Pack) -> None:
    """Raise PackError at the first reference or order that does not hold."""
    _check_wallets(pack)
    _check_tiers(pack)
    _check_rules(pack)
    _check_grants(pack)
    _check_tree(pack)


def discount_rules(pack: Pack) -> tuple[str, ...]:
    """Return the ids of the rules with a discount, in declared order."""
    return tuple(rule.id for rule in pack.rules if any(e.effect == "discount" for e in rule.then))


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


def _check_tiers(pack: Pack) -> None:
    if pack.tiers is None:
        return
    steps = pack.tiers.steps
    _unique((step.id for step in steps), "tiers.steps", "id")
    if steps[0].from_minor != 0:
        raise _fault(
            "tiers.steps.0.from",
            "first_tier",
            "первый уровень начинается с 0.00",
            "the first tier begins at 0.00",
        )
    for place in range(1, len(steps)):
        if steps[place].from_minor <= steps[place - 1].from_minor:
            raise _fault(
                f"tiers.steps.{place}.from",
                "tier_order",
                "пороги должны возрастать",
                "thresholds must ascend",
            )


def _check_rules(pack: Pack) -> None:
    _unique((rule.id for rule in pack.conditional), "rules", "id")
    discounts = frozenset(discount_rules(pack))
    for place, rule in enumerate(pack.rules):
        path = f"rules.{place}"
        _check_window(rule, path)
        if rule.condition is not None:
            _check_condition(pack, rule.condition, f"{path}.if")
        _unique((effect.effect for effect in rule.then), f"{path}.then", "effect")
        for number, effect in enumerate(rule.then):
            _check_effect(pack, effect, f"{path}.then.{number}", discounts)


def _check_grants(pack: Pack) -> None:
    for place, grant in enumerate(pack.grants):
        path = f"grants.{place}"
        _check_window(grant, path)
        _known((grant.wallet,), pack.wallets, f"{path}.wallet")
        if not grant.points or grant.points % pack.wallets[grant.wallet].earning_unit:
            raise _fault(
                f"{path}.points",
                "not_units",
                "нужно целое число единиц начисления, не ноль",
                "a whole number of earning units, and not zero",
            )
        if grant.condition is not None:
            _check_condition(pack, grant.condition, f"{path}.if")
            if reads_lines(grant.condition):
                raise _fault(
                    f"{path}.if",
                    "no_goods",
                    "здесь нет товаров, о которых спрашивает условие",
                    "there are no goods here to ask of",
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
        _known(node.tier_in or (), tiers, path)
        _known(node.goods_in or (), pack.lists, path)


def _check_effect(pack: Pack, effect: Effect, path: str, discounts: frozenset[str]) -> None:
    if effect.tier_percent is not None:
        steps = pack.tiers.steps if pack.tiers is not None else ()
        if not steps or any(effect.tier_percent not in step.percents for step in steps):
            raise _unknown(f"{path}.tier_percent", effect.tier_percent)
    if effect.effect != "discount":
        _known((effect.wallet,), pack.wallets, f"{path}.wallet")
    if isinstance(effect, RedeemEffect) and effect.complement_of is not None:
        _known((effect.complement_of,), discounts, f"{path}.complement_of")


def _check_tree(pack: Pack) -> None:
    """Hold that the groups form one tree in which every discount rule stands exactly once."""
    groups = {node.group: node for node in pack.stacking}
    _unique((node.group for node in pack.stacking), "stacking", "group")
    leaves = frozenset(discount_rules(pack))
    for place, node in enumerate(pack.stacking):
        if node.group in leaves:
            raise _fault(
                f"stacking.{place}.group",
                "repeated",
                f"«{node.group}» уже имя правила",
                f"'{node.group}' is the name of a rule",
            )
    seen: set[str] = set()
    for place, node in enumerate(pack.stacking):
        for number, child in enumerate(node.children):
            path = f"stacking.{place}.children.{number}"
            if child not in leaves and child not in groups:
                raise _unknown(path, child)
            if child in seen:
                raise _fault(path, "twice", f"«{child}» уже есть", f"'{child}' stands twice")
            seen.add(child)
    if pack.stacking:
        _check_reach(groups.keys() - seen, pack, leaves - seen)


def _check_reach(roots: Iterable[str], pack: Pack, left_out: Iterable[str]) -> None:
    if (missed := min(left_out, default=None)) is not None:
        raise _fault(
            "stacking",
            "left_out",
            f"скидка «{missed}» не входит ни в одну группу",
            f"discount '{missed}' is in no group",
        )
    tops = sorted(roots)
    if len(tops) > 1:
        raise _fault(
            "stacking",
            "several_roots",
            f"вершина должна быть одна, а их несколько: {', '.join(tops)}",
            f"there must be one root group: {', '.join(tops)}",
        )
    children = {node.group: node.children for node in pack.stacking}
    depths = dict(_descendants(tops, children))
    for place, node in enumerate(pack.stacking):
        if node.group not in depths:
            raise _fault(
                f"stacking.{place}", "cycle", "группы ссылаются по кругу", "groups form a cycle"
            )
        if depths[node.group] > GROUP_DEPTH_MAX:
            raise _fault(
                f"stacking.{place}",
                "too_deep",
                f"вложенность групп больше {GROUP_DEPTH_MAX}",
                f"groups nested deeper than {GROUP_DEPTH_MAX}",
            )


def _descendants(
    tops: Sequence[str], children: dict[str, tuple[str, ...]]
) -> Iterator[tuple[str, int]]:
    """Yield each group below the tops with its depth; terminates, as no child stands twice."""
    waiting = [(top, 1) for top in tops]
    while waiting:
        group, depth = waiting.pop()
        yield group, depth
        waiting.extend((child, depth + 1) for child in children[group] if child in children)


def _unique(names: Iterable[str], path: str, key: str) -> None:
    seen: set[str] = set()
    for place, name in enumerate(names):
        if name in seen:
            raise _fault(
                f"{path}.{place}.{key}",
                "repeated",
                f"«{name}» повторяется",
                f"'{name}' is repeated",
            )
        seen.add(name)


def _known(names: Iterable[str], known: Iterable[str], path: str) -> None:
    for name in names:
        if name not in known:
            raise _unknown(path, name)


def _unknown(path: str, name: str) -> PackError:
    return _fault(path, "unknown_name", f"«{name}» не объявлено", f"'{name}' is not declared")


def _fault(path: str, code: str, ru: str, en: str) -> PackError:
    return PackError(path, code, ru=ru, en=en)
