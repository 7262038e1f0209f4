"""A key in a file that only its passphrase opens."""

import pytest

from shared.crypto.keys import KeyPair
from shared.crypto.locked import (
    ShortPassphraseError,
    WrongPassphraseError,
    is_locked,
    lock,
    unlock,
)

ROOT = KeyPair.from_seed(b"r" * 32)
TYPED = "сыр вино хлеб 1968"
SALT = b"s" * 16


def test_the_passphrase_opens_the_file_and_another_does_not() -> None:
    text = lock(ROOT, TYPED, SALT)

    assert unlock(text, TYPED) == ROOT
    assert ROOT.seed.hex() not in text
    with pytest.raises(WrongPassphraseError):
        unlock(text, f"{TYPED} ")


def test_a_damaged_file_is_told_apart_from_none() -> None:
    text = lock(ROOT, TYPED, SALT).strip()

    assert is_locked(text)
    assert not is_locked(ROOT.seed.hex())
    for other in (text[:-2], f"{text[:-1]}{'0' if text[-1] != '0' else '1'}", "kopilka-locked-1:1"):
        with pytest.raises(WrongPassphraseError):
            unlock(other, TYPED)


def test_a_short_passphrase_is_refused() -> None:
    with pytest.raises(ShortPassphraseError):
        lock(ROOT, "12345678901", SALT)
