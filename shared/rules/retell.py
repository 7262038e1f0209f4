"""An explanation in words, Russian or English: what a finding says and what it would take."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Final

from shared.basket import Line
from shared.money import format_money
from shared.rules.explain import RECEIPT, Finding
from shared.rules.model import Condition, Pack
from shared.rules.needs import NOT
from shared.rules.result import Need
from shared.rules.sentences import Lang, day_of, spoken
from shared.rules.units import written
from shared.rules.wording import Wording

_NEEDS: Final = {
    "member": Wording("назвать покупателя", "name the member"),
    "not member": Wording("без карты покупателя", "no member on the receipt"),
    "tier_in": Wording("уровень {words}", "tier {words}"),
    "segment_in": Wording("сегмент {words}", "segment {words}"),
    "store_in": Wording("магазин {words}", "store {words}"),
    "region_in": Wording("регион {words}", "region {words}"),
    "channel_in": Wording("канал {words}", "channel {words}"),
    "weekday_in": Wording("день недели {words}", "weekday {words}"),
    "code_in": Wording("промокод акции {words}", "a promo code of {words}"),
    "first_purchase": Wording("первая покупка: {words}", "first purchase: {words}"),
    "every_nth_purchase": Wording("каждая {words}-я покупка", "every {words}th purchase"),
    "receipt_sum_from": Wording("ещё {more} в чеке", "{more} more on the receipt"),
    "sku_in": Wording("товар {words}", "goods {words}"),
    "group_in": Wording("товары группы {words}", "goods of {words}"),
    "brand_in": Wording("марка {words}", "brand {words}"),
    "flag_in": Wording("признак товара {words}", "goods marked {words}"),
    "goods_in": Wording("товары из списка {words}", "goods of list {words}"),
    "day_from": Wording("не раньше {words}", "not before {words}"),
    "day_to": Wording("не позже {words}: срок прошёл", "not after {words}: it is over"),
}
"""How a need is said; one that has no words of its own is said by its operator."""

_OTHER: Final = Wording("{operator}: {words}", "{operator}: {words}")
_AVOID: Final = Wording("не {need}", "not {need}")
_WEEKDAYS: Final = {
    "mon": Wording("понедельник", "Monday"),
    "tue": Wording("вторник", "Tuesday"),
    "wed": Wording("среда", "Wednesday"),
    "thu": Wording("четверг", "Thursday"),
    "fri": Wording("пятница", "Friday"),
    "sat": Wording("суббота", "Saturday"),
    "sun": Wording("воскресенье", "Sunday"),
}
_AND: Final = Wording(" и ", " and ")
_OR: Final = Wording(" или ", " or ")
_TAKES: Final = Wording("нужно: {ways}", "it takes: {ways}")
_WHOLE: Final = Wording("чек", "receipt")
_LINE: Final = Wording("строка {no}", "line {no}")


def retell(
    pack: Pack | None, lines: Sequence[Line], found: Iterable[Finding], lang: Lang
) -> list[str]:
    """Return the text of an explanation: a heading for each rule, its findings indented below.

    Without the pack, rules are called by their ids.
    """
    titles = {} if pack is None else {rule.id: rule.title for rule in pack.conditional}
    goods = {line.no: line.goods.name or line.goods.sku for line in lines}
    told: list[str] = []
    last = None
    for finding in found:
        if finding.rule != last:
            title = titles.get(finding.rule)
            told.append(f"{spoken(title, lang)} ({finding.rule})" if title else finding.rule)
            last = finding.rule
        told.append(f"  {_finding(pack, goods, finding, lang)}")
    return told


def say_need(need: Need, pack: Pack | None, lang: Lang) -> str:
    """Return what one need would take: `ещё 120 ₽ в чеке`."""
    said = _NEEDS.get(need.condition)
    operator = need.condition.removeprefix(NOT)
    if said is None and operator != need.condition:
        inner = Need(operator, need.needed, need.has)
        return spoken(_AVOID, lang).format(need=say_need(inner, pack, lang))
    words = _words(operator, need, pack, lang)
    more = ""
    if isinstance(need.needed, int) and isinstance(need.has, int):
        more = written(need.needed - need.has, Condition.model_fields.get(operator), operator)
    form = spoken(said or _OTHER, lang)
    return form.format(operator=operator, words=words, more=more)


def _finding(pack: Pack | None, goods: Mapping[int, str], finding: Finding, lang: Lang) -> str:
    place = spoken(_WHOLE if finding.line_no == RECEIPT else _LINE, lang)
    name = goods.get(finding.line_no, "")
    parts = [place.format(no=finding.line_no) + (f" {name}" if name else "")]
    parts.append(spoken(finding.reason, lang))
    if finding.before != finding.after:
        parts.append(f"{format_money(finding.before)} → {format_money(finding.after)}")
    if finding.ways:
        ways = spoken(_OR, lang).join(
            spoken(_AND, lang).join(say_need(need, pack, lang) for need in way)
            for way in finding.ways
        )
        parts.append(spoken(_TAKES, lang).format(ways=ways))
    return ": ".join(parts[:2]) + "".join(f"; {part}" for part in parts[2:])


def _words(operator: str, need: Need, pack: Pack | None, lang: Lang) -> str:
    if isinstance(need.needed, int):
        return written(need.needed, Condition.model_fields.get(operator), operator)
    name = _NAMES.get(operator, _as_it_is)
    return ", ".join(name(word, pack, lang) for word in need.needed)


def _as_it_is(word: str, _pack: Pack | None, _lang: Lang) -> str:
    return word


def _tier(word: str, pack: Pack | None, lang: Lang) -> str:
    steps = pack.tiers.steps if pack is not None and pack.tiers is not None else ()
    titles = {step.id: step.title for step in steps}
    return f"«{spoken(titles[word], lang)}»" if word in titles else word


def _weekday(word: str, _pack: Pack | None, lang: Lang) -> str:
    return spoken(_WEEKDAYS[word], lang)


def _day(word: str, _pack: Pack | None, lang: Lang) -> str:
    day = date.fromisoformat(word)
    return f"{spoken(day_of(day), lang)} {day.year}"


_NAMES: Final[dict[str, Callable[[str, Pack | None, Lang], str]]] = {
    "tier_in": _tier,
    "weekday_in": _weekday,
    "day_from": _day,
    "day_to": _day,
}
