"""A secret in a file that only a passphrase opens: for a key that lies in a safe.

Argon2id (RFC 9106, 64 MiB and three passes) makes the key from the passphrase, AES-256-GCM
encrypts the secret under it.
"""

from argon2.exceptions import Argon2Error
from argon2.low_level import Type, hash_secret_raw

from shared.crypto.keys import SEED_BYTES, KeyPair, read_key
from shared.crypto.secrecy import KEY_BYTES, decrypt, encrypt
from shared.errors import Kind, LoyaltyError

SALT_BYTES = 16
PASSPHRASE_CHARS_MIN = 12
TIME_COST = 3
MEMORY_COST_KIB = 64 * 1024
_HEAD = "kopilka-locked-1"
_CONTEXT = b"kopilka/locked/1"


class ShortPassphraseError(LoyaltyError):
    """A passphrase that is guessed too soon."""

    kind = Kind.INVALID
    code = "passphrase_short"
    ru = "Парольная фраза коротка: нужно хотя бы {least} знаков."
    en = "The passphrase is too short: it needs {least} characters at least."


class WrongPassphraseError(LoyaltyError):
    """A passphrase that does not open the file, or a file that was changed."""

    kind = Kind.INVALID
    code = "passphrase_wrong"
    ru = "Парольная фраза не подходит, или файл повреждён."
    en = "The passphrase does not open the file, or the file is damaged."


def is_locked(text: str) -> bool:
    """Tell whether a key file needs a passphrase."""
    return text.startswith(_HEAD)


def lock(pair: KeyPair, passphrase: str, salt: bytes) -> str:
    """Return the text of a file that holds a key; the salt is 16 bytes of chance of this call.

    Raises ShortPassphraseError.
    """
    if len(passphrase) < PASSPHRASE_CHARS_MIN:
        raise ShortPassphraseError(least=PASSPHRASE_CHARS_MIN)
    encrypted = encrypt(_key(passphrase, salt), _CONTEXT, pair.seed)
    return f"{_HEAD}:{salt.hex()}:{encrypted.hex()}\n"


def unlock(text: str, passphrase: str) -> KeyPair:
    """Return the key of a file's text; raises WrongPassphraseError."""
    try:
        _, salt, encrypted = text.strip().split(":")
        seed = decrypt(_key(passphrase, bytes.fromhex(salt)), _CONTEXT, bytes.fromhex(encrypted))
    except (ValueError, Argon2Error) as error:
        raise WrongPassphraseError from error
    if seed is None or len(seed) != SEED_BYTES:
        raise WrongPassphraseError
    return read_key(seed.hex())


def _key(passphrase: str, salt: bytes) -> bytes:
    return hash_secret_raw(
        passphrase.encode(), salt, TIME_COST, MEMORY_COST_KIB, 1, KEY_BYTES, Type.ID
    )
