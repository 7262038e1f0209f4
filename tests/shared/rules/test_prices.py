"""Price lists, the cashier's discount, floors by law and the largest benefit."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from shared.basket import Flag, Line
from shared.member import MemberView
from shared.receipt import Redeem, TenderKind
from shared.rules.evaluate import evaluate
from shared.rules.moment import Moment
from shared.rules.pack import FEATURES, PackError, canonical, load_canonical, read_pack
from shared.rules.result import Evaluation
from tests.shared.rules.builders import (
    EARN,
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
)
from tests.shared.rules.test_receipt_stacking import effect_rule

LISTS = """
price_lists:
  members: {prices: {wine-red: 800.00, food: 90.50}}
  closed: {prices: {wine-red: 750.00}}
"""
FOR_MEMBERS = effect_rule("members", "price, list: members", "{member: known}")
CLOSED = effect_rule("closed", "price, list: closed", "{segment_in: [vip]}")
VIP = replace(member(), segments=frozenset({"vip"}))
FLOORS = """
lists:
  vodka: {groups: [spirits/vodka]}
floors:
  - {goods: [vodka], from: 2026-02-01, price: 349.00}
  - {goods: [vodka], from: 2026-06-01, to: 2026-12-31, price: 409.00}
"""


def priced(text: str, owner: MemberView | None, *lines: Line) -> Evaluation:
    return evaluate(compiled(text), owner, receipt(*lines), MOMENT)


def paid(text: str, owner: MemberView | None, *lines: Line) -> list[int]:
    return [row.payable_minor for row in priced(text, owner, *lines).lines]


@pytest.mark.capability("WINE-23")
@pytest.mark.parametrize(
    ("owner", "expected"), [(None, 1000_00), (member(), 1000_00), (VIP, 750_00)]
)
def test_a_closed_sale_is_for_its_segment_alone(owner: MemberView | None, expected: int) -> None:
    assert paid(pack_text(CLOSED, tail=LISTS), owner, line(1, 1000_00)) == [expected]


def test_the_lowest_price_that_the_buyer_may_have_wins_and_the_other_says_so() -> None:
    found = priced(pack_text(FOR_MEMBERS, CLOSED, tail=LISTS), VIP, line(1, 1000_00))

    assert found.lines[0].payable_minor == 750_00
    assert [(e.kind, e.rule, e.amount) for e in found.effects] == [("price", "closed", 250_00)]
    assert [(r.rule, r.reason.code) for r in found.rejected] == [("members", "outweighed")]


def test_a_price_of_a_list_is_for_one_unit_and_never_raises() -> None:
    text = pack_text(FOR_MEMBERS, tail=LISTS)
    food = goods("food")

    assert paid(text, member(), line(1, 100_00, food, quantity=734)) == [66_43]
    assert paid(text, member(), line(1, 90_00, food)) == [90_00]
    assert priced(text, member(), line(1, 90_00, food)).applied == ()


def test_percents_are_of_the_price_of_the_list() -> None:
    """800.00 for members, 10 % of it = 80.00."""
    text = pack_text(FOR_MEMBERS, discount_rule("sale", "10 %"), tail=LISTS)

    assert paid(text, member(), line(1, 1000_00)) == [720_00]


def test_a_price_of_a_list_holds_the_floor() -> None:
    floored = goods("wine/red", floor_minor=790_00)

    assert paid(pack_text(CLOSED, tail=LISTS), VIP, line(1, 1000_00, floored)) == [790_00]


@pytest.mark.edge("E23")
def test_the_cashier_s_discount_comes_first_and_counts_towards_the_cap() -> None:
    """1000.00 less 200.00 by the cashier; 25 % of 800.00 = 200.00; a cap of 30 % leaves 100.00."""
    bought = replace(line(1, 1000_00), cashier_discount_minor=200_00)

    rule = discount_rule("a", "25 %")
    free = priced(pack_text(rule), None, bought)
    capped = priced(pack_text(rule, tail="caps: {line: 30 %}\n"), None, bought)

    assert [(e.kind, e.amount) for e in free.effects] == [
        ("cashier", 200_00),
        ("discount", 200_00),
    ]
    assert [(e.kind, e.amount) for e in capped.effects] == [
        ("cashier", 200_00),
        ("discount", 100_00),
    ]
    assert capped.lines[0].payable_minor == 700_00


def test_a_cashier_s_discount_over_the_cap_is_not_taken_back() -> None:
    bought = replace(line(1, 1000_00), cashier_discount_minor=400_00)

    found = priced(pack_text(discount_rule("a", "25 %"), tail="caps: {line: 30 %}\n"), None, bought)

    assert found.lines[0].payable_minor == 600_00
    assert ("a", "capped_away") in [(r.rule, r.reason.code) for r in found.rejected]


@pytest.mark.edge("E15")
@pytest.mark.parametrize("effect", ["price, list: members", "discount, amount: 50.00"])
def test_tobacco_keeps_its_price_whatever_the_cashier_or_a_list_says(effect: str) -> None:
    cigarettes = goods("food", flags=[Flag.TOBACCO])
    bought = replace(line(1, 200_00, cigarettes), cashier_discount_minor=20_00)

    found = priced(pack_text(effect_rule("a", effect), tail=LISTS), member(), bought)

    assert found.lines[0].payable_minor == 200_00
    assert found.effects == ()
    assert "cashier_limited" in [step.reason.code for step in found.trace]


@pytest.mark.parametrize(
    ("day", "expected"), [(1, 0), (2, 349_00), (6, 409_00), (12, 409_00), (13, 349_00)]
)
def test_a_floor_by_law_is_in_force_from_its_day(day: int, expected: int) -> None:
    """The months of 2026; 13 is January 2027, after the window of the higher one."""
    text = pack_text(discount_rule("all", "100 %"), tail=FLOORS)
    at = datetime(2026 + day // 13, (day - 1) % 12 + 1, 15, tzinfo=UTC)
    bottle = line(1, 500_00, goods("spirits/vodka/strong"))

    found = evaluate(compiled(text), None, receipt(bottle), Moment(at, "Europe/Moscow"))

    assert found.totals.payable_minor == expected


@pytest.mark.edge("E16")
@pytest.mark.capability("FASHION-15")
def test_neither_discounts_nor_points_take_goods_below_the_highest_floor() -> None:
    """Law 349.00, directory 360.00: 2 bottles cost at least 720.00; a price below both stands."""
    text = pack_text(
        discount_rule("all", "10 %"), redeem_rule("pay", "percent: 100 %"), tail=FLOORS
    )
    dear = goods("spirits/vodka", floor_minor=360_00)
    lines = (line(1, 400_00, dear, quantity=2000), line(2, 300_00, goods("spirits/vodka")))
    owner = member(lot(1, 5000_00))

    bought = receipt(*lines, redeem=Redeem.MAXIMUM)
    found = evaluate(compiled(text), owner, bought, MOMENT)

    assert [row.payable_minor for row in found.lines] == [720_00, 300_00]
    assert [row.discount_minor for row in found.lines] == [80_00, 0]


@pytest.mark.edge("E08")
def test_a_whole_discount_leaves_nothing_or_what_the_policy_keeps() -> None:
    rule = discount_rule("all", "100 %")
    lines = (line(1, 100_00), line(2, 50), line(3, 50_00))
    by_line = 'policies: {line_pays_at_least: "1.00"}\n'
    by_receipt = 'policies: {receipt_pays_at_least: "3.00"}\n'

    assert paid(pack_text(rule), None, *lines) == [0, 0, 0]
    assert paid(pack_text(rule, tail=by_line), None, *lines) == [1_00, 50, 1_00]
    assert paid(pack_text(rule, tail=by_receipt), None, *lines) == [1_99, 1, 1_00]


def test_points_leave_what_the_receipt_must_pay() -> None:
    text = pack_text(
        redeem_rule("pay", "percent: 100 %"), tail='policies: {receipt_pays_at_least: "3.00"}\n'
    )

    bought = receipt(line(1, 100_00), redeem=Redeem.MAXIMUM)
    found = evaluate(compiled(text), member(lot(1, 500_00)), bought, MOMENT)

    assert found.totals.payable_minor == 3_00


@pytest.mark.capability("FASHION-03")
@pytest.mark.parametrize(
    ("caps", "expected"),
    [
        ("{line: 20 %}", [800_00, 400_00]),
        ("{line_amount: 150.00}", [850_00, 350_00]),
        ("{receipt: 20 %}", [800_00, 400_00]),
        ("{receipt_amount: 60.00}", [960_00, 480_00]),
        ("{line: 25 %, receipt: 20 %}", [800_00, 400_00]),
        ("{receipt: 20 %, receipt_amount: 30.00}", [980_00, 490_00]),
        ("{}", [700_00, 350_00]),
    ],
)
def test_the_largest_benefit_of_a_line_and_of_the_receipt(caps: str, expected: list[int]) -> None:
    """30 % of 1000.00 and of 500.00 = 300.00 and 150.00 before the caps."""
    text = pack_text(discount_rule("a", "30 %"), tail=f"caps: {caps}\n")

    assert paid(text, None, line(1, 1000_00), line(2, 500_00)) == expected


@pytest.mark.capability("FASHION-03")
@pytest.mark.parametrize(("points", "redeemed"), [("counted", 100_00), ("not_counted", 500_00)])
@pytest.mark.parametrize("cap", ["line", "receipt"])
def test_points_are_a_benefit_where_the_pack_says_so(cap: str, points: str, redeemed: int) -> None:
    """20 % of 1000.00 discounted, a cap of 30 %: 100.00 is left for points, else 500.00 of them."""
    text = pack_text(
        discount_rule("a", "20 %"),
        redeem_rule("pay", "percent: 100 %"),
        tail=f"caps: {{{cap}: 30 %, points: {points}}}\n",
    )

    bought = receipt(line(1, 1000_00), redeem=Redeem.MAXIMUM)
    found = evaluate(compiled(text), member(lot(1, 500_00)), bought, MOMENT)

    assert found.totals.discount_minor == 200_00
    assert found.totals.redeemed_minor == redeemed


def test_a_cap_takes_back_of_each_discount_by_what_it_gave() -> None:
    """20 % + 10 % of 1000.00; a cap of 15 % takes back 150.00 by 200 : 100."""
    text = pack_text(
        discount_rule("a", "20 %"),
        discount_rule("b", "10 %"),
        tail="caps: {line: 15 %}\n"
        "stacking:\n  - {group: top, mode: all_on_base, children: [a, b]}\n",
    )

    found = priced(text, None, line(1, 1000_00))

    assert [(e.rule, e.amount) for e in found.effects] == [("a", 100_00), ("b", 50_00)]
    assert "capped" in [step.reason.code for step in found.trace]


def test_a_cap_of_the_receipt_takes_back_by_the_sums_of_the_lines() -> None:
    """300.00 of 1000.00 and 50.00 of 500.00; 150.00 go back by 1000 : 500, not by 300 : 50."""
    text = pack_text(
        discount_rule("a", "30 %", "{group_in: [wine]}"),
        discount_rule("b", "10 %"),
        tail="caps: {receipt_amount: 200.00}\n",
    )
    lines = (line(1, 1000_00), line(2, 500_00, goods("food")))

    assert paid(text, None, *lines) == [800_00, 500_00]


def test_points_are_earned_on_the_capped_sum() -> None:
    """30 % capped at 20 %: 5 % of 800.00 = 40 points."""
    text = pack_text(discount_rule("a", "30 %"), earn_rule("earn"), tail="caps: {line: 20 %}\n")

    assert priced(text, member(), line(1, 1000_00)).totals.earned_points == 40_00


@pytest.mark.parametrize(
    ("rule", "tail", "fault"),
    [
        ("price, list: none", LISTS, "unknown_name"),
        ("price, list: members", "price_lists: {members: {prices: {}}}\n", "too_few"),
        ("discount, percent: 5", "floors:\n  - {goods: [none], price: 1.00}\n", "unknown_name"),
        ("discount, percent: 5", "caps: {line: 120 %}\n", "bad_number"),
    ],
)
def test_what_makes_no_sense_is_refused(rule: str, tail: str, fault: str) -> None:
    with pytest.raises(PackError) as refused:
        read_pack(pack_text(effect_rule("a", rule), tail=tail))

    assert refused.value.fault == fault


def test_a_pack_names_the_sections_that_it_needs() -> None:
    tail = LISTS + FLOORS + "caps: {line: 50 %}\npolicies: {line_pays_at_least: 1.00}\n"
    pack = read_pack(pack_text(FOR_MEMBERS, tail=tail))

    wanted = {"then.price", "floors", "caps.line", "pays_at_least.line"}
    assert wanted <= set(pack.requires) <= FEATURES
    assert load_canonical(canonical(pack)) == pack


@pytest.mark.edge("E12")
@pytest.mark.parametrize(
    ("paid_in", "payable"), [(TenderKind.CASH, 899_00), (TenderKind.CARD, 899_91), (None, 899_91)]
)
def test_small_change_is_let_off_last_and_is_the_base_of_nothing(
    paid_in: TenderKind | None, payable: int
) -> None:
    """999.90 less 10 % is 899.91; points and turnover are of 899.91, cash pays 899.00."""
    text = pack_text(
        discount_rule("a", "10 %"),
        earn_rule("earn", EARN.replace("5 %", "100 %")),
        tail="policies: {small_change: 1.00}\n",
    )
    bought = replace(receipt(line(1, 666_60), line(2, 333_30)), paid_in=paid_in)

    found = evaluate(compiled(text), member(), bought, MOMENT)

    assert found.totals.payable_minor == payable
    assert (found.totals.turnover_minor, found.totals.earned_points) == (899_91, 899_00)
    rounding = [effect for effect in found.effects if effect.kind == "change"]
    assert [effect.amount for effect in rounding] == ([91] if payable == 899_00 else [])


@pytest.mark.edge("E12")
def test_small_change_of_tobacco_or_of_a_floor_stays() -> None:
    text = pack_text(discount_rule("a", "10 %"), tail="policies: {small_change: 1.00}\n")
    cigarettes = line(1, 200_50, goods("tobacco", flags=[Flag.TOBACCO]))
    bottle = line(2, 400_90, goods("spirits", floor_minor=400_90))

    bought = replace(receipt(cigarettes, bottle), paid_in=TenderKind.CASH)

    assert evaluate(compiled(text), None, bought, MOMENT).totals.payable_minor == 601_40
