"""The stacking tree of a pack compiled: its branches, and where in it each rule stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from shared.rules.bundles import bundle_offers
from shared.rules.model import Pack, StackingGroup
from shared.rules.offers import Offers, Scope, discount_offers, rated_offers
from shared.rules.price_model import AddPercentPointsEffect, BundleEffect, DiscountEffect
from shared.rules.stacking import OR_BEST, Branch, Path, Resolver, resolver

TreeEffect = DiscountEffect | AddPercentPointsEffect | BundleEffect
_ROOT: Final = "all_discounts"
_BUNDLES: Final = "all_bundles"


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """A rule in the tree of a scope, and what it offers the lines that it fits."""

    path: Path
    tree: Scope
    offers: Offers
    adds_points: Literal["yes", "no"]


@dataclass(frozen=True, slots=True, eq=False)
class Trees:
    """The tree over each line, then the tree over the receipt; either may be missing."""

    line: Branch | None
    receipt: Branch | None
    leaves: Mapping[str, Leaf]
    resolve_line: Resolver | None
    """Resolves a line by the tree over it."""


def tree_effects(pack: Pack) -> dict[str, TreeEffect]:
    """Return the effect by which each rule of the tree lowers prices, in declared order."""
    return {
        rule.id: effect
        for rule in pack.rules
        for effect in rule.then
        if isinstance(effect, TreeEffect)
    }


def compile_trees(pack: Pack) -> Trees:
    """Compile the stacking of a pack; without any, a line gets the best of all discounts."""
    effects = tree_effects(pack)
    declared = {node.group: node for node in pack.stacking or _default(effects)}
    inner = {child for node in declared.values() for child in node.children}
    roots = {node.scope: node for node in declared.values() if node.group not in inner}
    leaves: dict[str, Leaf] = {}

    def grow(node: StackingGroup, tree: Scope, path: Path) -> Branch:
        children: list[Branch | None] = []
        for number, child in enumerate(node.children):
            if child in declared:
                children.append(grow(declared[child], tree, (*path, number)))
                continue
            plant(child, node.scope, tree, (*path, number))
            children.append(None)
        for number, modifier in enumerate(node.modifiers, len(children)):
            plant(modifier, node.scope, tree, (*path, number))
        return Branch(
            group=node.group,
            mode=OR_BEST if node.over_whole == "best" else node.mode,
            cap_bp=node.cap_bp,
            children=tuple(children),
            scope=node.scope,
            modifiers=tuple(_lines_of(effects[modifier]) for modifier in node.modifiers),
        )

    def plant(rule: str, scope: Scope, tree: Scope, path: Path) -> None:
        effect = effects[rule]
        adds: Literal["yes", "no"] = "yes" if isinstance(effect, AddPercentPointsEffect) else "no"
        leaves[rule] = Leaf(path, tree, _offers(pack, effect, scope), adds)

    def root(scope: Scope) -> Branch | None:
        return grow(roots[scope], scope, ()) if scope in roots else None

    over_line = root("line")
    resolve_line = None if over_line is None else resolver(over_line)
    return Trees(over_line, root("receipt"), leaves, resolve_line)


def _default(effects: Mapping[str, TreeEffect]) -> tuple[StackingGroup, ...]:
    def of(kind: type[TreeEffect]) -> tuple[str, ...]:
        return tuple(rule for rule, effect in effects.items() if isinstance(effect, kind))

    groups = []
    discounts, points = of(DiscountEffect), of(AddPercentPointsEffect)
    if discounts or points:
        # A file may not have a group without children; percent points alone are one.
        root = StackingGroup(group=_ROOT, mode="best", children=(_ROOT,), modifiers=points)
        groups.append(root.model_copy(update={"children": discounts}))
    if bundles := of(BundleEffect):
        groups.append(StackingGroup(group=_BUNDLES, mode="best", scope="receipt", children=bundles))
    return tuple(groups)


def _offers(pack: Pack, effect: TreeEffect, scope: Scope) -> Offers:
    if isinstance(effect, AddPercentPointsEffect):
        return rated_offers(effect)
    if isinstance(effect, BundleEffect):
        return bundle_offers(effect, pack.lists)
    return discount_offers(pack, effect, scope)


def _lines_of(effect: TreeEffect) -> str:
    only = isinstance(effect, AddPercentPointsEffect) and effect.only_if_discounted == "yes"
    return "discounted" if only else "all"
