"""Receipts of the old discount cards, with the discounts that were given then.

Ivan had a card of 10 %, Olga 7 %, Pavel 5 %, Elena 15 %; delicacies, accessories and collections
had none. By hand, rounded half up on the line:

    7001  1 249.00 x 10 % = 124.90; cheese 0
    7002  3 x 899.00 = 2 697.00 x 7 % = 188.79
    7003  2 x 1 033.33 = 2 066.66 x 5 % = 103.333 -> 103.33
    7004  2 590.00 x 15 % = 388.50; glasses 0
    7005  nobody
    7006  351.00 x 10 % = 35.10; the lowest price of vodka is of the year after
    7007  1 777.77 x 7 % = 124.4439 -> 124.44
    7008  a collection: 0
    7009  0.03 x 15 % = 0.0045 -> 0; 7010  0.04 x 15 % = 0.006 -> 0.01
"""

from pathlib import Path

import pytest

from shared.packs.backtest import replay
from shared.packs.sales_file import read_members, read_sales
from tests.golden.test_golden import pack_of

HERE = Path(__file__).parent / "wine"
SALES, MEMBERS = ((HERE / f"old_{name}.csv").read_text() for name in ("cards", "members"))


@pytest.mark.capability("WINE-12")
@pytest.mark.parametrize("trial", range(2), ids=["as it is", "twice"])
def test_the_old_receipts_come_out_with_the_old_discounts_and_with_points_on_top(
    trial: int,
) -> None:
    sales = list(read_sales(SALES, "Europe/Moscow"))

    found = replay(pack_of("wine"), sales * (1 + trial), read_members(MEMBERS))

    assert found.compared == 12 * (1 + trial)
    assert found.differences == []
    assert found.points > 0


@pytest.mark.capability("WINE-12")
def test_a_discount_that_is_another_by_a_kopeck_is_named() -> None:
    """124.91 was never so; and without his card Ivan would have the tier's 3 %, 37.47."""
    wrong = SALES.replace("1,124.90", "1,124.91")

    found = replay(pack_of("wine"), read_sales(wrong, "Europe/Moscow"), read_members(MEMBERS))
    without = replay(pack_of("wine"), read_sales(SALES, "Europe/Moscow"), {})

    assert [(one.receipt, one.was_minor, one.is_minor) for one in found.differences] == [
        ("7001", 124_91, 124_90)
    ]
    assert ("7001", 124_90, 37_47) in [
        (one.receipt, one.was_minor, one.is_minor) for one in without.differences
    ]
