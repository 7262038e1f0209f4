"""What differs between two packs, in sentences that a marketer understands.

Packs are compared as their models are made: parts with an id by id, words as sets, and each number
in the unit of its field, so that a field that a later version adds is told with no change here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from pydantic.fields import FieldInfo

from shared.money import NO_BREAK_SPACE
from shared.rules.condition_model import Condition
from shared.rules.condition_words import condition_words
from shared.rules.grammar import Document, Title
from shared.rules.labels import LABELS, PARTS, WORDS
from shared.rules.model import Pack
from shared.rules.sentences import Lang, day_of, spoken
from shared.rules.units import written
from shared.rules.wording import Wording

Path = tuple[str, ...]
_IDENTITIES: Final = ("id", "group", "effect", "goods")
_POINTS: Final = ("points", "_unit")
_UNTOLD: Final = frozenset({"requires"})
"""What follows from the rest."""

_SILENT: Final = frozenset({"then", "when", "tiers", "steps", *PARTS})
"""Keys on the way that a sentence does without."""

_THRESHOLD: Final = Wording("порог", "threshold")
_NEW: Final = Wording("добавлено", "added")
_GONE: Final = Wording("убрано", "removed")
_NOTHING: Final = Wording("нет", "none")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a difference is: whose (if that has a title), by which keys, under which field."""

    subject: Title | str = ""
    part: str = ""
    keys: Path = ()
    field: FieldInfo | None = None

    def at(self, key: str, field: FieldInfo | None = None) -> "_Place":
        return _Place(self.subject, self.part, (*self.keys, key), field or self.field)

    def of(self, name: str, found: object) -> "_Place":
        """Enter a part that has a name, and perhaps a title of its own."""
        title = getattr(found, "title", None)
        if isinstance(title, Title):
            return _Place(title, self.keys[-1], (), self.field)
        if not self.subject and self.keys[-1] in PARTS:
            return _Place(name, self.keys[-1], (), self.field)
        return self.at(name)


@dataclass(frozen=True, slots=True)
class _Talk:
    """The packs that are compared, and the language of the answer."""

    old: Pack
    new: Pack
    lang: Lang


def diff(old: Pack, new: Pack, lang: Lang) -> list[str]:
    """Return a sentence for each difference, in the order of the pack file; none if there is none.

    `Скидка по карте: Золотой 7 % → 8 %`
    """
    told = _documents(_Talk(old, new, lang), old, new, _Place())
    return list(dict.fromkeys(sentence for sentence in told if sentence))


def _documents(talk: _Talk, old: Document, new: Document, place: _Place) -> Iterator[str]:
    for name, field in type(new).model_fields.items():
        key = field.alias or name
        before, after = getattr(old, name), getattr(new, name)
        if before != after and key not in _UNTOLD:
            yield from _values(talk, before, after, place.at(key, field))


def _values(talk: _Talk, old: object, new: object, place: _Place) -> Iterator[str]:
    if isinstance(old, Condition) or isinstance(new, Condition):
        yield _conditions(talk, old, new, place)
    elif isinstance(old, Title) and isinstance(new, Title):
        yield _told(talk, place, spoken(old, talk.lang), spoken(new, talk.lang))
    elif isinstance(old, Document) and type(old) is type(new):
        yield from _documents(talk, old, new, place)
    elif isinstance(old, dict) and isinstance(new, dict):
        yield from _named(talk, old, new, place)
    elif isinstance(old, tuple) and isinstance(new, tuple):
        yield from _many(talk, old, new, place)
    else:
        yield from _scalars(talk, old, new, place)


def _conditions(talk: _Talk, old: object, new: object, place: _Place) -> str:
    """Compare two conditions in words; where two names share a title, by the names."""
    pair = [_value(talk, found, place) for found in (old, new)]
    if pair[0] == pair[1] and isinstance(old, Condition) and isinstance(new, Condition):
        pair = [condition_words(found, None, talk.lang) for found in (old, new)]
    return _told(talk, place, *pair)


