"""The unit of a number in a pack, by how its field is read: money, points, percents or counts."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Final, get_args, get_origin

from pydantic import BeforeValidator
from pydantic.fields import FieldInfo

from shared.basket import QUANTITY_ONE
from shared.rules.scalars import parse_amount, parse_percent, parse_quantity
from shared.rules.sentences import percent, rubles, shorten

_POINTS: Final = frozenset(
    {
        "points",
        "points_each",
        "at_most",
        "at_least",
        "earning_unit",
        "redeeming_unit",
        "early_activation_max",
        "offline_receipt_points",
        "offline_member_points",
        "offline_store_points",
        "times",
    }
)
"""Fields in hundredths of a point, or of something that is no money either."""


def is_amount(field: FieldInfo) -> bool:
    """Tell whether a field has kopecks, or hundredths of a point."""
    return _parser(field) is parse_amount


def is_percent(field: FieldInfo) -> bool:
    """Tell whether a field has basis points."""
    return _parser(field) is parse_percent


def quantity(thousandths: int) -> str:
    """Write a quantity: `3`, `0,5`."""
    whole, part = divmod(thousandths, QUANTITY_ONE)
    return f"{whole},{part:03d}".rstrip("0") if part else str(whole)


def written(found: int, field: FieldInfo | None, key: str) -> str:
    """Write a number of a field for people, in its unit."""
    if field is not None and is_percent(field):
        return percent(found)
    if field is not None and is_amount(field):
        return shorten(found) if key in _POINTS else rubles(found)
    return quantity(found) if field is not None and _parser(field) is parse_quantity else str(found)


def _parser(field: FieldInfo) -> object:
    """Return the function by which a field's numbers are read."""
    return next(_parsers([field.annotation, *field.metadata]), None)


def _parsers(annotations: Iterable[object]) -> Iterator[object]:
    for found in annotations:
        if isinstance(found, BeforeValidator):
            yield found.func
        elif get_origin(found) is Annotated:
            yield from _parsers(found.__metadata__)  # type: ignore[attr-defined]
        else:
            yield from _parsers(get_args(found))
