"""A bundle in words: of what it is, and what is cheaper in it or comes with it."""

from collections.abc import Iterator
from typing import Final

from shared.rules.plain.clause import Clause, Facet, Form, Telling
from shared.rules.plain.voice import Voice
from shared.rules.price_model import PIECES_MAX, BundleEffect, BundlePart
from shared.rules.sentences import percent, spoken
from shared.rules.wording import Wording

_BUNDLE: Final = Wording("набор: {}", "bundle: {}")
_GIFT: Final = Wording("подарок к набору: {}", "gift with the bundle: {}")
_PIECES: Final = Wording("{count} шт. {goods}", "{count} pcs. {goods}")
_FROM_LISTS: Final = Wording("из списка {goods}", "of the list {goods}")
_WHATEVER: Final = Wording("любых подходящих", "of whatever qualifies")
_CHEAPEST: Final = Wording(
    "скидка на самые дешёвые из набора: {} шт.", "off the cheapest of the bundle: {} pcs."
)
_OFF_PIECES: Final = Wording("скидка на них {}", "off them {}")
_BUNDLES: Final = Wording("наборов в чеке: {}", "bundles on a receipt: {}")
_AT_MOST: Final = Wording("не больше {count}", "at most {count}")
_ANY_NUMBER: Final = Wording("сколько угодно", "any number")


def parts(voice: Voice, effect: BundleEffect, _owner: str) -> Iterator[Facet]:
    """Tell of what a bundle is."""
    words = tuple(_pieces(voice, part) for part in effect.parts)
    yield "parts", Clause(spoken(_BUNDLE, voice.lang), words, Form.ROW)


def gift(voice: Voice, effect: BundleEffect, _owner: str) -> Iterator[Facet]:
    """Tell what comes with a bundle."""
    if effect.gift is not None:
        yield "form", Clause(spoken(_GIFT, voice.lang), (_pieces(voice, effect.gift),))


def cheapest(voice: Voice, effect: BundleEffect, _owner: str) -> Iterator[Facet]:
    """Tell how many pieces are cheaper."""
    if effect.cheapest is not None:
        yield "form", Clause(spoken(_CHEAPEST, voice.lang), (str(effect.cheapest),))


def off_pieces(voice: Voice, effect: BundleEffect, _owner: str) -> Iterator[Facet]:
    """Tell how much the cheapest pieces or the gift are off."""
    telling = Telling.ALWAYS if effect.price_minor is None else Telling.IF_CHANGED
    words = (percent(effect.percent),)
    yield "percent", Clause(spoken(_OFF_PIECES, voice.lang), words, telling=telling)


def times(voice: Voice, effect: BundleEffect, _owner: str) -> Iterator[Facet]:
    """Tell how many bundles a receipt may have."""
    is_usual = effect.times_max == PIECES_MAX
    most = _ANY_NUMBER if is_usual else _AT_MOST
    words = (voice.say(most, count=str(effect.times_max)),)
    telling = Telling.IF_CHANGED if is_usual else Telling.ALWAYS
    yield "times_max", Clause(spoken(_BUNDLES, voice.lang), words, telling=telling)


def _pieces(voice: Voice, part: BundlePart) -> str:
    names = ", ".join(voice.called("lists", name) for name in part.goods or ())
    goods = voice.say(_FROM_LISTS, goods=names) if names else voice.say(_WHATEVER)
    return voice.say(_PIECES, count=str(part.pieces), goods=goods)
