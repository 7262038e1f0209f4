"""Discounts of a whole receipt: how groups weigh them, and how they are spread over lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.basket import Flag, Line
from shared.rules.evaluate import evaluate
from shared.rules.receipt_stacking import resolve_receipt, spread_alone
from shared.rules.result import Evaluation
from shared.rules.stacking import Branch, Offer, Path
from tests.shared.rules.builders import (
    MOMENT,
    TITLE,
    compiled,
    discount_rule,
    goods,
    line,
    pack_text,
    receipt,
)
from tests.shared.rules.strategies import MODES

AMOUNTS = st.integers(0, 500_000)
BASKETS = st.lists(st.tuples(AMOUNTS, AMOUNTS), min_size=1, max_size=6)


def effect_rule(rule: str, effect: str, condition: str = "") -> str:
    test = f"if: {condition}, " if condition else ""
    return f"  - {{id: {rule}, {TITLE}, {test}then: [{{effect: {effect}}}]}}\n"


def stacking(*groups: str) -> str:
    return "stacking:\n" + "".join(f"  - {{{group}}}\n" for group in groups)


def priced(text: str, *lines: Line) -> Evaluation:
    return evaluate(compiled(text), None, receipt(*lines), MOMENT)


def discounts(text: str, *lines: Line) -> list[int]:
    return [row.discount_minor for row in priced(text, *lines).lines]


@pytest.mark.edge("E01")
def test_a_line_discount_and_a_receipt_discount_round_by_their_scope() -> None:
    """3 x 33.33 at 7 %: 2.3331 -> 2.33 a line, 6.99 in all; 99.99 x 7 % = 6.9993 -> 7.00."""
    lines = [line(no, 33_33) for no in (1, 2, 3)]
    by_line = pack_text(discount_rule("a", "7 %"))
    tail = stacking("group: top, mode: best, scope: receipt, children: [a]")
    by_receipt = pack_text(discount_rule("a", "7 %"), tail=tail)

    assert discounts(by_line, *lines) == [2_33, 2_33, 2_33]
    assert discounts(by_receipt, *lines) == [2_34, 2_33, 2_33]
    assert priced(by_receipt, *lines).effects[0].amount == 7_00


@pytest.mark.edge("E03")
@pytest.mark.edge("E02")
def test_500_rubles_off_a_receipt_with_a_floor_and_tobacco() -> None:
    """By the sums 1000.00 : 1500.00 : 299.97 A would give 178.57, but has 100.00 to its floor.

    The other 400.00 by 1500.00 : 299.97 = 333.338.. and 66.661..: 333.34 and 66.66.
    """
    text = pack_text(
        effect_rule("off", "discount, amount: 500.00"),
        tail=stacking("group: top, mode: best, scope: receipt, children: [off]"),
    )
    lines = (
        line(1, 1000_00, goods("a", floor_minor=900_00)),
        line(2, 1500_00, goods("b")),
        line(3, 333_33, goods("c", flags=[Flag.TOBACCO])),
        line(4, 99_99, goods("d"), quantity=3000),
    )

    assert discounts(text, *lines) == [100_00, 333_34, 0, 66_66]


@pytest.mark.edge("E06")
def test_the_last_line_does_not_take_the_delta() -> None:
    """1.00 off 3 x 100.00 is 0.33 each and a kopeck over: the last line has no room for it."""
    text = pack_text(
        effect_rule("off", "discount, amount: 1.00"),
        tail=stacking("group: top, mode: best, scope: receipt, children: [off]"),
    )
    last = line(3, 100_00, goods("a", floor_minor=99_67))

    assert discounts(text, line(1, 100_00), line(2, 100_00), last) == [34, 33, 33]


@pytest.mark.edge("E07")
def test_an_amount_larger_than_the_receipt_takes_all_of_it_and_no_more() -> None:
    text = pack_text(
        effect_rule("off", "discount, amount: 500.00"),
        tail=stacking("group: top, mode: best, scope: receipt, children: [off]"),
    )

    found = priced(text, line(1, 300_00), line(2, 99_99))

    assert found.totals.payable_minor == 0
    assert found.totals.discount_minor == 399_99


def test_the_receipt_s_tree_works_on_what_the_lines_left() -> None:
    """10 % of 1000.00 and of 500.00 leave 900.00 and 450.00; 5 % of 1350.00 = 67.50."""
    text = pack_text(
        discount_rule("lines", "10 %"),
        discount_rule("whole", "5 %"),
        tail=stacking(
            "group: a, mode: best, children: [lines]",
            "group: b, mode: best, scope: receipt, children: [whole]",
        ),
    )

    assert discounts(text, line(1, 1000_00), line(2, 500_00)) == [145_00, 72_50]


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("best", [100_00, 200_00]),
        ("worst", [100_00, 0]),
        ("first", [100_00, 0]),
        ("all_on_base", [200_00, 200_00]),
        ("all_on_rest", [190_00, 200_00]),
    ],
)
def test_modes_weigh_what_children_give_the_whole_receipt(mode: str, expected: list[int]) -> None:
    """The first child gives 100.00 on line 1, the second (lines) 100.00 and 200.00.

    In a chain the second gives 10 % of the 900.00 that are left of line 1.
    """
    rules = (
        discount_rule("a", "10 %", "{group_in: [wine/red]}"),
        discount_rule("b", "10 %"),
        discount_rule("c", "20 %", "{group_in: [wine/white]}"),
    )
    text = pack_text(
        *rules,
        tail=stacking(
            f"group: top, mode: {mode}, scope: receipt, children: [a, lines]",
            "group: lines, mode: best, children: [b, c]",
        ),
    )
    lines = (line(1, 1000_00), line(2, 1000_00, goods("wine/white")))

    assert discounts(text, *lines) == expected


def test_a_loser_at_receipt_scope_says_what_it_would_have_given() -> None:
    text = pack_text(
        discount_rule("a", "10 %"),
        discount_rule("b", "20 %"),
        tail=stacking("group: top, mode: best, scope: receipt, children: [a, b]"),
    )

    found = priced(text, line(1, 1000_00), line(2, 500_00))

    assert [(lost.rule, lost.reason.code) for lost in found.rejected] == [("a", "outweighed")]
    step = next(step for step in found.trace if step.rule == "a")
    assert (step.line_no, step.before, step.after) == (0, 1500_00, 1350_00)


def test_a_cap_of_the_receipt_takes_back_by_the_sums() -> None:
    """30 % of line 1 and 10 % of both give 400.00 and 50.00; 10 % of 1500.00 = 150.00 may be.

    300.00 go back by 1000 : 500, that is 200.00 and 100.00, but line 2 has only 50.00 to give.
    """
    text = pack_text(
        discount_rule("a", "30 %", "{group_in: [wine/red]}"),
        discount_rule("b", "10 %"),
        tail=stacking(
            "group: top, mode: all_on_base, scope: receipt, cap: 10 %, children: [a, b]",
        ),
    )
    lines = (line(1, 1000_00), line(2, 500_00, goods("wine/white")))

    assert discounts(text, *lines) == [150_00, 0]


@pytest.mark.parametrize(("only", "expected"), [("yes", [410_00, 0]), ("no", [410_00, 110_00])])
@pytest.mark.parametrize("scope", ["line", "receipt"])
def test_percent_points_add_to_the_winner_on_the_base_price(
    scope: str, only: str, expected: list[int]
) -> None:
    """30 % wins over 5 %; 30 % + 11 % of 1000.00 = 410.00, not 11 % of the remaining 700.00."""
    text = pack_text(
        discount_rule("sale", "30 %", "{group_in: [wine/red]}"),
        discount_rule("small", "5 %", "{group_in: [wine/red]}"),
        effect_rule("code", f"add_percent_points, percent: 11 %, only_if_discounted: {only}"),
        tail=stacking(
            f"group: top, mode: best, scope: {scope}, children: [sale, small], modifiers: [code]",
        ),
    )
    lines = (line(1, 1000_00), line(2, 1000_00, goods("food")))

    found = priced(text, *lines)

    assert [row.discount_minor for row in found.lines] == expected
    assert found.applied == ("sale", "code")


def test_percent_points_hold_the_cap_and_the_floor() -> None:
    text = pack_text(
        discount_rule("sale", "30 %"),
        effect_rule("code", "add_percent_points, percent: 11 %"),
        tail=stacking("group: top, mode: best, cap: 35 %, children: [sale], modifiers: [code]"),
    )

    floored = goods("wine/red", floor_minor=680_00)

    assert discounts(text, line(1, 1000_00)) == [350_00]
    assert discounts(text, line(1, 1000_00, floored)) == [320_00]


def test_percent_points_alone_say_that_there_is_no_discount() -> None:
    text = pack_text(
        discount_rule("sale", "30 %", "{flag_in: [sale]}"),
        effect_rule("code", "add_percent_points, percent: 11 %"),
        tail=stacking("group: top, mode: best, children: [sale], modifiers: [code]"),
    )

    found = priced(text, line(1, 1000_00))

    assert found.totals.discount_minor == 0
    assert ("code", "not_discounted") in [(r.rule, r.reason.code) for r in found.rejected]


def test_percent_points_do_not_add_to_a_price_that_lowers_nothing() -> None:
    text = pack_text(
        effect_rule("now", "discount, price: 1000.00"),
        effect_rule("code", "add_percent_points, percent: 11 %"),
        tail=stacking("group: top, mode: best, children: [now], modifiers: [code]"),
    )

    assert discounts(text, line(1, 900_00)) == [0]
    assert discounts(text, line(1, 1100_00)) == [221_00]


def test_percent_points_on_a_fixed_amount_are_of_the_sum() -> None:
    """100.00 off wins over 5 %; 11 % of 1000.00 on top."""
    text = pack_text(
        effect_rule("off", "discount, amount: 100.00"),
        discount_rule("small", "5 %"),
        effect_rule("code", "add_percent_points, percent: 11 %"),
        tail=stacking("group: top, mode: best, children: [off, small], modifiers: [code]"),
    )

    assert discounts(text, line(1, 1000_00)) == [210_00]


@given(BASKETS, st.sampled_from(MODES), st.sampled_from(MODES), st.sampled_from([None, 4100]))
def test_a_receipt_tree_stays_within_rooms_and_best_beats_its_children(
    basket: list[tuple[int, int]], outer: str, inner: str, cap_bp: int | None
) -> None:
    sums = [max(pair) for pair in basket]
    rooms = [min(pair) for pair in basket]
    nested = Branch("inner", inner, cap_bp, (None, None), "line")
    tree = Branch("top", outer, cap_bp, (None, nested, None), "receipt", ("discounted",))
    offers: list[dict[Path, Offer]] = [
        {(0,): 1500, (1, 0): 700, (1, 1): lambda on: on // 3, (3,): 1100}
        if place % 2
        else {(0,): 1500, (1, 0): 2000, (2,): 10_000}
        for place in range(len(sums))
    ]

    taken = resolve_receipt(tree, offers, sums=sums, rooms=rooms)

    amounts = [sum(part.amount for part in parts) for parts in taken]
    assert all(0 <= amount <= room for amount, room in zip(amounts, rooms, strict=True))
    if cap_bp is not None:
        assert sum(amounts) <= sum(sums) * cap_bp // 10_000
    elif outer == "best":
        for path in ((0,), (2,)):
            alone = spread_alone([mine.get(path) for mine in offers], sums, rooms)
            assert sum(amounts) >= sum(alone)
