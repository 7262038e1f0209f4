"""Earning by tables, numbers and multipliers, its limits; paying from several wallets."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from shared.basket import Flag
from shared.member import MemberView
from shared.receipt import Receipt, Redeem
from shared.rules.evaluate import evaluate
from shared.rules.moment import Moment
from shared.rules.pack import PackError, canonical, load_canonical, read_pack
from shared.rules.result import Evaluation
from shared.rules.terms import expiry, read_expiry
from tests.shared.rules.builders import (
    HEAD,
    LONG_AGO,
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

TERMS = "activation: at once, expiry: 6 months"
FRIEND = UUID(int=77)
TABLES = """
lists:
  wines: {groups: [wine]}
  cheeses: {groups: [delicacy]}
tables:
  bonus:
    by: tier
    columns: [wines, cheeses, rest]
    rows:
      - {tier: base, percents: [3 %, 5 %, 1 %]}
      - {tier: high, percents: [4 %, 7 %, 2 %]}
  price:
    by: tier
    columns: [wines, rest]
    rows:
      - {tier: base, percents: [2 %, 1 %]}
      - {tier: high, percents: [10 %, 5 %]}
  pay:
    by: tier
    columns: [wines, cheeses]
    rows:
      - {tier: base, percents: [10 %, 20 %]}
      - {tier: high, percents: [30 %, 50 %]}
