"""Cashiers' PINs: Argon2id over a peppered HMAC, so that a stolen replica tells nothing by itself.

A PIN of six digits is guessed in hours from a bare hash; the pepper is not in the database.
"""

import hashlib
import hmac

from argon2.exceptions import Argon2Error, InvalidHash
from argon2.low_level import Type, hash_secret, verify_secret

PIN_DIGITS = 6
SALT_BYTES = 16
TIME_COST = 2
MEMORY_COST_KIB = 19 * 1024
_HASH_BYTES = 32


def is_pin(pin: str) -> bool:
    """Tell whether a text is a PIN: six ASCII digits."""
    return len(pin) == PIN_DIGITS and pin.isascii() and pin.isdigit()


def hash_pin(pepper: bytes, pin: str, salt: bytes) -> str:
    """Return the text that verifies a PIN; the salt is 16 bytes of chance."""
    secret = _peppered(pepper, pin)
    return hash_secret(secret, salt, TIME_COST, MEMORY_COST_KIB, 1, _HASH_BYTES, Type.ID).decode()


def verify_pin(pepper: bytes, pin: str, pin_hash: str) -> bool:
    """Tell whether a PIN is the one that was hashed; False for a hash that cannot be read."""
    try:
        return verify_secret(pin_hash.encode(), _peppered(pepper, pin), Type.ID)
    except (Argon2Error, InvalidHash):
        return False


def _peppered(pepper: bytes, pin: str) -> bytes:
    return hmac.digest(pepper, pin.encode(), hashlib.sha256)
