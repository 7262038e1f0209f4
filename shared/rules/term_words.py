"""Terms and periods of a pack in words: when points begin, how long they live, what is counted."""

from typing import Final

from shared.money import NO_BREAK_SPACE
from shared.rules.counting import DAYS, HOURS, MONTHS, count_of
from shared.rules.operators import WINDOWS
from shared.rules.sentences import Lang, day_of, spoken
from shared.rules.terms import Unit, read_activation, read_expiry
from shared.rules.windows import WindowKind, read_period
from shared.rules.wording import Wording

_AT_ONCE: Final = Wording("сразу", "at once")
_NEXT_DAY: Final = Wording("на следующий день", "the next day")
_AFTER: Final = Wording("через {term}", "after {term}")
_NEVER: Final = Wording("бессрочно", "for ever")
_FIXED: Final = Wording("по {day}", "until {day}")
_PERIODS: Final = {
    1: Wording("до конца месяца", "until the end of the month"),
    3: Wording("до конца квартала", "until the end of the quarter"),
    12: Wording("до конца года", "until the end of the year"),
}
_ROLLING: Final = Wording("за последние {term}", "of the last {term}")
_ROLLING_ONE: Final = Wording("за последний {term}", "of the last {term}")
_NOUNS: Final = {Unit.HOURS: HOURS, Unit.DAYS: DAYS, Unit.MONTHS: MONTHS}


def activation_words(text: str, lang: Lang) -> str:
    """Write when something becomes valid: `через 24 часа`."""
    term = read_activation(text)
    if not term.count:
        return spoken(_AT_ONCE, lang)
    if (term.unit, term.count) == (Unit.DAYS, 1):
        return spoken(_NEXT_DAY, lang)
    return spoken(_AFTER, lang).format(term=spoken(count_of(_NOUNS[term.unit], term.count), lang))


def expiry_words(text: str, lang: Lang) -> str:
    """Write how long something is valid: `6 месяцев`, `до конца квартала`."""
    term = read_expiry(text)
    if term.day is not None:
        day = f"{spoken(day_of(term.day), lang)}{NO_BREAK_SPACE}{term.day.year}"
        return spoken(_FIXED, lang).format(day=day)
    if term.unit is Unit.PERIOD:
        return spoken(_PERIODS[term.count], lang)
    if term.unit is Unit.NEVER:
        return spoken(_NEVER, lang)
    return spoken(count_of(_NOUNS[term.unit], term.count), lang)


def period_words(text: str, lang: Lang) -> str:
    """Write a period in which something is counted: `за последние 12 месяцев`."""
    if text in WINDOWS:
        return spoken(WINDOWS[text], lang)
    period = read_period(text)
    noun = DAYS if period.kind is WindowKind.ROLLING_DAYS else MONTHS
    words = count_of(noun, period.count)
    is_one = period.count % 10 == 1 and period.count % 100 != 11
    return spoken(_ROLLING_ONE if is_one else _ROLLING, lang).format(term=spoken(words, lang))
