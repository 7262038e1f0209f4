"""The forms of a discount: tables, amounts, prices, every n-th piece."""

import pytest

from shared.basket import Line
from shared.member import MemberView
from shared.rules.evaluate import evaluate
from shared.rules.pack import FEATURES, PackError, canonical, load_canonical, read_pack
from tests.shared.rules.builders import (
    MOMENT,
    compiled,
    goods,
    line,
    member,
    pack_text,
    receipt,
)
from tests.shared.rules.test_receipt_stacking import discounts, effect_rule, stacking

PARTNERS = """
lists:
  pipes: {groups: [pipes]}
  heating: {groups: [heating]}
tables:
  partners:
    by: turnover
    columns: [pipes, heating, rest]
    rows:
      - {from: 0.00, percents: [5 %, 3 %, 1 %]}
      - {from: 1000.00, percents: [7 %, 5 %, 2 %]}
"""
TABLE = effect_rule("partners", "discount, table: partners", "{member: known}")


def _lowered(text: str, owner: MemberView | None, *lines: Line) -> list[int]:
    found = evaluate(compiled(text), owner, receipt(*lines), MOMENT)
    return [row.discount_minor for row in found.lines]


@pytest.mark.parametrize(
    ("turnover", "expected"),
    [
        (0, [5_00, 3_00, 1_00]),
        (999_99, [5_00, 3_00, 1_00]),
        (1000_00, [7_00, 5_00, 2_00]),
        (1000_01, [7_00, 5_00, 2_00]),
        (-1, [0, 0, 0]),
    ],
)
def test_a_table_of_turnover_and_goods(turnover: int, expected: list[int]) -> None:
    text = pack_text(TABLE, tail=PARTNERS)
    lines = (
        line(1, 100_00, goods("pipes/copper")),
        line(2, 100_00, goods("heating")),
        line(3, 100_00, goods("tools")),
    )

    assert _lowered(text, member(turnover_minor=turnover), *lines) == expected


def test_goods_of_no_column_have_nothing() -> None:
    text = pack_text(
        TABLE, tail=PARTNERS.replace(", rest]", "]").replace(", 1 %]", "]").replace(", 2 %]", "]")
    )

    assert _lowered(text, member(), line(1, 100_00, goods("tools"))) == [0]


STEPS = """
tables:
  steps:
    by: {by}
    rows:
      - {{from: 500.00, percents: [5 %]}}
      - {{from: 1000.00, percents: [10 %]}}
"""


@pytest.mark.capability("PLUMB-08")
@pytest.mark.parametrize(
    ("price", "expected"),
    [(499_99, 0), (500_00, 25_00), (999_99, 50_00), (1000_00, 100_00), (1000_01, 100_00)],
)
def test_steps_by_the_sum_of_the_receipt(price: int, expected: int) -> None:
    text = pack_text(
        effect_rule("steps", "discount, table: steps"), tail=STEPS.format(by="receipt_sum")
    )

    assert discounts(text, line(1, price)) == [expected]


@pytest.mark.capability("PLUMB-08")
@pytest.mark.parametrize(
    ("by", "expected"), [("receipt_sum", [60_00, 0]), ("eligible_sum", [30_00, 0])]
)
def test_the_sum_of_a_step_is_the_receipt_s_or_that_of_the_lines_that_fit(
    by: str, expected: list[int]
) -> None:
    """600.00 of wine and 400.00 of food: 10 % from 1000.00, or 5 % from 500.00."""
    rule = effect_rule("steps", "discount, table: steps", "{group_in: [wine]}")
    lines = (line(1, 600_00), line(2, 400_00, goods("food")))

    assert discounts(pack_text(rule, tail=STEPS.format(by=by)), *lines) == expected


def test_a_step_looks_at_the_sum_before_other_discounts() -> None:
    """A chain: 20 % of 1000.00 first, then the step's 10 % of 800.00 though 800.00 is below it."""
    text = pack_text(
        effect_rule("sale", "discount, percent: 20 %"),
        effect_rule("steps", "discount, table: steps"),
        tail=STEPS.format(by="receipt_sum")
        + stacking("group: top, mode: all_on_rest, children: [sale, steps]"),
    )

    assert discounts(text, line(1, 1000_00)) == [280_00]


def test_a_table_of_amounts_takes_them_off_the_receipt_once() -> None:
    """300.00 off from 2000.00: by 1500.00 : 500.00 that is 225.00 and 75.00."""
    tables = """
tables:
  gifts:
    by: receipt_sum
    rows:
      - {from: 1000.00, amounts: [100.00]}
      - {from: 2000.00, amounts: [300.00]}
"""
    tree = stacking("group: top, mode: best, scope: receipt, children: [off]")
    text = pack_text(effect_rule("off", "discount, table: gifts"), tail=tables + tree)

    assert discounts(text, line(1, 1500_00), line(2, 500_00)) == [225_00, 75_00]
    assert discounts(text, line(1, 999_99)) == [0]


def test_a_table_of_tiers() -> None:
    tables = """
tables:
  by_tier:
    by: tier
    rows:
      - {tier: high, percents: [12 %]}
"""
    text = pack_text(effect_rule("a", "discount, table: by_tier"), tail=tables)

    assert _lowered(text, member(turnover_minor=1000_00), line(1, 100_00)) == [12_00]
    assert _lowered(text, member(), line(1, 100_00)) == [0]
    assert _lowered(text, None, line(1, 100_00)) == [0]


