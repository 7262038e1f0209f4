"""Explanations: nothing that a pack holds is left without a word, on any receipt."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given

from shared.basket import Flag
from shared.member import History, MemberView, Use
from shared.receipt import Receipt, Redeem, TenderKind
from shared.rules.account import accounts
from shared.rules.compile import CompiledPack
from shared.rules.condition_words import condition_words
from shared.rules.evaluate import evaluate
from shared.rules.explain import findings
from shared.rules.finding import RECEIPT, Answered, Finding
from shared.rules.moment import Moment
from shared.rules.needs import NOT
from shared.rules.operators import NAMES
from shared.rules.result import Need, TraceStep
from shared.rules.retell import retell, say_need
from shared.rules.sentences import say
from shared.rules.told import from_trace
from tests.shared.rules.builders import (
    MOMENT,
    compiled,
    discount_rule,
    earn_rule,
    goods,
    line,
    lot,
    member,
    pack_text,
    receipt,
    redeem_rule,
    wine,
)
from tests.shared.rules.strategies import members, moments, packs, receipts
from tests.shared.rules.test_conditions import CODES, LISTS, OPERATORS

EXAMPLES = sorted((Path(__file__).parents[3] / "shared/rules/examples").glob("*.yaml"))
BOUGHT = receipt(line(1, 2000_00), line(2, 800_00, goods("delicacy/cheese")))


def explained(pack: CompiledPack, who: MemberView | None, bought: Receipt) -> list[Finding]:
    answer = evaluate(pack, who, bought, MOMENT)
    return list(findings(Answered(pack, who, bought, MOMENT, answer)))


def test_a_rule_that_no_line_met_is_explained_too() -> None:
    pack = compiled(pack_text(discount_rule("a", "5 %", "{sku_in: [other]}")))

    only = next(one for one in explained(pack, None, BOUGHT) if one.rule == "a")

    assert (only.line_no, only.reason.code) == (RECEIPT, "no_goods")
    assert only.ways == ((Need("sku_in", ("other",), ()),),)


def test_the_lines_that_a_rule_passed_by_say_what_they_have() -> None:
    found = explained(wine(), member(), BOUGHT)

    cheese = next(f for f in found if f.rule == "tier_discount" and f.line_no == 2)
    assert cheese.reason.code == "not_this_line"
    assert cheese.ways == ((Need("not goods_in", ("no_card_discount",), ()),),)


def test_points_need_somebody() -> None:
    pack = compiled(pack_text(earn_rule("a")))

    only = next(one for one in explained(pack, None, BOUGHT) if one.rule == "a")

    assert only.reason.code == "nobody"


def test_without_the_pack_the_trace_speaks_for_itself() -> None:
    found = from_trace(evaluate(wine(), None, BOUGHT, MOMENT))

    told = retell(None, BOUGHT.lines, found, "en")

    assert "tier_discount" in told
    assert "  receipt: Condition 'member' does not hold" in told


@pytest.mark.parametrize(
    ("need", "russian", "english"),
    [
        (Need("receipt_sum_from", 500_00, 380_00), "ещё 120 ₽ в чеке", "120 ₽ more on the receipt"),
        (Need("tier_in", ("gold",), ("start",)), "уровень «Золотой»", "tier «Gold»"),
        (Need("weekday_in", ("sat",), ("mon",)), "день недели суббота", "weekday Saturday"),
        (
            Need("day_from", ("2026-05-01",), ("2026-04-01",)),
            "не раньше 1 мая 2026",
            "not before 1 May 2026",
        ),
        (Need(NOT + "store_in", ("9",), ("9",)), "не магазин 9", "not store 9"),
        (Need("every_nth_purchase", 5, 3), "каждая 5-я покупка", "every purchase no. 5"),
        (Need("of_tomorrow", ("x", "y"), ()), "of_tomorrow: x, y", "of_tomorrow: x, y"),
    ],
)
def test_a_need_is_said_in_words(need: Need, russian: str, english: str) -> None:
    said = [say_need(need, wine().source, lang).replace("\u00a0", " ") for lang in ("ru", "en")]

    assert said == [russian, english]


@pytest.mark.parametrize(("holds", "fails"), OPERATORS.values(), ids=OPERATORS.keys())
def test_every_operator_is_said_in_both_languages(holds: str, fails: str) -> None:
    """A condition that fails is told in words; the name of its operator is in none of them."""
    tail = LISTS + "  other: {skus: [s9]}\n" + CODES
    for condition in (holds, fails, f"{{not: {holds}}}", f"{{not: {fails}}}"):
        pack = compiled(pack_text(discount_rule("a", "5 %", condition), tail=tail))
        written = pack.source.rules[0].condition
        assert written is not None
        found = explained(pack, None, BOUGHT) + explained(pack, member(), BOUGHT)
        lines = [
            said
            for lang in ("ru", "en")
            for said in (
                *retell(pack.source, BOUGHT.lines, found, lang),
                condition_words(written, pack.source, lang),
            )
        ]
        assert len(lines) > 2
        assert not any(f"{name}_" in said for said in lines for name in NAMES)
        assert not any(name in said for said in lines for name in NAMES if "_" in name)


def test_every_operator_has_a_name() -> None:
    assert NAMES.keys() == OPERATORS.keys()


@given(packs(), members(), receipts(), moments())
def test_every_rule_is_explained_in_both_languages(
    pack: CompiledPack, who: MemberView | None, bought: Receipt, moment: Moment
) -> None:
    answer = evaluate(pack, who, bought, moment)

    found = findings(Answered(pack, who, bought, moment, answer))

    assert {finding.rule for finding in found} >= {rule.id for rule in pack.source.conditional}
    told = [retell(pack.source, bought.lines, found, lang) for lang in ("ru", "en")]
    assert len(told[0]) == len(told[1])


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_shipped_pack_is_explained(path: Path) -> None:
    pack = compiled(path.read_text(encoding="utf-8"))

    for who in (None, member()):
        found = explained(pack, who, BOUGHT)
        assert {finding.rule for finding in found} >= {rule.id for rule in pack.source.conditional}
        assert retell(pack.source, BOUGHT.lines, found, "ru")


SAYS = dict[tuple[str, int], list[str]]


def said(pack: CompiledPack, who: MemberView | None, bought: Receipt) -> SAYS:
    """Return the Russian text of each finding by rule and line, without the place."""
    told: SAYS = {}
    for one in explained(pack, who, bought):
        words = retell(pack.source, bought.lines, [one], "ru")[1].split(": ", 1)[1]
        told.setdefault((one.rule, one.line_no), []).append(words.replace("\u00a0", " "))
    return told


def test_a_discount_that_gave_way_says_once_what_it_would_have_given() -> None:
    pack = compiled(pack_text(discount_rule("a", "5 %"), discount_rule("b", "9 %")))

    told = said(pack, None, receipt(line(1, 1000_00)))

    price = "Уступило другой скидке; само дало бы такую цену; 1 000,00 → 950,00"
    assert {place: words for place, words in told.items() if place[0] == "a"} == {("a", 1): [price]}


def test_a_grant_of_the_registration_is_not_said_to_lack_goods() -> None:
    told = said(wine(), member(), BOUGHT)

    assert told["welcome", RECEIPT] == ["Даётся при регистрации, а не в чеке"]


def test_codes_that_were_refused_are_told_with_what_they_need() -> None:
    codes = (
        "codes:\n"
        "  big: {title: {ru: Б, en: B}, words: [BIG], receipt_sum_from: 5000.00}\n"
        "  own: {title: {ru: С, en: O}, words: [OWN], segments: [vip], stores: [9]}\n"
        "  good: {title: {ru: Х, en: G}, words: [GOOD]}\n"
    )
    rules = [
        discount_rule(name, f"{percent} %", f"{{code_in: [{name}]}}")
        for percent, name in enumerate(("big", "own", "good"), start=5)
    ]
    bought = replace(BOUGHT, promo_codes=("BIG", "own", "GOOD", "nonsense"))

    pack = compiled(pack_text(*rules, tail=codes))
    found = [one for one in explained(pack, member(), bought) if one.phase == "codes"]
    told = retell(pack.source, bought.lines, found, "ru")

    assert [one.replace("\u00a0", " ") for one in told] == [
        "Промокоды",
        "  BIG: Промокод действует от 5 000 ₽: не хватает 2 200 ₽; нужно: ещё 2 200 ₽ в чеке",
        "  own: Здесь промокод не действует; нужно: магазин 9 и сегмент vip",
        "  GOOD: Принят: Х",
        "  nonsense: Такого промокода нет",
    ]


def test_lines_that_points_may_not_pay_for_say_why() -> None:
    rules = [
        discount_rule("card", "10 %", "{group_in: [wine]}"),
        redeem_rule("pay", "percent: 50 %, complement_of: card", "{not: {flag_in: [sale]}}"),
    ]
    bought = receipt(
        line(1, 1000_00),
        line(2, 100_00, goods("tobacco", flags=[Flag.TOBACCO])),
        line(3, 300_00, goods("cheese", flags=[Flag.SALE])),
        line(4, 200_00, goods("cheese", floor_minor=200_00)),
        line(5, 400_00, goods("cheese")),
        redeem=Redeem.MAXIMUM,
    )

    told = said(compiled(pack_text(*rules)), member(lot(1, 100_00)), bought)

    assert told["pay", 1] == ["Бонусы платят только за то, на что не действует «Правило»"]
    assert told["pay", 2] == ["Табак: ни скидок, ни оплаты бонусами"]
    assert told["pay", 3] == ["Не для этого товара; нужно: не признак распродажа"]
    assert told["pay", 4] == ["Цена уже наименьшая: бонусами не оплачивается"]
    assert told["pay", 5] == ["Правило; 400,00 → 300,00; бонусами 100"]


def test_an_earning_rule_tells_each_line_and_of_two_rules_each_its_part() -> None:
    """5 % of 1 000.00 and of 500.00 is 50 and 25; of wine 5 % more, 50: in one lot of 125."""
    rules = [earn_rule("all"), earn_rule("wine", condition="{group_in: [wine]}")]
    bought = receipt(line(1, 1000_00), line(2, 500_00, goods("cheese")))

    one = said(compiled(pack_text(rules[0])), member(), bought)
    two = said(compiled(pack_text(*rules)), member(), bought)

    assert one["all", RECEIPT] == ["Правило; с 1 500 ₽: 75 бонусов"]
    assert (one["all", 1], one["all", 2]) == (["Правило; +50 бонусов"], ["Правило; +25 бонусов"])
    assert two["all", RECEIPT] == ["Правило; с 1 500 ₽: 75 бонусов"]
    assert two["wine", RECEIPT] == ["Правило; с 1 000 ₽: 50 бонусов"]
    assert two["all", 1] == two["wine", 1] == ["Правило; с 1 000 ₽: 50 бонусов"]
    assert two["wine", 2] == ["Не для этого товара; нужно: группа wine"]


def test_a_birthday_outside_of_its_days_names_the_next_ones() -> None:
    grants = (
        "grants: [{id: gift, title: {ru: Подарок, en: Gift}, on: birthday, before_days: 3,"
        " after_days: 3, points: 100, wallet: bonus, expiry: never}]\n"
    )
    pack = compiled(pack_text(discount_rule("a", "5 %"), tail=grants))
    who = replace(member(), birthday=date(1990, 5, 10))

    told = said(pack, who, BOUGHT)

    days = "Не в эти дни; нужно: прийти с 7 мая 2026 по 13 мая 2026; этого достаточно"
    assert told["gift", RECEIPT] == [days]


def test_the_second_rule_of_a_wallet_names_the_one_that_governs() -> None:
    rules = [redeem_rule("pay", "percent: 20 %"), redeem_rule("more", "percent: 50 %")]

    told = said(compiled(pack_text(*rules)), member(lot(1, 100_00)), BOUGHT)

    assert told["more", RECEIPT] == ["Бонусы этого кошелька идут по правилу «Правило»"]


def test_what_no_rule_did_is_told_and_a_line_sums_to_what_is_paid() -> None:
    """2 000.00: 100.00 by the cashier, half of 1 900.00 by the rule; a cap of 30 % is 600.00 of
    benefit, so that 450.00 go back; 1 400.00 is paid."""
    pack = compiled(pack_text(discount_rule("half", "50 %"), tail="caps: {line: 30 %}\n"))
    bought = receipt(replace(line(1, 2000_00), cashier_discount_minor=100_00))
    answer = evaluate(pack, None, bought, MOMENT)

    told = said(pack, None, bought)
    (_, account) = accounts(pack.source, bought.lines, answer, "ru")

    assert told["half", RECEIPT] == ["После ограничений из 950 ₽ осталось 500 ₽"]
    assert "Скидка кассира 100 ₽; 2 000,00 → 1 900,00" in told["", 1]
    back = "Больше 600 ₽ выгоды нельзя: возвращено в цену 450 ₽; 950,00 → 1 400,00"
    assert back in told["", 1]
    assert account.replace("\u00a0", " ") == (
        "  строка 1 wine-red: 2 000 ₽ − 100 ₽ (скидка кассира) − 950 ₽ (Правило)"
        " + 450 ₽ (ограничение выгоды) = 1 400 ₽"
    )


@pytest.mark.parametrize(
    ("tail", "floor_minor", "reason"),
    [
        (
            "caps: {receipt: 30 %, points: counted}\n",
            0,
            "Выгода вместе с бонусами ограничена: бонусами можно оплатить 100 ₽",
        ),
        (
            "caps: {line: 30 %, points: counted}\n",
            0,
            "Выгода вместе с бонусами ограничена: бонусами можно оплатить 100 ₽",
        ),
        (
            "policies: {receipt_pays_at_least: 700.00}\n",
            0,
            "За чек платят не меньше 700 ₽: бонусами можно оплатить 100 ₽",
        ),
        ("", 700_00, "Ниже минимальной цены оплатить бонусами нельзя: остаётся 700 ₽"),
    ],
)
def test_what_leaves_points_no_room_is_told_as_what_it_is(
    tail: str, floor_minor: int, reason: str
) -> None:
    """A discount of 20 % leaves 800.00 of 1 000.00, and 100.00 of them to points."""
    rules = [discount_rule("a", "20 %"), redeem_rule("pay", "percent: 99 %")]
    pack = compiled(pack_text(*rules, tail=tail))
    bought = receipt(line(1, 1000_00, goods(floor_minor=floor_minor)), redeem=Redeem.MAXIMUM)

    told = said(pack, member(lot(1, 900_00)), bought)

    assert reason in told["pay", RECEIPT]
    assert "Правило; 800,00 → 700,00; бонусами 100" in told["pay", 1]


def test_what_is_left_of_a_limit_is_not_a_limit_of_the_receipt() -> None:
    limited = earn_rule("left").replace("then:", "limits: [{points: 70, window: month}], then:")
    pack = compiled(pack_text(limited))
    used = Use("left", date(2026, 4, 1), 1, 50_00)
    who = replace(member(), history=History(uses=(used,)))

    told = said(pack, who, receipt(line(1, 1000_00)))

    assert told["left", RECEIPT] == [
        "По лимиту правила покупателю осталось 20 бонусов; 50,00 → 20,00",
        "Правило; с 1 000 ₽: 20 бонусов",
    ]


def test_a_rule_that_no_goods_would_open_is_not_said_to_lack_goods() -> None:
    """The store is not the rule's, and its index meets none of the lines."""
    pack = compiled(pack_text(discount_rule("a", "5 %", "{all: [{store_in: [9]}, {sku_in: [x]}]}")))

    told = said(pack, None, BOUGHT)

    assert told["a", RECEIPT] == ["Условие «магазин» не выполнено; нужно: магазин 9 и товар x"]


