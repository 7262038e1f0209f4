"""The values that each slip may show, by the names that templates give them, and the indispensable.

A list is of several: goods, coupons, lots. What is indispensable stands on every slip of its kind
whatever a template says of the rest: the template is refused otherwise.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from shared.rules.slip_model import SlipName
from shared.rules.wording import Wording

Names = Mapping[str, Wording]


@dataclass(frozen=True, slots=True)
class Listed:
    """Several of a sort, and what each of them has."""

    title: Wording
    fields: Names
    codes: frozenset[str] = frozenset()
    needed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What a slip may show; `codes` are those values that scanners read."""

    title: Wording
    fields: Names
    lists: Mapping[str, Listed]
    codes: frozenset[str] = frozenset()
    needed: tuple[str, ...] = ()


_SHOP: Final[Names] = {
    "shop": Wording("магазин", "shop"),
    "address": Wording("адрес", "address"),
    "legal": Wording("юридическое лицо", "legal person"),
    "at": Wording("дата и время", "date and time"),
    "not_fiscal": Wording("пометка «нефискальный документ»", "the words «not a fiscal document»"),
}
_TIME: Final[Names] = {
    "time_mark": Wording("пометка о времени", "mark of time that is not sure"),
}
_BALANCE: Final[Names] = {
    "member": Wording("имя участника", "the member's name"),
    "balance": Wording("баланс", "balance"),
    "as_of": Wording("время данных без связи", "time of what is known offline"),
}
_CARD: Final[Names] = {"card": Wording("номер карты", "card")}
_LOTS: Final[Mapping[str, Listed]] = {
    "pending": Listed(
        Wording("будущие бонусы", "pending points"),
        {"at": Wording("когда", "when"), "points": Wording("бонусы", "points")},
    ),
    "burning": Listed(
        Wording("сгорающие бонусы", "points that expire"),
        {"day": Wording("день", "day"), "points": Wording("бонусы", "points")},
    ),
}
_GRANTS: Final = Listed(
    Wording("подарочные начисления", "points given once"),
    {"title": Wording("название", "title"), "points": Wording("бонусы", "points")},
)
_UNTIL: Final[Names] = {"until": Wording("последний день", "last day")}
_SCANNED: Final[Names] = {
    "code": Wording("код", "code"),
    "scan": Wording("код для сканера", "code for scanners"),
}
_BACK: Final[Names] = {
    "number": Wording("номер чека", "receipt number"),
    "money": Wording("деньги к возврату", "money paid back"),
    "exchange_credit": Wording("зачтено при обмене", "credited in the exchange"),
    "exchange_pay": Wording("деньги после обмена", "money after the exchange"),
    "restored": Wording("возвращённые бонусы", "points restored"),
    "lapsed": Wording("сгоревшие до возврата", "points that had expired"),
    "taken": Wording("снятые бонусы", "points taken back"),
    "forgiven": Wording("прощённые бонусы", "points let go"),
    "debt": Wording("долг по бонусам", "debt of points"),
}
_BACK_LISTS: Final[Mapping[str, Listed]] = {
    "lines": Listed(
        Wording("товары", "goods"),
        {
            "name": Wording("название", "name"),
            "quantity": Wording("количество", "quantity"),
            "money": Wording("деньги", "money"),
        },
        needed=("name", "quantity", "money"),
    ),
    "ended": Listed(
        Wording("погашенные сертификаты", "certificates that ended"),
        {"tail": Wording("конец кода", "end of the code")},
        needed=("tail",),
    ),
    "refilled": Listed(
        Wording("пополненные сертификаты", "certificates refilled"),
        {
            "tail": Wording("конец кода", "end of the code"),
            "amount": Wording("сумма", "amount"),
        },
        needed=("tail", "amount"),
    ),
    **_LOTS,
}
_SALE_LISTS: Final[Mapping[str, Listed]] = {
    "lines": Listed(
        Wording("товары", "goods"),
        {
            "name": Wording("название", "name"),
            "quantity": Wording("количество", "quantity"),
            "price": Wording("цена", "price"),
            "sum": Wording("сумма", "sum"),
            "discount": Wording("скидка", "discount"),
            "by_points": Wording("оплата бонусами", "paid by points"),
        },
        needed=("name", "quantity", "sum"),
    ),
    "certificates": Listed(
        Wording("сертификаты в оплате", "certificates that paid"),
        {
            "tail": Wording("конец кода", "end of the code"),
            "paid": Wording("оплачено", "paid"),
            "left": Wording("остаток", "left"),
        },
        needed=("tail", "paid", "left"),
    ),
    "sold": Listed(
        Wording("проданные сертификаты", "certificates sold"),
        {
            "tail": Wording("конец кода", "end of the code"),
            "amount": Wording("сумма", "amount"),
            **_UNTIL,
        },
        needed=("tail", "amount"),
    ),
    "coupons": Listed(
        Wording("купоны", "coupons"),
        {**_SCANNED, "since": Wording("первый день", "first day"), **_UNTIL},
        codes=frozenset({"scan"}),
        needed=("code",),
    ),
    "gifts": Listed(
        Wording("подарки", "gifts"),
        {
            **_SCANNED,
            "title": Wording("название", "title"),
            "amount": Wording("сумма сертификата", "amount of the certificate"),
            **_UNTIL,
        },
        codes=frozenset({"scan"}),
        needed=("code",),
    ),
    "grants": _GRANTS,
    "hints": Listed(
        Wording("подсказки", "hints"),
        {"text": Wording("текст", "text")},
    ),
    **_LOTS,
}

