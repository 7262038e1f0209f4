"""Ed25519 keys: made from given entropy, kept as 32 raw bytes, never logged."""

from dataclasses import dataclass, field
from enum import StrEnum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from shared.crypto.secrecy import derived_key, wrapping_key
from shared.errors import Kind, LoyaltyError

SEED_BYTES = 32
_WRAPPING = b"kopilka/wrapping/1"


class KeyUse(StrEnum):
    """What a key of the list of keys signs."""

    PACKS = "packs"
    PASSES = "passes"


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A signing key and the public key that verifies it."""

    seed: bytes = field(repr=False)
    public: bytes

    @classmethod
    def from_seed(cls, seed: bytes) -> "KeyPair":
        """Derive the pair from 32 bytes of entropy (RFC 8032)."""
        public = Ed25519PrivateKey.from_private_bytes(seed).public_key()
        return cls(seed, public.public_bytes_raw())

    @property
    def private_key(self) -> Ed25519PrivateKey:
        """Return the key in the form that libraries take."""
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    @property
    def unwrapping_key(self) -> bytes:
        """Return the private key of another kind (X25519) that follows from the same entropy: with
        it the holder reads what was wrapped for him."""
        return derived_key(self.seed, _WRAPPING)

    @property
    def wrapping_key(self) -> bytes:
        """Return the public key for which others wrap what only the holder of this pair reads."""
        return wrapping_key(self.unwrapping_key)

    def sign(self, message: bytes) -> bytes:
        """Return the signature (64 bytes) of a message."""
        return self.private_key.sign(message)


class BadKeyError(LoyaltyError):
    """A key file that does not hold 32 bytes in hex."""

    kind = Kind.INVALID
    code = "key_malformed"
    ru = "Файл ключа не годится: в нём должно быть 64 шестнадцатеричные цифры."
    en = "The key file does not fit: it should hold 64 hexadecimal digits."


def read_key(text: str) -> KeyPair:
    """Read a key from the text of its file; raises BadKeyError."""
    try:
        seed = bytes.fromhex(text)
    except ValueError as error:
        raise BadKeyError from error
    if len(seed) != SEED_BYTES:
        raise BadKeyError
    return KeyPair.from_seed(seed)


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether a signature of a message was made by the holder of a public key."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
