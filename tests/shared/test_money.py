"""Kopecks, percents and exact allocation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.money import allocate, format_money, round_half_up, share_of

AMOUNTS = st.integers(0, 10**9)
PLACES = st.lists(st.tuples(AMOUNTS, AMOUNTS), max_size=30)


@given(st.integers(-(10**12), 10**12), st.integers(1, 10**6))
def test_rounding_goes_to_the_nearest_and_half_goes_away_from_zero(over: int, under: int) -> None:
    rounded = round_half_up(over, under)

    assert 2 * abs(rounded * under - over) <= under
    assert rounded == -round_half_up(-over, under)


@pytest.mark.parametrize(
    ("amount_minor", "rate_bp", "expected"),
    [(3333, 700, 233), (9999, 700, 700), (50, 100, 1), (49, 100, 0), (0, 10_000, 0)],
)
def test_a_percent_is_rounded_half_up_to_a_kopeck(
    amount_minor: int, rate_bp: int, expected: int
) -> None:
    assert share_of(amount_minor, rate_bp) == expected


@given(AMOUNTS, PLACES)
def test_parts_sum_to_the_total_or_to_all_that_fits(
    total: int, places: list[tuple[int, int]]
) -> None:
    weights, ceilings = [w for w, _ in places], [c for _, c in places]

    parts = allocate(total, weights, ceilings)

    fits = sum(ceiling for weight, ceiling in places if weight)
    assert sum(parts) == min(total, fits)
    assert all(0 <= part <= ceiling for part, ceiling in zip(parts, ceilings, strict=True))
    assert all(part == 0 for part, weight in zip(parts, weights, strict=True) if not weight)


@given(AMOUNTS, st.lists(st.integers(1, 10**9), min_size=1, max_size=30))
def test_no_part_is_a_kopeck_or_more_from_its_exact_share(total: int, weights: list[int]) -> None:
    parts = allocate(total, weights, [total] * len(weights))

    whole = sum(weights)
    assert all(abs(p * whole - total * w) < whole for p, w in zip(parts, weights, strict=True))


@given(AMOUNTS, PLACES)
def test_every_round_spreads_what_is_left_over_the_places_that_have_room(
    total: int, places: list[tuple[int, int]]
) -> None:
    """The definition, round by round."""
    parts, rest = [0] * len(places), total
    while rest:
        live = [i for i, (weight, most) in enumerate(places) if weight and parts[i] < most]
        if not live:
            break
        whole, round_total = sum(places[i][0] for i in live), rest
        wanted = {i: round_total * places[i][0] // whole for i in live}
        nearest = sorted(live, key=lambda i: (-(round_total * places[i][0] % whole), i))
        for i in nearest[: round_total - sum(wanted.values())]:
            wanted[i] += 1
        for i in live:
            taken = min(wanted[i], places[i][1] - parts[i])
            parts[i] += taken
            rest -= taken

    assert allocate(total, [w for w, _ in places], [c for _, c in places]) == parts


def test_a_tie_goes_to_the_earlier_line() -> None:
    assert allocate(200, [1, 1, 1], [200, 200, 200]) == [67, 67, 66]


def test_what_a_floor_keeps_off_one_line_is_spread_over_the_others() -> None:
    """500.00 over 1000.00 (floor 900.00), 1500.00, a banned line and 3 x 99.99."""
    parts = allocate(500_00, [1000_00, 1500_00, 0, 299_97], [100_00, 1500_00, 0, 299_97])

    assert parts == [100_00, 333_34, 0, 66_66]


@pytest.mark.parametrize(
    ("amount_minor", "text"),
    [
        (108550, "1\u00a0085,50"),
        (0, "0,00"),
        (-5, "\u22120,05"),
        (100000000, "1\u00a0000\u00a0000,00"),
    ],
)
def test_money_is_written_as_in_russia(amount_minor: int, text: str) -> None:
    assert format_money(amount_minor) == text
