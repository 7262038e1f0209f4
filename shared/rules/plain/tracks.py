"""Thresholds of tiers in words: in the unit of what is counted, eased, or new from a day on."""

from collections.abc import Iterator
from typing import Final

from shared.rules.condition_words import days_words, full_day
from shared.rules.plain.clause import Clause, Facet, Form, Telling
from shared.rules.plain.voice import Voice
from shared.rules.sentences import amount_of, percent, spoken
from shared.rules.tier_terms import TierStep, TierTrack
from shared.rules.wording import Wording

_THRESHOLD: Final = Wording("порог {}", "threshold {}")
_PERCENT: Final = Wording("процент «{name}»: {{}}", "percent «{name}»: {{}}")
_PERCENT_OF: Final = Wording("{rules}: {{}}", "{rules}: {{}}")
_EASED: Final = Wording(
    "пороги для сегмента {segment} ниже: {{}}", "thresholds lower for the segment {segment}: {{}}"
)
_BY: Final = Wording("на {percent} {days}", "by {percent} {days}")
_SINCE: Final = Wording("новые пороги с {day}: {{}}", "new thresholds from {day}: {{}}")
_WHO_DROPS: Final = Wording(
    "кто при новых порогах с {day} теряет уровень, {{}}",
    "who loses a level by the thresholds from {day} {{}}",
)
_DROPS: Final = {
    "keep": Wording("сохраняет его до конца периода", "keeps it to the end of the period"),
    "recalculate": Wording("теряет его сразу", "loses it at once"),
}


def threshold(voice: Voice, step: TierStep, owner: str) -> Iterator[Facet]:
    """Tell where a level begins; the owner is what is counted."""
    words = spoken(amount_of(owner, step.from_minor), voice.lang)
    yield "from", Clause(spoken(_THRESHOLD, voice.lang), (words,))


def percents(voice: Voice, step: TierStep, _owner: str) -> Iterator[Facet]:
    """Tell the percents of a level, by the rules that give them: these are what people know."""
    for name, rate_bp in step.percents.items():
        rules = ", ".join(
            voice.called("rules", rule.id)
            for rule in voice.pack.rules
            if any(getattr(effect, "tier_percent", None) == name for effect in rule.then)
        )
        form = _PERCENT_OF if rules else _PERCENT
        yield (
            f"percent.{name}",
            Clause(voice.say(form, rules=rules, name=name), (percent(rate_bp),)),
        )


def eased(voice: Voice, track: TierTrack, _owner: str) -> Iterator[Facet]:
    """Tell whose thresholds are lower, and for how long."""
    for number, easing in enumerate(track.eased):
        words = voice.say(
            _BY,
            percent=percent(easing.by),
            days=days_words(easing.first, easing.until, voice.lang),
        )
        yield f"eased.{number}", Clause(voice.say(_EASED, segment=easing.segment), (words,))


def changes(voice: Voice, track: TierTrack, _owner: str) -> Iterator[Facet]:
    """Tell thresholds that begin on a day, and what becomes of who would drop by them."""
    for change in track.changes:
        day = full_day(change.since, voice.lang)
        words = tuple(
            f"{voice.called('tiers', name)} {spoken(amount_of(track.metric, amount), voice.lang)}"
            for name, amount in change.from_minor.items()
        )
        yield f"since.{change.since}", Clause(voice.say(_SINCE, day=day), words, Form.ROW)
        telling = Telling.IF_CHANGED if change.members == "keep" else Telling.ALWAYS
        yield (
            f"members.{change.since}",
            Clause(
                voice.say(_WHO_DROPS, day=day),
                (voice.say(_DROPS[change.members]),),
                telling=telling,
            ),
        )
