"""A trial basket in words, as one would tell it to a colleague, and what it costs."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from datetime import date, timedelta
from typing import Final

from shared.rules.condition_words import count_words, counted_name, full_day, operator_words
from shared.rules.model import Pack
from shared.rules.operators import LIFE
from shared.rules.sentences import Lang, percent, rubles, spoken
from shared.rules.trial import NOBODY, OTHER, Beside, Trial
from shared.rules.units import quantity
from shared.rules.wording import Wording
from shared.rules.worst import Probe

_NOBODY: Final = Wording("без карты", "no card")
_SOMEBODY: Final = Wording("участник", "a member")
_FORMS: Final = {
    "clock": Wording("в {value}", "at {value}"),
    "purchases": Wording("покупка № {value}", "purchase no. {value}"),
    "store": Wording("магазин {value}", "store {value}"),
    "region": Wording("регион {value}", "region {value}"),
    "channel": Wording("канал {value}", "channel {value}"),
    "sku": Wording("товар {value}", "goods {value}"),
    "group": Wording("группа {value}", "group {value}"),
    "brand": Wording("марка {value}", "brand {value}"),
    "price_minor": Wording("цена {value}", "price {value}"),
    "quantity": Wording("{value} шт.", "quantity {value}"),
    "segments": Wording("сегменты {value}", "segments {value}"),
    "referred": Wording("приглашён другим", "brought by somebody"),
    "away_days": Wording("без покупок {value} дн.", "{value} days without a purchase"),
}
_NEVER: Final = Wording("ещё не покупал", "never bought before")
_BESIDE: Final = Wording(
    "рядом {quantity} шт. из «{goods}» по {price}", "beside {quantity} of '{goods}' at {price}"
)
_COUNTED: Final = Wording("уже {amount}: {of}", "{amount} before: {of}")
_COSTS: Final = Wording(
    "{named}: цена {base}, выгода {benefit} ({share}), из них скидка {discount}, бонусами {points}",
    "{named}: price {base}, benefit {benefit} ({share}), "
    "of it discount {discount}, points {points}",
)


def basket_words(pack: Pack, probe: Probe) -> Wording:
    """Describe a trial and what it costs: `участник: цена 500 ₽, выгода 50 ₽ (10 %)`."""
    return Wording(_costs(pack, probe, "ru"), _costs(pack, probe, "en"))


def _costs(pack: Pack, probe: Probe, lang: Lang) -> str:
    return spoken(_COSTS, lang).format(
        named=", ".join(_named(pack, probe.trial, lang)),
        base=rubles(probe.base_minor),
        benefit=rubles(probe.benefit_minor),
        share=percent(int(probe.share * 10_000)),
        discount=rubles(probe.discount_minor),
        points=rubles(probe.redeemed_minor),
    )


def _named(pack: Pack, trial: Trial, lang: Lang) -> Iterator[str]:
    """Yield the day and who buys, then what of a trial is not plain."""
    plain = Trial(day=trial.day)
    yield full_day(trial.day, lang)
    yield _buyer(pack, trial, lang)
    for field in fields(Trial):
        value = getattr(trial, field.name)
        if value == getattr(plain, field.name) or field.name in _UNSAID:
            continue
        if field.name in _SAID:
            yield from _SAID[field.name](pack, trial, lang)
        else:
            yield spoken(_FORMS[field.name], lang).format(value=_written(field.name, value))


_UNSAID: Final = frozenset({"day", "tier", "redeem"})


def _buyer(pack: Pack, trial: Trial, lang: Lang) -> str:
    if trial.tier == NOBODY:
        return spoken(_NOBODY, lang)
    if trial.tier == OTHER or pack.tiers is None:
        return spoken(_SOMEBODY, lang)
    return operator_words("tier_in", (trial.tier,), pack, lang)


def _written(name: str, value: object) -> str:
    if name == "price_minor" and isinstance(value, int):
        return rubles(value)
    if name == "quantity" and isinstance(value, int):
        return quantity(value)
    return ", ".join(sorted(value)) if isinstance(value, frozenset) else str(value)


def _away(_pack: Pack, trial: Trial, lang: Lang) -> Iterator[str]:
    form = _NEVER if trial.away_days < 0 else _FORMS["away_days"]
    yield spoken(form, lang).format(value=trial.away_days)


def _dates(_pack: Pack, trial: Trial, lang: Lang) -> Iterator[str]:
    for name, ago in trial.dates:
        of = spoken(LIFE[name], lang) if name in LIFE else name
        yield f"{of} {full_day(_before(trial.day, ago), lang)}"


def _before(day: date, ago: int) -> date:
    return day - timedelta(days=ago)


def _counts(pack: Pack, trial: Trial, lang: Lang) -> Iterator[str]:
    for name, amount in trial.counted:
        if amount:
            yield spoken(_COUNTED, lang).format(
                amount=count_words(name, amount, pack, lang), of=counted_name(name, pack, lang)
            )


def _beside(_pack: Pack, trial: Trial, lang: Lang) -> Iterator[str]:
    for other in trial.beside:
        yield _other(other, lang)


def _other(other: Beside, lang: Lang) -> str:
    return spoken(_BESIDE, lang).format(
        goods=other.goods, quantity=quantity(other.quantity), price=rubles(other.price_minor)
    )


def _words(operator: str, of: Callable[[Trial], Iterable[str]]) -> "_Say":
    def say(pack: Pack, trial: Trial, lang: Lang) -> Iterator[str]:
        yield operator_words(operator, tuple(of(trial)), pack, lang)

    return say


_Say = Callable[[Pack, Trial, Lang], Iterator[str]]
_SAID: Final[dict[str, _Say]] = {
    "away_days": _away,
    "dates": _dates,
    "counted": _counts,
    "beside": _beside,
    "codes": _words("code_in", lambda trial: trial.codes),
    "marks": _words("mark_in", lambda trial: trial.marks),
    "flags": _words("flag_in", lambda trial: trial.flags),
    "paid_in": _words("paid_in", lambda trial: (str(trial.paid_in),)),
    "referred": lambda _pack, _trial, lang: iter([spoken(_FORMS["referred"], lang)]),
}
