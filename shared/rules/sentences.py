"""What the kernel says to people: every sentence by its stable code, in Russian and English."""

from collections.abc import Iterable
from datetime import date
from functools import cache
from typing import Final, Literal

from shared.money import NO_BREAK_SPACE, format_money
from shared.points import POINT
from shared.rules.counting import count_points, count_purchases, is_one
from shared.rules.grammar import Title
from shared.rules.phrases import SENTENCES
from shared.rules.result import Sentence
from shared.rules.wording import Wording

Lang = Literal["ru", "en"]


def spoken(words: Wording | Sentence | Title, lang: Lang) -> str:
    """Return words in one of their two languages."""
    return words.ru if lang == "ru" else words.en


_MONTHS: Final = (
    ("января", "January"),
    ("февраля", "February"),
    ("марта", "March"),
    ("апреля", "April"),
    ("мая", "May"),
    ("июня", "June"),
    ("июля", "July"),
    ("августа", "August"),
    ("сентября", "September"),
    ("октября", "October"),
    ("ноября", "November"),
    ("декабря", "December"),
)

_NOW: Final = {
    "day": Wording("на сегодня", "today"),
    "week": Wording("на этой неделе", "this week"),
    "month": Wording("в этом месяце", "this month"),
    "quarter": Wording("в этом квартале", "this quarter"),
    "year": Wording("в этом году", "this year"),
    "campaign": Wording("на всё время акции", "for good"),
}
"""The window of a limit that is used up."""


def say(code: str, **parts: str | Wording) -> Sentence:
    """Return the sentence of a code, its parts filled in."""
    if not parts:
        return _plain(code)
    ru, en = SENTENCES[code]
    russian = {name: p if isinstance(p, str) else p.ru for name, p in parts.items()}
    english = {name: p if isinstance(p, str) else p.en for name, p in parts.items()}
    return Sentence(code, ru.format(**russian), en.format(**english))


def say_spent(per: str, window: str) -> Sentence:
    """Return the sentence for what the whole chain, a store or a till has given in a window."""
    if per == "campaign":
        return say("budget_spent")
    return say(f"{per}_spent", window=_NOW[window])


def say_used_up(window: str) -> Sentence:
    """Return the sentence for what a rule gives a member in a window, when he has had it."""
    return say("used_up", window=_NOW[window])


@cache
def _plain(code: str) -> Sentence:
    ru, en = SENTENCES[code]
    return Sentence(code, ru.format(), en.format())


def places(stores: Iterable[str]) -> Wording:
    """Name who holds something: stores by their codes, an empty one is the centre."""
    codes = sorted(set(stores)) or [""]
    return Wording(
        ", ".join(f"магазин {code}" if code else "центр" for code in codes),
        ", ".join(f"store {code}" if code else "the centre" for code in codes),
    )


def rubles(amount_minor: int) -> str:
    """Write money for people: `1 240 ₽`, with kopecks only where there are some."""
    return f"{shorten(amount_minor)}{NO_BREAK_SPACE}₽"


def shorten(amount: int) -> str:
    """Write hundredths, without a fraction of zero."""
    return format_money(amount).removesuffix(",00")


def percent(rate_bp: int) -> str:
    """Write basis points: `5 %`, `12,5 %`."""
    text = format_money(rate_bp)
    if text.endswith(",00"):
        text = text.removesuffix(",00")
    elif text.endswith("0"):
        text = text.removesuffix("0")
    return f"{text}{NO_BREAK_SPACE}%"


def day_of(day: date) -> Wording:
    """Write a day without its year: `3 мая`, `3 May`."""
    ru, en = _MONTHS[day.month - 1]
    return Wording(f"{day.day}{NO_BREAK_SPACE}{ru}", f"{day.day}{NO_BREAK_SPACE}{en}")


def will_expire(points: int) -> Wording:
    """Write that points will expire, in the right number: `120 бонусов сгорят`."""
    counted = count_points(points)
    russian = "сгорит" if is_one(points) else "сгорят"
    english = "expires" if points == POINT else "expire"
    return Wording(f"{counted.ru} {russian}", f"{counted.en} {english} on")


def amount_of(metric: str, amount: int) -> Wording:
    """Write what is counted: `1 240 ₽`, `120 бонусов`, `2 покупки`."""
    if metric == "turnover":
        return Wording(rubles(amount), rubles(amount))
    return count_points(amount) if metric == "points" else count_purchases(amount)


def to_next_tier(reach: Wording, missing: Wording) -> Sentence:
    """Say how far the next tier is: `До Золотого 1 240 ₽`, `1 240 ₽ to Gold`."""
    russian = Wording(reach.ru[:1].upper() + reach.ru[1:], reach.en)
    return say("to_next_tier", reach=russian, amount=missing)
