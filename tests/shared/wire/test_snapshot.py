"""Tallies: whatever the order and the way, the same rows have the same sum, and others another."""

from hypothesis import given
from hypothesis import strategies as st

from shared.wire.snapshot import (
    NOTHING,
    PART_BITS,
    PARTS,
    StoredRow,
    added,
    changed_sum,
    part_of,
    parts_of_piece,
    tally_of,
)

rows = st.builds(
    StoredRow, st.sampled_from(["member", "goods"]), st.binary(max_size=20), st.binary()
)
tables = st.lists(rows, unique_by=lambda row: (row.kind, row.key))


@given(tables, st.randoms())
def test_the_order_of_rows_does_not_matter(table: list[StoredRow], chance: object) -> None:
    shuffled = table[:]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]

    assert tally_of(shuffled) == tally_of(table)


@given(tables, tables)
def test_what_goes_and_comes_leaves_the_sum_of_what_is_there(
    before: list[StoredRow], after: list[StoredRow]
) -> None:
    assert changed_sum(tally_of(before), gone=before, come=after) == tally_of(after)


@given(tables, st.integers(0, 100))
def test_the_sums_of_parts_add_up_to_the_whole(table: list[StoredRow], cut: int) -> None:
    assert added(tally_of(table[:cut]), tally_of(table[cut:])) == tally_of(table)


@given(rows, st.integers(min_value=0))
def test_one_bit_makes_another_sum(row: StoredRow, place: int) -> None:
    body = bytearray(row.row or b"\0")
    body[place // 8 % len(body)] ^= 1 << place % 8
    other = StoredRow(row.kind, row.key, bytes(body))

    assert tally_of([other]) != tally_of([row])


def test_key_and_row_are_not_mixed_up() -> None:
    assert tally_of([StoredRow("a", b"bc", b"d")]) != tally_of([StoredRow("a", b"b", b"cd")])
    assert tally_of([StoredRow("ab", b"c", b"d")]) != tally_of([StoredRow("a", b"bc", b"d")])
    assert tally_of([]) == NOTHING


@given(st.text(max_size=10), st.binary(max_size=40), st.integers(0, PART_BITS))
def test_a_row_falls_into_one_piece_of_every_size(kind: str, key: bytes, bits: int) -> None:
    part = part_of(kind, key)
    holding = [no for no in range(1 << bits) if parts_of_piece(bits, no)[0] <= part]
    first, last = parts_of_piece(bits, holding[-1])

    assert first <= part <= last
    assert 0 <= part < PARTS
    assert holding[-1] == part >> (PART_BITS - bits)
