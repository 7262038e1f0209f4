"""Bundles, gifts beside them, and coupons for the next purchase."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.basket import Flag, Line
from shared.receipt import PresentedCode
from shared.rules.evaluate import evaluate
from shared.rules.moment import Moment
from shared.rules.pack import FEATURES, PackError, canonical, load_canonical, read_pack
from shared.rules.result import Evaluation
from tests.shared.rules.builders import (
    MOMENT,
    NOON,
    discount_rule,
    goods,
    line,
    member,
    pack_text,
    receipt,
)
from tests.shared.rules.strategies import pack_of
from tests.shared.rules.test_receipt_stacking import effect_rule, stacking

LISTS = """
lists:
  shirts: {groups: [shirts]}
  ties: {groups: [ties]}
"""
THREE_FOR_TWO = effect_rule("three", "bundle, parts: [{pieces: 3}], cheapest: 1")
TIE_AS_GIFT = effect_rule(
    "tie", "bundle, parts: [{goods: [shirts], pieces: 2}], gift: {goods: [ties], pieces: 1}"
)
PAIR = effect_rule(
    "pair",
    "bundle, parts: [{goods: [shirts], pieces: 1}, {goods: [ties], pieces: 1}], price: 1000.00",
)


def shirts(no: int, price_minor: int, pieces: int = 1) -> Line:
    return line(no, price_minor, goods("shirts"), quantity=pieces * 1000)


def ties(no: int, price_minor: int, pieces: int = 1) -> Line:
    return line(no, price_minor, goods("ties"), quantity=pieces * 1000)


def priced(rule: str, *lines: Line, tail: str = "") -> Evaluation:
    return evaluate(pack_of(pack_text(rule, tail=LISTS + tail)), None, receipt(*lines), MOMENT)


def discounts(rule: str, *lines: Line) -> list[int]:
    return [row.discount_minor for row in priced(rule, *lines).lines]


def test_three_for_two_gives_the_cheapest_and_spreads_it_over_the_bundle() -> None:
    """300.00 of 900.00 + 600.00 + 300.00: by these sums 150.00, 100.00, 50.00."""
    found = discounts(THREE_FOR_TWO, shirts(1, 900_00), shirts(2, 600_00), shirts(3, 300_00))

    assert found == [150_00, 100_00, 50_00]


def test_seven_pieces_are_two_bundles_of_the_dearest_six() -> None:
    """400 x 2, 300 x 3, 200 x 2: six of them 800 + 900 + 200; the two cheapest, 200 + 300, free.

    500.00 by 800 : 900 : 200 = 210.526.., 236.842.., 52.631..
    """
    lines = (shirts(1, 400_00, 2), shirts(2, 300_00, 3), shirts(3, 200_00, 2))

    assert discounts(THREE_FOR_TWO, *lines) == [210_53, 236_84, 52_63]


def test_two_pieces_are_no_bundle_and_weighed_goods_have_no_pieces() -> None:
    weighed = line(3, 100_00, goods("shirts"), quantity=1500)

    found = priced(THREE_FOR_TWO, shirts(1, 900_00, 2), weighed)

    assert found.totals.discount_minor == 0
    assert [(r.rule, r.reason.code) for r in found.rejected] == [("three", "no_effect")]


@pytest.mark.edge("E15")
def test_tobacco_is_no_piece_of_a_bundle() -> None:
    cigarettes = line(3, 100_00, goods("shirts", flags=[Flag.TOBACCO]))

    assert discounts(THREE_FOR_TWO, shirts(1, 900_00, 2), cigarettes) == [0, 0]


def test_a_floor_moves_the_discount_to_the_other_pieces() -> None:
    """300.00 by 900 : 600 : 300, but line 1 has 20.00 to its floor: 280.00 by 600 : 300."""
    floored = line(1, 900_00, goods("shirts", floor_minor=880_00))

    found = discounts(THREE_FOR_TWO, floored, shirts(2, 600_00), shirts(3, 300_00))

    assert found == [20_00, 186_67, 93_33]


def test_buy_two_shirts_and_the_cheapest_tie_is_a_gift() -> None:
    """Two shirts and the tie of 100.00: 100.00 by 1000 : 100 = 90.909.. and 9.0909.."""
    found = discounts(TIE_AS_GIFT, shirts(1, 500_00, 2), ties(2, 300_00), ties(3, 100_00))

    assert found == [90_91, 0, 9_09]


def test_without_the_gift_in_the_receipt_nothing_is_given() -> None:
    assert discounts(TIE_AS_GIFT, shirts(1, 500_00, 2)) == [0]


def test_a_gift_at_half_price_and_once_only() -> None:
    rule = TIE_AS_GIFT.replace("pieces: 1}}", "pieces: 1}, percent: 50 %, times_max: 1}")

    found = priced(rule, shirts(1, 500_00, 4), ties(2, 300_00, 2))

    assert found.totals.discount_minor == 150_00


def test_a_set_for_a_price() -> None:
    """Two sets of 700.00 + 400.00 for 1000.00 each: 200.00 by 1400 : 800; the third tie is not."""
    assert discounts(PAIR, shirts(1, 700_00, 2), ties(2, 400_00, 3)) == [127_27, 72_73]


def test_a_set_that_costs_less_than_its_price_keeps_it() -> None:
    assert discounts(PAIR, shirts(1, 500_00), ties(2, 400_00)) == [0, 0]


def test_a_bundle_in_a_chain_works_on_what_the_lines_left() -> None:
    """10 % off first: the cheapest piece now costs 270.00."""
    tail = stacking(
        "group: lines, mode: best, children: [sale]",
        "group: whole, mode: best, scope: receipt, children: [three]",
    )
    rules = THREE_FOR_TWO + discount_rule("sale", "10 %")

    found = priced(rules, shirts(1, 900_00), shirts(2, 600_00), shirts(3, 300_00), tail=tail)

    assert [(e.rule, e.amount) for e in found.effects] == [("three", 270_00), ("sale", 180_00)]


def test_a_bundle_is_taken_as_a_whole_or_not_at_all() -> None:
    """20 % of 1800.00 = 360.00 beats the 300.00 of the bundle on every line."""
    tail = stacking("group: whole, mode: best, scope: receipt, children: [three, sale]")
    rules = THREE_FOR_TWO + discount_rule("sale", "20 %")

    found = priced(rules, shirts(1, 900_00), shirts(2, 600_00), shirts(3, 300_00), tail=tail)

    assert [(e.rule, e.amount) for e in found.effects] == [("sale", 360_00)]
    assert [(r.rule, r.reason.code) for r in found.rejected] == [("three", "outweighed")]


@given(st.lists(st.tuples(st.integers(0, 100_000), st.integers(1, 9)), max_size=6))
def test_the_free_pieces_of_equal_goods_are_a_third_at_most(rows: list[tuple[int, int]]) -> None:
    lines = [shirts(no, price, pieces) for no, (price, pieces) in enumerate(rows, 1)]

    found = priced(THREE_FOR_TWO, *lines)

    prices = sorted((price for price, pieces in rows for _ in range(pieces)), reverse=True)
    times = len(prices) // 3
    assert found.totals.discount_minor == sum(prices[times * 2 : times * 3])


COUPON = """
codes:
  return_soon: {title: {ru: До встречи, en: See you}, personal: yes}
