"""Goods come back after the last day of the points that they had earned: what the slip says of
those that have burnt is what the centre posts."""

from collections.abc import Callable

import pytest

from agent.quote.lines import Item
from central.leases import expiry
from shared.receipt import Redeem
from tests.central.chain_kit import balance
from tests.chain.kit import Chain

DAY_S = 86_400
CHEESE_MINOR, EARNED, OTHER = 1_000_00, 30_00, 100_00


def soon(policy: str) -> Callable[[str], str]:
    """The wine pack, later, whose points live three days."""
    return lambda text: (
        text.replace("version: 1\n", "version: 2\n").replace("expiry: 12 months", "expiry: 3 days")
        + f"\n  {policy}\n"
    )


@pytest.mark.parametrize(
    ("policy", "spent", "money", "debt"),
    [
        ("spent_points: debt", 0, CHEESE_MINOR, 0),
        ("spent_points: debt", 15_00, CHEESE_MINOR, 15_00),
        ("spent_points: take_from_refund", 0, CHEESE_MINOR, 0),
        ("spent_points: take_from_refund", 15_00, CHEESE_MINOR - 15_00, 0),
        ("claw_back: unlimited", 0, CHEESE_MINOR, 0),
    ],
)
def test_what_has_burnt_is_no_debt_and_lowers_neither_the_refund_nor_other_points(
    chain: Chain, policy: str, spent: int, money: int, debt: int
) -> None:
    chain.publish(soon(policy))
    anna, here = chain.member(OTHER), chain.stores[0]
    assert anna.account is not None
    claim = here.sell(member=anna.member)
    chain.sync()
    chain.world.time.pass_by(DAY_S + 3_600)
    if spent:
        here.sell(
            Item(1, 1000, "CHEESE"), member=anna.member, redeem=Redeem.EXACT, redeem_points=spent
        )
    chain.sync()
    chain.world.time.pass_by(9 * DAY_S)
    for _ in range(2):
        expiry.run(chain.centre, chain.centre.clock.now())
        chain.sync()

    back = here.take_back(claim)
    chain.sync()

    assert (back.money_minor, back.debt_points) == (money, debt)
    assert chain.debts() == ([debt] if debt else [])
    assert balance(chain.centre, anna.account) == OTHER


def test_what_came_back_before_is_no_part_of_what_has_burnt(chain: Chain) -> None:
    """20 of 60 points are spent: of two returns of 30 each the first finds 40, the other 10."""
    chain.publish(soon("spent_points: debt"))
    anna, here = chain.member(OTHER), chain.stores[0]
    claim = here.sell(Item(1, 2000, "CHEESE"), member=anna.member)
    chain.sync()
    chain.world.time.pass_by(DAY_S + 3_600)
    here.sell(Item(1, 1000, "CHEESE"), member=anna.member, redeem=Redeem.EXACT, redeem_points=20_00)
    chain.sync()
    chain.world.time.pass_by(9 * DAY_S)
    for _ in range(2):
        expiry.run(chain.centre, chain.centre.clock.now())
        chain.sync()

    owed = [here.take_back(claim).debt_points for _ in range(2)]
    chain.sync()

    assert owed == [0, 20_00]
    assert chain.debts() == [20_00]
