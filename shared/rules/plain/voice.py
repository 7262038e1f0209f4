"""Who speaks of a pack: the language, and what people call the things that parts name by ids."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from shared.rules.grammar import Title
from shared.rules.model import Pack
from shared.rules.sentences import Lang, spoken
from shared.rules.slip_words import VOCABULARY
from shared.rules.tier_terms import TierTrack
from shared.rules.wording import Wording

LISTED: Final = ("wallets", "counters", "codes")
RULED: Final = ("rules", "grants")
_SLIPS: Final[Mapping[str, Title]] = {
    name: Title(ru=known.title.ru, en=known.title.en) for name, known in VOCABULARY.items()
}


@dataclass(frozen=True, slots=True)
class Voice:
    """A language, and a pack in which every name is found and no two things have one title."""

    pack: Pack
    lang: Lang
    titles: Mapping[str, Mapping[str, Title]]
    scopes: Mapping[str, str]
    """Of rules in the stacking tree: `line` or `receipt`."""

    @property
    def other_lang(self) -> Lang:
        """The language that is not spoken."""
        return "en" if self.lang == "ru" else "ru"

    def say(self, words: Wording, **parts: str) -> str:
        """Write words with their parts filled in."""
        return spoken(words, self.lang).format(**parts)

    def quoted(self, title: Title) -> str:
        """Write a title."""
        return f"«{spoken(title, self.lang)}»"

    def called(self, kind: str, name: str) -> str:
        """Write what people call a thing of a kind; one without a title keeps its name."""
        title = self.titles.get(kind, {}).get(name)
        return f"«{name}»" if title is None else self.quoted(title)


def voice_of(old: Pack, new: Pack, lang: Lang) -> Voice:
    """Return the voice in which the difference of two packs is told."""
    pack = _both_names(old, new)
    steps = pack.tiers.steps if pack.tiers is not None else ()
    rules = {rule.id: rule.title for rule in pack.conditional}
    titles = {kind: {n: one.title for n, one in getattr(pack, kind).items()} for kind in LISTED}
    titles |= {"tiers": {step.id: step.title for step in steps}} | dict.fromkeys(RULED, rules)
    scopes = {child: node.scope for node in pack.stacking for child in node.children}
    titles |= {"slips": dict(_SLIPS)}
    return Voice(pack, lang, titles, scopes)


def _both_names(old: Pack, new: Pack) -> Pack:
    """Return a pack for names only: it has all things of both, and their ids where titles agree."""
    changed: dict[str, Any] = {}
    for kind in LISTED:
        parts = {**getattr(old, kind), **getattr(new, kind)}
        changed[kind] = dict(zip(parts, _apart(parts.items()), strict=True))
    for kind in RULED:
        found = {rule.id: rule for pack in (old, new) for rule in getattr(pack, kind)}
        changed[kind] = tuple(_apart(found.items()))
    groups = {node.group: node for pack in (old, new) for node in pack.stacking}
    changed["stacking"] = tuple(groups.values())
    changed["tiers"] = _track(old.tiers, new.tiers)
    return new.model_copy(update=changed)


def _track(old: TierTrack | None, new: TierTrack | None) -> TierTrack | None:
    """Join the levels of two tracks; the percents are those of the new one."""
    if old is None or new is None:
        return new or old
    gone = {step.id: step.model_copy(update={"percents": {}}) for step in old.steps}
    steps = {step.id: step for step in new.steps} | {
        name: step for name, step in gone.items() if name not in {one.id for one in new.steps}
    }
    return new.model_copy(update={"steps": tuple(_apart(steps.items()))})


def _apart(parts: Iterable[tuple[str, Any]]) -> list[Any]:
    """Add the id to titles that several parts have."""
    found = list(parts)
    russian = Counter(part.title.ru for _, part in found)
    english = Counter(part.title.en for _, part in found)
    apart = []
    for name, part in found:
        twice = russian[part.title.ru] > 1 or english[part.title.en] > 1
        apart.append(part.model_copy(update={"title": _named(part.title, name)}) if twice else part)
    return apart


def _named(title: Title, name: str) -> Title:
    return Title.model_construct(ru=f"{title.ru} ({name})", en=f"{title.en} ({name})")
