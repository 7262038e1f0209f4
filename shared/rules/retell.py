"""An explanation in words, Russian or English: what a finding says and what it would take."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final

from shared.basket import Line
from shared.money import format_money
from shared.rules.condition_model import Condition
from shared.rules.condition_words import (
    count_words,
    counted_name,
    full_day,
    operator_words,
    window_words,
)
from shared.rules.effect_needs import GOODS_PIECES, GOODS_SUM, LINE_SUM, PART_PIECES
from shared.rules.finding import ENOUGH, RECEIPT, Finding, Unit
from shared.rules.model import Pack
from shared.rules.needs import NOT
from shared.rules.result import Need
from shared.rules.sentences import Lang, amount_of, day_of, rubles, shorten, spoken
from shared.rules.units import written
from shared.rules.wording import Wording

_NEEDS: Final = {
    "member": Wording("назвать покупателя", "name the member"),
    "not member": Wording("без карты покупателя", "no member on the receipt"),
    "receipt_sum_from": Wording("ещё {more} в чеке", "{more} more on the receipt"),
    GOODS_SUM: Wording("ещё {more} подходящих товаров", "{more} more of goods that qualify"),
    LINE_SUM: Wording("ещё {more} в одной строке", "{more} more in one line"),
    GOODS_PIECES: Wording("ещё {more} шт. подходящих товаров", "{more} more pieces that qualify"),
    PART_PIECES: Wording("ещё {more} шт.{of}", "{more} more pieces{of}"),
    "day_from": Wording("не раньше {day}", "not before {day}"),
    "on_days": Wording("прийти {day}", "come {day}"),
    "day_to": Wording("не позже {day}: срок прошёл", "not after {day}: it is over"),
}
"""How a need is said where that is more than the condition in words."""

_AVOID: Final = Wording("не {need}", "not {need}")
_MORE: Final = Wording("ещё {more}: {of} ({window})", "{more} more: {of} ({window})")
_SPAN: Final = Wording("с {first} по {last}", "from {first} to {last}")
_AND: Final = Wording(" и ", " and ")
_OR: Final = Wording(" или ", " or ")
_TAKES: Final = Wording("нужно: {ways}", "it takes: {ways}")
_WHOLE: Final = Wording("чек", "receipt")
_LINE: Final = Wording("строка {no}", "line {no}")
_PAID: Final = Wording("бонусами {points}", "{points} points")
_EARNED: Final = Wording("с {base}: {points}", "of {base}: {points}")
_ENOUGH: Final = Wording("этого достаточно", "that is enough")
_EVEN_THEN: Final = Wording("и тогда: {reason}", "even then: {reason}")
_HEADS: Final = {
    "normalise": Wording("Товары и часы", "Goods and clock"),
    "codes": Wording("Промокоды", "Promo codes"),
    "price": Wording("Кассир", "Cashier"),
    "cap": Wording("Ограничения выгоды", "Largest benefit"),
    "redeem": Wording("Оплата бонусами", "Payment with points"),
    "tender": Wording("Сертификаты", "Certificates"),
    "after": Wording("Итог чека", "The receipt as a whole"),
}
"""What the kernel and the cashier do without a rule, by phase, in the order in which it is told."""


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
    for finding in _in_order(found):
        head = finding.rule or finding.phase
        if head != last:
            title = titles.get(finding.rule)
            of_rule = f"{spoken(title, lang)} ({finding.rule})" if title else finding.rule
            title_of = _HEADS.get(head)
            told.append(of_rule or (spoken(title_of, lang) if title_of else head))
            last = head
        told.append(f"  {_finding(pack, goods, finding, lang)}")
    return told


def _in_order(found: Iterable[Finding]) -> list[Finding]:
    """Return what rules did as it comes, then the rest by phase."""
    places = {phase: place for place, phase in enumerate(_HEADS, start=1)}
    last = len(places) + 1
    return sorted(found, key=lambda one: 0 if one.rule else places.get(one.phase, last))


def say_need(need: Need, pack: Pack | None, lang: Lang) -> str:
    """Return what one need would take: `ещё 120 ₽ в чеке`."""
    said = _NEEDS.get(need.condition)
    operator = need.condition.removeprefix(NOT)
    if said is None and operator != need.condition:
        inner = Need(operator, need.needed, ())
        return spoken(_AVOID, lang).format(need=say_need(inner, pack, lang))
    if operator == "counted" and isinstance(need.needed, tuple) and need.has:
        return _counted_more(need.needed, need.has, pack, lang)
    if operator == "near" and isinstance(need.has, tuple):
        words = operator_words(operator, need.needed, pack, lang)
        days = ", ".join(spoken(day_of(date.fromisoformat(day)), lang) for day in need.has)
        return f"{words} ({days})" if days else words
    if said is None or (operator == "receipt_sum_from" and not isinstance(need.has, int)):
        return operator_words(operator, need.needed, pack, lang)
    return spoken(said, lang).format(more=_more(need), day=_day(need, lang), of=_part(need))


def _part(need: Need) -> str:
    """Name the lists of a part of a bundle, if it has some."""
    if need.condition != PART_PIECES or not isinstance(need.needed, tuple):
        return ""
    names = need.needed[1:]
    return f": {', '.join(names)}" if names else ""


def _more(need: Need) -> str:
    if isinstance(need.needed, tuple) and isinstance(need.has, int):
        return shorten(int(need.needed[0]) - need.has) if need.condition == PART_PIECES else ""
    if not isinstance(need.needed, int) or not isinstance(need.has, int):
        return ""
    operator = need.condition
    if operator in (GOODS_SUM, LINE_SUM, GOODS_PIECES):
        write = shorten if operator == GOODS_PIECES else rubles
        return write(need.needed - need.has)
    return written(need.needed - need.has, Condition.model_fields.get(operator), operator)


def _day(need: Need, lang: Lang) -> str:
    if not isinstance(need.needed, tuple):
        return ""
    if need.condition == "on_days":
        first, last = (full_day(date.fromisoformat(day), lang) for day in need.needed)
        return spoken(_SPAN, lang).format(first=first, last=last)
    if need.condition not in ("day_from", "day_to"):
        return ""
    return full_day(date.fromisoformat(need.needed[0]), lang)


def _counted_more(
    asked: tuple[str, ...], has: int | tuple[str, ...], pack: Pack | None, lang: Lang
) -> str:
    """Say how much of a count is missing."""
    of, window, least = asked
    have = int(has[0]) if isinstance(has, tuple) else has
    return spoken(_MORE, lang).format(
        more=count_words(of, int(least) - have, pack, lang),
        of=counted_name(of, pack, lang),
        window=window_words(window, lang),
    )


def _finding(pack: Pack | None, goods: Mapping[int, str], finding: Finding, lang: Lang) -> str:
    place = spoken(_WHOLE if finding.line_no == RECEIPT else _LINE, lang)
    name = goods.get(finding.line_no, "")
    subject = f"{finding.subject}, " if finding.subject and finding.line_no else finding.subject
    of_line = place.format(no=finding.line_no) + (f" {name}" if name else "")
    parts = [subject + (of_line if finding.line_no or not subject else "")]
    parts.append(spoken(finding.reason, lang))
    parts += _numbers(finding, lang)
    if finding.ways:
        ways = spoken(_OR, lang).join(
            spoken(_AND, lang).join(say_need(need, pack, lang) for need in way)
            for way in finding.ways
        )
        parts.append(spoken(_TAKES, lang).format(ways=ways))
    if finding.tried is not None:
        then = _ENOUGH if finding.tried.code == ENOUGH else _EVEN_THEN
        parts.append(spoken(then, lang).format(reason=spoken(finding.tried, lang)))
    return ": ".join(parts[:2]) + "".join(f"; {part}" for part in parts[2:])


def _numbers(finding: Finding, lang: Lang) -> list[str]:
    """Write what was there before and after, as the finding's unit is read."""
    before, after = finding.before, finding.after
    if finding.unit is Unit.EARNED:
        points = spoken(amount_of("points", after), lang)
        return [spoken(_EARNED, lang).format(base=rubles(before), points=points)]
    if finding.unit is Unit.GIVEN:
        return [f"+{spoken(amount_of('points', after), lang)}"]
    if finding.unit is Unit.TIMES:
        return [f"×{shorten(after)}"]
    if finding.unit is Unit.NONE or before == after:
        return []
    numbers = [f"{format_money(before)} → {format_money(after)}"]
    if finding.points:
        numbers.append(spoken(_PAID, lang).format(points=shorten(finding.points)))
    return numbers