"""
ISSUE = effect_rule(
    "issue",
    "coupon, campaign: return_soon, expiry: 14 days",
    "{all: [{group_in: [shirts]}, {receipt_sum_from: 1000.00}]}",
)
USE = discount_rule("use", "15 %", "{code_in: [return_soon]}")


@pytest.mark.capability("WINE-08")
def test_a_purchase_gives_a_coupon_that_the_next_one_uses() -> None:
    pack = pack_of(pack_text(ISSUE, USE, tail=LISTS + COUPON))

    first = evaluate(pack, member(), receipt(shirts(1, 1000_00)), MOMENT)

    (coupon,) = first.coupons
    assert (coupon.first_day, coupon.last_day) == (date(2026, 4, 11), date(2026, 4, 24))
    assert first.totals.discount_minor == 0
    known = PresentedCode(
        "AS PRINTED",
        coupon.campaign,
        owner=coupon.owner,
        first_day=coupon.first_day,
        last_day=coupon.last_day,
    )
    again = replace(receipt(ties(1, 500_00)), promo_codes=(known.code,), codes=(known,))
    for day, kind, discount in ((10, "not_yet", 0), (11, "applied", 75_00), (25, "expired", 0)):
        moment = Moment(NOON.replace(day=day), "Europe/Moscow")
        later = evaluate(pack, member(), again, moment)
        assert [code.kind for code in later.codes] == [kind]
        assert later.totals.discount_minor == discount
    stranger = replace(member(), id=UUID(int=77))
    assert (
        evaluate(pack, stranger, again, Moment(NOON.replace(day=11), "Europe/Moscow")).codes[0].kind
        == "not_yours"
    )


def test_a_coupon_has_no_code_that_follows_from_the_receipt() -> None:
    """It could be guessed: a till makes one of chance when the receipt is committed."""
    pack = pack_of(pack_text(ISSUE, tail=LISTS + COUPON))
    bought = receipt(shirts(1, 1000_00))

    once, again = (evaluate(pack, member(), bought, MOMENT) for _ in range(2))

    assert once.coupons == again.coupons
    assert [coupon.code for coupon in once.coupons] == [""]


@pytest.mark.parametrize("lines", [(ties(1, 1000_00),), (shirts(1, 999_99),)])
def test_a_purchase_that_does_not_qualify_gives_no_coupon(lines: tuple[Line, ...]) -> None:
    pack = pack_of(pack_text(ISSUE, tail=LISTS + COUPON))

    assert evaluate(pack, member(), receipt(*lines), MOMENT).coupons == ()


@pytest.mark.edge("E15")
def test_tobacco_gives_no_coupon() -> None:
    pack = pack_of(pack_text(ISSUE, tail=LISTS + COUPON))
    cigarettes = line(1, 2000_00, goods("shirts", flags=[Flag.TOBACCO]))

    assert evaluate(pack, member(), receipt(cigarettes), MOMENT).coupons == ()


@pytest.mark.parametrize(
    ("effect", "fault"),
    [
        ("bundle, parts: [{pieces: 3}]", "one_form"),
        ("bundle, parts: [{pieces: 3}], cheapest: 1, price: 5.00", "one_form"),
        ("bundle, parts: [{pieces: 3}], cheapest: 4", "too_many_free"),
        ("bundle, parts: [{pieces: 0}], cheapest: 1", "bad_number"),
        ("bundle, parts: [], cheapest: 1", "too_few"),
        ("bundle, parts: [{goods: [none], pieces: 1}], cheapest: 1", "unknown_name"),
        ("coupon, campaign: none, expiry: 14 days", "unknown_name"),
    ],
)
def test_bundles_that_make_no_sense_are_refused(effect: str, fault: str) -> None:
    with pytest.raises(PackError) as refused:
        read_pack(pack_text(effect_rule("a", effect)))

    assert refused.value.fault == fault


def test_a_bundle_stands_in_a_group_of_the_receipt() -> None:
    with pytest.raises(PackError) as refused:
        read_pack(
            pack_text(THREE_FOR_TWO, tail=stacking("group: top, mode: best, children: [three]"))
        )

    assert refused.value.fault == "scope"


def test_a_pack_names_bundles_and_coupons() -> None:
    pack = read_pack(pack_text(TIE_AS_GIFT, ISSUE, tail=LISTS + COUPON))

    assert {"then.bundle", "then.coupon"} <= set(pack.requires) <= FEATURES
    assert load_canonical(canonical(pack)) == pack