"""
WALLETS = HEAD.replace(
    "  bonus: {title: {ru: Бонусы, en: Points}}\n",
    "  bonus: {title: {ru: Бонусы, en: Points}}\n  gift: {title: {ru: Подарок, en: Gift}}\n",
)
BASKET = (
    line(1, 1000_00, goods("wine/red")),
    line(2, 500_00, goods("delicacy/cheese")),
    line(3, 300_00, goods("paper")),
)


def earn_text(rule: str, effect: str, condition: str = "") -> str:
    return earn_rule(rule, f"{{effect: earn, wallet: bonus, {TERMS}, {effect}}}", condition)


def times_text(rule: str, times: str, condition: str = "") -> str:
    return earn_rule(rule, f"{{effect: earn_times, wallet: bonus, times: {times}}}", condition)


def run(text: str, what: Receipt, who: MemberView | None = None) -> Evaluation:
    return evaluate(compiled(text), who or member(), what, MOMENT)


def earned(found: Evaluation) -> list[int]:
    return [row.earned_points for row in found.lines]


@pytest.mark.capability("WINE-11")
@pytest.mark.parametrize(
    ("turnover_minor", "discounts", "points"),
    [
        (0, [20_00, 5_00, 3_00], [29_40, 24_75, 2_85]),
        (1000_00, [100_00, 25_00, 15_00], [36_00, 33_25, 5_70]),
    ],
)
def test_a_tier_carries_a_discount_table_and_an_accrual_table_by_goods(
    turnover_minor: int, discounts: list[int], points: list[int]
) -> None:
    """base: 3 % of 980.00 is 29.40, 5 % of 495.00 is 24.75, 1 % of 297.00 is 2.97: 57.12, 57 whole.

    57 x 29.40 / 57.12 = 29.3382, 57 x 24.75 / 57.12 = 24.6980, 57 x 2.97 / 57.12 = 2.9638; the
    two hundredths left go to the largest remainders: 29.34 (.82), 24.70 (.80), 2.96 (.38).
    high: 4 % of 900.00 is 36.00, 7 % of 475.00 is 33.25, 2 % of 285.00 is 5.70: 74.95, 74 whole.
    """
    text = pack_text(
        discount_rule("off", "1 %").replace("percent: 1 %", "table: price"),
        earn_text("back", "table: bonus"),
        tail=TABLES,
    )

    found = run(text, receipt(*BASKET), member(turnover_minor=turnover_minor))

    assert [row.discount_minor for row in found.lines] == discounts
    whole = sum(points) // 100 * 100
    if turnover_minor:
        assert earned(found) == [35_54, 32_83, 5_63]
    else:
        assert earned(found) == [29_34, 24_70, 2_96]
    assert sum(earned(found)) == whole


def test_a_number_of_points_is_spread_over_the_lines_that_fit() -> None:
    text = pack_text(earn_text("gift", "points: 100.00", "{group_in: [wine, delicacy]}"))

    found = run(text, receipt(*BASKET))

    assert earned(found) == [66_67, 33_33, 0]
    assert [grant.amount for grant in found.grants] == [100_00]


def test_points_for_each_unit_count_units() -> None:
    text = pack_text(earn_text("each", "points_each: 10.00", "{group_in: [wine]}"))

    found = run(text, receipt(line(1, 100_00, quantity=3000), line(2, 50_00, goods("paper"))))

    assert earned(found) == [30_00, 0]


def test_nothing_is_earned_by_what_costs_nothing() -> None:
    text = pack_text(
        discount_rule("off", "100 %"),
        earn_text("gift", "points: 100.00"),
        earn_text("each", "points_each: 10.00"),
    )

    assert run(text, receipt(*BASKET)).grants == ()


def test_a_multiplier_acts_on_percents_of_its_lines_and_the_largest_counts() -> None:
    text = pack_text(
        earn_text("back", "percent: 5 %"),
        earn_text("fixed", "points: 10.00", "{group_in: [paper]}"),
        times_text("double", "2", "{group_in: [wine, delicacy]}"),
        times_text("triple", "3", "{group_in: [wine]}"),
    )

    found = run(text, receipt(*BASKET))

    assert earned(found) == [150_00, 50_00, 25_00]
    assert found.applied == ("back", "fixed", "double", "triple")
    lone = run(text, receipt(BASKET[0]))
    assert [(one.rule, one.reason.code) for one in lone.rejected] == [
        ("double", "outweighed_times")
    ]


def test_one_and_a_half_times_is_exact_and_rounds_once() -> None:
    """1.5 x 5 % of 19.00 and of 8.00: 1.425 + 0.60 = 2.025, two whole points."""
    text = pack_text(earn_text("back", "percent: 5 %"), times_text("more", "1.5"))

    assert sum(earned(run(text, receipt(line(1, 19_00), line(2, 8_00))))) == 2_00


def test_a_limit_holds_for_its_rule_alone_and_says_so() -> None:
    text = pack_text(
        earn_text("back", "percent: 10 %, at_most: 50.00"),
        earn_text("more", "percent: 1 %"),
    )

    found = run(text, receipt(*BASKET))

    assert sum(earned(found)) == 50_00 + 18_00
    steps = [(step.rule, step.before, step.after) for step in found.trace]
    assert ("back", 180_00, 50_00) in steps
    assert [step.reason.code for step in found.trace].count("earn_limit") == 1


def test_wallets_kinds_and_terms_are_lots_of_their_own() -> None:
    fast = "{effect: earn, wallet: bonus, kind: fast, percent: 5 %, "
    fast += "activation: at once, expiry: 7 days}"
    gift = fast.replace("wallet: bonus, kind: fast", "wallet: gift").replace("7 days", "never")
    text = pack_text(
        earn_text("back", "percent: 5 %"),
        earn_rule("fast", fast),
        earn_rule("gift", gift),
        head=WALLETS,
    )

    found = run(text, receipt(line(1, 1000_00)))

    assert [(one.wallet, one.kind, one.amount, one.expires_on) for one in found.grants] == [
        ("bonus", "purchase", 50_00, date(2026, 10, 10)),
        ("bonus", "fast", 50_00, date(2026, 4, 17)),
        ("gift", "purchase", 50_00, None),
    ]


@pytest.mark.capability("PLUMB-27")
@pytest.mark.parametrize(
    ("text", "day", "last"),
    [
        ("12 months", "2026-04-10", "2027-04-10"),
        ("1 month", "2026-01-31", "2026-02-28"),
        ("6 months", "2027-08-31", "2028-02-29"),
        ("10 days", "2026-02-20", "2026-03-02"),
        ("end of month", "2028-02-01", "2028-02-29"),
        ("end of quarter", "2026-04-01", "2026-06-30"),
        ("end of quarter", "2026-12-31", "2026-12-31"),
        ("end of year", "2026-01-01", "2026-12-31"),
        ("2026-12-31", "2026-04-10", "2026-12-31"),
    ],
)
def test_points_live_a_time_to_the_end_of_a_period_or_to_a_day(
    text: str, day: str, last: str
) -> None:
    moment = Moment(datetime.fromisoformat(f"{day}T09:00").replace(tzinfo=UTC), "Europe/Moscow")

    assert expiry(read_expiry(text), moment) == date.fromisoformat(last)


def test_who_brought_the_member_earns_on_his_purchases() -> None:
    text = pack_text(
        earn_text("back", "percent: 5 %"), earn_text("friend", "percent: 2 %, to: referrer")
    )

    found = run(text, receipt(line(1, 1000_00)), replace(member(), referrer=FRIEND))
    alone = run(text, receipt(line(1, 1000_00)))

    assert [(one.rule, one.amount, one.account) for one in found.grants] == [
        ("back", 50_00, None),
        ("friend", 20_00, FRIEND),
    ]
    assert found.totals.earned_points == 50_00
    assert [(one.rule, one.reason.code) for one in alone.rejected] == [("friend", "no_referrer")]


def wallets_text(*extra: str) -> str:
    gift = redeem_rule("gift", "percent: 100 %, at_most: 100.00").replace(
        "wallet: bonus", "wallet: gift"
    )
    return pack_text(gift, redeem_rule("pay", "percent: 20 %"), *extra, head=WALLETS)


@pytest.mark.capability("FASHION-45")
def test_gift_points_pay_first_up_to_their_own_cap_and_the_others_after_them() -> None:
    """Gift points pay 100.00 of 1 000.00; of the whole 1 000.00, 20 % more are 200.00."""
    who = member(lot(1, 500_00), lot(2, 300_00, wallet="gift"))
    asked = receipt(line(1, 1000_00), redeem=Redeem.MAXIMUM)

    found = run(wallets_text(), asked, who)

    draws = [(draw.lot.int - 100, draw.amount) for draw in found.redemption.draws]
    assert draws == [(2, 100_00), (1, 200_00)]
    assert found.totals.redeemed_minor == 300_00
    assert found.redemption.maximum == found.redemption.programme_maximum == 300_00
    assert [effect.rule for effect in found.effects] == ["gift", "pay"]


@pytest.mark.parametrize(("asked", "gift", "bonus"), [(40_00, 40_00, 0), (150_00, 100_00, 50_00)])
def test_a_requested_number_is_taken_from_wallets_in_declared_order(
    asked: int, gift: int, bonus: int
) -> None:
    who = member(lot(1, 500_00), lot(2, 300_00, wallet="gift"))
    wanted = receipt(line(1, 1000_00), redeem=Redeem.EXACT, points=asked)

    found = run(wallets_text(), wanted, who)

    taken = {draw.lot.int - 100: draw.amount for draw in found.redemption.draws}
    assert (taken.get(2, 0), taken.get(1, 0)) == (gift, bonus)
    assert found.redemption.maximum == 300_00


def test_wallets_together_never_go_below_a_floor() -> None:
    vodka = goods("vodka", flags=[Flag.ALCOHOL], floor_minor=349_00)
    text = wallets_text().replace("percent: 20 %", "percent: 70 %")
    who = member(lot(1, 500_00), lot(2, 40_00, wallet="gift"))

    found = run(text, receipt(line(1, 400_00, vodka), redeem=Redeem.MAXIMUM), who)

    assert found.totals.payable_minor == 349_00
    assert found.redemption.redeemed == 51_00


def test_each_line_has_its_share_by_tier_and_goods() -> None:
    """base pays 10 % of wine, 100.00, and 20 % of cheese, 100.00; paper has no column."""
    text = pack_text(redeem_rule("pay", "table: pay, share_base: each_line"), tail=TABLES)
    asked = receipt(*BASKET, redeem=Redeem.MAXIMUM)

    low = run(text, asked, member(lot(1, 900_00)))
    high = run(text, asked, member(lot(1, 900_00), turnover_minor=1000_00))

    assert [row.redeemed_minor for row in low.lines] == [100_00, 100_00, 0]
    assert [row.redeemed_minor for row in high.lines] == [300_00, 250_00, 0]
    assert [limit.code for limit in low.redemption.limits] == ["line_share"]


def test_a_limit_of_points_a_receipt_is_said() -> None:
    text = pack_text(redeem_rule("pay", "percent: 50 %, at_most: 30.00"))

    found = run(text, receipt(line(1, 1000_00), redeem=Redeem.MAXIMUM), member(lot(1, 900_00)))

    assert found.redemption.redeemed == 30_00
    assert [limit.code for limit in found.redemption.limits] == ["share_cap", "redeem_limit"]


@pytest.mark.capability("FASHION-14")
def test_sale_goods_neither_earn_nor_are_paid_with_points_and_the_rest_does() -> None:
    not_sale = "{not: {flag_in: [sale]}}"
    text = pack_text(
        redeem_rule("pay", "percent: 20 %", not_sale), earn_text("back", "percent: 5 %", not_sale)
    )
    sale = line(1, 4000_00, goods("dress", flags=[Flag.SALE]))
    asked = receipt(sale, line(2, 6000_00, goods("coat")), redeem=Redeem.MAXIMUM)

    found = run(text, asked, member(lot(1, 9000_00)))

    assert [(row.redeemed_minor, row.earned_points) for row in found.lines] == [
        (0, 0),
        (1200_00, 240_00),
    ]


@pytest.mark.edge("E27")
@pytest.mark.parametrize(
    ("zone", "spendable"), [("Europe/Kaliningrad", 100_00), ("Asia/Vladivostok", 0)]
)
def test_the_last_day_of_a_lot_is_that_of_the_store(zone: str, spendable: int) -> None:
    """At 18:00 UTC of 31.12 it is 20:00 in Kaliningrad and 04:00 of 01.01 in Vladivostok."""
    text = pack_text(redeem_rule("pay", "percent: 50 %"))
    who = member(lot(1, 100_00, expires_on=date(2026, 12, 31), activates_at=LONG_AGO))
    moment = Moment(datetime(2026, 12, 31, 18, tzinfo=UTC), zone)

    found = evaluate(compiled(text), who, receipt(line(1, 1000_00)), moment)

    assert found.redemption.maximum == spendable


@pytest.mark.parametrize(
    ("rule", "path", "fault"),
    [
        (earn_text("e", "percent: 5 %, points: 1.00"), "rules.0.then.0.earn", "one_percent"),
        (earn_text("e", "table: none"), "rules.0.then.0.table", "unknown_name"),
        (times_text("t", "0"), "rules.0.then.0.earn_times.times", "bad_number"),
        (times_text("t", "101"), "rules.0.then.0.earn_times.times", "bad_number"),
        (redeem_rule("r", "table: pay"), "rules.0.then.0.redeem", "table_by_line"),
        (redeem_rule("r", "at_most: 1.00"), "rules.0.then.0.redeem", "one_percent"),
    ],
)
def test_points_that_make_no_sense_are_refused(rule: str, path: str, fault: str) -> None:
    with pytest.raises(PackError) as refused:
        read_pack(pack_text(rule, tail=TABLES))

    assert (refused.value.path, refused.value.fault) == (path, fault)


def test_wallets_of_two_values_do_not_pay_together() -> None:
    text = wallets_text().replace("en: Gift}}", "en: Gift}, point_value: 2.00}")

    with pytest.raises(PackError) as refused:
        read_pack(text)

    assert refused.value.fault == "several_values"


def test_what_is_used_is_required_and_reads_back() -> None:
    text = wallets_text(earn_text("friend", "percent: 2 %, to: referrer, at_most: 5.00"))
    pack = read_pack(text)

    assert load_canonical(canonical(pack)) == pack
    assert {"then.earn.to", "then.earn.at_most", "then.redeem.at_most"} <= set(pack.requires)
    assert b"share_base" not in canonical(pack)
