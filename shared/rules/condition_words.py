"""Conditions in words, Russian or English: the same for a difference and for an explanation.

An operator is given with what `conditions.needed` tells of it: a number, or words.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Final

from shared.money import NO_BREAK_SPACE
from shared.rules.condition_model import Condition
from shared.rules.conditions import needed
from shared.rules.counting import DAYS, count_of
from shared.rules.grammar import Title
from shared.rules.model import Pack
from shared.rules.operators import (
    AGE,
    AGE_FROM,
    AROUND,
    BASKET,
    COUNTED,
    FOR,
    FORMS,
    HAS,
    LEAP,
    LIFE,
    METRICS,
    NAMED_DATE,
    NAMES,
    SAID,
    UNITS,
    VALUES,
)
from shared.rules.sentences import Lang, amount_of, day_of, rubles, shorten, spoken
from shared.rules.term_words import period_words
from shared.rules.units import quantity, written
from shared.rules.wording import Wording

Needed = int | tuple[str, ...]
_MARCH: Final = date(2001, 3, 1)
_AND: Final = Wording(" и ", " and ")
_OR: Final = Wording(" или ", " or ")
_NOT: Final = Wording("не ({inner})", "not ({inner})")
_FROM: Final = Wording("с {day}", "from {day}")
_TO: Final = Wording("по {day}", "to {day}")


def condition_words(condition: Condition, pack: Pack | None, lang: Lang) -> str:
    """Write a condition on one line."""
    if condition.not_ is not None:
        return spoken(_NOT, lang).format(inner=condition_words(condition.not_, pack, lang))
    if (inner := condition.all_ or condition.any_) is not None:
        joint = _AND if condition.all_ is not None else _OR
        return spoken(joint, lang).join(condition_words(part, pack, lang) for part in inner)
    said = operator_words(condition.operator, needed(condition), pack, lang)
    if condition.near is not None and condition.near.leap_day != "02-28":
        said += spoken(LEAP, lang).format(day=spoken(day_of(_MARCH), lang))
    return said


def operator_words(operator: str, asked: Needed, pack: Pack | None, lang: Lang) -> str:
    """Write an operator and what it asks for; without the pack, names stay as they are."""
    if isinstance(asked, int):
        value = written(asked, Condition.model_fields.get(operator), operator)
        form = FORMS.get(operator)
        return spoken(form, lang).format(value=value) if form else f"{operator} {value}"
    if operator in _PARTS:
        return _PARTS[operator](asked, pack, lang)
    if len(asked) == 1 and (operator, asked[0]) in SAID:
        return spoken(SAID[operator, asked[0]], lang)
    name = spoken(NAMES[operator], lang) if operator in NAMES else f"{operator}:"
    return f"{name} {', '.join(_word(operator, word, pack, lang) for word in asked)}"


def count_words(of: str, amount: int, pack: Pack | None, lang: Lang) -> str:
    """Write what a count of purchases, money, points or a counter comes to."""
    if of in METRICS:
        return spoken(amount_of("visits" if of == "purchases" else of, amount), lang)
    counter = None if pack is None else pack.counters.get(of)
    return rubles(amount) if counter is not None and counter.of == "money" else shorten(amount)


def counted_name(of: str, pack: Pack | None, lang: Lang) -> str:
    """Write what is counted by its name: a metric, or the title of a counter."""
    counter = None if pack is None else pack.counters.get(of)
    return f"«{spoken(counter.title, lang)}»" if counter else _in(METRICS, of, lang)


def window_words(window: str, lang: Lang) -> str:
    """Write a period in which something is counted."""
    return period_words(window, lang)


def _word(operator: str, word: str, pack: Pack | None, lang: Lang) -> str:
    titles = {} if pack is None else _titles(operator, pack)
    if word in titles:
        return f"«{spoken(titles[word], lang)}»"
    return _in(VALUES.get(operator, {}), word, lang)


def _titles(operator: str, pack: Pack) -> dict[str, Title]:
    if operator == "tier_in" and pack.tiers is not None:
        return {step.id: step.title for step in pack.tiers.steps}
    if operator == "code_in":
        return {name: campaign.title for name, campaign in pack.codes.items()}
    return {}


def _in(words: Mapping[str, Wording], word: str, lang: Lang) -> str:
    return spoken(words[word], lang) if word in words else word


def full_day(day: date, lang: Lang) -> str:
    """Write a day with its year."""
    return f"{spoken(day_of(day), lang)}{NO_BREAK_SPACE}{day.year}"


def days_words(first: date | None, last: date | None, lang: Lang) -> str:
    """Write days, both included; a missing end is open."""
    ends = ((_FROM, first), (_TO, last))
    return " ".join(
        spoken(form, lang).format(day=full_day(day, lang)) for form, day in ends if day is not None
    )


def _days(asked: Sequence[str], _pack: Pack | None, lang: Lang) -> str:
    spans = [[date.fromisoformat(day) if day else None for day in one.split("/")] for one in asked]
    said = [days_words(first, last, lang) for first, last in spans]
    return f"{spoken(NAMES['day_in'], lang)} {', '.join(said)}"


def _near(asked: Sequence[str], _pack: Pack | None, lang: Lang) -> str:
    of, *around = asked
    before, after = (spoken(count_of(DAYS, int(days)), lang) for days in around)
    return spoken(AROUND, lang).format(of=_date(of, lang), before=before, after=after)


def _age(asked: Sequence[str], _pack: Pack | None, lang: Lang) -> str:
    of, first, last, unit = asked
    return spoken(AGE if last else AGE_FROM, lang).format(
        of=_date(of, lang), first=first, last=last, unit=spoken(UNITS[unit], lang)
    )


def _date(name: str, lang: Lang) -> str:
    return spoken(LIFE[name], lang) if name in LIFE else spoken(NAMED_DATE, lang).format(name=name)


def _counted(asked: Sequence[str], pack: Pack | None, lang: Lang) -> str:
    """Write how much is to be counted; purchases and points have been named already."""
    of, window, least = asked
    plain = of in ("purchases", "points")
    return spoken(COUNTED, lang).format(
        of=counted_name(of, pack, lang),
        window=window_words(window, lang),
        least=shorten(int(least)) if plain else count_words(of, int(least), pack, lang),
    )


def _basket(asked: Sequence[str], _pack: Pack | None, lang: Lang) -> str:
    pieces, sum_minor, *goods = asked
    amount = spoken(FOR, lang).format(amount=rubles(int(sum_minor))) if int(sum_minor) else ""
    form = BASKET if int(pieces) > 1 else HAS
    return spoken(form, lang).format(
        goods=", ".join(goods), quantity=quantity(int(pieces)), sum=amount
    )


_PARTS: Final[dict[str, Callable[[Sequence[str], Pack | None, Lang], str]]] = {
    "day_in": _days,
    "near": _near,
    "age": _age,
    "counted": _counted,
    "basket_has": _basket,
}
