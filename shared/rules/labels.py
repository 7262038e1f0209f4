"""What people call the keys and words of a pack file; a key without a name keeps its own."""

from typing import Final

from shared.rules.wording import Wording

LABELS: Final = {
    "activation": Wording("активация", "activation"),
    "amount": Wording("сумма", "amount"),
    "base": Wording("база", "base"),
    "cap": Wording("предел", "cap"),
    "children": Wording("состав", "members"),
    "discount": Wording("скидка", "discount"),
    "earn": Wording("начисление", "earning"),
    "earning_unit": Wording("начисляются кратно", "earned in units of"),
    "effective_from": Wording("действует с", "effective from"),
    "entitlement": Wording("выгода к выбору", "benefit to choose"),
    "expiry": Wording("срок жизни", "expiry"),
    "expiry_hint_days": Wording("предупреждать о сгорании за дней", "days of warning of expiry"),
    "from": Wording("с", "from"),
    "groups": Wording("группы товаров", "groups of goods"),
    "if": Wording("условие", "condition"),
    "line": Wording("строка", "line"),
    "mode": Wording("способ", "mode"),
    "percent": Wording("процент", "percent"),
    "percents": Wording("проценты", "percents"),
    "point_value": Wording("цена бонуса", "value of a point"),
    "points": Wording("бонусы", "points"),
    "policies": Wording("политика", "policy"),
    "price": Wording("цена", "price"),
    "prices": Wording("цена", "price"),
    "receipt": Wording("чек", "receipt"),
    "redeem": Wording("оплата бонусами", "payment with points"),
    "redeeming_unit": Wording("списываются кратно", "taken in units of"),
    "rows": Wording("строка", "row"),
    "share_base": Wording("доля берётся от", "share is of"),
    "skus": Wording("товары", "goods"),
    "title": Wording("название", "title"),
    "to": Wording("по", "to"),
    "tobacco_earning": Wording("бонусы за табак", "points for tobacco"),
    "version": Wording("версия", "version"),
    "words": Wording("слова", "words"),
}

PARTS: Final = {
    "rules": Wording("Правило", "Rule"),
    "grants": Wording("Начисление", "Grant"),
    "steps": Wording("Уровень", "Tier"),
    "wallets": Wording("Кошелёк", "Wallet"),
    "lists": Wording("Список товаров", "List of goods"),
    "tables": Wording("Таблица", "Table"),
    "price_lists": Wording("Прайс-лист", "Price list"),
    "codes": Wording("Промокод", "Promo code"),
    "stacking": Wording("Группа скидок", "Group of discounts"),
}
"""The parts of a pack that have names."""

WORDS: Final = {
    "best": Wording("лучшая для покупателя", "best for the customer"),
    "worst": Wording("наименьшая", "the smallest"),
    "first": Wording("первая подходящая", "the first that fits"),
    "all_on_base": Wording("все вместе, от цены", "all together, on the price"),
    "all_on_rest": Wording("все по очереди, от остатка", "one after another, on the rest"),
    "eligible_lines": Wording("подходящих товаров", "eligible goods"),
    "whole_receipt": Wording("всего чека", "the whole receipt"),
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
}
