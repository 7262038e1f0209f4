"""A signed pass: what is written is read, by the keys of the list alone, and no bit of it turns."""

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some

from shared.crypto.keys import KeyPair
from shared.slip import QR_MAX
from shared.wire.codec import encode
from shared.wire.facts import Envelope, decode_envelope
from shared.wire.passes import FIRST_MINUTE, MINUTE, POINTS_MAX, PREFIX, Pass, opened, read, write
from shared.wire.rows import AccountRow, RowKind, read_row

SIGNER = KeyPair.from_seed(b"p" * 32)
OTHER = KeyPair.from_seed(b"q" * 32)
PASSES = some.builds(
    Pass,
    some.uuids(),
    some.integers(0, 2**40),
    some.integers(0, POINTS_MAX),
    some.integers(0, 2**26).map(lambda minutes: FIRST_MINUTE + minutes * MINUTE),
)
VECTOR = Pass(UUID(int=7), 3, 500_00, FIRST_MINUTE + timedelta(days=2400))
CODE = (
    "KPK3:AAAAAAAAAAAAAAAAAAAAAAAAA4B5BBQDQD4NEAIWMZMPGMNGXFDYJX3"
    "O7YY66SR5VJ4TH7GSQSB2JDGQKQ4RBO3H7EZLQZNDUX5FV6V26RUEXRZCNRX"
    "PHRGR3X3XFXNQAZUCBECQCKHAS"
)


def test_the_vector_of_the_protocol() -> None:
    """16 bytes of the account, 03, 50 000 = D0 86 03, 3 456 000 minutes = 80 F8 D2 01."""
    content = bytes(15) + bytes.fromhex("07 03 d08603 80f8d201")

    assert write(VECTOR, SIGNER.sign) == CODE
    assert read(CODE, [SIGNER.public]) == VECTOR
    assert content in _raw(CODE)


@given(PASSES)
def test_what_is_written_is_read(granted: Pass) -> None:
    code = write(granted, SIGNER.sign)

    assert read(code, [OTHER.public, SIGNER.public]) == granted
    assert code.isascii()
    assert code == code.upper()
    assert len(code) <= QR_MAX


@given(PASSES)
def test_a_key_that_is_not_in_the_list_signs_nothing(granted: Pass) -> None:
    assert read(write(granted, OTHER.sign), [SIGNER.public]) is None
    assert read(write(granted, SIGNER.sign), []) is None


@given(PASSES, some.data())
def test_no_bit_of_a_pass_turns(granted: Pass, data: some.DataObject) -> None:
    code = write(granted, SIGNER.sign)
    place = data.draw(some.integers(len(PREFIX), len(code) - 2))
    letter = data.draw(some.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"))
    turned = code[:place] + letter + code[place + 1 :]

    assert turned == code or read(turned, [SIGNER.public]) is None


@given(PASSES)
def test_a_pass_of_another_chain_is_whole_and_signed_by_none_of_ours(granted: Pass) -> None:
    found = opened(write(granted, OTHER.sign))

    assert found is not None
    assert found.said == granted
    assert not found.signed_by([SIGNER.public])


@given(PASSES, some.data())
def test_a_pass_that_was_cut_short_says_nothing(granted: Pass, data: some.DataObject) -> None:
    code = write(granted, SIGNER.sign)

    assert opened(code[: data.draw(some.integers(0, len(code) - 1))]) is None


@pytest.mark.parametrize("content", [b"", bytes(16), bytes(16) + b"\x80", bytes(20)])
def test_signed_nonsense_is_no_pass(content: bytes) -> None:
    assert read(_signed(content), [SIGNER.public]) is None


@pytest.mark.parametrize("code", ["", "KPK3:", "KPK3:A", "KPK3:1!", "KPK2:AAAA", "x" * 500])
def test_other_codes_are_no_pass(code: str) -> None:
    assert read(code, [SIGNER.public]) is None


def test_envelopes_and_rows_of_the_version_before_are_read() -> None:
    """They end before the fields of passes; and what is longer than known is read as well."""
    account = AccountRow(VECTOR.account, VECTOR.account, 0, ())
    before = encode((VECTOR.account, VECTOR.account, 0, (), account.history))

    assert decode_envelope(encode(((), (), ()))) == Envelope()
    assert decode_envelope(encode(((), (), (), None, "later"))) == Envelope()
    assert read_row(RowKind.ACCOUNT, before) == account


def _raw(code: str) -> bytes:
    from shared.wire.compact import unbase32

    return unbase32(code.removeprefix(PREFIX)) or b""


def _signed(content: bytes) -> str:
    from shared.wire.compact import base32

    return PREFIX + base32(content + SIGNER.sign(b"kopilka/pass/1" + content))
