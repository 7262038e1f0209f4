"""Explanations: nothing that a pack holds is left without a word, on any receipt."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given

from shared.basket import Flag
from shared.member import MemberView
from shared.receipt import Receipt, Redeem
from shared.rules.compile import CompiledPack
from shared.rules.condition_words import condition_words
from shared.rules.evaluate import evaluate
from shared.rules.explain import NO_RULE, RECEIPT, Finding, findings, from_trace
from shared.rules.moment import Moment
from shared.rules.needs import NOT
from shared.rules.operators import NAMES
from shared.rules.phases.normalise import normalise
from shared.rules.result import Need
from shared.rules.retell import retell, say_need
from tests.shared.rules.builders import (
    MOMENT,
    TITLE,
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
    facts = normalise(pack, who, bought, MOMENT).facts
    return list(findings(pack.source, facts, evaluate(pack, who, bought, MOMENT)))


def of_rule(rule: str, found: list[Finding]) -> list[Finding]:
    return [finding for finding in found if finding.rule == rule]


def said_of(rule: str, found: list[Finding]) -> list[tuple[int, str]]:
    told = [(one.line_no, one.reason.ru) for one in of_rule(rule, found)]
    return [(no, words.replace("\u00a0", " ")) for no, words in told]


def test_a_rule_that_no_line_met_is_explained_too() -> None:
    pack = compiled(pack_text(discount_rule("a", "5 %", "{sku_in: [other]}")))

    (only,) = of_rule("a", explained(pack, None, BOUGHT))

    assert (only.line_no, only.reason.code) == (RECEIPT, "no_goods")
    assert only.ways == ((Need("sku_in", ("other",), ()),),)


def test_the_lines_that_a_rule_passed_by_say_what_they_have() -> None:
    found = explained(wine(), member(), BOUGHT)

    cheese = next(f for f in found if f.rule == "tier_discount" and f.line_no == 2)
    assert cheese.reason.code == "not_this_line"
    assert cheese.ways == ((Need("not goods_in", ("no_card_discount",), ()),),)


def test_points_say_of_each_line_why_they_do_not_pay_for_it() -> None:
    lines = (
        line(1, 2000_00),
        line(2, 800_00, goods("delicacy/cheese")),
        line(3, 100_00, goods("tobacco", flags=[Flag.TOBACCO])),
    )
    who = member(lot(1, 100_00))
    bought = receipt(*lines, redeem=Redeem.MAXIMUM)

    found = said_of("pay_with_points", explained(wine(), who, bought))

    covers = "За это бонусами не платят: товар покрывает «Скидка по карте»"
    assert (1, covers) in found
    assert (2, "Оплата бонусами") in found
    assert (3, "Табак: ни скидок, ни оплаты бонусами") in found
    assert [no for no, _ in found] == sorted(no for no, _ in found)


def test_who_asks_for_no_points_hears_how_many_may_pay() -> None:
    pack = compiled(pack_text(redeem_rule("pay", "percent: 30 %")))

    found = said_of("pay", explained(pack, member(lot(1, 5000_00)), receipt(line(1, 1000_00))))

    assert (RECEIPT, "Бонусами платить не просили; можно до 300") in found


def test_of_the_rules_of_a_wallet_the_one_that_does_not_govern_says_which_does() -> None:
    rules = redeem_rule("pay", "percent: 30 %"), redeem_rule("other", "percent: 50 %")
    bought = receipt(line(1, 1000_00), redeem=Redeem.MAXIMUM)

    found = said_of("other", explained(compiled(pack_text(*rules)), member(lot(1, 10_00)), bought))

    assert found == [(RECEIPT, "Из этого кошелька здесь платят по правилу «Правило»")]


def test_a_cap_that_counts_points_is_not_called_a_floor() -> None:
    rules = discount_rule("a", "30 %"), redeem_rule("pay", "percent: 90 %")
    pack = compiled(pack_text(*rules, tail="caps: {receipt: 30 %, points: counted}\n"))
    bought = receipt(line(1, 1000_00), redeem=Redeem.MAXIMUM)

    found = said_of("pay", explained(pack, member(lot(1, 1000_00)), bought))

    said = "Больше выгоды чек не допускает: бонусами можно оплатить ещё 0 ₽"
    assert (RECEIPT, said) in found
    assert not any("минимальной" in words for _, words in found)


def test_what_no_rule_does_is_told_too() -> None:
    rules = discount_rule("a", "30 %"), discount_rule("b", "5 %", "{code_in: [c]}")
    tail = "caps: {receipt: 10 %}\ncodes:\n  c: {title: {ru: К, en: C}, words: [C]}\n"
    bought = replace(receipt(line(1, 1000_00)), promo_codes=("X",))

    found = said_of(NO_RULE, explained(compiled(pack_text(*rules, tail=tail)), None, bought))

    assert (RECEIPT, "Промокод «X»: Такого промокода нет") in found
    assert (1, "Больше 100 ₽ выгоды нельзя: возвращено в цену 200 ₽") in found


def test_each_line_says_what_it_has_earned() -> None:
    bought = receipt(line(1, 100_00), line(2, 200_00))

    found = said_of("a", explained(compiled(pack_text(earn_rule("a"))), member(), bought))

    assert (1, "Начислено 5 бонусов") in found
    assert (2, "Начислено 10 бонусов") in found


@pytest.mark.parametrize(
    ("grant", "expected"),
    [
        ("on: registration, if: {channel_in: [app]}", "Даётся при регистрации, не за покупку"),
        (
            "on: birthday, before_days: 2, after_days: 3",
            "Не в эти дни: с 28 августа по 2 сентября",
        ),
    ],
)
def test_a_grant_says_when_it_is_given(grant: str, expected: str) -> None:
    terms = f"{grant}, points: 5.00, wallet: bonus, expiry: 9 days"
    text = f"grants:\n  - {{id: g, {TITLE}, {terms}}}\n"
    who = replace(member(), birthday=date(1990, 8, 30))

    found = said_of("g", explained(compiled(pack_text(tail=text)), who, BOUGHT))

    assert found == [(RECEIPT, expected)]


def test_what_is_left_of_a_limit_is_not_called_a_limit_of_a_receipt() -> None:
    rule = earn_rule("a").replace("then:", "limits: [{points: 7.00, window: month}], then:")

    found = said_of("a", explained(compiled(pack_text(rule)), member(), receipt(line(1, 1000_00))))

    assert (RECEIPT, "По лимиту акции осталось бонусов: 7") in found


def test_points_need_somebody() -> None:
    pack = compiled(pack_text(earn_rule("a")))

    (only,) = of_rule("a", explained(pack, None, BOUGHT))

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

    found = findings(pack.source, normalise(pack, who, bought, moment).facts, answer)

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
