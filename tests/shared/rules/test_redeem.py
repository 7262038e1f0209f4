"""Paying with points: shares, floors, what is closed, and how the limits are explained."""

import pytest

from shared.basket import Flag, Goods
from shared.money import NO_BREAK_SPACE
from shared.receipt import Redeem
from shared.rules.evaluate import evaluate
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

NOT_SALE = "{not: {flag_in: [sale]}}"


def _paid(*lines: object, effect: str = "percent: 70 %", condition: str = "") -> Evaluation:
    pack = compiled(pack_text(redeem_rule("pay", effect, condition)))
    bought = receipt(*lines, redeem=Redeem.MAXIMUM)  # type: ignore[arg-type]
    return evaluate(pack, member(lot(1, 100_000_00)), bought, MOMENT)


def _limits(found: Evaluation) -> dict[str, str]:
    limits = found.redemption.limits
    return {limit.code: limit.ru.replace(NO_BREAK_SPACE, " ") for limit in limits}


@pytest.mark.edge("E17")
@pytest.mark.capability("SPIRITS-19")
def test_a_share_of_70_percent_meets_a_floor() -> None:
    """70 % of 400 + 1 000 is 980; vodka may lose 51 of its 280, so wine takes 929."""
    vodka = line(1, 400_00, goods("spirits/vodka", floor_minor=349_00))

    found = _paid(vodka, line(2, 1000_00))

    assert [row.redeemed_minor for row in found.lines] == [51_00, 929_00]
    assert _limits(found)["share_cap"].endswith("не больше 70 % от 1 400 ₽, то есть 980 ₽")


@pytest.mark.edge("E18")
@pytest.mark.capability("FASHION-12")
@pytest.mark.parametrize(
    ("base", "points"), [("eligible_lines", 1200_00), ("whole_receipt", 2000_00)]
)
def test_a_share_is_of_the_eligible_lines_or_of_all_but_never_on_sale_goods(
    base: str, points: int
) -> None:
    sale = line(2, 4000_00, goods(flags=[Flag.SALE]))

    found = _paid(
        line(1, 6000_00), sale, effect=f"percent: 20 %, share_base: {base}", condition=NOT_SALE
    )

    assert found.redemption.redeemed == points
    assert [row.redeemed_minor for row in found.lines] == [points, 0]


def test_sale_goods_earn_nothing_and_the_rest_of_the_receipt_is_unaffected() -> None:
    pack = compiled(pack_text(earn_rule("earn", EARN, NOT_SALE)))
    sale = line(2, 4000_00, goods(flags=[Flag.SALE]))

    found = evaluate(pack, member(), receipt(line(1, 6000_00), sale), MOMENT)

    assert [row.earned_points for row in found.lines] == [300_00, 0]


@pytest.mark.capability("FASHION-12")
def test_a_share_with_kopecks_is_rounded_down() -> None:
    """20 % of 999.99 is 199.998: 199.99 by the share, and whole points only."""
    found = _paid(line(1, 999_99), effect="percent: 20 %")

    assert found.redemption.redeemed == 199_00
    assert "199,99" in _limits(found)["share_cap"]
    assert "redeeming_unit" in _limits(found)


def test_the_share_is_taken_of_sums_after_discounts() -> None:
    pack = compiled(pack_text(discount_rule("off", "10 %"), redeem_rule("pay", "percent: 20 %")))

    found = evaluate(
        pack, member(lot(1, 9000_00)), receipt(line(1, 1000_00), redeem=Redeem.MAXIMUM), MOMENT
    )

    assert found.redemption.redeemed == 180_00


@pytest.mark.edge("E19")
@pytest.mark.parametrize(("by", "points"), [("goods", 0), ("discount_given", 350_00)])
def test_a_line_is_closed_by_its_goods_or_by_a_discount_that_was_given(
    by: str, points: int
) -> None:
    """The card covers wine, at a percent of zero for this member."""
    pack = compiled(
        pack_text(
            discount_rule("card", "0 %", "{all: [{member: known}, {group_in: [wine]}]}"),
            redeem_rule("pay", f"percent: 70 %, complement_of: card, complement_by: {by}"),
        )
    )

    found = evaluate(
        pack, member(lot(1, 9000_00)), receipt(line(1, 500_00), redeem=Redeem.MAXIMUM), MOMENT
    )

    assert found.redemption.redeemed == points


def test_a_line_stays_closed_to_points_while_its_discount_waits_for_its_day() -> None:
    """What a discount rule says of goods counts, not when or for whom it is open."""
    card = discount_rule("card", "10 %", "{all: [{tier_in: [high]}, {group_in: [wine]}]}")
    pay = redeem_rule("pay", "percent: 70 %, complement_of: card")
    bought = receipt(line(1, 500_00), line(2, 100_00, goods("food")), redeem=Redeem.MAXIMUM)

    found = evaluate(compiled(pack_text(card, pay)), member(lot(1, 9000_00)), bought, MOMENT)

    assert [row.redeemed_minor for row in found.lines] == [0, 70_00]


def test_unknown_goods_earn_and_are_discounted_but_take_no_points() -> None:
    rules = (discount_rule("off", "10 %"), redeem_rule("pay", "percent: 50 %"), earn_rule("earn"))
    unknown = line(1, 1000_00, Goods("?", known=False))

    found = evaluate(
        compiled(pack_text(*rules)),
        member(lot(1, 9000_00)),
        receipt(unknown, redeem=Redeem.MAXIMUM),
        MOMENT,
    )

    row = found.lines[0]
    assert (row.discount_minor, row.redeemed_minor, row.earned_points) == (100_00, 0, 45_00)


