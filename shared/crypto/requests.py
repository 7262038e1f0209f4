"""Signed requests of agents: RFC 9421 over method, path, query and content digest (RFC 9530).

The authority is not signed, so that a request may go through a proxy on another address. The key
id is the hex of the public key: the signature proves who holds it, the caller decides who that is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
)
from http_message_signatures.algorithms import ED25519

from shared.clock import EPOCH
from shared.crypto.keys import KeyPair
from shared.errors import Kind, LoyaltyError

COVERED = ("@method", "@path", "@query", "content-digest")
NONCE_CHARS_MAX = 64
_ORIGIN = "http://centre"


class BadSignatureError(LoyaltyError):
    """A request that its key's holder did not sign, or did not sign whole."""

    kind = Kind.UNAUTHENTICATED
    code = "bad_signature"
    ru = "Подпись запроса неверна: {reason}."
    en = "The request's signature is not valid: {reason}."


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request as it arrived: `target` is path and query, `headers` have lower-case names."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Proof:
    """What a valid signature says: which key made it, when by its clock, and its nonce."""

    public: bytes
    created: datetime
    nonce: str


def sign(
    method: str, target: str, body: bytes, pair: KeyPair, *, created: datetime, nonce: str
) -> dict[str, str]:
    """Return the headers to send with a request; `target` is its path and query."""
    headers: dict[str, str] = {}
    signer = HTTPMessageSigner(signature_algorithm=ED25519, key_resolver=_Keys(pair))
    signer.sign(
        _message(method, target, headers),
        key_id=pair.public.hex(),
        created=created,
        nonce=nonce,
        label="kopilka",
        covered_component_ids=COVERED[:-1],
        body=body,
    )
    return headers


def verify(request: SignedRequest) -> Proof:
    """Check a request's one signature and its digest; raises BadSignatureError.

    Whether `created` is near enough, the nonce new and the key known, the caller decides.
    """
    verifier = _Verifier(signature_algorithm=ED25519, key_resolver=_Keys())
    message = _message(request.method, request.target, dict(request.headers))
    try:
        (found,) = verifier.verify(
            message, max_age=None, require_components=COVERED, body=request.body
        )
    except (HTTPMessageSignaturesException, ValueError) as error:
        raise BadSignatureError(reason=str(error)[:200] or "it does not match") from error
    created, nonce = found.parameters.get("created"), found.nonce
    if not isinstance(created, int) or not 0 < len(nonce or "") <= NONCE_CHARS_MAX:
        raise BadSignatureError(reason="created and nonce are required")
    try:
        instant = EPOCH + timedelta(seconds=created)
    except OverflowError as error:
        raise BadSignatureError(reason="created is out of range") from error
    return Proof(bytes.fromhex(str(found.parameters["keyid"])), instant, nonce or "")


class _Verifier(HTTPMessageVerifier):
    """Leaves the library's own look at the machine's clock out: instants are arguments here."""

    def validate_created_and_expires(self, sig_input: Any, max_age: Any = None) -> None:
        """Check nothing: the caller compares `created` with its clock."""


class _Keys(HTTPSignatureKeyResolver):
    """Finds the public key in the key id itself."""

    def __init__(self, pair: KeyPair | None = None) -> None:
        self._pair = pair

    def resolve_public_key(self, key_id: str) -> Ed25519PublicKey:
        """Read the key id as a public key."""
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(key_id))

    def resolve_private_key(self, key_id: str) -> Any:  # noqa: ARG002
        """Return the signer's own key."""
        assert self._pair is not None
        return self._pair.private_key


def _message(method: str, target: str, headers: dict[str, str]) -> SimpleNamespace:
    return SimpleNamespace(method=method.upper(), url=_ORIGIN + target, headers=headers)
