"""What people call the words that a pack file may have as values."""

from typing import Final

from shared.rules.operators import VALUES
from shared.rules.wording import Wording

_WORDS: Final = {
    "best": Wording("лучшая для покупателя", "best for the customer"),
    "worst": Wording("наименьшая", "the smallest"),
    "first": Wording("первая подходящая", "the first that fits"),
    "all_on_base": Wording("все вместе, от цены", "all together, on the price"),
    "all_on_rest": Wording("все по очереди, от остатка", "one after another, on the rest"),
    "eligible_lines": Wording("подходящих товаров", "eligible goods"),
    "whole_receipt": Wording("всего чека", "the whole receipt"),
    "each_line": Wording("каждой строки", "each line"),
    "paid_in_money": Wording("оплаченное деньгами", "what money paid"),
    "after_discounts": Wording("сумма после скидок", "the sum after discounts"),
    "allowed": Wording("разрешено", "allowed"),
    "forbidden": Wording("запрещено", "forbidden"),
    "known": Wording("назван", "known"),
    "unknown": Wording("не назван", "unknown"),
    "yes": Wording("да", "yes"),
    "no": Wording("нет", "no"),
    "on": Wording("включено", "on"),
    "off": Wording("выключено", "off"),
    "turnover": Wording("сумма покупок", "turnover"),
    "points": Wording("бонусы", "points"),
    "visits": Wording("покупки", "purchases"),
    "purchases": Wording("числу покупок", "number of purchases"),
    "previous": Wording("прошлому", "previous"),
    "running": Wording("текущему", "running"),
    "higher": Wording("лучшему из двух", "the higher of both"),
    "at_once": Wording("сразу", "at once"),
    "window_end": Wording("в конце периода", "at the end of the period"),
    "full": Wording("полностью", "in full"),
    "one_step": Wording("на одну ступень", "by one step"),
    "next_receipt": Wording("со следующего чека", "from the next receipt"),
    "same_receipt": Wording("на том же чеке", "on the same receipt"),
    "keep": Wording("сохраняют его", "keep it"),
    "recalculate": Wording("пересчитываются", "are recalculated"),
    "receipt_sum": Wording("сумме чека", "sum of the receipt"),
    "eligible_sum": Wording("сумме подходящих товаров", "sum of eligible goods"),
    "eligible_quantity": Wording("числу подходящих товаров", "quantity of eligible goods"),
    "line_quantity": Wording("количеству в строке", "quantity of the line"),
    "line_price": Wording("цене товара", "price of a unit"),
    "counter": Wording("счётчику", "a counter"),
    "tier": Wording("уровню", "tier"),
    "segment": Wording("сегменту", "segment"),
    "pieces": Wording("штуки", "pieces"),
    "money": Wording("деньги", "money"),
    "receipts": Wording("чеки", "receipts"),
    "discounts": Wording("скидки", "discounts"),
    "payment_with_points": Wording("оплата бонусами", "payment with points"),
    "earning": Wording("начисление", "earning"),
    "counted": Wording("считаются", "counted"),
    "not_counted": Wording("не считаются", "not counted"),
    "member": Wording("участнику", "member"),
    "campaign": Wording("всю акцию", "the whole campaign"),
    "referrer": Wording("пригласившему", "who brought him"),
    "day": Wording("день", "day"),
    "week": Wording("неделя", "week"),
    "month": Wording("месяц", "month"),
    "quarter": Wording("квартал", "quarter"),
    "year": Wording("год", "year"),
    "line": Wording("строкам", "lines"),
    "receipt": Wording("чеку", "the receipt"),
    "discount": Wording("скидка", "discount"),
    "bonus": Wording("бонусы", "points"),
    "goods": Wording("товару", "goods"),
    "discount_given": Wording("данной скидке", "the discount given"),
    "registration": Wording("регистрация", "registration"),
    "first_purchase": Wording("первая покупка", "first purchase"),
    "birthday": Wording("день рождения", "birthday"),
    "anniversary": Wording("годовщина регистрации", "anniversary of the registration"),
    "date": Wording("дата участника", "a date of the member's"),
    "goal": Wording("цель", "goal"),
    "02-28": Wording("28 февраля", "28 February"),
    "03-01": Wording("1 марта", "1 March"),
    "clamp": Wording("до целого", "up to the whole"),
}
_BY_KEY: Final = {
    ("by", "turnover"): Wording("сумме покупок", "turnover"),
    ("closes", "turnover"): Wording("сумма покупок", "turnover"),
    ("per", "member"): Wording("участника", "a member"),
    ("window", "campaign"): Wording("вся акция", "the whole campaign"),
    ("over_whole", "best"): Wording("лучшая", "the best"),
}
"""Words that are said otherwise under a key."""


def word_of(key: str, word: str) -> Wording | None:
    """Return what people call a word under a key; None if it is a name."""
    return _BY_KEY.get((key, word)) or _OF_GOODS.get((key, word)) or _WORDS.get(word)


_OF_GOODS: Final = {("flags", word): said for word, said in VALUES["flag_in"].items()}
NAMED_KEYS: Final = frozenset(
    {
        "id",
        "name",
        "group",
        "wallet",
        "table",
        "list",
        "kind",
        "counter",
        "campaign",
        "coupon",
        "children",
        "modifiers",
        "tier_percent",
        "complement_of",
        "goods",
        "columns",
        "skus",
        "groups",
        "brands",
        "channel",
        "segment",
        "segments",
        "stores",
        "regions",
        "words",
        "tier",
        "tiers",
    }
)
"""Keys whose values are names of a pack's own, whatever word they are."""
