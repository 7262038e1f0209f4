"""Benefits that the customer takes as a discount, as points or as a split."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.basket import Flag, Line
from shared.money import share_of
from shared.receipt import Take
from shared.rules.evaluate import evaluate
from shared.rules.pack import FEATURES, PackError, read_pack
from shared.rules.result import Evaluation
from tests.shared.rules.builders import (
    HEAD,
    MOMENT,
    compiled,
    goods,
    line,
    member,
    pack_text,
    receipt,
)
from tests.shared.rules.strategies import lines as any_lines
from tests.shared.rules.strategies import pack_of
from tests.shared.rules.test_receipt_stacking import effect_rule

FINE = HEAD.replace(
    "{title: {ru: Бонусы, en: Points}}", "{title: {ru: Бонусы, en: Points}, earning_unit: 0.01}"
)
TERMS = "wallet: bonus, activation: at once, expiry: 6 months"
BENEFIT = effect_rule("benefit", f"entitlement, percent: 7 %, {TERMS}")
SPLITS = st.tuples(st.sampled_from(Take), st.integers(-1, 600_000))


def taken(text: str, take: Take, value: int, *lines: Line) -> Evaluation:
    bought = replace(receipt(*lines), take=take, take_value=value)
    return evaluate(pack_of(text), member(), bought, MOMENT)


@pytest.mark.parametrize(
    ("take", "value", "discounts", "bonuses"),
    [
        (Take.UNSAID, 0, [70_00, 7_00], [0, 0]),
        (Take.DISCOUNT, 0, [70_00, 7_00], [0, 0]),
        (Take.BONUS, 0, [0, 0], [70_00, 7_00]),
        (Take.AMOUNT, 50_00, [45_45, 4_55], [24_55, 2_45]),
        (Take.AMOUNT, 500_00, [70_00, 7_00], [0, 0]),
        (Take.PERCENT, 25_00, [17_50, 1_75], [52_50, 5_25]),
    ],
)
def test_a_benefit_of_77_rubles_in_three_ways(
    take: Take, value: int, discounts: list[int], bonuses: list[int]
) -> None:
    """7 % of 1000.00 and of 100.00; 50.00 of it by 70 : 7 is 45.4545.. and 4.5454.."""
    found = taken(pack_text(BENEFIT, head=FINE), take, value, line(1, 1000_00), line(2, 100_00))

    assert [row.discount_minor for row in found.lines] == discounts
    assert [row.earned_points for row in found.lines] == bonuses
    (told,) = found.entitlements
    assert (told.amount, told.discount, told.bonus) == (77_00, sum(discounts), sum(bonuses))
    assert [grant.amount for grant in found.grants] == ([sum(bonuses)] if sum(bonuses) else [])


def test_what_has_no_room_as_a_discount_becomes_points() -> None:
    """7 % of 1000.00 = 70.00, but the floor leaves 30.00: 40.00 as points."""
    floored = goods("wine/red", floor_minor=970_00)

    found = taken(pack_text(BENEFIT, head=FINE), Take.DISCOUNT, 0, line(1, 1000_00, floored))

    assert found.lines[0].discount_minor == 30_00
    assert found.totals.earned_points == 40_00
    assert "choice_at_floor" in [step.reason.code for step in found.trace]


def test_what_a_cap_takes_back_becomes_points() -> None:
    """7 % of 1000.00 = 70.00, at most 5 % off: 20.00 as points."""
    text = pack_text(BENEFIT, head=FINE, tail="caps: {line: 5 %}\n")

    found = taken(text, Take.DISCOUNT, 0, line(1, 1000_00))

    assert found.lines[0].payable_minor == 950_00
    assert (found.entitlements[0].discount, found.entitlements[0].bonus) == (50_00, 20_00)
    assert found.totals.earned_points == 20_00


def test_the_largest_of_several_benefits_counts_for_each_line() -> None:
    other = effect_rule("wine", f"entitlement, percent: 10 %, {TERMS}", "{group_in: [wine]}")
    text = pack_text(BENEFIT, other, head=FINE)

    found = taken(text, Take.DISCOUNT, 0, line(1, 100_00), line(2, 100_00, goods("food")))

    assert [row.discount_minor for row in found.lines] == [10_00, 7_00]
    assert [(told.rule, told.amount) for told in found.entitlements] == [
        ("benefit", 7_00),
        ("wine", 10_00),
    ]


def test_tobacco_entitles_to_nothing_and_nobody_is_entitled_unnamed() -> None:
    text = pack_text(BENEFIT, head=FINE)
    cigarettes = goods("tobacco", flags=[Flag.TOBACCO])

    assert taken(text, Take.BONUS, 0, line(1, 100_00, cigarettes)).entitlements == ()
    assert evaluate(pack_of(text), None, receipt(line(1, 100_00)), MOMENT).entitlements == ()


@given(any_lines(), SPLITS)
def test_discount_and_bonus_are_the_benefit_of_every_line(
    lines: tuple[Line, ...], split: tuple[Take, int]
) -> None:
    whole = [replace(line, cashier_discount_minor=0) for line in lines]

    found = taken(pack_text(BENEFIT, head=FINE), split[0], split[1], *whole)

    rows = {row.no: row for row in found.lines}
    told = {no: (d, b) for one in found.entitlements for no, d, b in one.allocations}
    for no, (discount, bonus) in told.items():
        row = rows[no]
        assert discount + bonus == share_of(row.base_minor, 700)
        assert (row.discount_minor, row.earned_points) == (discount, bonus)
    for one in found.entitlements:
        assert one.amount == one.discount + one.bonus
        assert one.discount == sum(d for _, d, _ in one.allocations)
    assert found.totals.earned_points == sum(bonus for _, bonus in told.values())


@pytest.mark.parametrize(
    ("effect", "head", "fault"),
    [
        (f"entitlement, percent: 7 %, {TERMS}", HEAD, "coarse_unit"),
        (f"entitlement, {TERMS}", FINE, "one_percent"),
        (f"entitlement, table: none, {TERMS}", FINE, "unknown_name"),
        (f"entitlement, tier_percent: none, {TERMS}", FINE, "unknown_name"),
        (f"entitlement, percent: 7 %, {TERMS}".replace("bonus", "none"), FINE, "unknown_name"),
    ],
)
def test_a_benefit_that_could_not_be_split_exactly_is_refused(
    effect: str, head: str, fault: str
) -> None:
    with pytest.raises(PackError) as refused:
        read_pack(pack_text(effect_rule("a", effect), head=head))

    assert refused.value.fault == fault


def test_a_pack_names_the_benefit_that_it_needs() -> None:
    assert "then.entitlement" in compiled(pack_text(BENEFIT, head=FINE)).source.requires
    assert "then.entitlement" in FEATURES
