"""That the groups of a pack form at most a tree of lines and a tree of the receipt."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from shared.rules.faults import PackError
from shared.rules.model import Pack, StackingGroup
from shared.rules.price_model import AddPercentPointsEffect, BundleEffect
from shared.rules.references import unique, unknown
from shared.rules.tree import tree_effects

GROUP_DEPTH_MAX: Final = 16


def check_tree(pack: Pack) -> None:
    """Hold that every rule that lowers prices stands in the tree exactly once.

    Raises PackError at the first group or rule of which this is not true.
    """
    _check_effects(pack)
    groups = {node.group: node for node in pack.stacking}
    unique((node.group for node in pack.stacking), "stacking", "group")
    if not pack.stacking:
        return
    seen = _check_children(pack, groups)
    effects = tree_effects(pack)
    _check_left_out(rule for rule in effects if rule not in seen)
    _check_roots([node for node in pack.stacking if node.group not in seen])
    _check_reach(pack, groups, seen)


def _check_effects(pack: Pack) -> None:
    effects = tree_effects(pack)
    for place, rule in enumerate(pack.rules):
        mine = [effect for effect in rule.then if effect.effect in _LOWERING]
        if len(mine) > 1:
            raise PackError(
                f"rules.{place}.then",
                "several",
                ru="правило даёт только одну скидку",
                en="a rule gives one discount only",
            )
    for place, node in enumerate(pack.stacking):
        if node.group in effects:
            raise PackError(
                f"stacking.{place}.group",
                "repeated",
                ru=f"«{node.group}» уже имя правила",
                en=f"'{node.group}' is the name of a rule",
            )


_LOWERING: Final = ("price", "discount", "add_percent_points", "bundle", "entitlement")


def _check_children(pack: Pack, groups: Mapping[str, StackingGroup]) -> set[str]:
    effects = tree_effects(pack)
    points = {rule for rule, e in effects.items() if isinstance(e, AddPercentPointsEffect)}
    discounts = effects.keys() - points
    bundles = {rule for rule, effect in effects.items() if isinstance(effect, BundleEffect)}
    seen: set[str] = set()
    for place, node in enumerate(pack.stacking):
        for key, names, declared in (
            ("children", node.children, discounts | groups.keys()),
            ("modifiers", node.modifiers, points),
        ):
            for number, name in enumerate(names):
                path = f"stacking.{place}.{key}.{number}"
                if name not in declared:
                    raise unknown(path, name)
                if name in seen:
                    raise PackError(
                        path, "twice", ru=f"«{name}» уже есть", en=f"'{name}' stands twice"
                    )
                of_receipt = name in bundles or (name in groups and groups[name].scope == "receipt")
                if node.scope == "line" and of_receipt:
                    raise PackError(
                        path,
                        "scope",
                        ru="набор или группа чека не может стоять в группе строк",
                        en="a bundle or a group of the receipt cannot stand in a group of lines",
                    )
                seen.add(name)
    return seen


def _check_left_out(left_out: Iterable[str]) -> None:
    if (missed := min(left_out, default=None)) is not None:
        raise PackError(
            "stacking",
            "left_out",
            ru=f"скидка «{missed}» не входит ни в одну группу",
            en=f"discount '{missed}' is in no group",
        )


def _check_roots(roots: list[StackingGroup]) -> None:
    scopes = [node.scope for node in roots]
    if len(set(scopes)) < len(scopes):
        tops = ", ".join(sorted(node.group for node in roots))
        raise PackError(
            "stacking",
            "several_roots",
            ru=f"вершина должна быть одна для строк и одна для чека, а их несколько: {tops}",
            en=f"there must be one root group of lines and one of the receipt: {tops}",
        )


def _check_reach(pack: Pack, groups: Mapping[str, StackingGroup], seen: set[str]) -> None:
    depths = dict(_descendants(groups, seen))
    for place, node in enumerate(pack.stacking):
        if node.group not in depths:
            raise PackError(
                f"stacking.{place}",
                "cycle",
                ru="группы ссылаются по кругу",
                en="groups form a cycle",
            )
        if depths[node.group] > GROUP_DEPTH_MAX:
            raise PackError(
                f"stacking.{place}",
                "too_deep",
                ru=f"вложенность групп больше {GROUP_DEPTH_MAX}",
                en=f"groups nested deeper than {GROUP_DEPTH_MAX}",
            )


def _descendants(groups: Mapping[str, StackingGroup], seen: set[str]) -> Iterator[tuple[str, int]]:
    """Yield each group below the roots with its depth; terminates, as no child stands twice."""
    waiting = [(group, 1) for group in groups if group not in seen]
    while waiting:
        group, depth = waiting.pop()
        yield group, depth
        waiting.extend((child, depth + 1) for child in groups[group].children if child in groups)
