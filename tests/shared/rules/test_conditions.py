"""The closed set of operators: each holds and fails, on the receipt or on a line."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from shared.basket import Flag, Goods, Line
from shared.member import DayCount, History, NamedDay
from shared.receipt import TenderKind
from shared.rules.condition_model import Condition
from shared.rules.evaluate import evaluate
from shared.rules.moment import Moment
from tests.shared.rules.builders import (
    MOMENT,
    compiled,
    discount_rule,
    line,
    member,
    pack_text,
    receipt,
)

CODES = (
    "codes:\n"
    "  spring: {title: {ru: В, en: S}, words: [SPRING]}\n"
    "  autumn: {title: {ru: О, en: A}, words: [AUTUMN]}\n"
)
LISTS = "lists:\n  some: {skus: [s1], groups: [food/cheese]}\n"
WINE = Line(
    1,
    Goods(sku="s1", group="wine/red", brand="b1", flags=frozenset({Flag.SALE})),
    1000,
    100_00,
)
BREAD = line(2, 50_00, Goods(sku="s2", group="winery", brand="b2"))
OPERATORS = {
    "member": ("{member: known}", "{member: unknown}"),
    "tier_in": ("{tier_in: [base]}", "{tier_in: [high]}"),
    "segment_in": ("{segment_in: [vip, x]}", "{segment_in: [y]}"),
    "store_in": ("{store_in: [1]}", "{store_in: [2]}"),
    "region_in": ("{region_in: [north]}", "{region_in: [south]}"),
    "channel_in": ("{channel_in: [till]}", "{channel_in: [web]}"),
    "code_in": ("{code_in: [spring]}", "{code_in: [autumn]}"),
    "first_purchase": ("{first_purchase: no}", "{first_purchase: yes}"),
    "every_nth_purchase": ("{every_nth_purchase: 3}", "{every_nth_purchase: 2}"),
    "weekday_in": ("{weekday_in: [fri]}", "{weekday_in: [sat, sun]}"),
    "receipt_sum_from": ("{receipt_sum_from: 150.00}", "{receipt_sum_from: 150.01}"),
    "sku_in": ("{sku_in: [s1]}", "{sku_in: [s3]}"),
    "group_in": ("{group_in: [wine]}", "{group_in: [wine/white]}"),
    "brand_in": ("{brand_in: [b1]}", "{brand_in: [b3]}"),
    "flag_in": ("{flag_in: [sale]}", "{flag_in: [alcohol]}"),
    "goods_in": ("{goods_in: [some]}", "{goods_in: [other]}"),
    "paid_in": ("{paid_in: [cash, card]}", "{paid_in: [certificate]}"),
    "mark_in": ("{mark_in: [pickup, x]}", "{mark_in: [instalment]}"),
    "referred": ("{referred: yes}", "{referred: no}"),
    "member_days_from": ("{member_days_from: 100}", "{member_days_from: 101}"),
    "away_days_from": ("{away_days_from: 30}", "{away_days_from: 31}"),
    "near": ("{near: {of: birthday, before_days: 1}}", "{near: {of: wedding, after_days: 1}}"),
    "age": ("{age: {of: child, from: 3, to: 3}}", "{age: {from: 36}}"),
    "counted": (
        "{counted: {of: purchases, at_least: 2}}",
        "{counted: {of: purchases, window: calendar week, at_least: 1}}",
    ),
    "month_in": ("{month_in: [mar, apr]}", "{month_in: [dec]}"),
    "day_of_month_in": ("{day_of_month_in: [1, 10]}", "{day_of_month_in: [11]}"),
    "day_in": (
        "{day_in: [{to: 2026-01-01}, {from: 2026-04-10}]}",
        "{day_in: [{from: 2026-04-01, to: 2026-04-09}]}",
    ),
    "time_in": ("{time_in: [{from: 12:00, to: 12:01}]}", "{time_in: [{from: 12:01, to: 12:00}]}"),
    "basket_has": (
        "{basket_has: {goods: [some], quantity: 1, sum: 100.00}}",
        "{basket_has: {goods: [some], sum: 100.01}}",
    ),
    "quantity_from": ("{quantity_from: 1}", "{quantity_from: 1.001}"),
    "price_from": ("{price_from: 100.00}", "{price_from: 100.01}"),
    "all": ("{all: [{sku_in: [s1]}, {member: known}]}", "{all: [{sku_in: [s1]}, {sku_in: [s2]}]}"),
    "any": ("{any: [{sku_in: [s1]}, {sku_in: [s3]}]}", "{any: [{member: unknown}]}"),
    "not": ("{not: {sku_in: [s2]}}", "{not: {member: known}}"),
}


def _discounted(condition: str) -> list[int]:
    tail = LISTS + "  other: {skus: [s9]}\n" + CODES
    text = pack_text(discount_rule("a", "10 %", condition), tail=tail)
    bought = replace(
        receipt(WINE, BREAD),
        region="north",
        promo_codes=("spring",),
        paid_in=TenderKind.CARD,
        marks=("pickup",),
    )
    owner = replace(
        member(),
        segments=frozenset({"vip"}),
        receipts=2,
        referrer=UUID(int=9),
        registered_on=date(2025, 12, 31),
        birthday=date(1990, 4, 11),
        dates=(
            NamedDay("child", date(2022, 4, 11)),
            NamedDay("child", date(2024, 1, 1)),
            NamedDay("wedding", date(2015, 4, 11)),
        ),
        history=History(days=(DayCount(date(2026, 3, 11), 10_00, visits=2),)),
    )
    found = evaluate(compiled(text), owner, bought, MOMENT)
    return [row.no for row in found.lines if row.discount_minor]


def test_every_operator_has_a_case() -> None:
    assert {name.rstrip("_") for name in Condition.model_fields} == OPERATORS.keys()


@pytest.mark.parametrize(("holds", "fails"), OPERATORS.values(), ids=OPERATORS.keys())
def test_an_operator_holds_and_fails(holds: str, fails: str) -> None:
    assert 1 in _discounted(holds)
    assert _discounted(fails) == []


def test_a_group_is_its_path_and_what_lies_under_it_but_not_a_longer_word() -> None:
    assert _discounted("{group_in: [wine]}") == [1]
    assert _discounted("{group_in: [winery]}") == [2]


def test_a_condition_of_lines_may_mix_the_receipt_in() -> None:
    assert _discounted("{any: [{sku_in: [s2]}, {member: unknown}]}") == [2]
    assert _discounted("{not: {all: [{member: known}, {sku_in: [s2]}]}}") == [1]


def test_a_rule_found_by_two_goods_groups_applies_once() -> None:
    assert _discounted("{group_in: [wine, wine/red]}") == [1]


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (datetime(2026, 2, 28, 20, 59, tzinfo=UTC), "not_yet"),
        (datetime(2026, 2, 28, 21, 0, tzinfo=UTC), None),
        (datetime(2026, 3, 31, 20, 59, tzinfo=UTC), None),
        (datetime(2026, 3, 31, 21, 0, tzinfo=UTC), "ended"),
    ],
)
def test_a_window_opens_and_closes_at_the_store_s_midnight(
    at: datetime, expected: str | None
) -> None:
    text = pack_text(
        discount_rule("a", "10 %").replace("then", "when: {from: 2026-03-01, to: 2026-03-31}, then")
    )

    found = evaluate(compiled(text), None, receipt(WINE), Moment(at, "Europe/Moscow"))

    assert [r.reason.code for r in found.rejected] == ([expected] if expected else [])
    assert bool(found.applied) is (expected is None)


@pytest.mark.capability("FASHION-13")
def test_the_loser_of_an_exclusive_group_is_in_the_trace() -> None:
    text = pack_text(
        discount_rule("card", "10 %"), discount_rule("promo", "30 %", "{brand_in: [b1]}")
    )

    found = evaluate(compiled(text), member(), receipt(WINE, BREAD), MOMENT)

    assert [row.discount_minor for row in found.lines] == [30_00, 5_00]
    lost = [step for step in found.trace if step.reason.code == "outweighed_price"]
    assert [(s.rule, s.line_no, s.before, s.after) for s in lost] == [("card", 1, 100_00, 90_00)]
    assert found.rejected == ()


def test_a_discount_of_lines_is_rounded_on_each_line() -> None:
    """3 x 33.33 less 7 %: 2.33 on each, 6.99 together."""
    lines = [line(no, 33_33) for no in (1, 2, 3)]

    found = evaluate(compiled(pack_text(discount_rule("a", "7 %"))), None, receipt(*lines), MOMENT)

    assert [row.discount_minor for row in found.lines] == [2_33, 2_33, 2_33]