VOCABULARY: Final[Mapping[SlipName, Vocabulary]] = {
    "sale": Vocabulary(
        Wording("Продажа", "Sale"),
        {
            **_SHOP,
            **_TIME,
            **_BALANCE,
            **_CARD,
            "number": Wording("номер чека", "receipt number"),
            "till": Wording("касса", "till"),
            "cashier": Wording("кассир", "cashier"),
            "base": Wording("сумма без скидок", "sum before discounts"),
            "discount": Wording("скидка", "discount"),
            "by_points": Wording("оплата бонусами", "paid by points"),
            "total": Wording("к оплате", "to pay"),
            "money": Wording("деньгами", "in money"),
            "exchange_credit": Wording("зачтено за возврат", "credited for the return"),
            "exchange_pay": Wording("доплата", "extra to pay"),
            "earned": Wording("начислено", "earned"),
            "redeemed": Wording("списано", "redeemed"),
            "code": Wording("код чека", "the receipt's code"),
        },
        _SALE_LISTS,
        codes=frozenset({"code"}),
        needed=(
            *("number", "at", "time_mark", "lines", "total", "certificates", "sold"),
            *("exchange_credit", "exchange_pay", "coupons", "gifts", "earned", "redeemed"),
            *("balance", "as_of", "not_fiscal", "code"),
        ),
    ),
    "return": Vocabulary(
        Wording("Возврат", "Return"),
        {
            **_SHOP,
            **_TIME,
            **_BALANCE,
            **_BACK,
            "recharged": Wording("доплата за скидку", "charge for a discount that is broken"),
            "recharged_back": Wording("доплата возвращена", "charge given back"),
            "spent": Wording("потраченные бонусы", "points spent"),
            "withheld": Wording("удержано за бонусы", "withheld for points"),
        },
        _BACK_LISTS,
        needed=(
            *("number", "at", "time_mark", "lines", "recharged", "withheld", "ended", "refilled"),
            *("money", "exchange_credit", "exchange_pay", "restored", "taken", "debt"),
            *("balance", "as_of", "not_fiscal"),
        ),
    ),
    "return_by_slip": Vocabulary(
        Wording("Возврат по слипу", "Return by the slip"),
        {
            **_SHOP,
            **_TIME,
            "store": Wording("магазин покупки", "store of the purchase"),
            "money": Wording("деньги к возврату", "money paid back"),
            "later": Wording("пометка о бонусах", "mark of points that move later"),
        },
        {
            "lines": Listed(
                Wording("товары", "goods"),
                {
                    "no": Wording("строка", "line"),
                    "quantity": Wording("количество", "quantity"),
                    "money": Wording("деньги", "money"),
                },
                needed=("no", "quantity", "money"),
            )
        },
        needed=("store", "at", "time_mark", "lines", "money", "later", "not_fiscal"),
    ),
    "void": Vocabulary(
        Wording("Аннулирование", "Void"),
        {
            **_SHOP,
            **_TIME,
            **_BALANCE,
            **_BACK,
            "sold_at": Wording("время продажи", "time of the sale"),
            "reason": Wording("причина", "reason"),
        },
        _BACK_LISTS,
        needed=(
            *("number", "sold_at", "at", "time_mark", "lines", "ended", "refilled", "money"),
            *("restored", "taken", "debt", "balance", "as_of", "not_fiscal"),
        ),
    ),
    "registration": Vocabulary(
        Wording("Регистрация", "Registration"),
        {
            **_SHOP,
            **_BALANCE,
            **_CARD,
            "card_code": Wording("код карты", "code of the card"),
        },
        {"grants": _GRANTS, **_LOTS},
        codes=frozenset({"card_code"}),
        needed=("card", "at", "balance", "card_code", "not_fiscal"),
    ),
    "balance": Vocabulary(
        Wording("Баланс", "Balance"),
        {
            **_SHOP,
            **_TIME,
            **_BALANCE,
            **_CARD,
            "pending_points": Wording("всего будущих бонусов", "pending points in all"),
            "debt": Wording("долг по бонусам", "debt of points"),
            "tier": Wording("уровень", "tier"),
        },
        _LOTS,
        needed=("at", "time_mark", "balance", "as_of", "not_fiscal"),
    ),
    "expiring": Vocabulary(
        Wording("Сгорающие бонусы", "Points that expire"),
        {
            **_SHOP,
            **_TIME,
            **_BALANCE,
            **_CARD,
            "expiring_points": Wording("всего сгорает", "points that expire in all"),
        },
        _LOTS,
        needed=("at", "time_mark", "expiring_points", "burning", "balance", "as_of", "not_fiscal"),
    ),
    "coupon": Vocabulary(
        Wording("Купон", "Coupon"),
        {
            **_SHOP,
            **_TIME,
            **_SCANNED,
            "title": Wording("название", "title"),
            "since": Wording("первый день", "first day"),
            **_UNTIL,
            "as_of": Wording("время данных без связи", "time of what is known offline"),
        },
        {},
        codes=frozenset({"scan"}),
        needed=("at", "code", "scan", "until", "not_fiscal"),
    ),
    "shift": Vocabulary(
        Wording("Итоги смены", "Shift summary"),
        {
            **_SHOP,
            **_TIME,
            "day": Wording("день", "day"),
            "till": Wording("касса", "till"),
            "cashier": Wording("кассир", "cashier"),
            "sales": Wording("число продаж", "number of sales"),
            "sales_money": Wording("сумма продаж", "sum of sales"),
            "returns": Wording("число возвратов", "number of returns"),
            "returns_money": Wording("сумма возвратов", "sum of returns"),
            "voids": Wording("число аннулирований", "number of voids"),
            "voids_money": Wording("сумма аннулированных", "sum of voids"),
            "registrations": Wording("число регистраций", "number of registrations"),
            "earned": Wording("начислено", "earned"),
            "redeemed": Wording("списано", "redeemed"),
            "taken": Wording("снято при возвратах", "taken back"),
            "restored": Wording("возвращено бонусов", "points restored"),
            "offline_minutes": Wording("минуты без связи", "minutes offline"),
            "late": Wording("чеки без агента", "receipts without the agent"),
            "unsent": Wording("не переданные операции", "operations not sent"),
        },
        {},
        needed=(
            *("day", "till", "at", "sales", "sales_money", "returns", "returns_money", "voids"),
            "earned",
            *("redeemed", "taken", "restored", "offline_minutes", "time_mark", "not_fiscal"),
        ),
    ),
}
