"""What people call the operators of conditions: their names, and how a condition is written."""

from collections.abc import Mapping
from typing import Final

from shared.rules.wording import Wording

NAMES: Final[Mapping[str, Wording]] = {
    "all": Wording("все условия", "all conditions"),
    "any": Wording("одно из условий", "any of the conditions"),
    "not": Wording("исключение", "exception"),
    "member": Wording("покупатель", "member"),
    "tier_in": Wording("уровень", "tier"),
    "segment_in": Wording("сегмент", "segment"),
    "store_in": Wording("магазин", "store"),
    "region_in": Wording("регион", "region"),
    "channel_in": Wording("канал", "channel"),
    "code_in": Wording("промокод", "promo code"),
    "paid_in": Wording("способ оплаты", "means of payment"),
    "mark_in": Wording("отметка чека", "mark of the receipt"),
    "first_purchase": Wording("первая покупка", "first purchase"),
    "every_nth_purchase": Wording("номер покупки", "number of the purchase"),
    "referred": Wording("пришёл по приглашению", "was brought by somebody"),
    "member_days_from": Wording("дней в программе", "days in the programme"),
    "away_days_from": Wording("дней без покупок", "days without a purchase"),
    "near": Wording("дни рядом с датой", "days around a date"),
    "age": Wording("возраст", "age"),
    "counted": Wording("накоплено", "counted so far"),
    "weekday_in": Wording("день недели", "weekday"),
    "month_in": Wording("месяц", "month"),
    "day_of_month_in": Wording("число месяца", "day of the month"),
    "day_in": Wording("дни", "days"),
    "time_in": Wording("часы", "hours"),
    "receipt_sum_from": Wording("сумма чека", "sum of the receipt"),
    "basket_has": Wording("товары в чеке", "goods of the receipt"),
    "sku_in": Wording("товар", "goods"),
    "group_in": Wording("группа", "group"),
    "brand_in": Wording("марка", "brand"),
    "flag_in": Wording("признак", "mark of goods"),
    "goods_in": Wording("товары из списка", "goods of list"),
    "quantity_from": Wording("количество", "quantity"),
    "price_from": Wording("цена", "price"),
}
"""Every operator of the pack file."""

FORMS: Final[Mapping[str, Wording]] = {
    "every_nth_purchase": Wording("каждая {value}-я покупка", "every purchase no. {value}"),
    "receipt_sum_from": Wording("чек от {value}", "receipt from {value}"),
    "member_days_from": Wording(
        "дней в программе от {value}", "days in the programme from {value}"
    ),
    "away_days_from": Wording(
        "дней без покупок от {value}", "days without a purchase from {value}"
    ),
    "quantity_from": Wording("количество от {value}", "quantity from {value}"),
    "price_from": Wording("цена от {value}", "price from {value}"),
}
"""How a condition is written; the others are their name and what they name."""

AROUND: Final = Wording(
    "{of}: за {before} до и {after} после", "{of}: {before} before and {after} after"
)
LEAP: Final = Wording(
    " (родившимся 29 февраля в обычный год — {day})", " (of 29 February in other years on {day})"
)
AGE: Final = Wording("{of}: от {first} до {last} {unit}", "{of}: from {first} to {last} {unit}")
AGE_FROM: Final = Wording("{of}: от {first} {unit}", "{of}: from {first} {unit}")
COUNTED: Final = Wording("{of} ({window}): {least} и больше", "{of} ({window}): {least} or more")
NAMED_DATE: Final = Wording("дата «{name}»", "date «{name}»")
HAS: Final = Wording("в чеке есть «{goods}»{sum}", "«{goods}» on the receipt{sum}")
BASKET: Final = Wording(
    "в чеке «{goods}»: от {quantity} шт.{sum}", "on the receipt «{goods}»: from {quantity}{sum}"
)
FOR: Final = Wording(" на {amount}", " for {amount}")

WINDOWS: Final[Mapping[str, Wording]] = {
    "lifetime": Wording("за всё время", "of all time"),
    "calendar day": Wording("за день", "of the day"),
    "calendar week": Wording("за неделю", "of the week"),
    "calendar month": Wording("за месяц", "of the month"),
    "calendar quarter": Wording("за квартал", "of the quarter"),
    "calendar year": Wording("за год", "of the year"),
    "anniversary year": Wording("за год от регистрации", "of the year since the registration"),
}
SAID: Final[Mapping[tuple[str, str], Wording]] = {
    ("first_purchase", "yes"): Wording("первая покупка", "first purchase"),
    ("first_purchase", "no"): Wording("не первая покупка", "not the first purchase"),
    ("referred", "yes"): Wording("пришёл по приглашению", "was brought by somebody"),
    ("referred", "no"): Wording("пришёл без приглашения", "was brought by nobody"),
}
"""Conditions of which a word says all."""
METRICS: Final[Mapping[str, Wording]] = {
    "purchases": Wording("покупки", "purchases"),
    "turnover": Wording("сумма покупок", "turnover"),
    "points": Wording("начислено бонусов", "points earned"),
}
LIFE: Final[Mapping[str, Wording]] = {
    "birthday": Wording("день рождения", "birthday"),
    "registration": Wording("регистрация", "registration"),
}
UNITS: Final[Mapping[str, Wording]] = {
    "years": Wording("лет", "years"),
    "months": Wording("месяцев", "months"),
}
VALUES: Final[Mapping[str, Mapping[str, Wording]]] = {
    "member": {"known": Wording("назван", "known"), "unknown": Wording("не назван", "unknown")},
    "referred": {"yes": Wording("да", "yes"), "no": Wording("нет", "no")},
    "first_purchase": {"yes": Wording("да", "yes"), "no": Wording("нет", "no")},
    "paid_in": {
        "cash": Wording("наличными", "cash"),
        "card": Wording("картой", "card"),
        "certificate": Wording("сертификатом", "certificate"),
        "other": Wording("иначе", "other"),
    },
    "flag_in": {
        "sale": Wording("распродажа", "sale"),
        "tobacco": Wording("табак", "tobacco"),
        "alcohol": Wording("алкоголь", "alcohol"),
        "certificate": Wording("сертификат", "certificate"),
        "service": Wording("услуга", "service"),
        "exclude_turnover": Wording("вне суммы покупок", "out of the turnover"),
    },
    "weekday_in": {
        "mon": Wording("понедельник", "Monday"),
        "tue": Wording("вторник", "Tuesday"),
        "wed": Wording("среда", "Wednesday"),
        "thu": Wording("четверг", "Thursday"),
        "fri": Wording("пятница", "Friday"),
        "sat": Wording("суббота", "Saturday"),
        "sun": Wording("воскресенье", "Sunday"),
    },
    "month_in": {
        "jan": Wording("январь", "January"),
        "feb": Wording("февраль", "February"),
        "mar": Wording("март", "March"),
        "apr": Wording("апрель", "April"),
        "may": Wording("май", "May"),
        "jun": Wording("июнь", "June"),
        "jul": Wording("июль", "July"),
        "aug": Wording("август", "August"),
        "sep": Wording("сентябрь", "September"),
        "oct": Wording("октябрь", "October"),
        "nov": Wording("ноябрь", "November"),
        "dec": Wording("декабрь", "December"),
    },
}
"""The words of closed operands."""
