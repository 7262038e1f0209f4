"""How much a rule gives, in words: percents of tiers, amounts, points, and of which pieces."""

from collections.abc import Iterator
from typing import Any, Final

from shared.rules.counting import count_points
from shared.rules.plain.clause import Clause, Facet
from shared.rules.plain.labels import LABELS
from shared.rules.plain.voice import Voice
from shared.rules.points_terms import EarnEffect
from shared.rules.price_model import DiscountEffect
from shared.rules.sentences import percent, rubles, spoken
from shared.rules.wording import Wording

_BY_TIER: Final = Wording(
    "по уровню, процент «{name}»: {tiers}", "by the tier, percent «{name}»: {tiers}"
)
_BY_TIER_ALONE: Final = Wording("по уровню, процент «{name}»", "by the tier, percent «{name}»")
_OFF: Final = Wording("скидка {}", "discount {}")
_OFF_EACH: Final = Wording("{amount} с каждой единицы", "{amount} off each unit")
_OFF_RECEIPT: Final = Wording("{amount} с чека", "{amount} off the receipt")
_OFF_EVERY: Final = Wording("{amount} за каждые полные {every}", "{amount} for each full {every}")
_ONLY_NTH: Final = Wording("только на каждую {}", "only on one unit in {}")
_NTH: Final = Wording("{nth}-ю единицу в строке", "{nth} of a line")
_NTH_COUNTED: Final = Wording(
    "{nth}-ю единицу по счётчику {counter}", "{nth} by the counter {counter}"
)
_EARNS: Final = Wording("начисляет {}", "earns {}")
_A_RECEIPT: Final = Wording("{points} за чек", "{points} a receipt")
_EVERY_SUM: Final = Wording("{points} за каждые полные {every}", "{points} for each full {every}")
_EVERY_PIECES: Final = Wording("{points} за каждые {count} шт.", "{points} for every {count} pcs.")


def tier_percents(voice: Voice, effect: Any, _owner: str) -> Iterator[Facet]:
    """Tell a percent of the tier by its name, with what it is at each tier now."""
    name = effect.tier_percent
    if name is None:
        return
    steps = voice.pack.tiers.steps if voice.pack.tiers is not None else ()
    tiers = ", ".join(
        f"{voice.quoted(step.title)} {percent(step.percents[name])}"
        for step in steps
        if name in step.percents
    )
    words = voice.say(_BY_TIER if tiers else _BY_TIER_ALONE, name=name, tiers=tiers)
    label = LABELS[f"{type(effect).__name__}.tier_percent"]
    yield "rate", Clause(spoken(label, voice.lang), (words,))


def amount_off(voice: Voice, effect: DiscountEffect, owner: str) -> Iterator[Facet]:
    """Tell an amount off: of each unit, of the receipt in a group of receipts, or for each sum."""
    if effect.amount_minor is None:
        return
    form = _OFF_EACH if voice.scopes.get(owner, "line") == "line" else _OFF_RECEIPT
    every = "" if effect.every_minor is None else rubles(effect.every_minor)
    words = voice.say(
        _OFF_EVERY if every else form, amount=rubles(effect.amount_minor), every=every
    )
    yield "rate", Clause(spoken(_OFF, voice.lang), (words,))


def nth_pieces(voice: Voice, effect: DiscountEffect, _owner: str) -> Iterator[Facet]:
    """Tell of which pieces only a percent is."""
    if effect.nth is None:
        return
    counter = "" if effect.counter is None else voice.called("counters", effect.counter)
    words = voice.say(_NTH_COUNTED if counter else _NTH, nth=str(effect.nth), counter=counter)
    yield "nth", Clause(spoken(_ONLY_NTH, voice.lang), (words,))


def points_given(voice: Voice, effect: EarnEffect, _owner: str) -> Iterator[Facet]:
    """Tell a number of points, and for what."""
    if effect.points is None:
        return
    every = "" if effect.every_minor is None else rubles(effect.every_minor)
    pieces = "" if effect.every_pieces is None else str(effect.every_pieces)
    form = _EVERY_SUM if every else _EVERY_PIECES if pieces else _A_RECEIPT
    points = spoken(count_points(effect.points), voice.lang)
    words = voice.say(form, points=points, every=every, count=pieces)
    yield "rate", Clause(spoken(_EARNS, voice.lang), (words,))
