"""What a refund pays for of points that are missing: exact, and never more than the refund."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some

from shared.points import worth
from shared.rules.faults import PackError
from shared.rules.features import used_features
from shared.rules.pack import read_pack
from shared.rules.result import Draw
from shared.rules.returns import withhold
from tests.builders import wine_text

ACCOUNT, FIRST, SECOND = UUID(int=1), UUID(int=2), UUID(int=3)


def missing(*amounts: int) -> list[Draw]:
    return [
        Draw(lot, ACCOUNT, amount) for lot, amount in zip((FIRST, SECOND), amounts, strict=False)
    ]


def test_a_refund_that_covers_them_pays_for_all() -> None:
    lots = missing(20_00, 5_00)

    assert withhold(45_00, lots, {FIRST: 100, SECOND: 500}) == tuple(lots)


def test_a_small_refund_pays_lot_by_lot_until_nothing_is_left() -> None:
    paid = withhold(30_00, missing(20_00, 5_00), {FIRST: 100, SECOND: 500})

    assert [draw.amount for draw in paid] == [20_00, 2_00]


def test_no_refund_pays_for_nothing() -> None:
    assert withhold(0, missing(20_00), {FIRST: 100}) == ()


@given(
    refund=some.integers(0, 10_000),
    amounts=some.lists(some.integers(1, 10_000), min_size=1, max_size=2),
    values=some.tuples(some.integers(1, 700), some.integers(1, 700)),
)
def test_what_is_withheld_is_within_the_refund_and_the_missing_points(
    refund: int, amounts: list[int], values: tuple[int, int]
) -> None:
    lots, by_lot = missing(*amounts), dict(zip((FIRST, SECOND), values, strict=True))

    paid = withhold(refund, lots, by_lot)

    asked = {draw.lot: draw.amount for draw in lots}
    assert all(0 < draw.amount <= asked[draw.lot] for draw in paid)
    withheld = sum(worth(draw.amount, by_lot[draw.lot]) for draw in paid)
    wanted = sum(worth(draw.amount, by_lot[draw.lot]) for draw in lots)
    assert withheld <= refund
    if wanted <= refund:
        assert withheld == wanted


@pytest.mark.parametrize(
    ("policy", "asks"), [("debt", False), ("take_from_refund", True), ("forgive", True)]
)
def test_a_pack_that_does_not_owe_asks_it_of_the_kernel(policy: str, asks: bool) -> None:
    pack = read_pack(f"{wine_text()}\n  spent_points: {policy}\n")

    assert ("spent_points" in used_features(pack)) is asks


def test_no_other_policy_is_known() -> None:
    with pytest.raises(PackError) as refused:
        read_pack(f"{wine_text()}\n  spent_points: keep\n")

    assert refused.value.path == "policies.spent_points"
