"""Line sums and floors."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.basket import Goods, Line, piece_rows


@pytest.mark.edge("E05")
def test_weighed_goods_are_rounded_once_half_up_on_the_line() -> None:
    """0.734 kg x 459.00 = 336.906."""
    assert Line(1, Goods("cheese"), 734, 459_00).base_minor == 336_91


def test_a_floor_above_the_price_is_the_price() -> None:
    assert Line(1, Goods("wine", floor_minor=500_00), 2000, 400_00).floor_minor == 800_00


def test_a_floor_of_a_part_of_a_unit_is_rounded_up() -> None:
    assert Line(1, Goods("wine", floor_minor=100_01), 500, 400_00).floor_minor == 50_01


@pytest.mark.edge("E04")
def test_a_sum_that_pieces_cannot_share_equally_is_split_into_two_rows() -> None:
    assert piece_rows(289_70, 3000) == [(1000, 96_56), (2000, 96_57)]
    assert piece_rows(300_00, 3000) == [(3000, 100_00)]
    assert piece_rows(336_91, 734) == []


@given(st.integers(0, 10**9), st.integers(1, 10**4))
def test_the_rows_of_pieces_sum_to_the_line(sum_minor: int, pieces: int) -> None:
    rows = piece_rows(sum_minor, pieces * 1000)

    assert sum(quantity for quantity, _ in rows) == pieces * 1000
    assert sum(quantity // 1000 * price for quantity, price in rows) == sum_minor
    assert len(rows) <= 2


@given(st.integers(0, 10**8), st.integers(0, 10**8), st.integers(1, 10**6))
def test_a_floor_is_never_above_the_line(price: int, floor: int, quantity: int) -> None:
    line = Line(1, Goods("any", floor_minor=floor), quantity, price)

    assert 0 <= line.floor_minor <= line.base_minor
