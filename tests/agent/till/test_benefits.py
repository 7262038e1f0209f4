"""Prices, codes and benefits to choose, as a till asks for them."""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from msgspec import structs

from shared.wire.feed import GLOBAL
from tests.agent.till.kit import Json, Till, refusal
from tests.builders import Person, PersonLot, Shop, member_row, pack_row

PLUMBING = files("shared.rules").joinpath("examples/plumbing.yaml")
PIPE = {"sku": "PIPE", "price_minor": 185_50, "attributes": {"group": "pipes"}}
BASIN = {
    "sku": "BASIN",
    "price_minor": 8_750_00,
    "attributes": {"group": "sanitary", "floor_minor": 8_500_00},
}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A store of the plumbing programme."""
    made = Shop(tmp_path).open()
    made.drop_packs()
    made.feed(GLOBAL, pack_row(PLUMBING.read_text("utf-8")))
    yield made
    made.close()


def known(shop: Shop, segment: str, *, lots: tuple[PersonLot, ...] = ()) -> Person:
    """Make a member of a segment known, with his lots."""
    person = Person(*lots, number=shop.next_number())
    shop.member(person)
    shop.feed(GLOBAL, structs.replace(member_row(person), segments=(segment,)))
    return person


def bought(till: Till, who: Person | None, **more: object) -> Json:
    """12 pipes and a basin: the level `start` gives 3 % of 2 226.00 and 4 % of 8 750.00."""
    lines = [{"no": 1, "quantity": 12_000} | PIPE, {"no": 2, "quantity": 1000} | BASIN]
    return till.receipt(member=who, lines=lines, **more)


@pytest.mark.capability("PLUMB-07")
@pytest.mark.parametrize(
    ("take", "discounts"),
    [
        ({"mode": "discount"}, [66_78, 250_00]),
        ({"mode": "bonus"}, [0, 0]),
        ({"mode": "amount", "amount_minor": 100_00}, [16_02, 83_98]),
        ({"mode": "percent", "percent_bp": 2500}, [16_70, 87_50]),
    ],
)
@pytest.mark.parametrize("online", [True, False])
def test_a_benefit_is_taken_in_three_ways_and_a_return_reverses_both_parts(
    till: Till, shop: Shop, take: Json, discounts: list[int], online: bool
) -> None:
    """66.78 + 350.00 = 416.78; 100.00 of it by 66.78 : 350.00 = 16.0228.. and 83.9771..

    A quarter is 104.195 -> 104.20: 16.6962.. and 87.5037.. -> 16.70 and 87.50. The basin has
    250.00 to its floor.
    """
    shop.link.up = online
    benefits = [66_78, 350_00]
    partner = known(shop, "partner")
    receipt = bought(till, partner, take=take)

    quoted = till.quote(receipt)

    (told,) = quoted["entitlements"]
    assert told["amount_minor"] == 416_78
    assert told["discount_minor"] + told["bonus_minor"] == 416_78
    assert [row[1] for row in told["allocations"]] == discounts
    for row, benefit in zip(told["allocations"], benefits, strict=True):
        assert row[1] + row[2] == benefit
    till.sell(receipt)
    path = f"/v1/receipts/{receipt['uid']}/returns"
    back = till.answer(till.post(path, {"uid": till.uid(), "lines": [{"no": 2, "quantity": 1000}]}))
    assert back["money_minor"] == 8_750_00 - discounts[1]
    assert back["taken_points"] == benefits[1] - discounts[1]


def test_a_cashier_s_discount_and_a_code_are_priced_and_explained(till: Till, shop: Shop) -> None:
    buyer = known(shop, "newcomer")
    receipt = bought(till, buyer, promo_codes=["ремонт500", "нет такого"])
    receipt["lines"][0]["cashier_discount_minor"] = 26_00

    quoted = till.quote(receipt)

    assert [(e["kind"], e["rule"], e["amount"]) for e in quoted["effects"]] == [
        ("cashier", "", 26_00),
        ("discount", "newcomer", 132_00 + 250_00),
        ("discount", "code_500", 500_00),
    ]
    assert [code["kind"] for code in quoted["codes"]] == ["applied", "unknown"]


def test_a_line_tells_the_rows_of_the_fiscal_document(till: Till, shop: Shop) -> None:
    """12 pipes less 66.78: 2 159.22 is 6 x 179.93 and 6 x 179.94."""
    quoted = till.quote(bought(till, known(shop, "partner"), take={"mode": "discount"}))

    assert quoted["lines"][0]["rows"] == [[6000, 179_93], [6000, 179_94]]


@pytest.mark.edge("E13")
def test_every_line_tells_its_final_sum_for_the_tax(till: Till, shop: Shop) -> None:
    """500 points pay 500.00: what the tax is on is the line less its discount and its points."""
    partner = known(shop, "partner", lots=(PersonLot(50_000, leased=50_000),))
    redeem = {"mode": "maximum"}

    quoted = till.quote(bought(till, partner, take={"mode": "discount"}, redeem=redeem))

    for row in quoted["lines"]:
        reduced = row["discount_minor"] + row["redeemed_minor"]
        assert row["payable_minor"] == row["base_minor"] - reduced
        assert sum(count // 1000 * price for count, price in row["rows"]) == row["payable_minor"]
    assert sum(row["redeemed_minor"] for row in quoted["lines"]) == 500_00
    assert sum(row["payable_minor"] for row in quoted["lines"]) == 10_976_00 - 316_78 - 500_00


@pytest.mark.capability("WINE-04")
def test_a_published_mechanic_is_in_force_at_the_next_quote_without_a_restart(
    till: Till, shop: Shop
) -> None:
    receipt = bought(till, None)
    before = till.quote(receipt)
    mechanic = """rules:
  - id: dozen
    title: {ru: Каждая шестая труба даром, en: Every sixth pipe for nothing}
    if: {goods_in: [pipes]}
    then: [{effect: discount, percent: 100 %, nth: 6}]
