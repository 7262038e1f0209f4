"""Every cell of the shipped tables, on both sides of every band."""

from datetime import date

import pytest

from shared.basket import Goods, Line
from shared.member import DayCount, History, MemberView
from shared.receipt import Receipt
from shared.rules.evaluate import evaluate
from tests.golden.test_golden import pack_of
from tests.shared.rules.builders import ACCOUNT, MEMBER, MOMENT, line, receipt

LAST_QUARTER = date(2026, 2, 10)
GROUPS = ("pipes/copper", "heating", "sanitary/taps", "tools")
MOSCOW = {
    (0, 99_999_99): (3, 2, 4, 1),
    (100_000_00, 299_999_99): (5, 3, 6, 2),
    (300_000_00, 699_999_99): (7, 5, 9, 3),
    (700_000_00, 5_000_000_00): (10, 7, 12, 4),
}
PETERSBURG = {
    (0, 99_999_99): (2, 2, 3, 1),
    (100_000_00, 299_999_99): (4, 3, 5, 1),
    (300_000_00, 699_999_99): (6, 4, 8, 2),
    (700_000_00, 5_000_000_00): (9, 6, 11, 3),
}
PARTNERS = [
    (region, turnover, percents)
    for region, table in (("msk", MOSCOW), ("spb", PETERSBURG))
    for band, percents in table.items()
    for turnover in band
]
STEPS = [
    ("retail", "msk", [(4_999_99, 0), (5_000_00, 3), (19_999_99, 3), (20_000_00, 5)]),
    ("retail", "msk", [(49_999_99, 5), (50_000_00, 7)]),
    ("retail", "spb", [(4_999_99, 0), (5_000_00, 2), (19_999_99, 2), (20_000_00, 4)]),
    ("wholesale", "msk", [(49_999_99, 0), (50_000_00, 8), (149_999_99, 8), (150_000_00, 11)]),
    ("newcomer", "spb", [(1_00, 6), (500_000_00, 6)]),
]


def buyer(segment: str, turnover_minor: int = 0) -> MemberView:
    history = History(days=(DayCount(LAST_QUARTER, turnover_minor, 0, 1),))
    return MemberView(MEMBER, ACCOUNT, segments=frozenset({segment}), history=history)


def sold(region: str, *lines: Line) -> Receipt:
    bought = receipt(*lines)
    return Receipt(bought.uid, bought.store, bought.till, bought.lines, region=region)


@pytest.mark.capability("PLUMB-06")
@pytest.mark.parametrize(("region", "turnover", "percents"), PARTNERS)
def test_a_partner_s_benefit_is_of_his_turnover_and_the_goods(
    region: str, turnover: int, percents: tuple[int, ...]
) -> None:
    lines = [
        Line(no, Goods(f"sku-{no}", group=group), 1000, 100_00)
        for no, group in enumerate(GROUPS, start=1)
    ]

    found = evaluate(pack_of("plumbing"), buyer("partner", turnover), sold(region, *lines), MOMENT)

    assert [row.discount_minor for row in found.lines] == [percent * 100 for percent in percents]


@pytest.mark.capability("PLUMB-08")
@pytest.mark.parametrize(("segment", "region", "steps"), STEPS)
def test_a_buyer_s_discount_is_of_the_receipt_before_discounts(
    segment: str, region: str, steps: list[tuple[int, int]]
) -> None:
    for sum_minor, percent in steps:
        bought = sold(region, line(1, sum_minor))

        found = evaluate(pack_of("plumbing"), buyer(segment), bought, MOMENT)

        assert found.totals.discount_minor == (sum_minor * percent + 50) // 100
