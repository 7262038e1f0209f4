"""Which discounts a line takes, and how they add up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.rules.evaluate import evaluate
from shared.rules.stacking import Branch, Part, Path, alone, resolve, resolver
from tests.shared.rules.builders import (
    MOMENT,
    compiled,
    discount_rule,
    line,
    pack_text,
    receipt,
)
from tests.shared.rules.strategies import MODES

RATES = st.dictionaries(
    st.sampled_from([(0,), (1, 0), (1, 1), (2,)]), st.integers(1, 10_000), min_size=1
)
SUMS = st.integers(0, 10**7)
CAPS = st.one_of(st.none(), st.integers(0, 10_000))


def _flat(mode: str) -> Branch:
    return Branch("top", mode, None, (None, None, None))


def _total(tree: Branch, rates: dict[Path, int], on: int, room: int) -> int:
    return sum(part.amount for part in resolve(tree, rates, on=on, room=room))


def _price(mode: str, *percents: str, cap: str = "") -> int:
    rules = [discount_rule(f"r{no}", percent) for no, percent in enumerate(percents)]
    capped = f", cap: {cap}" if cap else ""
    children = ", ".join(f"r{no}" for no in range(len(percents)))
    tail = f"stacking:\n  - {{group: top, mode: {mode}, children: [{children}]{capped}}}\n"
    found = evaluate(
        compiled(pack_text(*rules, tail=tail)), None, receipt(line(1, 1000_00)), MOMENT
    )
    return found.lines[0].payable_minor


@pytest.mark.edge("E09")
@pytest.mark.parametrize(
    ("mode", "expected"), [("best", 300_00), ("all_on_rest", 180_00), ("all_on_base", 0)]
)
def test_40_and_70_percent(mode: str, expected: int) -> None:
    """The best is 70 %; a chain leaves 60 % x 30 % = 18 %; 110 % together are clamped at 100 %."""
    assert _price(mode, "40 %", "70 %") == expected


@pytest.mark.parametrize(
    ("mode", "expected"), [("best", 800_00), ("worst", 950_00), ("first", 900_00)]
)
def test_modes_that_take_one_of_10_20_and_5_percent(mode: str, expected: int) -> None:
    assert _price(mode, "10 %", "20 %", "5 %") == expected


def test_worst_and_first_ignore_what_gives_nothing() -> None:
    assert _price("worst", "0 %", "20 %", "10 %") == 900_00
    assert _price("first", "0 %", "20 %", "10 %") == 800_00


def test_percents_of_the_base_price_are_rounded_once_and_chain_steps_one_by_one() -> None:
    """Of 0.03: 15 % + 15 % = 0.009 -> 0.01; a chain of 50 % takes 0.015 -> 0.02, then 0.01."""
    assert _total(_flat("all_on_base"), {(0,): 1500, (1,): 1500}, 3, 3) == 1
    assert _total(_flat("all_on_rest"), {(0,): 5000, (1,): 5000}, 3, 3) == 3


def test_a_cap_holds_the_group_and_is_rounded_down() -> None:
    assert _price("all_on_base", "30 %", "20 %", cap="41 %") == 590_00
    assert resolve(Branch("top", "best", 3333, (None,)), {(0,): 5000}, on=100, room=100) == (
        Part((0,), 33, 5000),
    )


def test_of_equals_the_one_declared_first_wins() -> None:
    parts = resolve(_flat("best"), {(2,): 1000, (1,): 1000}, on=100_00, room=100_00)

    assert [part.path for part in parts] == [(1,)]


def test_a_floor_may_make_the_smaller_discount_as_good() -> None:
    parts = resolve(_flat("best"), {(0,): 1000, (1,): 9000}, on=100_00, room=5_00)

    assert [(part.path, part.amount) for part in parts] == [((0,), 5_00)]


@given(RATES, SUMS, SUMS, st.sampled_from(MODES), CAPS)
def test_best_is_never_worse_for_the_customer_than_any_of_its_children(
    rates: dict[Path, int], on: int, room: int, inner: str, cap_bp: int | None
) -> None:
    nested = Branch("inner", inner, cap_bp, (None, None))
    tree = Branch("top", "best", None, (None, nested, None))

    best = _total(tree, rates, on, room)

    for place, child in enumerate(tree.children):
        inside = {path: rate for path, rate in rates.items() if path[0] == place}
        if child is not None and inside:
            inside = {path[1:]: rate for path, rate in inside.items()}
            assert best >= _total(child, inside, on, room)
        for rate in inside.values() if child is None else ():
            assert best >= alone(rate, on=on, room=room)


@given(
    st.dictionaries(st.tuples(st.integers(0, 3)), st.integers(1, 10_000), min_size=1),
    SUMS,
    SUMS,
    st.sampled_from(MODES),
    CAPS,
)
def test_the_short_way_through_a_tree_of_rules_alone_leads_to_the_same_parts(
    rates: dict[Path, int], on: int, room: int, mode: str, cap_bp: int | None
) -> None:
    tree = Branch("top", mode, cap_bp, (None,) * 4)

    assert resolver(tree)(rates, on=on, room=room) == resolve(tree, rates, on=on, room=room)


@given(RATES, SUMS, SUMS, st.sampled_from(MODES), st.sampled_from(MODES), CAPS)
def test_parts_fit_the_room_and_the_caps(
    rates: dict[Path, int], on: int, room: int, outer: str, inner: str, cap_bp: int | None
) -> None:
    nested = Branch("inner", inner, None, (None, None))
    tree = Branch("top", outer, cap_bp, (None, nested, None))

    parts = resolve(tree, rates, on=on, room=min(on, room))

    assert all(part.amount > 0 and part.path in rates for part in parts)
    assert sum(part.amount for part in parts) <= tree.ceiling(on, min(on, room))


@given(st.integers(1, 10_000), SUMS, SUMS, st.sampled_from(MODES), CAPS, CAPS)
def test_a_discount_that_stands_alone_is_the_same_in_every_mode(
    rate_bp: int, on: int, room: int, mode: str, cap_bp: int | None, inner_bp: int | None
) -> None:
    nested = Branch("inner", mode, inner_bp, (None, None))
    tree = Branch("top", mode, cap_bp, (None, nested))

    found = _total(tree, {(1, 0): rate_bp}, on, room)

    ceiling = nested.ceiling(on, tree.ceiling(on, room))
    assert found == alone(rate_bp, on=on, room=ceiling)
    assert found == _total(tree, {(1, 0): rate_bp, (0,): 0}, on, room)