@pytest.mark.edge("E15")
@pytest.mark.edge("E20")
@pytest.mark.edge("E24")
@pytest.mark.parametrize("flag", [Flag.TOBACCO, Flag.CERTIFICATE, Flag.SERVICE])
def test_no_rule_opens_what_the_kernel_bans(flag: Flag) -> None:
    rules = (discount_rule("off", "50 %"), redeem_rule("pay", "percent: 100 %"), earn_rule("earn"))
    banned = line(1, 1000_00, goods("any", flags=[flag]))

    found = evaluate(
        compiled(pack_text(*rules)),
        member(lot(1, 9000_00)),
        receipt(banned, line(2, 10_00), redeem=Redeem.MAXIMUM),
        MOMENT,
    )

    assert [row.payable_minor for row in found.lines] == [1000_00, 0]
    assert found.totals.earned_points == 0
    assert found.redemption.programme_maximum == 5_00
    assert found.trace[0].reason.code == f"ban_{flag}"


def test_points_of_another_wallet_do_not_pay() -> None:
    pack = compiled(pack_text(redeem_rule("pay", "percent: 50 %")))
    owner = member(lot(1, 150_00, wallet="gift"), lot(2, 30_00))

    found = evaluate(pack, owner, receipt(line(1, 400_00), redeem=Redeem.MAXIMUM), MOMENT)

    assert [(draw.lot, draw.amount) for draw in found.redemption.draws] == [
        (owner.lots[1].id, 30_00)
    ]


def test_a_request_above_the_maximum_is_clamped_and_says_so() -> None:
    pack = compiled(pack_text(redeem_rule("pay", "percent: 50 %")))
    asked = receipt(line(1, 400_00), redeem=Redeem.EXACT, points=300_00)

    found = evaluate(pack, member(lot(1, 9000_00)), asked, MOMENT)

    assert (found.redemption.requested, found.redemption.redeemed) == (300_00, 200_00)
    assert _limits(found)["clamped"] == "Запрошено 300, спишется 200 бонусов"
    told = "300 asked for, 200 points will be taken"
    assert found.redemption.limits[0].en.replace(NO_BREAK_SPACE, " ") == told


def test_the_programme_s_maximum_is_told_apart_from_what_the_member_has() -> None:
    pack = compiled(pack_text(redeem_rule("pay", "percent: 50 %")))
    asked = receipt(line(1, 400_00), redeem=Redeem.MAXIMUM)

    found = evaluate(pack, member(lot(1, 150_00)), asked, MOMENT)

    assert (found.redemption.maximum, found.redemption.programme_maximum) == (150_00, 200_00)
    assert _limits(found)["balance"] == "Доступно 150 бонусов"


@pytest.mark.parametrize(
    ("lots", "code"), [((), "nothing_spendable"), ((lot(1, 99),), "nothing_spendable")]
)
def test_less_than_one_redeeming_unit_is_nothing_to_spend(
    lots: tuple[object, ...], code: str
) -> None:
    pack = compiled(pack_text(redeem_rule("pay", "percent: 50 %")))

    found = evaluate(
        pack,
        member(*lots),  # type: ignore[arg-type]
        receipt(line(1, 400_00), redeem=Redeem.MAXIMUM),
        MOMENT,
    )

    assert code in _limits(found)
    assert found.redemption.redeemed == 0


def test_a_point_of_another_value_pays_by_its_value() -> None:
    """A point is worth 0.50 and moves in tens: 50 % of 99.00 is 49.50, 99 points, 90 of them."""
    text = pack_text(redeem_rule("pay", "percent: 50 %")).replace(
        "bonus: {", "bonus: {point_value: 0.50, redeeming_unit: 10.00, "
    )

    found = evaluate(
        compiled(text),
        member(lot(1, 500_00)),
        receipt(line(1, 66_00), line(2, 33_00), redeem=Redeem.MAXIMUM),
        MOMENT,
    )

    assert found.redemption.redeemed == 90_00
    assert [row.redeemed_minor for row in found.lines] == [30_00, 15_00]
    assert [row.redeemed_points for row in found.lines] == [60_00, 30_00]


def test_a_programme_without_a_rule_of_payment_takes_no_points() -> None:
    found = evaluate(
        compiled(pack_text()),
        member(lot(1, 500_00)),
        receipt(line(1, 66_00), redeem=Redeem.MAXIMUM),
        MOMENT,
    )

    assert list(_limits(found)) == ["redeem_closed"]


def test_the_first_rule_that_fits_a_line_governs() -> None:
    pack = compiled(
        pack_text(
            redeem_rule("food", "percent: 90 %", "{group_in: [food]}"),
            redeem_rule("high", "percent: 70 %", "{tier_in: [high]}"),
            redeem_rule("all", "percent: 20 %"),
        )
    )
    bought = receipt(line(1, 100_00), redeem=Redeem.MAXIMUM)

    base = evaluate(pack, member(lot(1, 500_00)), bought, MOMENT)
    high = evaluate(pack, member(lot(1, 500_00), turnover_minor=1000_00), bought, MOMENT)

    assert (base.redemption.redeemed, high.redemption.redeemed) == (20_00, 70_00)
