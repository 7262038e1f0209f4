"""A signed pack: the canonical bytes with the signature of a pack key, as one file."""

import json
import re
from dataclasses import dataclass
from typing import Final

from shared.crypto.keys import KeyPair, verify
from shared.errors import Kind, LoyaltyError
from shared.rules.document import read_json
from shared.rules.pack import Pack, canonical, pack_hash
from shared.wire.agents import pack_signing_bytes

_OPENING: Final = re.compile(r'\s*\{\s*"pack"\s*:')


class NotSealedError(LoyaltyError):
    """A file that is no signed pack, or whose signature is not of its bytes and key."""

    kind = Kind.INVALID
    code = "pack_not_sealed"
    ru = "Подпись пакета правил неверна или её нет."
    en = "The rule pack's signature is missing or wrong."


@dataclass(frozen=True, slots=True)
class SealedPack:
    """Canonical bytes, their hash and its Ed25519 signature."""

    body: bytes
    hash: str
    signature: bytes


def seal(pack: Pack, key: KeyPair) -> SealedPack:
    """Sign a pack: the only way, at the centre and on the command line."""
    body = canonical(pack)
    name = pack_hash(body)
    return SealedPack(body, name, key.sign(pack_signing_bytes(name)))


def sealed_file(sealed: SealedPack) -> str:
    """Write a signed pack as a file: its canonical text and the signature in hex."""
    content = {"pack": sealed.body.decode(), "signature": sealed.signature.hex()}
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def is_sealed(text: str) -> bool:
    """Tell a signed pack's file from YAML, which never begins with this key in JSON."""
    return _OPENING.match(text) is not None


def open_sealed(content: bytes, public: bytes) -> SealedPack:
    """Read a signed pack's file and check it against a public key; raises NotSealedError.

    The pack itself is read by `load_canonical`. Raises PackError for a file out of bounds.
    """
    match read_json(content):
        case {"pack": str(text), "signature": str(signature)}:
            body = text.encode()
        case _:
            raise NotSealedError
    sealed = SealedPack(body, pack_hash(body), _unhexed(signature))
    if not verify(public, pack_signing_bytes(sealed.hash), sealed.signature):
        raise NotSealedError
    return sealed


def _unhexed(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise NotSealedError from error
