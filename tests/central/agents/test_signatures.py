"""A signature holds for one method, path, query and body, and for nothing else."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.crypto.keys import KeyPair
from shared.crypto.requests import BadSignatureError, Proof, SignedRequest, sign, verify

PAIR = KeyPair.from_seed(bytes(32))
AT = datetime(2026, 3, 1, 12, 0, 7, tzinfo=UTC)
TARGET = "/v1/facts?a=1&a=2&b=%D0%B2"


def signed(**changes: Any) -> SignedRequest:
    headers = sign("POST", TARGET, b"body", PAIR, created=AT, nonce="n1")
    parts: dict[str, Any] = {
        "method": "POST",
        "target": TARGET,
        "headers": {name.lower(): value for name, value in headers.items()},
        "body": b"body",
    }
    return SignedRequest(**(parts | changes))


def test_a_proof_names_key_instant_and_nonce() -> None:
    assert verify(signed()) == Proof(PAIR.public, AT, "n1")


@given(body=st.binary(max_size=100), path=st.from_regex(r"/[a-z0-9:.]{0,20}", fullmatch=True))
def test_any_body_and_path_can_be_signed(body: bytes, path: str) -> None:
    headers = sign("PUT", path, body, PAIR, created=AT, nonce="n")

    assert verify(SignedRequest("PUT", path, headers, body)).public == PAIR.public


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "PUT"},
        {"target": "/v1/facts"},
        {"target": TARGET + "&c=1"},
        {"target": "/v1/other?a=1&a=2&b=%D0%B2"},
        {"target": "no path"},
        {"body": b"bodY"},
        {"body": b""},
        {"headers": {}},
    ],
)
def test_anything_else_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(BadSignatureError):
        verify(signed(**changes))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"@path" ', ""),
        (' "content-digest"', ""),
        (";created=1772366407", ""),
        (";created=1772366407", ";created=999999999999999"),
        (';nonce="n1"', ""),
        (';nonce="n1"', ';nonce="n2"'),
        (PAIR.public.hex(), KeyPair.from_seed(b"1" * 32).public.hex()),
        (PAIR.public.hex(), "zz"),
        ('alg="ed25519"', 'alg="hmac-sha256"'),
        ("kopilka=", "kopilka"),
    ],
)
def test_changed_parameters_are_refused(old: str, new: str) -> None:
    request = signed()
    told = request.headers["signature-input"]
    assert old in told

    with pytest.raises(BadSignatureError):
        verify(signed(headers={**request.headers, "signature-input": told.replace(old, new)}))


def test_a_signature_without_a_nonce_is_refused() -> None:
    headers = sign("POST", TARGET, b"", PAIR, created=AT, nonce="")

    with pytest.raises(BadSignatureError):
        verify(SignedRequest("POST", TARGET, headers, b""))
