"""A part of a pack: some of its rules alone, with what they refer to and nothing else."""

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Final, TypeVar

from shared.rules.asked import documents
from shared.rules.compile import CompiledPack, compile_pack
from shared.rules.model import Effect, Pack, Rule, StackingGroup
from shared.rules.points_terms import EarnTimesEffect, RedeemEffect
from shared.rules.price_model import AddPercentPointsEffect, BundleEffect, DiscountEffect
from shared.rules.tree import tree_effects

_D = TypeVar("_D")
_TOKEN_BP: Final = 100
"""The percent of a discount that stands for a multiplier."""


def alone(pack: Pack, rule: Rule) -> CompiledPack:
    """Return a pack of one rule, in a group of the scope that its own group has.

    What only adds to others (percent points, a multiplier) stands there as a plain discount: it
    fits what the rule fits.
    """
    scope = next((node.scope for node in pack.stacking if rule.id in _members(node)), "line")
    effects = tuple(map(_plain, rule.then))
    by_itself = rule.model_copy(update={"then": effects})
    names = {rule.id, *_complements(rule)}
    rules = tuple(by_itself if one.id == rule.id else one for one in pack.rules if one.id in names)
    part = _with_rules(pack, rules)
    in_tree = tuple(tree_effects(part))
    if any(isinstance(effect, BundleEffect) for effect in effects):
        scope = "receipt"
    root = StackingGroup(group="alone", mode="best", scope=scope, children=in_tree or ("alone",))
    return _compiled(part.model_copy(update={"stacking": (root,) if in_tree else ()}))


def together(pack: Pack, ids: Iterable[str]) -> CompiledPack:
    """Return a pack of some rules, in what is left of the tree."""
    wanted = set(ids)
    for rule in pack.rules:
        if rule.id in wanted:
            wanted.update(_complements(rule))
    part = _with_rules(pack, tuple(rule for rule in pack.rules if rule.id in wanted))
    return _compiled(part.model_copy(update={"stacking": tuple(_pruned(pack, wanted))}))


def _with_rules(pack: Pack, rules: tuple[Rule, ...]) -> Pack:
    tables = _kept(pack.tables, _said(rules, "table"))
    counters = _said(rules, "counter") | _said(rules, "of") | _said(tables, "counter")
    lists = {*_said(rules, "goods"), *_said(rules, "goods_in"), *_said(tables, "columns")}
    lists |= _said((pack.floors, pack.bans), "goods")
    codes = _said(rules, "code_in") | _said(rules, "campaign")
    return pack.model_copy(
        update={
            "rules": rules,
            "grants": (),
            "tables": tables,
            "lists": _kept(pack.lists, lists),
            "codes": _kept(pack.codes, codes),
            "price_lists": _kept(pack.price_lists, _said(rules, "list")),
            "wallets": _kept(pack.wallets, _said(rules, "wallet")),
            "counters": {
                name: one.model_copy(update={"condition": None})
                for name, one in _kept(pack.counters, counters).items()
            },
        }
    )


def _kept(named: Mapping[str, _D], names: Container[str]) -> dict[str, _D]:
    return {name: one for name, one in named.items() if name in names}


def _said(part: object, key: str) -> set[str]:
    """Return the names that documents anywhere in a part have under a key."""
    found: set[str] = set()
    for document in documents(part):
        names = getattr(document, key, None) or ()
        found.update((names,) if isinstance(names, str) else names)
    return found


def _pruned(pack: Pack, wanted: set[str]) -> Iterator[StackingGroup]:
    """Yield the groups that still have a member, without what was in them besides."""
    kept = set(wanted)
    while True:
        grown = kept | {node.group for node in pack.stacking if kept & set(node.children)}
        if grown == kept:
            break
        kept = grown
    for node in pack.stacking:
        if node.group in kept:
            children = tuple(child for child in node.children if child in kept)
            modifiers = tuple(rule for rule in node.modifiers if rule in wanted)
            yield node.model_copy(update={"children": children, "modifiers": modifiers})


def _compiled(pack: Pack) -> CompiledPack:
    return compile_pack(pack, pack_hash="")


def _members(node: StackingGroup) -> tuple[str, ...]:
    return (*node.children, *node.modifiers)


def _plain(effect: Effect) -> Effect:
    if isinstance(effect, AddPercentPointsEffect):
        return DiscountEffect(
            effect="discount", percent=effect.percent, tier_percent=effect.tier_percent
        )
    if isinstance(effect, EarnTimesEffect):
        return DiscountEffect(effect="discount", percent=_TOKEN_BP)
    return effect


def _complements(rule: Rule) -> Iterator[str]:
    for effect in rule.then:
        if isinstance(effect, RedeemEffect) and effect.complement_of is not None:
            yield effect.complement_of
