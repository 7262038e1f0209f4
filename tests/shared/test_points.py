"""Points and what they pay."""

from hypothesis import given
from hypothesis import strategies as st

from shared.points import floor_to, points_for, worth

POINTS = st.integers(0, 10**9)
VALUES = st.integers(1, 10**4)


@given(POINTS, st.integers(1, 10**4))
def test_flooring_keeps_less_than_one_unit_back(points: int, unit: int) -> None:
    floored = floor_to(points, unit)

    assert floored % unit == 0
    assert 0 <= points - floored < unit


@given(POINTS, VALUES)
def test_the_points_for_an_amount_never_pay_more_than_it(amount_minor: int, value: int) -> None:
    points = points_for(amount_minor, value)

    assert worth(points, value) <= amount_minor


def test_a_point_of_one_ruble_pays_a_kopeck_by_the_hundredth() -> None:
    assert worth(123_45, 100) == 123_45
    assert points_for(123_45, 100) == 123_45


def test_a_point_of_half_a_ruble_pays_half() -> None:
    assert worth(100_00, 50) == 50_00
    assert points_for(50_00, 50) == 100_00
