"""What a pack asks of a kernel, as stable names, so that an old kernel can say what it lacks."""

from collections.abc import Iterator
from typing import Final, get_args

from shared.rules.condition_model import Condition
from shared.rules.limit_terms import LIMIT_FEATURES, limit_features
from shared.rules.model import Pack, StackingGroup
from shared.rules.offline_terms import OFFLINE_FEATURES, offline_features
from shared.rules.once_terms import ONCE_FEATURES
from shared.rules.points_terms import POINTS_FEATURES, points_features
from shared.rules.price_features import PRICE_FEATURES, price_features
from shared.rules.return_terms import RETURN_FEATURES, return_features
from shared.rules.tier_terms import TIER_FEATURES
from shared.rules.twice_terms import TWICE_FEATURES, twice_features

_EFFECTS: Final = (
    "price",
    "discount",
    "add_percent_points",
    "bundle",
    "coupon",
    "hint",
    "entitlement",
    "redeem",
    "earn",
    "earn_times",
)
_EARLY: Final = ("early_activation_by", "early_activation_max", "early_activation_a_day")
_MODES: Final = get_args(StackingGroup.model_fields["mode"].annotation)

FEATURES: Final = frozenset(
    TIER_FEATURES
    | {f"if.{operator.rstrip('_')}" for operator in Condition.model_fields}
    | {f"then.{effect}" for effect in _EFFECTS}
    | {f"stack.{mode}" for mode in _MODES}
    | {*_EARLY, "codes", "counters", "lists.brands", "lists.flags", "slips"}
    | OFFLINE_FEATURES
    | ONCE_FEATURES
    | POINTS_FEATURES
    | LIMIT_FEATURES
    | PRICE_FEATURES
    | RETURN_FEATURES
    | TWICE_FEATURES
)
"""What this kernel understands."""


def used_features(pack: Pack) -> frozenset[str]:
    """Return the names of everything that a pack uses."""
    return frozenset(_used(pack))


def missing_features(pack: Pack) -> frozenset[str]:
    """Return what a pack requires and this kernel does not understand."""
    return frozenset(pack.requires) - FEATURES


def _used(pack: Pack) -> Iterator[str]:
    if pack.tiers is not None:
        yield from pack.tiers.features
    yield from price_features(pack)
    yield from return_features(pack.policies)
    yield from offline_features(pack.policies)
    yield from twice_features(pack.policies)
    yield from (name for name, used in _sections(pack) if used)
    for group in pack.stacking:
        yield f"stack.{group.mode}"
    for grant in pack.grants:
        yield from grant.features
    for rule in pack.rules:
        yield from (f"then.{effect.effect}" for effect in rule.then)
        yield from points_features(rule.then, limits=rule.limits)
        yield from limit_features(rule.limits)
    for asked in (*pack.conditional, *pack.counters.values()):
        if asked.condition is not None:
            yield from (f"if.{node.operator.rstrip('_')}" for node in nodes(asked.condition))


def _sections(pack: Pack) -> Iterator[tuple[str, object]]:
    yield "codes", pack.codes
    yield "counters", pack.counters
    yield "slips", pack.slips
    for wallet in pack.wallets.values():
        yield from ((name, getattr(wallet, name)) for name in _EARLY)
    for goods in pack.lists.values():
        yield "lists.brands", goods.brands
        yield "lists.flags", goods.flags


def nodes(condition: Condition) -> Iterator[Condition]:
    """Walk a condition and everything in it, parents first."""
    waiting = [condition]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(operands(node))


def operands(condition: Condition) -> tuple[Condition, ...]:
    """Return the conditions directly inside a condition."""
    inner = (condition.not_,) if condition.not_ is not None else ()
    return (condition.all_ or ()) + (condition.any_ or ()) + inner