def _many(
    talk: _Talk, old: tuple[object, ...], new: tuple[object, ...], place: _Place
) -> Iterator[str]:
    if any(isinstance(item, Document) for item in (*old, *new)):
        yield from _named(talk, _by_name(old), _by_name(new), place)
        return
    before, after = ([_value(talk, item, place) for item in items] for items in (old, new))
    if set(before) == set(after) or any(type(item) is int for item in (*old, *new)):
        yield _told(talk, place, ", ".join(before), ", ".join(after))
        return
    for word, items, others in ((_NEW, after, before), (_GONE, before, after)):
        if changed := [item for item in items if item not in others]:
            yield f"{_heading(talk, place)}{spoken(word, talk.lang)} {', '.join(changed)}"


def _named(
    talk: _Talk, old: Mapping[str, object], new: Mapping[str, object], place: _Place
) -> Iterator[str]:
    for name in dict.fromkeys((*old, *new)):
        before, after = old.get(name), new.get(name)
        if before == after:
            continue
        inside = place.of(name, before if after is None else after)
        if before is not None and after is not None:
            yield from _values(talk, before, after, inside)
        elif isinstance(before or after, Document):
            verb = spoken(_NEW if before is None else _GONE, talk.lang)
            yield f"{_heading(talk, inside)}{verb}"
        else:
            yield from _scalars(talk, before, after, inside)


def _scalars(talk: _Talk, old: object, new: object, place: _Place) -> Iterator[str]:
    before, after = _value(talk, old, place), _value(talk, new, place)
    users = list(_users(talk.new, place)) or [place]
    yield from (_told(talk, user, before, after) for user in users)


def _users(pack: Pack, place: _Place) -> Iterator[_Place]:
    """Yield the rules by which a percent of a tier is given: they are what people know."""
    if place.part != "steps" or place.keys[:1] != ("percents",) or not place.subject:
        return
    tier = place.subject.ru if isinstance(place.subject, Title) else place.subject
    other = place.subject.en if isinstance(place.subject, Title) else place.subject
    for rule in pack.rules:
        if any(getattr(effect, "tier_percent", None) == place.keys[1] for effect in rule.then):
            yield _Place(rule.title, "", (f"{tier}\0{other}",), place.field)


def _told(talk: _Talk, place: _Place, before: str, after: str) -> str:
    """Return the sentence; nothing where the change is in the other language alone."""
    if before == after:
        return ""
    return f"{_heading(talk, place)}{before} → {after}"


def _heading(talk: _Talk, place: _Place) -> str:
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


def _label(talk: _Talk, place: _Place, key: str) -> str:
    if "\0" in key:
        return key.split("\0")[0 if talk.lang == "ru" else 1]
    if key == "from" and place.part == "steps":
        return spoken(_THRESHOLD, talk.lang)
    known = LABELS.get(key) or PARTS.get(key)
    return spoken(known, talk.lang) if known else key


def _value(talk: _Talk, found: object, place: _Place) -> str:
    """Write a value in the unit of its field."""
    if found is None:
        return spoken(_NOTHING, talk.lang)
    if isinstance(found, Condition):
        return condition_words(found, talk.new, talk.lang)
    if isinstance(found, datetime):
        return f"{found:%Y-%m-%d %H:%M}"
    if isinstance(found, date):
        return f"{spoken(day_of(found), talk.lang)}{NO_BREAK_SPACE}{found.year}"
    if isinstance(found, int):
        return written(found, place.field, place.keys[-1])
    word = str(found)
    return spoken(WORDS[word], talk.lang) if word in WORDS else word


def _by_name(items: tuple[object, ...]) -> dict[str, object]:
    found: dict[str, object] = {}
    for place, item in enumerate(items, start=1):
        names = (getattr(item, key, None) for key in _IDENTITIES)
        name = next((name for name in names if isinstance(name, str)), str(place))
        found[name if name not in found else f"{name} {place}"] = item
    return found
