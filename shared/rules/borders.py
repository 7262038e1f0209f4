"""The values of a trial between which the rules of a pack may decide otherwise.

Values that no rule can tell apart count as one, so that few baskets stand for all.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Final, TypeVar, get_args

from pydantic.fields import FieldInfo

from shared.basket import QUANTITY_ONE
from shared.receipt import Redeem
from shared.rules.asked import Asked, distinct, documents
from shared.rules.condition_model import Condition
from shared.rules.features import nodes
from shared.rules.grammar import Document
from shared.rules.model import Pack
from shared.rules.question_terms import Counted
from shared.rules.scalars import AMOUNT_MAX
from shared.rules.time_borders import away, clocks, counts, days_of_calendar, lives
from shared.rules.trial import NOBODY, OTHER, PRICE_MINOR, Trial
from shared.rules.units import is_amount, is_percent

PIECES_MAX: Final = 1_000
CANDIDATES_MAX: Final = 2_000
_WEEK: Final = 7
_YEAR: Final = 366
_NOON: Final = "12:00"
_GROWN_UP: Final = 30
_V = TypeVar("_V")


@dataclass(frozen=True, slots=True)
class Borders:
    """The values of each field, the first of them the plainest; `whole` if none was left out."""

    values: Mapping[str, tuple[object, ...]]
    whole: bool

    def count(self) -> int:
        """Return how many trials the values make."""
        return prod(len(found) for found in self.values.values())

    def every_trial(self) -> Iterator[Trial]:
        """Yield all of them, the plainest first."""
        for found in product(*self.values.values()):
            yield Trial(**dict(zip(self.values, found, strict=True)))  # type: ignore[arg-type]

    def with_only(self, name: str, value: object) -> "Borders":
        """Return the borders with a single value of a field."""
        return Borders(dict(self.values) | {name: (value,)}, self.whole)


def borders(pack: Pack) -> Borders:
    """Return the values of each field between which the rules of a pack may decide otherwise."""
    asked = Asked(pack)
    tiers = [step.id for step in pack.tiers.steps] if pack.tiers is not None else [OTHER]
    named = [row.segment for table in pack.tables.values() for row in table.rows if row.segment]
    segments = dict.fromkeys((*asked.classes("segment_in", OTHER)[1:], *named))
    quantities = _quantities(pack)
    values: dict[str, tuple[object, ...]] = {
        "day": days_of_calendar(pack, asked),
        "clock": clocks(pack, asked),
        "tier": (NOBODY, *tiers),
        "turnover_minor": _turnovers(pack),
        "segments": tuple(
            dict.fromkeys((frozenset(), *(frozenset({s}) for s in segments), frozenset(segments)))
        ),
        "purchases": tuple(dict.fromkeys((2, *_purchases(pack, asked)))),
        "referred": ("no", "yes") if asked.of("referred") else ("no",),
        "away_days": away(asked),
        "dates": lives(pack, asked),
        "counted": counts(asked),
        "store": asked.classes("store_in", OTHER),
        "region": asked.classes("region_in", OTHER),
        "channel": asked.classes("channel_in", "till"),
        "paid_in": (None, *dict.fromkeys(one for op in asked.of("paid_in") for one in op)),
        "mark": asked.classes("mark_in", ""),
        "code": ("", *pack.codes),
        "sku": _goods_words(pack, asked, "skus"),
        "group": _goods_words(pack, asked, "groups"),
        "brand": _goods_words(pack, asked, "brands"),
        "flag": _flags(pack, asked),
        "price_minor": _amounts(pack, quantities),
        "quantity": quantities,
        "beside": (None, *dict.fromkeys(asked.of("basket_has"))),
        "redeem": (Redeem.NONE, Redeem.MAXIMUM) if pack.wallets else (Redeem.NONE,),
    }
    cut = {name: found[:CANDIDATES_MAX] for name, found in values.items()}
    return Borders(cut, whole=all(len(found) < CANDIDATES_MAX for found in values.values()))


def _turnovers(pack: Pack) -> tuple[int, ...]:
    rows = [row for table in pack.tables.values() if table.by == "turnover" for row in table.rows]
    return tuple(dict.fromkeys((0, *(row.from_minor or 0 for row in rows))))


def _purchases(pack: Pack, asked: Asked) -> Iterator[int]:
    """Yield the numbers of purchases that conditions count, the first of all among them."""
    if asked.of("first_purchase"):
        yield 1
    yield from asked.of("every_nth_purchase")
    if any(campaign.first_purchase == "yes" for campaign in pack.codes.values()):
        yield 1


def _amounts(pack: Pack, quantities: Iterable[int]) -> tuple[int, ...]:
    """Return prices of a unit at the borders of all amounts that rules name, and a plain one."""
    named = [
        value
        for part in (*pack.rules, *pack.tables.values(), *pack.codes.values(), pack.caps)
        for found in documents(part)
        if not isinstance(found, Counted)
        for value in _numbers(found, is_amount)
        if 0 < value < AMOUNT_MAX
    ]
    listed = {price for prices in pack.price_lists.values() for price in prices.prices.values()}
    above = [price for value in sorted(listed) for price in (value + 1, 2 * value)]
    several = list(quantities)
    near = [
        -(-(value - less) * QUANTITY_ONE // count)
        for value in named
        for less in (0, 1)
        for count in several
    ]
    return tuple(dict.fromkeys((PRICE_MINOR, *(price for price in (*near, *above) if price))))


def _quantities(pack: Pack) -> tuple[int, ...]:
    """Return one piece, as many as the effects count, and the borders of quantities."""
    counted = [
        value
        for rule in pack.rules
        for effect in rule.then
        for found in documents(effect)
        for value in _numbers(found, _is_count)
        if 1 < value <= PIECES_MAX
    ]
    asked = [q for rule in pack.conditional for q in _line_quantities(rule.condition)]
    near = [quantity - less for quantity in asked for less in (0, 1)]
    whole = [count * QUANTITY_ONE for count in counted]
    return tuple(dict.fromkeys((QUANTITY_ONE, *whole, *(one for one in near if one > 0))))


def _line_quantities(condition: Condition | None) -> Iterator[int]:
    for node in nodes(condition) if condition is not None else ():
        if node.quantity_from is not None:
            yield node.quantity_from


_OPERATORS: Final = {
    "skus": ("sku_in",),
    "groups": ("group_in",),
    "brands": ("brand_in",),
}


def _goods_words(pack: Pack, asked: Asked, field: str) -> tuple[str, ...]:
    """Return skus, groups or brands that lists, price lists and conditions tell apart."""
    listed = [word for goods in pack.lists.values() for word in getattr(goods, field)]
    priced = [sku for prices in pack.price_lists.values() for sku in prices.prices]
    named = [one for operator in _OPERATORS[field] for one in asked.of(operator)]
    words = [word for one in named for word in one]
    candidates = [OTHER, *words, *listed, *(priced if field == "skus" else ())]
    sets = [frozenset(getattr(goods, field)) for goods in pack.lists.values()]
    sets += [frozenset(one) for one in named]
    lists = list(pack.price_lists.values()) if field == "skus" else []

    def told_apart(word: str) -> Hashable:
        above = word.split("/") if field == "groups" else [word]
        paths = {"/".join(above[: count + 1]) for count in range(len(above))}
        prices = tuple(found.prices.get(word) for found in lists)
        return prices, tuple(not found.isdisjoint(paths) for found in sets)

    return distinct(candidates[:CANDIDATES_MAX], told_apart)


def _flags(pack: Pack, asked: Asked) -> tuple[str, ...]:
    sets = [frozenset(map(str, one)) for one in asked.of("flag_in")]
    sets += [frozenset(map(str, goods.flags)) for goods in pack.lists.values()]
    words = dict.fromkeys(word for one in sets for word in sorted(one))
    return distinct(["", *words], lambda word: tuple(word in one for one in sets))


def _numbers(part: Document, of_unit: Callable[[FieldInfo], bool]) -> Iterator[int]:
    """Yield the numbers of a unit that a part has itself."""
    for name, field in type(part).model_fields.items():
        if of_unit(field):
            value = getattr(part, name)
            several = value.values() if isinstance(value, dict) else value
            yield from several if isinstance(value, tuple | dict) else (value,) if value else ()


def _is_count(field: FieldInfo) -> bool:
    return not is_amount(field) and not is_percent(field) and int in _types(field.annotation)


def _types(annotation: object) -> Iterator[object]:
    yield annotation
    for inner in get_args(annotation):
        yield from _types(inner)
