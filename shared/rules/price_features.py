"""What the part of a pack that lowers prices asks of a kernel, as stable names."""

from collections.abc import Iterator
from typing import Final, get_args

from shared.rules.model import Pack, Policies
from shared.rules.price_model import Caps, DiscountEffect, Table

_FORMS: Final = {
    "table": "discount.table",
    "amount_minor": "discount.amount",
    "price_minor": "discount.price",
    "nth": "discount.nth",
    "counter": "discount.counter",
    "every_minor": "discount.every",
    "pieces_max": "discount.pieces_max",
}

_USUAL: Final = Policies()
_POLICIES: Final = (
    "points_rounding",
    "multipliers",
    "redeem_over_maximum",
    "turnover",
    "services",
)
PRICE_FEATURES: Final = frozenset(
    {"stack.receipt"}
    | {f"table.{by}" for by in get_args(Table.model_fields["by"].annotation)}
    | set(_FORMS.values())
    | {"bans", "table.window", "floors", "certificate_part", "small_change", "till_tolerance"}
    | {f"caps.{key}" for key in Caps.model_fields}
    | {"pays_at_least.line", "pays_at_least.receipt"}
    | {"over_whole", *(f"policies.{name}" for name in _POLICIES)}
)
"""What this kernel understands of it, but for the effects."""


def price_features(pack: Pack) -> Iterator[str]:
    """Yield the names of what a pack uses; some more than once."""
    yield from (f"table.{table.by}" for table in pack.tables.values())
    yield from (f"caps.{key}" for key in pack.caps.model_fields_set)
    sections = {
        "stack.receipt": any(group.scope == "receipt" for group in pack.stacking),
        "floors": pack.floors,
        "bans": pack.bans,
        "table.window": any(table.window != "lifetime" for table in pack.tables.values()),
        "till_tolerance": "till_tolerance_minor" in pack.policies.model_fields_set,
        "small_change": pack.policies.small_change_minor,
        "certificate_part": pack.policies.certificate_part != "earns",
        "pays_at_least.line": pack.policies.line_pays_at_least_minor,
        "pays_at_least.receipt": pack.policies.receipt_pays_at_least_minor,
        "over_whole": any(group.over_whole != "clamp" for group in pack.stacking),
        **{
            f"policies.{name}": getattr(pack.policies, name) != getattr(_USUAL, name)
            for name in _POLICIES
        },
    }
    yield from (name for name, used in sections.items() if used)
    for rule in pack.rules:
        for effect in rule.then:
            if isinstance(effect, DiscountEffect):
                yield from (
                    name for key, name in _FORMS.items() if getattr(effect, key) is not None
                )


def _is_chosen(pack: Pack, policy: str) -> bool:
    return bool(getattr(pack.policies, policy) != getattr(_USUAL, policy))
