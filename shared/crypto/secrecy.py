"""Secrecy: bytes that only holders of a key read, bound to the one context that they are for.

AES-256-GCM (NIST SP 800-38D). A nonce must never meet two contents under one key. So every context
(a segment's stream and numbers, say) has a key of its own, HMAC-SHA-256 of the given key over it,
and the nonce is the HMAC of the content: the same content for the same context always gives the
same bytes, whoever encrypts it, and another one another nonce.
"""

import hashlib
import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
_CONTEXT = b"kopilka/context/1"
_NONCE = b"kopilka/nonce/1"
_WRAP = b"kopilka/wrap/1"
_ONE_USE = bytes(NONCE_BYTES)
"""The nonce under a key that encrypts one message."""


def derived_key(secret: bytes, purpose: bytes) -> bytes:
    """Return the key (32 bytes, HKDF-SHA-256, RFC 5869) that a secret gives for a purpose."""
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=purpose).derive(secret)


def encrypt(key: bytes, context: bytes, content: bytes) -> bytes:
    """Return nonce, ciphertext and tag of a content for a context: 28 bytes more than it has."""
    own = _key_of(key, context)
    nonce = hmac.digest(own, _NONCE + content, hashlib.sha256)[:NONCE_BYTES]
    return nonce + AESGCM(own).encrypt(nonce, content, context)


def decrypt(key: bytes, context: bytes, encrypted: bytes) -> bytes | None:
    """Return the content; None for other bytes, another key or another context."""
    own = _key_of(key, context)
    try:
        return AESGCM(own).decrypt(encrypted[:NONCE_BYTES], encrypted[NONCE_BYTES:], context)
    except (InvalidTag, ValueError):
        return None


def wrapping_key(private: bytes) -> bytes:
    """Return the public X25519 key (RFC 7748) for which others wrap what only its holder reads."""
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def wrap(public: bytes, context: bytes, content: bytes, *, once: bytes) -> bytes:
    """Encrypt for the holder of a wrapping key; `once` is 32 bytes of chance of this call.

    A fresh public key comes first, as in HPKE (RFC 9180). Raises ValueError for a wrapping key that
    is none.
    """
    fresh = X25519PrivateKey.from_private_bytes(once)
    shared = fresh.exchange(X25519PublicKey.from_public_bytes(public))
    sent = fresh.public_key().public_bytes_raw()
    key = derived_key(shared, _WRAP + sent + public)
    return sent + AESGCM(key).encrypt(_ONE_USE, content, context)


def unwrap(private: bytes, context: bytes, wrapped: bytes) -> bytes | None:
    """Return what was wrapped for the holder of a private key; None if it was not, or not so."""
    sent, encrypted = wrapped[:KEY_BYTES], wrapped[KEY_BYTES:]
    own = X25519PrivateKey.from_private_bytes(private)
    try:
        shared = own.exchange(X25519PublicKey.from_public_bytes(sent))
        key = derived_key(shared, _WRAP + sent + own.public_key().public_bytes_raw())
        return AESGCM(key).decrypt(_ONE_USE, encrypted, context)
    except (InvalidTag, ValueError):
        return None


def _key_of(key: bytes, context: bytes) -> bytes:
    return hmac.digest(key, _CONTEXT + context, hashlib.sha256)
