"""A vault gives back what was closed in it, to its key and in its place alone."""

from hypothesis import given
from hypothesis import strategies as some

from shared.crypto.vault import VAULT_KEY_BYTES, Vault

KEYS = some.binary(min_size=VAULT_KEY_BYTES, max_size=VAULT_KEY_BYTES)
PLACES = some.binary(max_size=40)
CONTENTS = some.binary(min_size=1, max_size=300)


@given(KEYS, PLACES, some.binary(max_size=300))
def test_what_was_closed_is_opened(key: bytes, place: bytes, content: bytes) -> None:
    assert Vault(key).open(place, Vault(key).close(place, content)) == content


@given(KEYS, KEYS, PLACES, PLACES, CONTENTS)
def test_no_other_key_or_place_opens_it(
    key: bytes, other_key: bytes, place: bytes, other_place: bytes, content: bytes
) -> None:
    closed = Vault(key).close(place, content)

    if other_key != key:
        assert Vault(other_key).open(place, closed) is None
    if other_place != place:
        assert Vault(key).open(other_place, closed) is None


@given(KEYS, PLACES, CONTENTS, some.integers(min_value=0), some.integers(0, 7))
def test_a_flipped_bit_is_found(
    key: bytes, place: bytes, content: bytes, at: int, bit: int
) -> None:
    closed = bytearray(Vault(key).close(place, content))
    closed[at % len(closed)] ^= 1 << bit

    assert Vault(key).open(place, bytes(closed)) is None


@given(KEYS, some.binary(max_size=20), CONTENTS, some.integers(0, 20))
def test_a_nonce_never_meets_two_contents(
    key: bytes, place: bytes, content: bytes, moved: int
) -> None:
    """The same bytes, cut into place and content elsewhere, lie under another nonce."""
    both = place + content
    cut = min(moved, len(both) - 1)
    if cut == len(place):
        return

    one = Vault(key).close(place, content)
    other = Vault(key).close(both[:cut], both[cut:])

    assert one[:12] != other[:12]


def test_nothing_stays_nothing() -> None:
    vault = Vault(bytes(VAULT_KEY_BYTES))

    assert vault.close(b"place", b"") == b""
    assert vault.open(b"place", b"") == b""
    assert vault.open(b"place", b"too short") is None