"""
    text = PLUMBING.read_text("utf-8").replace("rules:\n", mechanic, 1)
    text = text.replace("version: 1", "version: 2").replace("children: [", "children: [dozen, ", 1)

    shop.feed(GLOBAL, pack_row(text))
    after = till.quote(receipt)

    assert before["totals"]["discount_minor"] == 0
    assert after["pack"]["version"] == "2"
    assert (after["applied"], after["totals"]["discount_minor"]) == (["dozen"], 2 * 185_50)


@pytest.mark.edge("E14")
@pytest.mark.parametrize(("weight", "stated"), [(734, 136_15), (734, 136_17), (734, 136_16)])
def test_a_kopeck_of_difference_is_told_and_ours_is_taken(
    till: Till, weight: int, stated: int
) -> None:
    """0.734 x 185.50 = 136.157 -> 136.16; another till rounds down, or to the wrong side."""
    line = {"no": 1, "quantity": weight, "sum_minor": stated} | PIPE
    receipt = till.receipt(lines=[line])

    quoted = till.quote(receipt)
    till.sell(receipt)

    assert quoted["totals"]["base_minor"] == 136_16
    trace = till.answer(till.get(f"/v1/receipts/{receipt['uid']}/trace"))
    told = [
        (step["before"], step["after"])
        for step in trace["steps"]
        if step["reason"]["code"] == "till_differs"
    ]
    assert told == ([] if stated == 136_16 else [(stated, 136_16)])


@pytest.mark.edge("E14")
@pytest.mark.parametrize("stated", [136_14, 136_18])
def test_more_than_the_tolerance_is_refused(till: Till, stated: int) -> None:
    line = {"no": 1, "quantity": 734, "sum_minor": stated} | PIPE

    assert refusal(till.post("/v1/quotes", till.receipt(lines=[line])), 422) == "till_differs"


def test_a_code_once_a_member_is_used_up_for_him_alone(till: Till, shop: Shop) -> None:
    """Offline too: the store counts what its own receipts have used."""
    shop.link.up = False
    buyer, other = known(shop, "retail"), known(shop, "retail")
    first = bought(till, buyer, promo_codes=["РЕМОНТ500"])
    till.sell(first)

    again = till.quote(bought(till, buyer, promo_codes=["РЕМОНТ500"]))
    of_other = till.quote(bought(till, other, promo_codes=["РЕМОНТ500"]))

    assert [(code["kind"], code["reason"]["code"]) for code in again["codes"]] == [
        ("used_up", "code_used_by_you")
    ]
    assert "code_500" not in again["applied"]
    assert [code["kind"] for code in of_other["codes"]] == ["applied"]
