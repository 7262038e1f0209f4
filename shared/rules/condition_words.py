"""Conditions in words, Russian or English: the same for a difference and for an explanation.

An operator is given with what `conditions.needed` tells of it: a number, or words.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Final

from shared.money import NO_BREAK_SPACE
from shared.rules.condition_model import Condition
from shared.rules.conditions import needed
from shared.rules.grammar import Title
from shared.rules.model import Pack
from shared.rules.operators import (
    AGE,
    AGE_FROM,
    AROUND,
    BASKET,
    BASKET_ANY,
    COUNTED,
    FOR,
    FORMS,
    LIFE,
    METRICS,
    NAMES,
    UNITS,
    VALUES,
)
from shared.rules.sentences import Lang, amount_of, day_of, rubles, shorten, spoken
from shared.rules.term_words import period_words
from shared.rules.units import quantity, written
from shared.rules.wording import Wording

Needed = int | tuple[str, ...]
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
    return operator_words(condition.operator, needed(condition), pack, lang)


def operator_words(operator: str, asked: Needed, pack: Pack | None, lang: Lang) -> str:
    """Write an operator and what it asks for; without the pack, names stay as they are."""
    if isinstance(asked, int):
        value = written(asked, Condition.model_fields.get(operator), operator)
        form = FORMS.get(operator)
        return spoken(form, lang).format(value=value) if form else f"{operator} {value}"
    if operator in _PARTS:
        return _PARTS[operator](asked, pack, lang)
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
    """Write a period."""
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


def _days(asked: Sequence[str], _pack: Pack | None, lang: Lang) -> str:
    found = []
    for span in asked:
        ends = zip((_FROM, _TO), span.split("/"), strict=True)
        said = [
            spoken(form, lang).format(day=full_day(date.fromisoformat(day), lang))
            for form, day in ends
            if day
        ]
        found.append(" ".join(said))
    return f"{spoken(NAMES['day_in'], lang)} {', '.join(found)}"


def _near(asked: Sequence[str], _pack: Pack | None, lang: Lang) -> str:
    of, before, after = asked
    return spoken(AROUND, lang).format(of=_in(LIFE, of, lang), before=before, after=after)


def _age(asked: Sequence[str], _pack: Pack | None, lang: Lang) -> str:
    of, first, last, unit = asked
    name, units = _in(LIFE, of, lang), spoken(UNITS[unit], lang)
    return spoken(AGE if last else AGE_FROM, lang).format(
        of=name, first=first, last=last, unit=units
    )


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
    form = BASKET if int(pieces) > 1 else BASKET_ANY
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
