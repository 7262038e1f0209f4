"""A clause: one thing that a part of a pack says, and how two of them differ in words."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from shared.rules.sentences import Lang, spoken
from shared.rules.wording import Wording

TOLD_MAX: Final = 30
"""Clauses of a part that is new or gone, and words of a set in it: what follows is counted."""


class Form(StrEnum):
    """What a clause has: a value, a set of words, cells of a row, or nothing but an order."""

    VALUE = "value"
    SET = "set"
    ROW = "row"
    ORDER = "order"


class Telling(StrEnum):
    """Whether a clause describes its part, or is what goes without saying until it changes."""

    ALWAYS = "always"
    IF_CHANGED = "if_changed"


@dataclass(frozen=True, slots=True)
class Clause:
    """Words with a place for a value, such as `не больше {} за чек`, and what stands there."""

    template: str
    items: tuple[str, ...]
    form: Form = Form.VALUE
    telling: Telling = Telling.ALWAYS

    @property
    def label(self) -> str:
        """The words before the value."""
        return self.template.partition("{}")[0].strip().rstrip(":,")

    @property
    def value(self) -> str:
        """The value with the words after it."""
        return ", ".join(self.items) + self.template.partition("{}")[2]


Facet = tuple[str, Clause]
Clauses = Mapping[str, Clause]
"""By what they are about: the same key in two packs is the same thing changed."""

_CHANGED: Final = Wording("было {old}, стало {new}", "was {old}, now {new}")
_ADDED: Final = Wording("добавлено: {items}", "added: {items}")
_GONE: Final = Wording("убрано: {items}", "removed: {items}")
_ORDER: Final = Wording("порядок был {old}, стал {new}", "order was {old}, now {new}")
_MORE: Final = Wording("и ещё {count}", "and {count} more")
_AND: Final = Wording(" и ", " and ")
_WHOLE: Final = Wording("было «{old}», стало «{new}»", "was «{old}», now «{new}»")
_NONE: Final = Wording("нет", "none")


def described(clauses: Clauses, lang: Lang) -> str:
    """Say all that goes not without saying; of much, the beginning and how much more there is."""
    told: dict[str, list[str]] = {}
    for clause in clauses.values():
        if clause.telling is Telling.ALWAYS:
            told.setdefault(clause.template, []).append(", ".join(_few(clause.items, lang)))
    both = spoken(_AND, lang)
    said = [template.replace("{}", both.join(values)) for template, values in told.items()]
    return "; ".join(_few(said, lang))


def differences(old: Clauses, new: Clauses, lang: Lang) -> str:
    """Say what changed, then what came, then what went; nothing where the words are the same."""
    keys = list(dict.fromkeys((*old, *new)))
    both = [(old[key], new[key]) for key in keys if key in old and key in new]
    told = [said for before, after in both for said in _changes(before, after, lang)]
    came, gone = _only_in(new, old), _only_in(old, new)
    told += [_came_or_gone(_ADDED, clause, lang) for clause in came]
    told += [_came_or_gone(_GONE, clause, lang) for clause in gone]
    return "; ".join(told)


def _came_or_gone(form: Wording, clause: Clause, lang: Lang) -> str:
    """Write `добавлено условие: …`, but `добавлено: не меньше …`."""
    verb, text = spoken(form, lang).partition(":")[0], _text(clause, lang)
    return f"{verb} {text}" if clause.template.endswith(": {}") else f"{verb}: {text}"


def _only_in(clauses: Clauses, others: Clauses) -> list[Clause]:
    return [
        clause
        for key, clause in clauses.items()
        if key not in others and clause.telling is Telling.ALWAYS
    ]


def _changes(old: Clause, new: Clause, lang: Lang) -> Iterator[str]:
    if old.template != new.template:
        if old.items != new.items or old.form is Form.VALUE:
            yield spoken(_WHOLE, lang).format(old=_text(old, lang), new=_text(new, lang))
    elif old.form is Form.VALUE and old.items != new.items:
        form = _CHANGED if new.label else _WHOLE
        yield _labelled(new, spoken(form, lang).format(old=old.value, new=new.value))
    elif old.items != new.items and (said := _of_many(old, new, lang)):
        yield _labelled(new, said)


def _of_many(old: Clause, new: Clause, lang: Lang) -> str:
    came = _without(new.items, old.items)
    gone = _without(old.items, new.items)
    if not came and not gone:
        return spoken(_ORDER, lang).format(old=old.value, new=new.value)
    if new.form is Form.ORDER:
        return ""
    if new.form is Form.ROW:
        none = spoken(_NONE, lang)
        words = (", ".join(gone) or none, ", ".join(came) or none)
        return spoken(_CHANGED, lang).format(old=words[0], new=words[1])
    told = [(_ADDED, came), (_GONE, gone)]
    return ", ".join(
        spoken(form, lang).format(items=", ".join(items)) for form, items in told if items
    )


def _without(items: Iterable[str], others: Iterable[str]) -> list[str]:
    return list((Counter(items) - Counter(others)).elements())


def _labelled(clause: Clause, words: str) -> str:
    return f"{clause.label} — {words}" if clause.label else words


def _text(clause: Clause, lang: Lang) -> str:
    """Write a clause whole."""
    return clause.template.replace("{}", ", ".join(_few(clause.items, lang)))


def _few(words: Iterable[str], lang: Lang) -> list[str]:
    found = list(words)
    if len(found) <= TOLD_MAX:
        return found
    more = spoken(_MORE, lang).format(count=len(found) - TOLD_MAX)
    return [*found[:TOLD_MAX], more]
