"""Clauses that several fields make together, or whose unit is not that of their field."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from shared.rules.condition_words import condition_words, days_words, window_words
from shared.rules.conditions import conjuncts
from shared.rules.counting import DAYS, RECEIPTS, count_of, count_points
from shared.rules.grammar import Document, Title
from shared.rules.limit_terms import DISCOUNT, USES, Limit
from shared.rules.once_terms import OnceTerms
from shared.rules.plain import bundles, slips
from shared.rules.plain.clause import Clause, Facet, Form, Telling
from shared.rules.plain.rates import amount_off, nth_pieces, points_given, tier_percents
from shared.rules.plain.tables import rows
from shared.rules.plain.tracks import changes, eased, percents, threshold
from shared.rules.plain.voice import Voice
from shared.rules.price_model import Floor, PriceList
from shared.rules.question_terms import Hours
from shared.rules.sentences import amount_of, rubles, spoken
from shared.rules.wording import Wording

Compose = Callable[[Voice, Any, str], Iterator[Facet]]
_CONDITION: Final = Wording("условие: {}", "condition: {}")
_RUNS: Final = Wording("идёт {}", "runs {}")
_HOLDS: Final = Wording("действует {}", "in force {}")
_ALWAYS: Final = Wording("всегда", "always")
_LIMIT: Final = Wording("предел: {}", "limit: {}")
_OFF: Final = Wording("{amount} скидки", "{amount} of discount")
_PER: Final = {
    "member": Wording("на участника", "for a member"),
    "store": Wording("на магазин", "for a store"),
    "till": Wording("на кассу", "for a till"),
    "campaign": Wording("на всех вместе", "for all together"),
}
_IN: Final = {
    "day": Wording("в день", "a day"),
    "week": Wording("в неделю", "a week"),
    "month": Wording("в месяц", "a month"),
    "quarter": Wording("в квартал", "a quarter"),
    "year": Wording("в год", "a year"),
    "campaign": Wording("за всё время акции", "in all"),
}
_HOURS: Final = Wording("в часы: {}", "in the hours: {}")
_ALL_DAY: Final = Wording("круглые сутки", "all day")
_REACH: Final = (
    Wording("подсказка кассиру {}", "words of the hint {}"),
    Wording("подсказка по-английски {}", "words of the hint in Russian {}"),
)
_TO_REACH: Final = (
    Wording("в подсказке {}", "in hints {}"),
    Wording("в подсказке по-английски {}", "in hints in Russian {}"),
)
_PRIVILEGES: Final = (
    Wording("привилегии: {}", "privileges: {}"),
    Wording("привилегии по-английски: {}", "privileges in Russian: {}"),
)
_PRICE: Final = Wording("товар {sku}: {{}}", "goods {sku}: {{}}")
_GOODS: Final = Wording("товары из списка {}", "goods of the list {}")
_BEFORE: Final = Wording("начинается за {days} до даты", "begins {days} before the date")
_AFTER: Final = Wording("кончается через {days} после даты", "ends {days} after the date")
_BEGINS_AT: Final = Wording("начинается в самый день", "begins on the day itself")
_ENDS_AT: Final = Wording("кончается в самый день", "ends on the day itself")
_GOAL: Final = Wording("цель: {}", "goal: {}")
_REACHED: Final = Wording("{amount} {window}", "{amount} {window}")
_CELEBRATED: Final = frozenset({"birthday", "anniversary", "date"})


def _condition(voice: Voice, part: Any, _owner: str) -> Iterator[Facet]:
    """Tell the conditions that must all hold one by one, so that a change of one is plain."""
    seen: dict[str, int] = {}
    for one in conjuncts(part.condition):
        inner = one if one.not_ is None else one.not_
        kind = f"{'' if inner is one else 'not '}{inner.operator}"
        number = seen[kind] = seen.get(kind, 0) + 1
        words = condition_words(one, voice.pack, voice.lang)
        yield f"if.{kind}.{number}", Clause(spoken(_CONDITION, voice.lang), (words,))


def _window(form: Wording) -> Compose:
    def tell(voice: Voice, part: Any, _owner: str) -> Iterator[Facet]:
        window = part if isinstance(part, Floor) else part.when
        if window.first is None and window.last is None:
            always = (voice.say(_ALWAYS),)
            yield "when", Clause(form_of(voice), always, telling=Telling.IF_CHANGED)
        else:
            words = days_words(window.first, window.last, voice.lang)
            yield "when", Clause(form_of(voice), (words,))

    def form_of(voice: Voice) -> str:
        return spoken(form, voice.lang)

    return tell


def _limits(voice: Voice, part: Any, _owner: str) -> Iterator[Facet]:
    for number, limit in enumerate(part.limits):
        yield f"limit.{number}", Clause(spoken(_LIMIT, voice.lang), (_limit(voice, limit),))


def _limit(voice: Voice, limit: Limit) -> str:
    if limit.what == USES:
        amount = spoken(count_of(RECEIPTS, limit.amount), voice.lang)
    elif limit.what == DISCOUNT:
        amount = voice.say(_OFF, amount=rubles(limit.amount))
    else:
        amount = spoken(count_points(limit.amount), voice.lang)
    return f"{amount} {voice.say(_PER[limit.per])} {voice.say(_IN[limit.window])}"


def _hours(voice: Voice, part: Any, _owner: str) -> Iterator[Facet]:
    spans: tuple[Hours, ...] = part.time_in
    words = tuple(f"{span.first}–{span.last}" for span in spans) or (voice.say(_ALL_DAY),)
    telling = Telling.ALWAYS if spans else Telling.IF_CHANGED
    yield "time_in", Clause(spoken(_HOURS, voice.lang), words, Form.ROW, telling)


def _reach(voice: Voice, part: Any, _owner: str) -> Iterator[Facet]:
    return _spoken(voice, "reach", _TO_REACH, () if part.reach is None else (part.reach,))


def _words(voice: Voice, part: Any, _owner: str) -> Iterator[Facet]:
    return _spoken(voice, "words", _REACH, (part.words,))


def _privileges(voice: Voice, part: Any, _owner: str) -> Iterator[Facet]:
    return _spoken(voice, "privileges", _PRIVILEGES, part.privileges)


def _spoken(
    voice: Voice, key: str, labels: tuple[Wording, Wording], titles: Iterable[Title]
) -> Iterator[Facet]:
    """Tell titles, and those of the other language only where they change."""
    found = tuple(titles)
    own, other = (
        tuple(f"«{spoken(title, lang)}»" for title in found)
        for lang in (voice.lang, voice.other_lang)
    )
    if found:
        yield key, Clause(spoken(labels[0], voice.lang), own, Form.SET)
        label = spoken(labels[1], voice.lang)
        yield f"{key}.other", Clause(label, other, Form.SET, Telling.IF_CHANGED)


def titled(voice: Voice, title: Title) -> Iterator[Facet]:
    """Tell a title where it changes; what has it is called by it anyway."""
    labels = (
        Wording("название {}", "title {}"),
        Wording("название по-английски {}", "title in Russian {}"),
    )
    for label, lang in zip(labels, (voice.lang, voice.other_lang), strict=True):
        words = (f"«{spoken(title, lang)}»",)
        yield f"title.{lang}", Clause(spoken(label, voice.lang), words, telling=Telling.IF_CHANGED)


def _title(voice: Voice, part: Any, _owner: str) -> Iterator[Facet]:
    return titled(voice, part.title)


def _goods(voice: Voice, part: Any, _owner: str) -> Iterator[Facet]:
    words = tuple(voice.called("lists", name) for name in part.goods)
    yield "goods", Clause(spoken(_GOODS, voice.lang), words, Form.SET, Telling.IF_CHANGED)


def _prices(voice: Voice, part: PriceList, _owner: str) -> Iterator[Facet]:
    for sku, price_minor in part.prices.items():
        yield f"price.{sku}", Clause(voice.say(_PRICE, sku=sku), (rubles(price_minor),))


def _before(voice: Voice, grant: OnceTerms, _owner: str) -> Iterator[Facet]:
    yield "before", _around(voice, grant, grant.before_days, _BEFORE, _BEGINS_AT)


def _after(voice: Voice, grant: OnceTerms, _owner: str) -> Iterator[Facet]:
    yield "after", _around(voice, grant, grant.after_days, _AFTER, _ENDS_AT)


def _around(
    voice: Voice, grant: OnceTerms, days: int, form: Wording, on_the_day: Wording
) -> Clause:
    written = spoken(count_of(DAYS, days), voice.lang)
    words = voice.say(form, days=written) if days else voice.say(on_the_day)
    telling = Telling.ALWAYS if grant.on in _CELEBRATED else Telling.IF_CHANGED
    return Clause("{}", (words,), telling=telling)


def _goal(voice: Voice, grant: OnceTerms, _owner: str) -> Iterator[Facet]:
    goal = grant.goal
    if goal is not None:
        words = voice.say(
            _REACHED,
            amount=spoken(amount_of(goal.metric, goal.reach), voice.lang),
            window=window_words(goal.window, voice.lang),
        )
        yield "goal", Clause(spoken(_GOAL, voice.lang), (words,))


def _untold(_voice: Voice, _part: Document, _owner: str) -> Iterator[Facet]:
    """Tell nothing: another field of the part tells it as well, or the part is called by it."""
    return iter(())


COMPOSED: Final[dict[str, Compose]] = {
    "title": _title,
    "condition": _condition,
    "limits": _limits,
    "time_in": _hours,
    "goods": _goods,
    "Rule.when": _window(_RUNS),
    "OnceGrantRule.when": _window(_RUNS),
    "CodeCampaign.when": _window(_RUNS),
    "Floor.first": _window(_HOLDS),
    "Floor.last": _untold,
    "reach": _reach,
    "HintEffect.words": _words,
    "privileges": _privileges,
    "tier_percent": tier_percents,
    "BundleEffect.parts": bundles.parts,
    "BundleEffect.gift": bundles.gift,
    "BundleEffect.cheapest": bundles.cheapest,
    "BundleEffect.percent": bundles.off_pieces,
    "BundleEffect.times_max": bundles.times,
    "DiscountEffect.amount_minor": amount_off,
    "DiscountEffect.every_minor": _untold,
    "DiscountEffect.nth": nth_pieces,
    "DiscountEffect.counter": _untold,
    "EarnEffect.points": points_given,
    "EarnEffect.every_minor": _untold,
    "EarnEffect.every_pieces": _untold,
    "PriceList.prices": _prices,
    "SlipTemplate.blocks": slips.blocks,
    "Table.rows": rows,
    "TierTrack.eased": eased,
    "TierTrack.changes": changes,
    "TierTrack.steps": _untold,
    "TierStep.from_minor": threshold,
    "TierStep.percents": percents,
    "OnceGrantRule.before_days": _before,
    "OnceGrantRule.after_days": _after,
    "OnceGrantRule.goal": _goal,
}
"""By `Model.field`, or by the field alone."""
