"""What differs between two packs, in sentences that a marketer understands.

Packs are compared as their models are made: parts with an id by id, words as sets, and each number
in the unit of its field, so that a field that a later version adds is told with no change here.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from shared.rules.condition_model import Condition
from shared.rules.condition_words import condition_words
from shared.rules.diff_words import Place, Talk, heading, summary, value
from shared.rules.grammar import Document, Title
from shared.rules.labels import LABELS
from shared.rules.model import Pack, Policies
from shared.rules.policies import policies_of
from shared.rules.sentences import Lang, spoken
from shared.rules.wording import Wording

_IDENTITIES: Final = ("id", "group", "effect", "goods")
_UNTOLD: Final = frozenset({"requires"})
"""What follows from the rest."""

_NEW: Final = Wording("добавлено", "added")
_GONE: Final = Wording("убрано", "removed")


def diff(old: Pack, new: Pack, lang: Lang) -> list[str]:
    """Return a sentence for each difference, in the order of the pack file; none if there is none.

    `Скидка по карте: Золотой 7 % → 8 %`
    """
    told = _documents(Talk(old, new, lang), old, new, Place())
    return list(dict.fromkeys(sentence for sentence in told if sentence))


def _documents(talk: Talk, old: Document, new: Document, place: Place) -> Iterator[str]:
    place = place.inside(new)
    if isinstance(old, Policies):
        yield from _policies(talk)
        return
    for name, field in type(new).model_fields.items():
        key = field.alias or name
        before, after = getattr(old, name), getattr(new, name)
        if before != after and key not in _UNTOLD:
            yield from _values(talk, before, after, place.at(key, field))


def _values(talk: Talk, old: object, new: object, place: Place) -> Iterator[str]:
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


def _policies(talk: Talk) -> Iterator[str]:
    """Tell policies as an explanation does: in words, not by their names."""
    before = {policy.name: policy for policy in policies_of(talk.old)}
    for policy in policies_of(talk.new):
        old = before[policy.name].words
        if old != policy.words and not policy.name.startswith(_OF_CAPS):
            words = f"{spoken(old, talk.lang)} → {spoken(policy.words, talk.lang)}"
            yield f"{spoken(LABELS['policies'], talk.lang)}: {words}"


_OF_CAPS: Final = "caps."


def _conditions(talk: Talk, old: object, new: object, place: Place) -> str:
    """Compare two conditions in words; where two names share a title, by the names."""
    pair = [value(talk, found, place) for found in (old, new)]
    if pair[0] == pair[1] and isinstance(old, Condition) and isinstance(new, Condition):
        pair = [condition_words(found, None, talk.lang) for found in (old, new)]
    return _told(talk, place, *pair)


def _many(
    talk: Talk, old: tuple[object, ...], new: tuple[object, ...], place: Place
) -> Iterator[str]:
    if any(isinstance(item, Document) for item in (*old, *new)):
        yield from _named(talk, _by_name(old), _by_name(new), place)
        return
    before, after = ([value(talk, item, place) for item in items] for items in (old, new))
    if before == after:  # two names share a title
        before, after = list(map(str, old)), list(map(str, new))
    if set(before) == set(after) or any(type(item) is int for item in (*old, *new)):
        yield _told(talk, place, ", ".join(before), ", ".join(after))
        return
    for word, items, others in ((_NEW, after, before), (_GONE, before, after)):
        if changed := [item for item in items if item not in others]:
            yield f"{heading(talk, place)}{spoken(word, talk.lang)} {', '.join(changed)}"


def _named(
    talk: Talk, old: Mapping[str, object], new: Mapping[str, object], place: Place
) -> Iterator[str]:
    for name in dict.fromkeys((*old, *new)):
        before, after = old.get(name), new.get(name)
        if before == after:
            continue
        inside = place.of(name, before if after is None else after)
        if before is not None and after is not None:
            yield from _values(talk, before, after, inside)
        elif isinstance(found := before or after, Document):
            yield _come_or_gone(talk, found, inside, _NEW if before is None else _GONE)
        else:
            yield from _scalars(talk, before, after, inside)


def _come_or_gone(talk: Talk, found: Document, place: Place, verb: Wording) -> str:
    """Say that a part is new, and what it says, or that it is gone."""
    told = f"{heading(talk, place)}{spoken(verb, talk.lang)}"
    what = summary(talk, found, place) if verb is _NEW else ""
    return f"{told}: {what}" if what else told


def _scalars(talk: Talk, old: object, new: object, place: Place) -> Iterator[str]:
    if old is None and isinstance(new, Document):
        yield _come_or_gone(talk, new, place, _NEW)
        return
    if new is None and isinstance(old, Document):
        yield _come_or_gone(talk, old, place, _GONE)
        return
    before, after = value(talk, old, place), value(talk, new, place)
    if before == after:  # two names share a title
        before, after = str(old), str(new)
    users = list(_users(talk.new, place)) or [place]
    yield from (_told(talk, user, before, after) for user in users)


def _users(pack: Pack, place: Place) -> Iterator[Place]:
    """Yield the rules by which a percent of a tier is given: they are what people know."""
    if place.part != "steps" or place.keys[:1] != ("percents",) or not place.subject:
        return
    tier = place.subject.ru if isinstance(place.subject, Title) else place.subject
    other = place.subject.en if isinstance(place.subject, Title) else place.subject
    for rule in pack.rules:
        if any(getattr(effect, "tier_percent", None) == place.keys[1] for effect in rule.then):
            yield Place(rule.title, "", (f"{tier}\0{other}",), place.field)


def _told(talk: Talk, place: Place, before: str, after: str) -> str:
    """Return the sentence; nothing where the change is in the other language alone."""
    if before == after:
        return ""
    return f"{heading(talk, place)}{before} → {after}"


def _by_name(items: tuple[object, ...]) -> dict[str, object]:
    found: dict[str, object] = {}
    for place, item in enumerate(items, start=1):
        names = [getattr(item, key, None) for key in _IDENTITIES]
        named = [", ".join(name) if isinstance(name, tuple) else name for name in names if name]
        name = named[0] if named else str(place)
        found[name if name not in found else f"{name} {place}"] = item
    return found
