"""Trial baskets of a pack: one line, one buyer, one day, at every border that its rules name.

Values that no rule can tell apart count as one, so that few baskets stand for all.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from math import prod
from typing import Final, TypeVar, get_args
from uuid import UUID

from pydantic.fields import FieldInfo

from shared.basket import QUANTITY_ONE, Flag, Goods, Line
from shared.member import LotView, MemberView
from shared.receipt import PresentedCode, Receipt, Redeem, Take
from shared.rules.conditions import operand_words
from shared.rules.features import nodes
from shared.rules.grammar import Document
from shared.rules.model import Condition, Pack
from shared.rules.moment import Moment
from shared.rules.scalars import AMOUNT_MAX
from shared.rules.units import is_amount, is_percent

NOBODY: Final = ""
OTHER: Final = "other"
PRICE_MINOR: Final = 10_000_00
PRICES_MAX: Final = 40
PIECES_MAX: Final = 1_000
CANDIDATES_MAX: Final = 2_000
_POINTS: Final = 10**12
_WEEK: Final = 7
_ZONE: Final = "UTC"
_MEMBER: Final = UUID(int=1)
_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)
_V = TypeVar("_V")


@dataclass(frozen=True, slots=True)
class Trial:
    """A basket to try: a quantity in whole pieces of goods at a price, and who buys when."""

    day: date
    tier: str = NOBODY
    turnover_minor: int = 0
    segments: frozenset[str] = frozenset()
    purchases: int = 2
    store: str = OTHER
    region: str = OTHER
    channel: str = "till"
    code: str = ""
    """A campaign of promo codes, of which one is presented."""
    sku: str = OTHER
    group: str = OTHER
    brand: str = OTHER
    flag: str = ""
    price_minor: int = PRICE_MINOR
    pieces: int = 1
    redeem: Redeem = Redeem.NONE


Values = Mapping[str, tuple[object, ...]]
"""What each field of a trial may be; the first of them is the plainest."""


def borders(pack: Pack) -> Values:
    """Return the values of each field between which the rules of a pack may decide otherwise."""
    words = _words(pack)
    segments = _classes(pack, "segment_in", OTHER)[1:]
    tiers = [step.id for step in pack.tiers.steps] if pack.tiers is not None else [OTHER]
    turnovers = [
        row.from_minor for table in pack.tables.values() if table.by == "turnover"
        for row in table.rows
    ]  # fmt: skip
    pieces = _pieces(pack)
    return {
        "day": _days(pack, words.get("weekday_in", ())),
        "tier": (NOBODY, *tiers),
        "turnover_minor": tuple(dict.fromkeys((0, *turnovers))),
        "segments": tuple(
            dict.fromkeys((frozenset(), *(frozenset({s}) for s in segments), frozenset(segments)))
        ),
        "purchases": tuple(dict.fromkeys((2, *_purchases(pack)))),
        "store": _classes(pack, "store_in", OTHER),
        "region": _classes(pack, "region_in", OTHER),
        "channel": _classes(pack, "channel_in", "till"),
        "code": ("", *pack.codes),
        "sku": _goods_words(pack, "skus", words.get("sku_in", ())),
        "group": _goods_words(pack, "groups", words.get("group_in", ())),
        "brand": _classes(pack, "brand_in", OTHER),
        "flag": _classes(pack, "flag_in", ""),
        "price_minor": _amounts(pack, pieces),
        "pieces": pieces,
        "redeem": (Redeem.NONE, Redeem.MAXIMUM) if pack.wallets else (Redeem.NONE,),
    }


def _purchases(pack: Pack) -> Iterator[int]:
    """Yield the numbers of purchases that conditions count, the first of all among them."""
    for node in _nodes(pack):
        if node.first_purchase is not None:
            yield 1
        if node.every_nth_purchase is not None:
            yield node.every_nth_purchase
    if any(campaign.first_purchase == "yes" for campaign in pack.codes.values()):
        yield 1


def count_of(values: Values) -> int:
    """Return how many trials the values make."""
    return prod(len(found) for found in values.values())


def every_trial(values: Values) -> Iterator[Trial]:
    """Yield all of them, the plainest first."""
    for found in product(*values.values()):
        yield Trial(**dict(zip(values, found, strict=True)))  # type: ignore[arg-type]


def first_trial(values: Values) -> Trial:
    """Return the plainest."""
    return next(every_trial(values))


def staged(pack: Pack, trial: Trial) -> tuple[MemberView | None, Receipt, Moment]:
    """Return what the kernel is given for a trial, at the store's noon."""
    goods = Goods(
        sku=trial.sku,
        group=trial.group,
        brand=trial.brand,
        flags=frozenset({Flag(trial.flag)} if trial.flag else ()),
    )
    line = Line(1, goods, trial.pieces * QUANTITY_ONE, trial.price_minor)
    receipt = Receipt(
        uid=UUID(int=3),
        store=trial.store,
        till="1",
        lines=(line,),
        redeem=trial.redeem,
        promo_codes=(trial.code,) if trial.code else (),
        codes=_codes(pack, trial),
        region=trial.region,
        channel=trial.channel,
        take=Take.DISCOUNT,
    )
    moment = Moment(datetime.combine(trial.day, time(12), UTC), _ZONE)
    return None if trial.tier == NOBODY else _member(pack, trial), receipt, moment


