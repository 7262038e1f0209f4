"""What differs between two packs, in sentences that a marketer understands.

A sentence is of one part: a rule, a level, a list. Parts are compared by what they say
(`plain.facets`), so that a new part and a changed one are told in the same words.
"""

from collections.abc import Iterator
from typing import Final

from shared.rules.features import used_features
from shared.rules.model import Pack
from shared.rules.plain.clause import Clause, Clauses, Form, described, differences
from shared.rules.plain.facets import clauses
from shared.rules.plain.sections import SECTIONS, Part, Section
from shared.rules.plain.voice import Voice, voice_of
from shared.rules.policies import policies_of
from shared.rules.sentences import Lang, spoken
from shared.rules.wording import Wording

_PACK: Final = Wording("Пакет правил", "Rule pack")
_POLICIES: Final = Wording("Политики программы", "Policies of the programme")
_REQUIRES: Final = Wording("требует от магазина: {}", "requires of a store: {}")
_OTHERWISE: Final = Wording(
    "записано иначе, смысл прежний", "written otherwise, the meaning is the same"
)


def diff(old: Pack, new: Pack, lang: Lang) -> list[str]:
    """Return a sentence for each part that differs, in the order of the pack file; none if none.

    `Правило «Скидка на сыр»: скидка — было 10 %, стало 15 %`
    """
    voice = voice_of(old, new, lang)
    told = list(_changed(voice, spoken(_PACK, lang), Part(old), Part(new)))
    for section in SECTIONS:
        told += _section(voice, section, old, new)
    told += _said(
        spoken(_POLICIES, lang), differences(_policies(old, lang), _policies(new, lang), lang)
    )
    told += _requirements(old, new, lang, told)
    return told


def _section(voice: Voice, section: Section, old: Pack, new: Pack) -> Iterator[str]:
    before, after = section.parts(old), section.parts(new)
    for name in dict.fromkeys((*before, *after)):
        was, is_now, called = before.get(name), after.get(name), section.name(voice, name)
        if was is None or is_now is None:
            form, part = (section.new, is_now) if was is None else (section.gone, was)
            assert part is not None, "the name is that of a part of one pack or the other"
            says = described(clauses(voice, part.model, part.owner), voice.lang)
            heading = voice.say(form, name=called)
            yield f"{heading}: {says}" if says else heading
        elif was != is_now:
            yield from _changed(voice, voice.say(section.changed, name=called), was, is_now)
    if section.order is not None:
        names = [
            [one for one in parts if one in before and one in after] for parts in (before, after)
        ]
        ordered = [
            Clause("{}", tuple(section.name(voice, one) for one in found), Form.ORDER)
            for found in names
        ]
        order = differences({"": ordered[0]}, {"": ordered[1]}, voice.lang)
        yield from _said(voice.say(section.order), order)


def _changed(voice: Voice, heading: str, old: Part, new: Part) -> Iterator[str]:
    """Tell what changed of a part, if only how it is written."""
    parts = [clauses(voice, part.model, part.owner) for part in (old, new)]
    told = differences(parts[0], parts[1], voice.lang)
    if not told and old.model != new.model and not isinstance(old.model, Pack):
        told = spoken(_OTHERWISE, voice.lang)
    yield from _said(heading, told)


def _policies(pack: Pack, lang: Lang) -> Clauses:
    return {
        policy.name: Clause("{}", (spoken(policy.words, lang),)) for policy in policies_of(pack)
    }


def _requirements(old: Pack, new: Pack, lang: Lang, told: list[str]) -> Iterator[str]:
    """Tell what is required beyond what follows from the rest, or when nothing else differs."""
    if set(old.requires) == set(new.requires):
        return
    needs = [set(pack.requires) - used_features(pack) for pack in (old, new)]
    if needs[0] == needs[1] and not told:
        needs = [set(pack.requires) for pack in (old, new)]
    label = spoken(_REQUIRES, lang)
    before, after = ({"": Clause(label, tuple(sorted(one)), Form.SET)} for one in needs)
    yield from _said(spoken(_PACK, lang), differences(before, after, lang))


def _said(heading: str, told: str) -> Iterator[str]:
    if told:
        yield f"{heading}: {told}"
