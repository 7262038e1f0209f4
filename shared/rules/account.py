"""What each line of a receipt came to: from its price to what was paid, every step with its amount.

The steps are those of the answer's own trace, so that they sum to the kopeck.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from shared.basket import Line
from shared.rules.finding import Finding, moved
from shared.rules.model import Pack
from shared.rules.phases.draft import Phase
from shared.rules.result import EffectKind, Evaluation, PricedLine
from shared.rules.sentences import Lang, amount_of, rubles, spoken
from shared.rules.wording import Wording

_HEAD: Final = Wording("Строки", "Lines")
_LINE: Final = Wording("строка {no} {name}: {sum}", "line {no} {name}: {sum}")
_OUT: Final = Wording("строка {no} {name}: в расчёт не входит", "line {no} {name}: takes no part")
_PAID: Final = Wording("{title}, {points}", "{title}, {points}")
_EARNED: Final = Wording("начислено {points}", "{points} earned")
_OTHER: Final = Wording("другое", "other")
_STEPS: Final = {
    "budget_short": Wording("бюджет акции", "the promotion's budget"),
    "capped": Wording("ограничение выгоды", "largest benefit"),
    "cashier": Wording("скидка кассира", "cashier's discount"),
    "cashier_limited": Wording("скидка кассира", "cashier's discount"),
    "least_paid": Wording("наименьшая сумма чека", "least paid for a receipt"),
    "limit_short": Wording("лимит покупателя", "the member's limit"),
    "small_change": Wording("мелочь", "small change"),
    "store_short": Wording("лимит магазина", "the store's limit"),
    "till_short": Wording("лимит кассы", "the till's limit"),
}
"""What steps are called that are no rule's discount."""


def accounts(
    pack: Pack | None, lines: Sequence[Line], evaluation: Evaluation, lang: Lang
) -> list[str]:
    """Return the text, a line for each line of the receipt; without the pack, rules by ids."""
    titles = {} if pack is None else {rule.id: spoken(rule.title, lang) for rule in pack.rules}
    rows = {row.no: row for row in evaluation.lines}
    told = [spoken(_HEAD, lang)] if lines else []
    for line in lines:
        row, name = rows.get(line.no), line.goods.name or line.goods.sku
        if row is None:
            told.append(f"  {spoken(_OUT, lang).format(no=line.no, name=name)}")
            continue
        price = "".join(_price(evaluation, row, titles, lang))
        words = spoken(_LINE, lang).format(no=line.no, name=name, sum=price)
        told.append(f"  {words}{_points(row, lang)}")
    return told


def _price(
    evaluation: Evaluation, row: PricedLine, titles: dict[str, str], lang: Lang
) -> Iterator[str]:
    yield rubles(row.base_minor)
    left = row.base_minor
    paid = {
        (effect.rule, no): points
        for effect in evaluation.effects
        if effect.kind is EffectKind.REDEEM
        for no, points in effect.allocations
    }
    for move in moved(evaluation, row.no):
        if move.before != move.after:
            title = _called(move, titles, lang)
            if move.phase == Phase.REDEEM and (points := paid.get((move.rule, row.no))):
                title = spoken(_PAID, lang).format(
                    title=title, points=spoken(amount_of("points", points), lang)
                )
            yield _step(move.after - move.before, title)
        left += move.after - move.before
    if left != row.payable_minor:
        yield _step(row.payable_minor - left, spoken(_OTHER, lang))
    if row.payable_minor != row.base_minor:
        yield f" = {rubles(row.payable_minor)}"


def _called(move: Finding, titles: dict[str, str], lang: Lang) -> str:
    if (words := _STEPS.get(move.reason.code)) is not None:
        return spoken(words, lang)
    return titles.get(move.rule, move.rule)


def _step(change_minor: int, title: str) -> str:
    sign = "+" if change_minor > 0 else "−"
    return f" {sign} {rubles(abs(change_minor))} ({title})"


def _points(row: PricedLine, lang: Lang) -> str:
    if not row.earned_points:
        return ""
    points = spoken(amount_of("points", row.earned_points), lang)
    return f"; {spoken(_EARNED, lang).format(points=points)}"
