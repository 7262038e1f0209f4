"""Lengths of time in words: when points begin, how long they live, periods of counting."""

from typing import Final

from shared.rules.operators import WINDOWS
from shared.rules.sentences import Lang, day_of, spoken
from shared.rules.terms import Term, Unit, read_activation, read_expiry
from shared.rules.windows import WindowKind, read_period
from shared.rules.wording import Wording

_AT_ONCE: Final = Wording("сразу", "at once")
_NEXT_DAY: Final = Wording("на следующий день", "the next day")
_AFTER: Final = {
    Unit.HOURS: Wording("через {count} ч", "after {count} h"),
    Unit.DAYS: Wording("через {count} дн.", "after {count} days"),
}
_LIVES: Final = {
    Unit.DAYS: Wording("{count} дн.", "{count} days"),
    Unit.MONTHS: Wording("{count} мес.", "{count} months"),
    Unit.NEVER: Wording("бессрочно", "for ever"),
}
_ENDS: Final = {
    1: Wording("до конца месяца", "to the end of the month"),
    3: Wording("до конца квартала", "to the end of the quarter"),
    12: Wording("до конца года", "to the end of the year"),
}
_FIXED: Final = Wording("по {day} {year}", "to {day} {year}")
_ROLLING: Final = {
    WindowKind.ROLLING_DAYS: Wording("за последние {count} дн.", "of the last {count} days"),
    WindowKind.ROLLING_MONTHS: Wording("за последние {count} мес.", "of the last {count} months"),
}


def activation_words(text: str, lang: Lang) -> str:
    """Write when points begin: `через 24 ч`."""
    term = read_activation(text)
    if term.count == 0:
        return spoken(_AT_ONCE, lang)
    if term == Term(Unit.DAYS, 1):
        return spoken(_NEXT_DAY, lang)
    return spoken(_AFTER[term.unit], lang).format(count=term.count)


def expiry_words(text: str, lang: Lang) -> str:
    """Write how long points live: `12 мес.`, `до конца квартала`."""
    term = read_expiry(text)
    if term.day is not None:
        return spoken(_FIXED, lang).format(day=spoken(day_of(term.day), lang), year=term.day.year)
    if term.unit is Unit.PERIOD:
        return spoken(_ENDS[term.count], lang)
    return spoken(_LIVES[term.unit], lang).format(count=term.count)


def period_words(text: str, lang: Lang) -> str:
    """Write a period in which something is counted: `за последние 90 дн.`."""
    if text in WINDOWS:
        return spoken(WINDOWS[text], lang)
    period = read_period(text)
    return spoken(_ROLLING[period.kind], lang).format(count=period.count)
