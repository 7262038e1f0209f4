"""Blind index: a keyed hash by which a phone, card or code is found without being stored."""

import hashlib
import hmac
from enum import StrEnum

INDEX_BYTES = 16


class IdentifierKind(StrEnum):
    """What an identifier is; the kind is hashed too, so that a card never meets a phone."""

    CARD = "card"
    PHONE = "phone"
    CERTIFICATE = "certificate"
    CODE = "code"


def blind_index(key: bytes, kind: IdentifierKind, value: str) -> bytes:
    """Return the keyed hash (16 bytes of HMAC-SHA-256) of a normalised identifier."""
    return hmac.digest(key, f"{kind}:{value}".encode(), hashlib.sha256)[:INDEX_BYTES]
