"""The words of a difference: whose it is, what people call it, and its values in their units."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from pydantic.fields import FieldInfo

from shared.money import NO_BREAK_SPACE
from shared.rules.condition_model import Condition
from shared.rules.condition_words import condition_words
from shared.rules.grammar import Document, Title
from shared.rules.label_words import NAMED_KEYS, word_of
from shared.rules.labels import LABELS, PARTS
from shared.rules.model import Pack
from shared.rules.sentences import Lang, amount_of, day_of, shorten, spoken
from shared.rules.term_words import activation_words, expiry_words, period_words
from shared.rules.units import written
from shared.rules.wording import Wording

Path = tuple[str, ...]
_SILENT: Final = frozenset({"then", "when", "steps", *PARTS})
"""Keys on the way that a sentence does without."""

_SAID_BEFORE: Final = frozenset({"id", "group", "effect", "title"})
"""Keys of a part that is added which its heading says."""

_THRESHOLD: Final = Wording("порог", "threshold")
_NOTHING: Final = Wording("нет", "none")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a difference is: whose (if that has a title), by which keys, under which field."""

    subject: Title | str = ""
    part: str = ""
    keys: Path = ()
    field: FieldInfo | None = None
    measure: str = ""
    """What the numbers of thresholds here count, where that is not money."""

    def at(self, key: str, field: FieldInfo | None = None) -> "Place":
        """Enter a key."""
        return replace(self, keys=(*self.keys, key), field=field or self.field)

    def of(self, name: str, found: object) -> "Place":
        """Enter a part that has a name, and perhaps a title of its own."""
        title = getattr(found, "title", None)
        if isinstance(title, Title):
            return replace(self, subject=title, part=self.keys[-1], keys=())
        if not self.subject and self.keys[-1] in PARTS:
            return replace(self, subject=name, part=self.keys[-1], keys=())
        return self.at(name)

    def inside(self, found: Document) -> "Place":
        """Keep what the thresholds of a part count."""
        measure = getattr(found, "metric", None) or getattr(found, "by", None)
        return replace(self, measure=measure) if isinstance(measure, str) else self


@dataclass(frozen=True, slots=True)
class Talk:
    """The packs that are compared, and the language of the answer."""

    old: Pack
    new: Pack
    lang: Lang


def heading(talk: Talk, place: Place) -> str:
    """Return `Subject: label `, or what of it there is."""
    subject = place.subject
    name = spoken(subject, talk.lang) if isinstance(subject, Title) else subject
    if place.part in PARTS and name:
        name = f"{spoken(PARTS[place.part], talk.lang)} «{name}»"
    labels = " ".join(
        _label(talk, place, key) for key in place.keys if key not in _SILENT or not name
    )
    head = ": ".join(part for part in (name, labels) if part)
    return f"{head}: " if name and not labels else f"{head} "


def _label(talk: Talk, place: Place, key: str) -> str:
    if "\0" in key:
        return key.split("\0")[0 if talk.lang == "ru" else 1]
    if key == "from" and place.part == "steps":
        return spoken(_THRESHOLD, talk.lang)
    known = LABELS.get(key) or PARTS.get(key)
    return spoken(known, talk.lang) if known else key


def value(talk: Talk, found: object, place: Place) -> str:
    """Write a value in the unit of its field."""
    if found is None or found == ():
        return spoken(_NOTHING, talk.lang)
    if isinstance(found, Condition):
        return condition_words(found, talk.new, talk.lang)
    if isinstance(found, date):
        return _day(found, talk.lang)
    if isinstance(found, int):
        return _number(talk, found, place)
    return _several(talk, found, place) or _word(talk, str(found), place.keys[-1])


def _day(found: date, lang: Lang) -> str:
    if isinstance(found, datetime):
        return f"{found:%Y-%m-%d %H:%M}"
    return f"{spoken(day_of(found), lang)}{NO_BREAK_SPACE}{found.year}"


def _several(talk: Talk, found: object, place: Place) -> str:
    """Write a part, or several values; nothing for what is one word."""
    if isinstance(found, Title):
        return f"«{spoken(found, talk.lang)}»"
    if isinstance(found, Document):
        kind = getattr(found, "effect", None)
        said = summary(talk, found, place)
        return f"{_label(talk, place, kind)} {said}".strip() if kind else said
    if isinstance(found, tuple):
        joint = "; " if any(isinstance(item, Document) for item in found) else ", "
        return joint.join(value(talk, item, place) for item in found)
    if isinstance(found, dict):
        return ", ".join(f"{name} {value(talk, one, place)}" for name, one in found.items())
    return ""


_THRESHOLDS: Final = frozenset({"from", "reach"})


def _number(talk: Talk, found: int, place: Place) -> str:
    """Write a number; a threshold in what is counted there."""
    if not _THRESHOLDS.intersection(place.keys[-2:]):
        return written(found, place.field, place.keys[-1])
    if place.measure in ("points", "visits", "purchases"):
        metric = "points" if place.measure == "points" else "visits"
        return spoken(amount_of(metric, found), talk.lang)
    if place.measure in _PLAIN:
        return shorten(found)
    return written(found, place.field, place.keys[-1])


_PLAIN: Final = frozenset({"eligible_quantity", "line_quantity", "counter"})


def _word(talk: Talk, word: str, key: str) -> str:
    if key in _TERMS:
        return _TERMS[key](word, talk.lang)
    if key in NAMED_KEYS:
        titles = _titles(talk.new, key) | _titles(talk.old, key)
        return f"«{spoken(titles[word], talk.lang)}»" if word in titles else word
    known = word_of(key, word)
    return word if known is None else spoken(known, talk.lang)


def _titles(pack: Pack, key: str) -> dict[str, Title]:
    """Return by their names the titles of what a key may name."""
    if key in ("children", "modifiers", "complement_of"):
        return {rule.id: rule.title for rule in pack.rules}
    if key in ("tier", "tiers"):
        return {step.id: step.title for step in pack.tiers.steps} if pack.tiers else {}
    if key in ("campaign", "coupon"):
        return {name: campaign.title for name, campaign in pack.codes.items()}
    if key == "counter":
        return {name: counter.title for name, counter in pack.counters.items()}
    if key == "wallet":
        return {name: wallet.title for name, wallet in pack.wallets.items()}
    return {}


def _period(text: str, lang: Lang) -> str:
    known = word_of("window", text)
    return period_words(text, lang) if known is None else spoken(known, lang)


_TERMS: Final[dict[str, Callable[[str, Lang], str]]] = {
    "activation": activation_words,
    "expiry": expiry_words,
    "window": _period,
}


def summary(talk: Talk, found: Document, place: Place) -> str:
    """Return what a part says, key by key, in the order of the pack file."""
    place = place.inside(found)
    said = []
    for name, field in type(found).model_fields.items():
        key, inner = field.alias or name, getattr(found, name)
        if name in found.model_fields_set and key not in _SAID_BEFORE:
            inside = replace(place, keys=(key,), field=field)
            words = value(talk, inner, inside)
            label = "" if key in _SILENT else _label(talk, inside, key)
            said.append(f"{label} {words}".strip())
    return ", ".join(one for one in said if one)
