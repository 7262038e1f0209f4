"""What slips might tell: an ordinary day, the least, all there is, long names, large sums, much."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from shared.money import format_money
from shared.rules.paper import MINUS
from shared.rules.sentences import Lang
from shared.rules.slip_fill import Told, Values
from shared.rules.slip_model import SlipName
from shared.rules.slip_words import VOCABULARY, Listed

Scenario = Literal["ordinary", "bare", "full", "long", "large", "many"]
SCENARIOS: Final[tuple[Scenario, ...]] = ("ordinary", "bare", "full", "long", "large", "many")
LINES_MANY: Final = 40
CARD: Final = "2900000000018"
COUPON: Final = "K7PX-3M9Q-4D2R"
RECEIPT_CODE: Final = "KPK1:" + "4T7ZQ2M9XK8WJ3RB5HN6VC1PDFYG0SAE" * 4
_LONG: Final = (
    "Вино игристое «Абрау-Дюрсо» брют розовое выдержанное коллекционное урожая 2019 года 🍾🥂 "
    "в подарочной упаковке с двумя бокалами, Сверхдлинноесловобезпробеловкотороеневлезаетвстроку"
)
_PERSON: Final = {
    "ru": "Константинопольская-Задунайская Александра-Виктория 👩‍👩‍👧 Ёжиковна",
    "en": "Alexandra Victoria Featherstonehaugh-Cholmondeley 👩‍👩‍👧 de la Tour",
}
_GOODS: Final = {
    "ru": ("Сыр Российский 50 %", "Багет", "Шоколад «Алёнка»", "Вино сухое 0,75 л"),
    "en": ("Russian cheese, 50 %", "Baguette", "Chocolate", "Dry wine, 0.75 l"),
}
_SHOPS: Final = {
    "ru": ("Винная лавка № 101", "Москва, Тверская ул., 1", "ООО «Лоза», ИНН 7701234567"),
    "en": ("Wine shop 101", "1 Tverskaya St, Moscow", "Loza LLC, INN 7701234567"),
}
_MARKS: Final = {
    "ru": {
        "not_fiscal": "Нефискальный документ",
        "time_mark": "Время не подтверждено: связи с центром не было",
        "later": "Бонусы пересчитаем, когда появится связь с центром",
        "reason": "Ошибка кассира",
        "title": "Скидка 10 % на следующую покупку",
        "hint": "До Золотого 1 240,00 ₽",
        "tier": "Серебряный",
        "unit": "шт.",
    },
    "en": {
        "not_fiscal": "Not a fiscal document",
        "time_mark": "The time is not confirmed: the centre was out of reach",
        "later": "Points will be settled once the centre is in reach",
        "reason": "The cashier's mistake",
        "title": "10 % off the next purchase",
        "hint": "1,240.00 to Gold",
        "tier": "Silver",
        "unit": "pcs",
    },
}
_BARE: Final = frozenset(
    {
        *("shop", "at", "not_fiscal", "till", "total", "money", "store", "sold_at", "member"),
        *("card_code", "balance", "code", "scan", "day", "sales", "sales_money", "returns"),
        *("returns_money", "registrations", "earned", "redeemed", "taken", "restored", "card"),
        "offline_minutes",
    }
)
"""What a slip has at the least."""
_RARE: Final = frozenset(
    {
        *("exchange_credit", "exchange_pay", "money", "recharged", "recharged_back", "spent"),
        *("withheld", "lapsed", "forgiven", "debt", "time_mark", "as_of", "later", "unsent"),
    }
)
"""What no ordinary slip has, as these lists."""
_RARE_LISTS: Final = frozenset({"certificates", "sold", "gifts", "grants", "ended", "refilled"})
_MONEY_BACK: Final = frozenset({"return", "return_by_slip", "void"})
_POINTS: Final = (
    *("balance", "earned", "redeemed", "restored", "lapsed", "taken", "forgiven", "debt"),
    *("spent", "pending_points", "expiring_points", "points"),
)
_COUNTS: Final = {"sales": "142", "returns": "3", "voids": "1", "registrations": "7", "late": "2"}


@dataclass(frozen=True, slots=True)
class _Sums:
    """Kopecks of one line, and how many lines there are."""

    price_minor: int
    lines: int


_SUMS: Final[Mapping[Scenario, _Sums]] = {
    "ordinary": _Sums(1_085_50, 3),
    "bare": _Sums(0, 1),
    "full": _Sums(1_085_50, 3),
    "long": _Sums(1_085_50, 2),
    "large": _Sums(99_999_999_99, 2),
    "many": _Sums(149_90, LINES_MANY),
}


def told_of(name: SlipName, scenario: Scenario, lang: Lang) -> Told:
    """Return values for every place of a slip; sums add up, and `bare` has the least there is."""
    known = VOCABULARY[name]
    values = dict(_values(scenario, lang))
    if name == "coupon":
        values["code"] = COUPON
    lists = {of: _several(of, listed, scenario, lang) for of, listed in known.lists.items()}
    if name in _MONEY_BACK:
        unit = _MARKS[lang]["unit"]
        lists["lines"] = [{**one, "quantity": f"1 {unit}"} for one in lists["lines"]]
    return Told(
        {one: values[one] for one in known.fields if _has(name, scenario, one)},
        {of: found for of, found in lists.items() if _has_list(scenario, of)},
    )


def _has(name: SlipName, scenario: Scenario, field: str) -> bool:
    if scenario == "bare":
        return field in _BARE
    is_rare = field in _RARE and not (field == "money" and name in _MONEY_BACK)
    return scenario != "ordinary" or not is_rare


def _has_list(scenario: Scenario, of: str) -> bool:
    return of == "lines" if scenario == "bare" else scenario != "ordinary" or of not in _RARE_LISTS


def _values(scenario: Scenario, lang: Lang) -> Values:
    sums = _SUMS[scenario]
    base_minor = sums.price_minor * sums.lines
    off_minor = base_minor // 10
    shop, address, legal = _SHOPS[lang]
    money = format_money(base_minor - 2 * off_minor)
    return {
        **_MARKS[lang],
        **dict.fromkeys(_POINTS, format_money(sums.price_minor)),
        **_COUNTS,
        "shop": _LONG if scenario == "long" else shop,
        "address": address,
        "legal": legal,
        "member": _PERSON[lang] if scenario == "long" else {"ru": "Анна П.", "en": "Anna P."}[lang],
        "card": "•••• 0018",
        "card_code": CARD,
        "code": COUPON if scenario == "bare" else RECEIPT_CODE,
        "scan": COUPON,
        "number": "1042",
        "store": "101",
        "at": "28.07.2026 14:05",
        "sold_at": "28.07.2026 13:58",
        "as_of": "28.07.2026 09:30",
        "since": "29.07.2026",
        "until": "31.08.2026",
        "day": "28.07.2026",
        "till": "1",
        "cashier": _PERSON[lang] if scenario == "long" else "7",
        "base": format_money(base_minor),
        "discount": MINUS + format_money(off_minor),
        "by_points": MINUS + format_money(off_minor),
        "total": money,
        "money": money,
        "exchange_credit": format_money(sums.price_minor),
        "exchange_pay": format_money(base_minor),
        "recharged": MINUS + format_money(off_minor),
        "recharged_back": format_money(off_minor),
        "withheld": MINUS + format_money(off_minor),
        "sales_money": format_money(base_minor * 142),
        "returns_money": format_money(base_minor * 3),
        "voids_money": format_money(base_minor),
        "offline_minutes": "0" if scenario == "bare" else "47",
        "unsent": "12",
    }


def _several(of: str, listed: Listed, scenario: Scenario, lang: Lang) -> Sequence[Values]:
    count = _SUMS[scenario].lines if of == "lines" else 2
    found = [_one(of, number, scenario, lang) for number in range(count)]
    return [{field: one.get(field, "") for field in listed.fields} for one in found]


def _one(of: str, number: int, scenario: Scenario, lang: Lang) -> Values:
    price_minor, marks = _SUMS[scenario].price_minor, _MARKS[lang]
    amount = format_money(price_minor)
    off = MINUS + format_money(price_minor // 10) if price_minor else ""
    goods = _GOODS[lang]
    return {
        "name": _LONG if scenario == "long" else goods[number % len(goods)],
        "no": str(number + 1),
        "quantity": "1",
        "price": amount,
        "sum": amount,
        "money": amount,
        "discount": off,
        "by_points": off,
        "tail": "•••• N225",
        "paid": MINUS + amount,
        "left": amount,
        "amount": amount if number == 0 or of != "gifts" else "",
        "code": COUPON,
        "scan": COUPON,
        "title": _LONG if scenario == "long" else marks["title"],
        "since": "29.07.2026",
        "until": "31.08.2026" if number == 0 else "",
        "at": f"0{number + 1}.08.2026 14:05",
        "day": f"1{number}.08.2026",
        "points": amount,
        "text": _LONG if scenario == "long" else marks["hint"],
    }
