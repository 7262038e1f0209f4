"""What the part of a pack that lowers prices asks of a kernel, as stable names."""

from collections.abc import Iterator
from typing import Final, get_args

from shared.rules.model import Pack
from shared.rules.price_model import DiscountEffect, Table

_FORMS: Final = {
    "table": "discount.table",
    "amount_minor": "discount.amount",
    "price_minor": "discount.price",
    "nth": "discount.nth",
}

PRICE_FEATURES: Final = frozenset(
    {"stack.receipt"}
    | {f"table.{by}" for by in get_args(Table.model_fields["by"].annotation)}
    | set(_FORMS.values())
)
"""What this kernel understands of it, but for the effects."""


def price_features(pack: Pack) -> Iterator[str]:
    """Yield the names of what a pack uses; some more than once."""
    for group in pack.stacking:
        if group.scope == "receipt":
            yield "stack.receipt"
    for table in pack.tables.values():
        yield f"table.{table.by}"
    for rule in pack.rules:
        for effect in rule.then:
            if isinstance(effect, DiscountEffect):
                yield from (
                    name for key, name in _FORMS.items() if getattr(effect, key) is not None
                )
