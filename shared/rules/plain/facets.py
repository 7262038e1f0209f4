"""The clauses of a part of a pack: each field by its label, its unit or the words of its choice."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from pydantic.fields import FieldInfo

from shared.money import NO_BREAK_SPACE
from shared.rules.condition_words import full_day, window_words
from shared.rules.counting import DAYS, TIMES, Noun, count_of, count_points
from shared.rules.grammar import Document
from shared.rules.model import Rule
from shared.rules.plain.choices import CHOICES
from shared.rules.plain.clause import Clause, Clauses, Facet, Form, Telling
from shared.rules.plain.composed import COMPOSED
from shared.rules.plain.labels import LABELS, UNLESS_SAID
from shared.rules.plain.tables import REST_WORDS
from shared.rules.plain.voice import Voice
from shared.rules.price_model import REST
from shared.rules.sentences import percent, shorten, spoken
from shared.rules.term_words import activation_words, expiry_words
from shared.rules.units import written
from shared.rules.wording import Wording

POINTS: Final = frozenset(
    {
        "Wallet.earning_unit",
        "Wallet.redeeming_unit",
        "Wallet.early_activation_max",
        "EarnEffect.points_each",
        "EarnEffect.at_most",
        "RedeemEffect.at_most",
        "RedeemEffect.at_least",
        "OnceGrantRule.points",
    }
)
"""Amounts in hundredths of a point."""

_BY_TABLE: Final = Wording("по таблице {table}", "by the table {table}")
_NOUNS: Final = {
    "TierTrack.grace_days": DAYS,
    "CodeCampaign.per_code_max": TIMES,
    "CodeCampaign.per_member_max": TIMES,
}
_PLACES: Final = {"then": -1, "wallet": 1, "condition": 2, "when": 3, "limits": 4}
"""What is told first and last of a part, other than in the order of the file."""

_NAMED: Final = {
    "wallet": "wallets",
    "counter": "counters",
    "columns": "lists",
    "campaign": "codes",
    "coupon": "codes",
    "complement_of": "rules",
    "tiers": "tiers",
    "children": "rules",
    "modifiers": "rules",
    "list": "price_lists",
    "kind": "kinds",
    "of": "dates",
}
"""What the names in a field are names of."""

_SPOKEN_ALWAYS: Final = frozenset(
    {
        "TierTrack.metric",
        "TierTrack.window",
        "Counter.of",
        "RedeemEffect.share_base",
        "EarnEffect.base",
        "CouponEffect.activation",
    }
)
"""Fields whose usual choice does not go without saying."""

_QUIET: Final = frozenset({"Table.columns"})
"""Fields that another field of the part tells as well, until they change."""

_SAME_THING: Final = {
    "DiscountEffect.price_minor": "rate",
    "BundleEffect.price_minor": "form",
    "percent": "rate",
    "tier_percent": "rate",
    "table": "rate",
    "amount_minor": "rate",
    "points_each": "rate",
    "cheapest": "form",
    "gift": "form",
    "certificate": "form",
    "coupon": "form",
    "points": "form",
}
"""Fields of which a part has one or another."""


def clauses(voice: Voice, part: Document, owner: str = "") -> Clauses:
    """Return what a part says, field by field; the owner is the rule of an effect, or a metric."""
    return dict(_facets(voice, part, owner))


def _facets(voice: Voice, part: Document, owner: str) -> Iterator[Facet]:
    model = type(part).__name__
    names = type(part).model_fields
    for name in sorted(names, key=lambda name: _PLACES.get(name, 0)):
        field = names[name]
        key, value = f"{model}.{name}", getattr(part, name)
        composed = COMPOSED.get(key) or COMPOSED.get(name)
        if isinstance(part, Rule) and name == "then":
            yield from _effects(voice, part)
        elif composed is not None:
            yield from composed(voice, part, owner)
        else:
            yield from _plain(voice, key, field, value)


def _effects(voice: Voice, rule: Rule) -> Iterator[Facet]:
    for effect in rule.then:
        for key, clause in _facets(voice, effect, rule.id):
            yield f"{effect.effect}.{key}", clause


def _plain(voice: Voice, key: str, field: FieldInfo, value: object) -> Iterator[Facet]:
    name = key.partition(".")[2]
    label = LABELS.get(key) or LABELS.get(name)
    if label is None:
        return
    template, about = (
        label.ru if voice.lang == "ru" else label.en,
        _SAME_THING.get(key) or _SAME_THING.get(name, name),
    )
    if value is None or value == ():
        if key in UNLESS_SAID:
            usual = voice.say(UNLESS_SAID[key])
            yield about, Clause(template, (usual,), telling=Telling.IF_CHANGED)
        return
    form = Form.SET if isinstance(value, tuple) else Form.VALUE
    items = value if isinstance(value, tuple) else (value,)
    words = tuple(_word(voice, key, field, item) for item in items)
    is_usual = (value == field.default or key in _QUIET) and key not in _SPOKEN_ALWAYS
    yield about, Clause(template, words, form, Telling.IF_CHANGED if is_usual else Telling.ALWAYS)


def _word(voice: Voice, key: str, field: FieldInfo, value: object) -> str:
    """Write a value, or one of several, in its unit or by its name."""
    name, word = key.partition(".")[2], str(value)
    choices = CHOICES.get(key) or CHOICES.get(name) or {}
    if word in choices:
        return spoken(choices[word], voice.lang)
    if isinstance(value, int):
        return _number(voice, key, field, value)
    if isinstance(value, datetime):
        return f"{full_day(value.date(), voice.lang)} {value:%H:%M}"
    return _TERMS[name](word, voice.lang) if name in _TERMS else _name(voice, name, word)


def _name(voice: Voice, field: str, word: str) -> str:
    """Write a name by its title; words that are no names stay as they are."""
    if field == "table":
        return voice.say(_BY_TABLE, table=voice.called("tables", word))
    if field == "columns" and word == REST:
        return voice.say(REST_WORDS)
    return voice.called(_NAMED[field], word) if field in _NAMED else word


_TERMS: Final = {
    "activation": activation_words,
    "expiry": expiry_words,
    "window": window_words,
}


def _number(voice: Voice, key: str, field: FieldInfo, value: int) -> str:
    if key in POINTS:
        return spoken(count_points(value), voice.lang)
    noun: Noun | None = _NOUNS.get(key)
    if noun is not None:
        return spoken(count_of(noun, value), voice.lang)
    if key == "EarnTimesEffect.times":
        return shorten(value)
    if key == "AddPercentPointsEffect.percent":
        return percent(value).removesuffix(f"{NO_BREAK_SPACE}%")
    return written(value, field, key)
