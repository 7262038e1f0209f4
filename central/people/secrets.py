"""What a person of the staff proves himself with: a password and one-time codes (RFC 6238)."""

import base64
import hmac
import random
from typing import Final

import pyotp

from central.centre import Keys
from shared.crypto.pins import SALT_BYTES, hash_pin, verify_pin
from shared.crypto.secrecy import decrypt, derived_key, encrypt

PASSWORD_MIN, PASSWORD_MAX = 12, 128
CODE_PERIOD_S: Final = 30
CODE_WINDOW: Final = 1
"""Codes of so many periods before and after the present one are taken: clocks differ."""
ISSUER: Final = "Kopilka"
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP_CHARS = 4, 5
_SECRET_BYTES = 20
_PASSWORDS, _CODES = b"kopilka/staff/password/1", b"kopilka/staff/code/1"


def first_password(chance: random.Random) -> str:
    """Return a password that can be read out: four groups of five."""
    groups = ("".join(chance.choices(_LETTERS, k=_GROUP_CHARS)) for _ in range(_GROUPS))
    return "-".join(groups)


def hash_password(keys: Keys, password: str, chance: random.Random) -> str:
    """Return the text that verifies a password.

    The pepper follows from a secret that, unlike the one of PINs, no agent is given.
    """
    return hash_pin(derived_key(keys.streams, _PASSWORDS), password, chance.randbytes(SALT_BYTES))


def is_password(keys: Keys, password: str, password_hash: str) -> bool:
    """Tell whether a password is the one that was hashed."""
    return verify_pin(derived_key(keys.streams, _PASSWORDS), password, password_hash)


def new_code_secret(keys: Keys, login: str, chance: random.Random) -> bytes:
    """Return a new secret of one-time codes, encrypted for a login."""
    return encrypt(_code_key(keys), login.encode(), chance.randbytes(_SECRET_BYTES))


def code_uri(keys: Keys, login: str, code_secret: bytes) -> str:
    """Return what an authenticator app takes as a QR code."""
    return _totp(keys, login, code_secret).provisioning_uri(name=login, issuer_name=ISSUER)


def code_at(keys: Keys, login: str, code_secret: bytes, at_s: int) -> str:
    """Return the one-time code of an instant (Unix seconds)."""
    return _totp(keys, login, code_secret).generate_otp(at_s // CODE_PERIOD_S)


def step_of(keys: Keys, login: str, code_secret: bytes, code: str, at_s: int) -> int | None:
    """Return the number of the period whose code this is; None for a wrong or old one."""
    totp, now = _totp(keys, login, code_secret), at_s // CODE_PERIOD_S
    typed = code.replace(" ", "").encode()
    fitting = None
    for step in range(now - CODE_WINDOW, now + CODE_WINDOW + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), typed):
            fitting = step
    return fitting


def _totp(keys: Keys, login: str, code_secret: bytes) -> pyotp.TOTP:
    secret = decrypt(_code_key(keys), login.encode(), code_secret)
    assert secret is not None, "a secret of another centre"
    return pyotp.TOTP(base64.b32encode(secret).decode(), interval=CODE_PERIOD_S)


def _code_key(keys: Keys) -> bytes:
    return derived_key(keys.streams, _CODES)
