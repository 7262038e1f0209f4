"""Codes made at the centre: each follows from its batch's seed, which is chance, and a secret key.

So the list of a batch can be written once more, and the database alone does not tell a code.
"""

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass

from central.bearers.store import Batch
from central.centre import Centre
from shared.bearer import Bearer
from shared.crypto.blind import IdentifierKind, blind_index
from shared.crypto.pins import PIN_DIGITS
from shared.tokens import CERTIFICATE_CHARS, CODE_CHARS, SECRET_BYTES, plain_token, token

SEED_BYTES = 32
_KINDS = {Bearer.CERTIFICATE: IdentifierKind.CERTIFICATE, Bearer.CODE: IdentifierKind.CODE}
_CHARS = {Bearer.CERTIFICATE: CERTIFICATE_CHARS, Bearer.CODE: CODE_CHARS}


@dataclass(frozen=True, slots=True)
class Minted:
    """A code by its number in its batch, with the blind index under which it is kept."""

    serial: int
    code: str
    index: bytes


def minted(centre: Centre, batch: Batch, serial: int) -> Minted:
    """Return a code of a batch; the same number always gives the same one."""
    bearer = Bearer(batch.bearer)
    code = token(_secret(centre, batch, serial, "code")[:SECRET_BYTES], _CHARS[bearer])
    return Minted(serial, code, index_of(centre, bearer, code))


def pin_of(centre: Centre, batch: Batch, serial: int) -> str:
    """Return the PIN of a certificate, empty where the batch has none."""
    if not batch.pins:
        return ""
    number = int.from_bytes(_secret(centre, batch, serial, "pin"), "big")
    return f"{number % 10**PIN_DIGITS:0{PIN_DIGITS}d}"


def salt_of(centre: Centre, batch: Batch, serial: int, size_bytes: int) -> bytes:
    """Return the salt of a PIN's hash."""
    return _secret(centre, batch, serial, "salt")[:size_bytes]


def index_of(centre: Centre, bearer: Bearer, code: str) -> bytes:
    """Return the blind index of a code as people write it."""
    return blind_index(centre.keys.index, _KINDS[bearer], plain_token(code))


def mint_from(centre: Centre, batch: Batch) -> Iterator[Minted]:
    """Yield codes from the batch's last number on, without end."""
    serial = batch.serial
    while True:
        serial += 1
        yield minted(centre, batch, serial)


def _secret(centre: Centre, batch: Batch, serial: int, of: str) -> bytes:
    text = batch.seed + f"/{of}/{serial}".encode()
    return hmac.digest(centre.keys.index, text, hashlib.sha256)