def _codes(pack: Pack, trial: Trial) -> tuple[PresentedCode, ...]:
    """Present a code of a campaign, his own where only its owner may use it."""
    if not trial.code:
        return ()
    personal = pack.codes[trial.code].personal == "yes"
    owner = _MEMBER if personal else None
    return (PresentedCode(trial.code, trial.code, owner=owner),)


def _member(pack: Pack, trial: Trial) -> MemberView:
    account = UUID(int=2)
    lots = tuple(
        LotView(UUID(int=100 + place), account, wallet, _POINTS, _LONG_AGO, None)
        for place, wallet in enumerate(pack.wallets)
    )
    return MemberView(
        _MEMBER,
        account,
        turnover_minor=trial.turnover_minor,
        receipts=trial.purchases - 1,
        segments=trial.segments,
        tier_floor=trial.tier,
        lots=lots,
    )


def _words(pack: Pack) -> Mapping[str, tuple[str, ...]]:
    """Return the words that conditions name, by operator, each once."""
    found: dict[str, dict[str, None]] = {}
    for node in _nodes(pack):
        found.setdefault(node.operator, {}).update(dict.fromkeys(operand_words(node)))
    return {operator: tuple(words)[:CANDIDATES_MAX] for operator, words in found.items()}


def _days(pack: Pack, weekdays: Iterable[str]) -> tuple[date, ...]:
    """Return days from the pack's first on that its windows and weekdays tell apart."""
    first = pack.effective_from.date()
    windows = [
        (found.first, found.last)
        for found in _documents(pack)
        if hasattr(found, "first") and hasattr(found, "last")
    ]
    edges = [edge for window in windows for edge in window if edge is not None]
    near = [edge + timedelta(days=days) for edge in edges for days in (-1, 0, 1)]
    week = _WEEK if weekdays else 1
    candidates = [day + timedelta(days=no) for day in (first, *near) for no in range(week)]

    def told_apart(day: date) -> Hashable:
        weekday = day.weekday() if weekdays else None
        return weekday, tuple(
            (low is None or low <= day) and (high is None or day <= high) for low, high in windows
        )

    return _distinct([day for day in candidates if day >= first][:CANDIDATES_MAX], told_apart)


def _amounts(pack: Pack, pieces: Iterable[int]) -> tuple[int, ...]:
    """Return prices of a piece at the borders of all amounts that rules name, and a plain one."""
    named = [
        value
        for part in (*pack.rules, *pack.tables.values(), *pack.codes.values(), pack.caps)
        for found in _documents(part)
        for value in _numbers(found, is_amount)
        if 0 < value < AMOUNT_MAX
    ]
    several = list(pieces)
    near = [-(-(value - less) // count) for value in named for less in (0, 1) for count in several]
    return tuple(dict.fromkeys((PRICE_MINOR, *(price for price in near if price))))[:PRICES_MAX]


def _pieces(pack: Pack) -> tuple[int, ...]:
    """Return one piece, and as many as the effects count."""
    counted = [
        value
        for rule in pack.rules
        for effect in rule.then
        for found in _documents(effect)
        for value in _numbers(found, _is_count)
        if 1 < value <= PIECES_MAX
    ]
    return tuple(dict.fromkeys((1, *counted)))[:PRICES_MAX]


def _classes(pack: Pack, operator: str, plain: str) -> tuple[str, ...]:
    """Return a word, and one for each set of conditions that tell words of an operator apart."""
    wanted = [frozenset(operand_words(node)) for node in _nodes(pack) if node.operator == operator]
    words = dict.fromkeys(word for one in wanted for word in sorted(one))
    return _distinct(
        [plain, *words][:CANDIDATES_MAX], lambda word: tuple(word in one for one in wanted)
    )


def _nodes(pack: Pack) -> Iterator[Condition]:
    """Walk all conditions of a pack."""
    for rule in pack.conditional:
        if rule.condition is not None:
            yield from nodes(rule.condition)


def _goods_words(pack: Pack, field: str, words: Iterable[str]) -> tuple[str, ...]:
    """Return skus or groups that lists, price lists and conditions tell apart, and another one."""
    listed = [word for goods in pack.lists.values() for word in getattr(goods, field)]
    priced = [sku for prices in pack.price_lists.values() for sku in prices.prices]
    candidates = [OTHER, *words, *listed, *(priced if field == "skus" else ())]
    sets = [frozenset(getattr(goods, field)) for goods in pack.lists.values()]
    sets += [
        frozenset(operand_words(node))
        for node in _nodes(pack)
        if node.operator in ("sku_in", "group_in")
    ]

    def told_apart(word: str) -> Hashable:
        above = word.split("/")
        paths = {"/".join(above[: count + 1]) for count in range(len(above))}
        prices = tuple(found.prices.get(word) for found in pack.price_lists.values())
        return prices, tuple(not found.isdisjoint(paths) for found in sets)

    return _distinct(candidates[:CANDIDATES_MAX], told_apart)


def _distinct(values: Iterable[_V], told_apart: Callable[[_V], Hashable]) -> tuple[_V, ...]:
    """Keep the first of the values that nothing tells apart."""
    kept: dict[Hashable, _V] = {}
    for value in values:
        kept.setdefault(told_apart(value), value)
    return tuple(kept.values())


def _documents(part: object) -> Iterator[Document]:
    """Walk a part of a pack and all parts in it."""
    if isinstance(part, Document):
        yield part
        for name in type(part).model_fields:
            yield from _documents(getattr(part, name))
    elif isinstance(part, tuple | dict):
        for inner in part.values() if isinstance(part, dict) else part:
            yield from _documents(inner)


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
