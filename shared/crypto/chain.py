"""The hash chain of a journal: each link is SHA-256 over the one before and the fact's head."""

import hashlib

HASH_BYTES = 32
GENESIS = bytes(HASH_BYTES)


def digest(message: bytes) -> bytes:
    """Return the SHA-256 of a message (32 bytes)."""
    return hashlib.sha256(message).digest()


def link(prev_hash: bytes, head: bytes) -> bytes:
    """Return the hash of a fact from the hash of the one before it and its own head."""
    return hashlib.sha256(prev_hash + head).digest()
