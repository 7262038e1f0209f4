"""Hand-overs: a root key gives its place to another and signs that itself.

So whoever trusts a former root finds the present one, also several of them later.
"""

from collections.abc import Iterable

from msgspec import Struct

from shared.crypto.keys import KeyPair, verify
from shared.wire.codec import encode


class HandOver(Struct, array_like=True, frozen=True):
    """A root key gives its place to another: signed by both, numbered from 1 without gaps."""

    number: int
    former: bytes
    root: bytes
    signature: bytes
    accepted: bytes
    """The signature of the new one, which proves that somebody has it."""


def hand_over(number: int, former: KeyPair, root: KeyPair) -> HandOver:
    """Let one root key give its place to another; both sign."""
    said = _bytes(number, former.public, root.public)
    return HandOver(number, former.public, root.public, former.sign(said), root.sign(said))


def present_root(pinned: bytes, handed_over: Iterable[HandOver]) -> bytes:
    """Return the root key to which hand-overs lead from the pinned one.

    One that does not begin at the key reached so far, has no higher number than the one before, or
    is not signed by both is passed over: neither an old one nor a forged one leads back or aside.
    """
    root, number = pinned, 0
    for one in handed_over:
        if one.former == root and one.number > number and is_handed_over(one):
            root, number = one.root, one.number
    return root


def is_handed_over(one: HandOver) -> bool:
    """Tell whether both root keys have signed a hand-over."""
    said = _bytes(one.number, one.former, one.root)
    return verify(one.former, said, one.signature) and verify(one.root, said, one.accepted)


def _bytes(number: int, former: bytes, root: bytes) -> bytes:
    return b"kopilka/root/1" + encode((number, former, root))
