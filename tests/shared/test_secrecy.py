"""Only who holds the key reads, only what was written, and only where it belongs."""

from hypothesis import given
from hypothesis import strategies as st

from shared.crypto.keys import KeyPair
from shared.crypto.secrecy import KEY_BYTES, NONCE_BYTES, decrypt, encrypt, unwrap, wrap

keys = st.binary(min_size=KEY_BYTES, max_size=KEY_BYTES)
KEY = bytes(range(32))
ANNA, BORIS = KeyPair.from_seed(b"a" * 32), KeyPair.from_seed(b"b" * 32)
ONCE = b"o" * 32


@given(keys, st.binary(max_size=60), st.binary())
def test_what_was_encrypted_is_read_with_its_key_in_its_context(
    key: bytes, context: bytes, content: bytes
) -> None:
    assert decrypt(key, context, encrypt(key, context, content)) == content


@given(st.binary(), st.data())
def test_a_changed_bit_is_seen(content: bytes, data: st.DataObject) -> None:
    encrypted = encrypt(KEY, b"here", content)
    at = data.draw(st.integers(0, 8 * len(encrypted) - 1))
    flipped = bytearray(encrypted)
    flipped[at // 8] ^= 1 << at % 8

    assert decrypt(KEY, b"here", bytes(flipped)) is None


@given(st.binary(max_size=40))
def test_what_is_cut_short_is_nothing(rest: bytes) -> None:
    whole = encrypt(KEY, b"here", b"content")
    assert decrypt(KEY, b"here", whole[: len(rest) % len(whole)]) is None


@given(st.binary(), st.binary(), keys)
def test_another_context_or_key_reads_nothing(one: bytes, other: bytes, key: bytes) -> None:
    encrypted = encrypt(KEY, one, b"content")

    assert (decrypt(KEY, other, encrypted) is None) == (one != other)
    assert (decrypt(key, one, encrypted) is None) == (key != KEY)


@given(st.binary(), st.binary(), st.binary())
def test_the_same_gives_the_same_bytes_and_another_content_another_nonce(
    context: bytes, one: bytes, other: bytes
) -> None:
    first, second = encrypt(KEY, context, one), encrypt(KEY, context, other)

    assert (first == second) == (one == other)
    assert (first[:NONCE_BYTES] == second[:NONCE_BYTES]) == (one == other)


def test_the_bytes_are_these() -> None:
    """Agents and centres of two versions must agree on them."""
    assert encrypt(KEY, b"context", b"content").hex() == GOLDEN
    assert wrap(ANNA.wrapping_key, b"context", b"content", once=ONCE).hex() == GOLDEN_WRAPPED


def test_what_is_wrapped_is_read_by_one_holder_in_one_context() -> None:
    wrapped = wrap(ANNA.wrapping_key, b"session", b"content", once=ONCE)

    assert unwrap(ANNA.unwrapping_key, b"session", wrapped) == b"content"
    assert unwrap(ANNA.unwrapping_key, b"another", wrapped) is None
    assert unwrap(BORIS.unwrapping_key, b"session", wrapped) is None
    assert unwrap(ANNA.unwrapping_key, b"session", wrapped[:-1]) is None
    assert unwrap(ANNA.unwrapping_key, b"session", b"short") is None


GOLDEN = "93a442ada1f0fded0859c46c137249b6978a66dab3e33af52e9c3ab5011b90dcff60b7"
GOLDEN_WRAPPED = (
    "742562a1209c1a3694cf632449c658f54b085363c509a9d834a6914f7830171935e2ef9de2547a49"
    "1950f6207b3ce69301ec6cd2aa5e05"
)
