"""Borders of what a receipt has several of: segments, promo codes, marks, flags, other goods.

Together they do what none of them does alone, so that sets are tried, not words.
"""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Final, Generic, TypeVar

from shared.basket import QUANTITY_ONE
from shared.rules.asked import Asked, distinct
from shared.rules.model import Pack
from shared.rules.price_model import BundleEffect
from shared.rules.trial import PRICE_MINOR, Beside, asked_beside

WORDS_MAX: Final = 8
"""Of so many words all sets are tried; of more those of few words and of nearly all."""
SETS_MAX: Final = 256
_FEW: Final = 2
_CHEAPEST_MINOR: Final = 1
_S = TypeVar("_S", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Sets(Generic[_S]):
    """Sets to try, the empty one first; `whole` if none was left out that could differ."""

    found: tuple[_S, ...]
    whole: bool


def segment_sets(pack: Pack, asked: Asked) -> Sets[frozenset[str]]:
    """Return sets of segments that conditions, promo codes and tables tell apart."""
    orders = [
        [row.segment for row in table.rows if row.segment]
        for table in pack.tables.values()
        if table.by == "segment"
    ]
    found = _sets(asked.of("segment_in"), orders)
    return Sets(tuple(map(frozenset, found.found)), found.whole)


def code_sets(asked: Asked) -> Sets[tuple[str, ...]]:
    """Return sets of campaigns, of each of which the receipt has a code."""
    each_alone = [[name] for name in dict.fromkeys(n for one in asked.of("code_in") for n in one)]
    return _sets([*asked.of("code_in"), *each_alone], ())


def word_sets(wanted: Sequence[Iterable[str]]) -> Sets[tuple[str, ...]]:
    """Return sets of the words that operators tell apart."""
    return _sets(wanted, ())


def flag_sets(pack: Pack, asked: Asked) -> Sets[tuple[str, ...]]:
    """Return sets of flags of goods that conditions and lists tell apart."""
    wanted = [tuple(map(str, one)) for one in asked.of("flag_in")]
    wanted += [tuple(map(str, goods.flags)) for goods in pack.lists.values()]
    return _sets(wanted, ())


def beside_sets(pack: Pack, asked: Asked) -> Sets[tuple[Beside, ...]]:
    """Return goods that a receipt has as well: what conditions ask for, and the rest of a bundle.

    Of a bundle every part and the gift may be what is tried, and the others lie beside it.
    """
    terms = tuple(dict.fromkeys(map(asked_beside, asked.of("basket_has"))))
    some = _subsets(terms)
    rests = tuple(dict.fromkeys(rest for effect in _bundles(pack) for rest in _rests(effect)))
    found = dict.fromkeys(a + b for b, a in product(((), *rests), some.found))
    return Sets(tuple(found)[:SETS_MAX], some.whole and len(found) <= SETS_MAX)


def _bundles(pack: Pack) -> Iterator[BundleEffect]:
    return (e for rule in pack.rules for e in rule.then if isinstance(e, BundleEffect))


def _rests(effect: BundleEffect) -> Iterator[tuple[Beside, ...]]:
    parts = [*effect.parts, *([effect.gift] if effect.gift is not None else [])]
    named = [(part.goods[0], part.pieces * QUANTITY_ONE) for part in parts if part.goods]
    for price_minor in (PRICE_MINOR, _CHEAPEST_MINOR):
        whole = tuple(Beside(goods, quantity, price_minor) for goods, quantity in named)
        yield whole
        yield from (whole[:place] + whole[place + 1 :] for place in range(len(whole)))


def _sets(
    wanted: Sequence[Iterable[str]], orders: Sequence[Sequence[str]]
) -> Sets[tuple[str, ...]]:
    """Return sets of words that operators tell apart, and orders, of which the first counts."""
    asked = [frozenset(one) for one in wanted]
    words = distinct(
        dict.fromkeys(word for one in (*wanted, *orders) for word in one),
        lambda word: (
            tuple(word in one for one in asked),
            tuple(order.index(word) if word in order else None for order in orders),
        ),
    )
    some = _subsets(words)

    def told_apart(chosen: tuple[str, ...]) -> Hashable:
        return (
            tuple(not one.isdisjoint(chosen) for one in asked),
            tuple(next((word for word in order if word in chosen), None) for order in orders),
        )

    return Sets(distinct(some.found, told_apart), some.whole)


def _subsets(words: Sequence[_S]) -> Sets[tuple[_S, ...]]:
    """Return all sets of a few words; of many those of one or two, of all, and all but one."""
    whole = len(words) <= WORDS_MAX
    sizes = range(len(words) + 1) if whole else range(_FEW + 1)
    found = [chosen for size in sizes for chosen in combinations(words, size)]
    if not whole:
        found += [tuple(words), *combinations(words, len(words) - 1)]
    return Sets(tuple(found), whole)
