"""A vault: bytes that lie on a disk so that only the holder of its key reads them.

AES-256-GCM (NIST SP 800-38D). The nonce is a keyed hash (BLAKE2b, RFC 7693) of context and content:
it never meets two contents, and the same content in the same context gives the same bytes, so that
a run can be repeated. Rows are closed one by one, on the path of a sale too: unlike `secrecy`, one
key serves all contexts, which are bound by the tag and by the nonce.
"""

import hashlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.crypto.secrecy import NONCE_BYTES, derived_key

VAULT_KEY_BYTES = 32
_CONTENT = b"kopilka/vault/1"
_NONCE = b"kopilka/vault-nonce/1"


class Vault:
    """What a key closes and opens; the key itself is not kept."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(derived_key(key, _CONTENT))
        nonce_key = derived_key(key, _NONCE)
        self._keyed = hashlib.blake2b(digest_size=NONCE_BYTES, key=nonce_key)

    def close(self, context: bytes, content: bytes) -> bytes:
        """Return nonce, ciphertext and tag: 28 bytes more than the content has.

        Nothing stays nothing: that something is absent is no secret.
        """
        if not content:
            return b""
        keyed = self._keyed.copy()
        keyed.update(len(context).to_bytes(2, "big") + context + content)
        nonce = keyed.digest()
        return nonce + self._cipher.encrypt(nonce, content, context)

    def open(self, context: bytes, closed: bytes) -> bytes | None:
        """Return the content; None for other bytes, another key or another context."""
        if not closed:
            return b""
        try:
            return self._cipher.decrypt(closed[:NONCE_BYTES], closed[NONCE_BYTES:], context)
        except (InvalidTag, ValueError):
            return None
