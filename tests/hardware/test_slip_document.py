"""The slip document survives the journal and refuses what no printer could show."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some

from shared.slip import (
    Align,
    Barcode,
    DamagedSlipError,
    Divider,
    Feed,
    Qr,
    Row,
    Size,
    Slip,
    SlipKind,
    Text,
    Weight,
    copy_of,
    decode_slip,
    encode_slip,
)

letters = some.text(some.characters(exclude_categories=["Cs"]), max_size=40)
blocks = some.one_of(
    some.builds(
        Text, letters, some.sampled_from(Align), some.sampled_from(Weight), some.sampled_from(Size)
    ),
    some.builds(Row, letters, letters, some.sampled_from(Weight)),
    some.just(Divider()),
    some.builds(Qr, some.from_regex(r"[0-9A-Z $%*+./:-]{1,50}", fullmatch=True)),
    some.builds(Barcode, some.from_regex(r"[0-9]{1,22}", fullmatch=True)),
    some.builds(Feed, some.integers(1, 10)),
)
slips = some.builds(
    Slip,
    some.uuids(),
    some.sampled_from(SlipKind),
    some.lists(blocks, max_size=8).map(tuple),
    some.integers(0, 9),
)


@given(slips)
def test_a_slip_comes_back_from_the_journal_as_it_went_in(slip: Slip) -> None:
    assert decode_slip(encode_slip(slip)) == slip


@given(some.binary(max_size=60))
def test_damaged_bytes_are_told_and_nothing_else_happens(stored: bytes) -> None:
    with pytest.raises(DamagedSlipError) as fault:
        decode_slip(stored)

    assert "повреждён" in fault.value.sentence("ru")


@pytest.mark.parametrize("text", ["", "нет", "https://lower", "A" * 484])
def test_a_qr_outside_the_alphanumeric_mode_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="alphanumeric"):
        Qr(text)


@pytest.mark.parametrize("digits", ["", "12A", "٣", "1" * 23])
def test_a_barcode_of_anything_but_few_digits_is_refused(digits: str) -> None:
    with pytest.raises(ValueError, match="digits"):
        Barcode(digits)


def test_a_copy_is_the_same_document_with_a_number() -> None:
    original = Slip(UUID(int=1), SlipKind.SALE, (Divider(),))

    copy = copy_of(original, 2)

    assert (copy.id, copy.blocks, copy.copy_no) == (original.id, original.blocks, 2)