def test_what_is_not_enough_says_what_is_in_the_way_even_then() -> None:
    rules = [discount_rule("a", "5 %", "{store_in: [9]}"), discount_rule("b", "9 %")]

    told = said(compiled(pack_text(*rules)), None, BOUGHT)

    assert told["a", RECEIPT] == [
        "Условие «магазин» не выполнено; нужно: магазин 9; и тогда: Уступило другой скидке"
    ]


BUNDLE = "  - {id: a, title: {ru: Правило, en: Rule}, then: [{effect: bundle, %s}]}\n"
OFF = "  - {id: a, title: {ru: Правило, en: Rule}, then: [{effect: discount, %s}]}\n"
TABLE = "tables: {t: {by: %s, rows: [{from: %s, percents: [5 %%]}]}}\n"
NOTHING = "Ничего не даёт этому чеку; нужно: "


@pytest.mark.parametrize(
    ("rule", "tail", "need"),
    [
        (BUNDLE % "parts: [{pieces: 3}], cheapest: 1", "", "ещё 1 шт."),
        (
            BUNDLE % "parts: [{pieces: 1, goods: [red]}], gift: {pieces: 2, goods: [rest]}",
            "lists: {red: {groups: [wine]}, rest: {groups: [delicacy]}}\n",
            "ещё 1 шт.: rest",
        ),
        (OFF % "table: t", TABLE % ("eligible_sum", "3000.00"), "ещё 200 ₽ подходящих товаров"),
        (OFF % "table: t", TABLE % ("eligible_quantity", "5.00"), "ещё 3 шт. подходящих товаров"),
        (
            OFF % "table: t",
            TABLE % ("receipt_sum", "3000.00"),
            "ещё 200 ₽ в чеке; этого достаточно",
        ),
        (OFF % "table: t", TABLE % ("turnover", "100.00"), "назвать покупателя"),
        (OFF % "tier_percent: discount", "", "назвать покупателя"),
        (OFF % "amount: 10.00, every: 5000.00", "", "ещё 3 000 ₽ в одной строке"),
        (
            OFF % "amount: 10.00, every: 5000.00",
            "stacking: [{group: g, mode: best, scope: receipt, children: [a]}]\n",
            "ещё 2 200 ₽ подходящих товаров",
        ),
    ],
)
def test_a_rule_that_fits_but_gives_nothing_says_what_its_effect_takes(
    rule: str, tail: str, need: str
) -> None:
    """A wine of 2 000.00 and a cheese of 800.00, and nobody named."""
    told = said(compiled(pack_text(rule, tail=tail)), None, BOUGHT)

    assert told["a", RECEIPT] == [NOTHING + need]


