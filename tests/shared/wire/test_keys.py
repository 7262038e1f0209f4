"""Rows under a key are those of one stream at one place; keys are for one agent and session."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from shared.crypto.keys import KeyPair
from shared.wire.codec import MalformedError, encode
from shared.wire.feed import (
    BrokenSegmentError,
    Change,
    Segment,
    changes_of,
    decode_segment,
    encrypted_segment,
    write_segment,
)
from shared.wire.keys import (
    KeysUnreadableError,
    StreamKey,
    session_context,
    stream_key,
    unwrap_keys,
    wrap_keys,
)

SECRET = b"s" * 32
LIFE, LATER = UUID(int=1), UUID(int=2)
ANNA, BORIS = KeyPair.from_seed(b"a" * 32), KeyPair.from_seed(b"b" * 32)
AGENT, SESSION = UUID(int=3), UUID(int=4)
CONTEXT = session_context(AGENT, 1, LIFE, SESSION)
CHANGES = (Change(1, "goods", b"1", b"cheese"), Change(2, "goods", b"2", b"wine"))
KEY = stream_key(SECRET, "global", LIFE, 1)
KEYS = (KEY, stream_key(SECRET, "store:101", LIFE, 7))


def segment() -> Segment:
    plain = write_segment("global", LIFE, 1, 2, CHANGES)
    return decode_segment(encode(encrypted_segment(plain, KEY.number, KEY.key)))


def test_an_encrypted_segment_says_nothing_of_its_rows() -> None:
    assert b"cheese" not in encode(segment())
    assert b"goods" not in encode(segment())
    assert changes_of(segment(), KEY.key) == CHANGES


@pytest.mark.parametrize(
    "header",
    [{"stream": "store:101"}, {"incarnation": LATER}, {"first": 3}, {"last": 3}, {"key": 2}],
    ids=lambda header: next(iter(header)),
)
def test_a_segment_is_not_passed_off_as_another(header: dict[str, object]) -> None:
    with pytest.raises(BrokenSegmentError):
        changes_of(replace(segment(), **header), KEY.key)


@given(st.data())
def test_a_flipped_bit_of_a_segment_brings_no_other_rows(data: st.DataObject) -> None:
    encoded = bytearray(encode(segment()))
    at = data.draw(st.integers(0, 8 * len(encoded) - 1))
    encoded[at // 8] ^= 1 << at % 8

    with pytest.raises((BrokenSegmentError, MalformedError)):
        changes_of(decode_segment(bytes(encoded)), KEY.key)


def test_each_stream_life_and_number_has_a_key_of_its_own() -> None:
    made = {
        stream_key(secret, stream, life, number).key
        for secret in (SECRET, b"t" * 32)
        for stream in ("global", "store:101")
        for life in (LIFE, LATER)
        for number in (1, 2)
    }

    assert len(made) == 16


def test_keys_are_for_one_agent_and_one_session() -> None:
    wrapped = wrap_keys(KEYS, ANNA.wrapping_key, CONTEXT, once=b"o" * 32)

    assert unwrap_keys(wrapped, ANNA, CONTEXT) == KEYS
    with pytest.raises(KeysUnreadableError):
        unwrap_keys(wrapped, BORIS, CONTEXT)
    for other in (
        session_context(AGENT, 2, LIFE, SESSION),
        session_context(AGENT, 1, LATER, SESSION),
        session_context(AGENT, 1, LIFE, AGENT),
    ):
        with pytest.raises(KeysUnreadableError):
            unwrap_keys(wrapped, ANNA, other)


@pytest.mark.parametrize("key", [b"short", bytes(32)], ids=["short", "of low order"])
def test_a_wrapping_key_that_is_none_is_refused(key: bytes) -> None:
    with pytest.raises(MalformedError):
        wrap_keys([StreamKey("global", LIFE, 1, b"k" * 32)], key, CONTEXT, once=b"o" * 32)