def test_an_amount_is_off_each_unit() -> None:
    """15.50 off each of 3 pieces, and off 0.5 kg: 7.75; never more than the line."""
    text = pack_text(effect_rule("off", "discount, amount: 15.50"))

    assert discounts(text, line(1, 100_00, quantity=3000)) == [46_50]
    assert discounts(text, line(1, 100_00, quantity=500)) == [7_75]
    assert discounts(text, line(1, 10_00)) == [10_00]


def test_a_price_is_for_one_unit_and_never_raises() -> None:
    text = pack_text(effect_rule("now", "discount, price: 79.90"))

    assert discounts(text, line(1, 100_00, quantity=3000)) == [60_30]
    assert discounts(text, line(1, 70_00)) == [0]


def test_every_third_piece_at_half_price() -> None:
    """Of 7 pieces two are counted: 2 x 99.99 x 50 % = 99.99; what is weighed has no pieces."""
    text = pack_text(effect_rule("third", "discount, percent: 50 %, nth: 3"))

    assert discounts(text, line(1, 99_99, quantity=7000)) == [99_99]
    assert discounts(text, line(1, 99_99, quantity=2000)) == [0]
    assert discounts(text, line(1, 99_99, quantity=7500)) == [0]


BAD = {
    "two forms": ("discount, percent: 5, amount: 3.00", "", "one_percent"),
    "nth of an amount": ("discount, amount: 5.00, nth: 3", "", "nth_percent"),
    "nth of nothing": ("discount, percent: 5, nth: 0", "", "bad_number"),
    "unknown table": ("discount, table: none", "", "unknown_name"),
    "row too short": (
        "discount, table: t",
        "{by: receipt_sum, columns: [rest, rest], rows: [{from: 0, percents: [1]}]}",
        "row_width",
    ),
    "amounts among percents": (
        "discount, table: t",
        "{by: receipt_sum, rows: [{from: 0, percents: [1]}, {from: 1, amounts: [1]}]}",
        "row_width",
    ),
    "bands out of order": (
        "discount, table: t",
        "{by: receipt_sum, rows: [{from: 5, percents: [1]}, {from: 5, percents: [2]}]}",
        "band_order",
    ),
    "tier in a table of sums": (
        "discount, table: t",
        "{by: receipt_sum, rows: [{tier: base, percents: [1]}]}",
        "one_band",
    ),
    "unknown tier": (
        "discount, table: t",
        "{by: tier, rows: [{tier: none, percents: [1]}]}",
        "unknown_name",
    ),
    "band of nothing": ("discount, table: t", "{by: tier, rows: [{percents: [1]}]}", "one_band"),
    "row of nothing": ("discount, table: t", "{by: turnover, rows: [{from: 0}]}", "one_value"),
    "unknown column": (
        "discount, table: t",
        "{by: turnover, columns: [none], rows: [{from: 0, percents: [1]}]}",
        "unknown_name",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_form_that_makes_no_sense_is_refused(case: str) -> None:
    effect, table, fault = BAD[case]
    tables = f"tables:\n  t: {table}\n" if table else ""

    with pytest.raises(PackError) as refused:
        read_pack(pack_text(effect_rule("a", effect), tail=tables))

    assert refused.value.fault == fault


@pytest.mark.parametrize(
    ("groups", "fault"),
    [
        (
            ["group: top, mode: best, children: [a], modifiers: [p, p]"],
            "twice",
        ),
        (["group: top, mode: best, children: [a], modifiers: [a]"], "unknown_name"),
        (["group: top, mode: best, children: [a]"], "left_out"),
        (
            [
                "group: top, mode: best, children: [in], modifiers: [p]",
                "group: in, mode: best, scope: receipt, children: [a]",
            ],
            "scope",
        ),
    ],
)
def test_a_tree_that_makes_no_sense_is_refused(groups: list[str], fault: str) -> None:
    rules = (
        effect_rule("a", "discount, percent: 5 %"),
        effect_rule("p", "add_percent_points, percent: 5 %"),
    )

    with pytest.raises(PackError) as refused:
        read_pack(pack_text(*rules, tail=stacking(*groups)))

    assert refused.value.fault == fault


def test_a_rule_lowers_prices_in_one_way_only() -> None:
    both = effect_rule("a", "discount, percent: 5 %}, {effect: add_percent_points, percent: 1 %")

    with pytest.raises(PackError) as refused:
        read_pack(pack_text(both))

    assert (refused.value.path, refused.value.fault) == ("rules.0.then", "several")


def test_a_pack_names_the_forms_that_it_needs() -> None:
    pack = read_pack(
        pack_text(
            effect_rule("a", "discount, table: partners"),
            effect_rule("b", "discount, amount: 1.00"),
            effect_rule("c", "add_percent_points, percent: 1 %"),
            tail=PARTNERS
            + stacking("group: top, mode: best, scope: receipt, children: [a, b], modifiers: [c]"),
        )
    )

    wanted = {"discount.table", "discount.amount", "table.turnover", "stack.receipt"}
    assert wanted | {"then.add_percent_points"} <= set(pack.requires) <= FEATURES
    assert load_canonical(canonical(pack)) == pack