def test_turnover_that_is_missing_to_a_table_is_said_by_how_much() -> None:
    pack = compiled(pack_text(OFF % "table: t", tail=TABLE % ("turnover", "100.00")))

    told = said(pack, member(turnover_minor=40_00), BOUGHT)

    assert told["a", RECEIPT] == [f"{NOTHING}ещё 60 ₽: сумма покупок (за всё время)"]


def test_steps_of_an_older_version_are_told_and_what_they_leave_out_is_named_so() -> None:
    """It told small change and limits of discounts for the receipt alone, and a phase that is gone
    has no heading of its own."""
    pack = compiled(pack_text(discount_rule("a", "10 %"), tail="policies: {small_change: 10.00}\n"))
    bought = replace(receipt(line(1, 105_00)), paid_in=TenderKind.CASH)
    answer = evaluate(pack, None, bought, MOMENT)
    change = say("small_change", amount="4,50")
    older = (
        *(step for step in answer.trace if step.reason.code != "small_change"),
        TraceStep("after", "", 0, 94_50, 90_00, change),
        TraceStep("cap", "a", 0, 10_50, 10_50, say("budget_short", back="0")),
        TraceStep("of_old", "", 0, 0, 0, say("line_out")),
    )

    found = from_trace(replace(answer, trace=older))
    told = [one.replace("\u00a0", " ") for one in retell(None, bought.lines, found, "ru")]
    account = accounts(None, bought.lines, replace(answer, trace=older), "ru")[1]

    assert "  чек: Без мелочи: 4,50; 94,50 → 90,00" in told
    assert "of_old" in told
    assert account.replace("\u00a0", " ") == (
        "  строка 1 wine-red: 105 ₽ − 10,50 ₽ (a) − 4,50 ₽ (другое) = 90 ₽"
    )
