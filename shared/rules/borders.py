"""The values of a trial between which the rules of a pack may decide otherwise.

Values that no rule can tell apart count as one, so that few baskets stand for all.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, combinations, islice, product
from math import gcd, lcm, prod
from typing import Final, get_args

from pydantic.fields import FieldInfo

from shared.basket import QUANTITY_ONE
from shared.points import POINT
from shared.receipt import Redeem
from shared.rules.asked import Asked, distinct, documents
from shared.rules.condition_model import Condition
from shared.rules.features import nodes
from shared.rules.grammar import Document
from shared.rules.model import Pack, Rule
from shared.rules.price_model import BundleEffect
from shared.rules.question_terms import Counted
from shared.rules.scalars import AMOUNT_MAX
from shared.rules.set_borders import (
    beside_sets,
    code_sets,
    flag_sets,
    segment_sets,
    word_sets,
)
from shared.rules.time_borders import (
    away,
    clocks,
    counts,
    days_of_calendar,
    has_one_window_each,
    lives,
)
from shared.rules.trial import NOBODY, OTHER, PRICE_MINOR, Trial
from shared.rules.units import is_amount, is_percent

PIECES_MAX: Final = 1_000
CANDIDATES_MAX: Final = 2_000
_WEEK: Final = 7
_YEAR: Final = 366
_NOON: Final = "12:00"
_GROWN_UP: Final = 30
_PLAIN: Final = frozenset({"price_minor", "quantity"})
_GOLDEN: Final = 0.618
"""Steps of this part of a whole come near to every place of it, and never twice to one."""


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

    def some_trials(self, most: int) -> Iterator[Trial]:
        """Yield all of them if they are no more than that, else as many far from each other.

        Then those come first that have something of everything, which rules most often ask for.
        """
        count = self.count()
        if count <= most:
            yield from self.every_trial()
            return
        stride = next(n for n in range(int(count * _GOLDEN), count) if gcd(n, count) == 1)
        spread = (self._trial(no * stride % count) for no in range(most))
        yield from islice(chain(self._fullest(), spread), most)

    def _fullest(self) -> Iterator[Trial]:
        for place in (-1, 1):
            chosen = {
                name: found[0 if name in _PLAIN or len(found) == 1 else place]
                for name, found in self.values.items()
            }
            yield Trial(**chosen)  # type: ignore[arg-type]

    def _trial(self, number: int) -> Trial:
        chosen: dict[str, object] = {}
        for name, found in self.values.items():
            number, place = divmod(number, len(found))
            chosen[name] = found[place]
        return Trial(**chosen)  # type: ignore[arg-type]

    def with_only(self, name: str, value: object) -> "Borders":
        """Return the borders with a single value of a field."""
        return Borders(dict(self.values) | {name: (value,)}, self.whole)


def borders(pack: Pack) -> Borders:
    """Return the values of each field between which the rules of a pack may decide otherwise."""
    asked = Asked(pack)
    quantities = _quantities(pack)
    segments, flags = segment_sets(pack, asked), flag_sets(pack, asked)
    codes, marks = code_sets(asked), word_sets(asked.of("mark_in"))
    beside = beside_sets(pack, asked)
    values: dict[str, tuple[object, ...]] = {
        "day": days_of_calendar(pack, asked),
        "clock": clocks(pack, asked),
        "tier": (NOBODY, *_tiers(pack, asked)),
        "segments": segments.found,
        "purchases": tuple(dict.fromkeys((2, *_purchases(pack, asked)))),
        "referred": ("no", "yes") if asked.of("referred") else ("no",),
        "away_days": away(asked),
        "dates": lives(pack, asked),
        "counted": counts(pack, asked),
        "store": asked.classes("store_in", OTHER),
        "region": asked.classes("region_in", OTHER),
        "channel": asked.classes("channel_in", "till"),
        "paid_in": (None, *dict.fromkeys(one for op in asked.of("paid_in") for one in op)),
        "marks": marks.found,
        "codes": codes.found,
        "sku": _goods_words(pack, asked, "skus"),
        "group": _goods_words(pack, asked, "groups"),
        "brand": _goods_words(pack, asked, "brands"),
        "flags": flags.found,
        "price_minor": _amounts(pack, quantities),
        "quantity": quantities,
        "beside": beside.found,
        "redeem": (Redeem.NONE, Redeem.MAXIMUM) if pack.wallets else (Redeem.NONE,),
    }
    cut = {name: found[:CANDIDATES_MAX] for name, found in values.items()}
    whole = all(len(found) < CANDIDATES_MAX for found in values.values())
    whole &= segments.whole and codes.whole and marks.whole and flags.whole and beside.whole
    return Borders(cut, whole=whole and has_one_window_each(pack, asked))


def _tiers(pack: Pack, asked: Asked) -> tuple[str, ...]:
    """Return the tiers that conditions, codes, tables and percents tell apart."""
    steps = pack.tiers.steps if pack.tiers is not None else ()
    wanted = [*asked.of("tier_in"), *(found.tiers or () for found in pack.codes.values())]
    percents = {
        name
        for rule in pack.rules
        for effect in rule.then
        if (name := getattr(effect, "tier_percent", None))
    }
    by_tier = [table for table in pack.tables.values() if table.by == "tier"]

    def told_apart(tier: str) -> Hashable:
        step = next(step for step in steps if step.id == tier)
        rows = tuple(next((r for r in table.rows if r.tier == tier), None) for table in by_tier)
        values = tuple((r.percents, r.amounts) if r is not None else None for r in rows)
        rates = tuple(step.percents[name] for name in sorted(percents))
        return tuple(tier in one for one in wanted), rates, values

    return distinct([step.id for step in steps], told_apart) or (OTHER,)


def _purchases(pack: Pack, asked: Asked) -> Iterator[int]:
    """Yield the numbers of purchases that conditions count, the first of all among them."""
    if asked.of("first_purchase"):
        yield 1
    several = asked.of("every_nth_purchase")
    yield from several
    yield from (lcm(*some) for some in combinations(dict.fromkeys(several), 2))
    yield lcm(*several)
    if any(campaign.first_purchase == "yes" for campaign in pack.codes.values()):
        yield 1


def _amounts(pack: Pack, quantities: Iterable[int]) -> tuple[int, ...]:
    """Return prices of a unit at the borders of all amounts that rules name, and a plain one."""
    named = [
        value
        for part in (*pack.rules, *_priced(pack), *pack.codes.values(), pack.caps)
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


def _priced(pack: Pack) -> Iterator[Document]:
    """Yield tables whose rows begin at sums, and of the others what their rows give."""
    for table in pack.tables.values():
        if table.by in _SUMS:
            yield table
        else:
            yield from (row.model_copy(update={"from_minor": None}) for row in table.rows)


_SUMS: Final = frozenset({"receipt_sum", "eligible_sum", "line_price"})
_PIECES: Final = frozenset({"eligible_quantity", "line_quantity"})


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
    counted += [pieces for rule in pack.rules for pieces in _bundled(rule)]
    asked = [q for rule in pack.rules for q in _line_quantities(rule.condition)]
    asked += [
        (row.from_minor or 0) * QUANTITY_ONE // POINT
        for table in pack.tables.values()
        if table.by in _PIECES
        for row in table.rows
    ]
    near = [quantity - less for quantity in asked for less in (0, 1)]
    whole = [count * QUANTITY_ONE for count in counted]
    return tuple(dict.fromkeys((QUANTITY_ONE, *whole, *(one for one in near if one > 0))))


def _bundled(rule: Rule) -> Iterator[int]:
    """Yield how many pieces a bundle has that stands on one line, with its gift and without."""
    for effect in rule.then:
        if isinstance(effect, BundleEffect) and not all(part.goods for part in effect.parts):
            pieces = sum(part.pieces for part in effect.parts)
            yield from (pieces, pieces + (effect.gift.pieces if effect.gift is not None else 0))


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
