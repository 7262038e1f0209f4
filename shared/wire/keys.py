"""Keys of streams: what they follow from, and how they travel to the agents that may read them."""

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct

from shared.crypto.keys import KeyPair
from shared.crypto.secrecy import derived_key, unwrap, wrap
from shared.errors import Kind, LoyaltyError
from shared.wire.codec import MalformedError, decoder, encode

KEYS_TOLD_MAX = 64
"""Of one stream: the last ones, for what a cache between may still have under a former key."""


class StreamKey(Struct, array_like=True, frozen=True):
    """A key under which a stream's rows travel in one life of the centre."""

    stream: str
    incarnation: UUID
    number: int
    key: bytes


class KeysUnreadableError(LoyaltyError):
    """Wrapped keys that are not for this agent's epoch and session."""

    kind = Kind.UNAVAILABLE
    code = "keys_unreadable"
    ru = "Ключи потоков зашифрованы не для этого агента; они запрашиваются снова."
    en = "The keys of the streams are not wrapped for this agent; they are asked for again."


_decode_keys = decoder(tuple[StreamKey, ...])


def stream_key(secret: bytes, stream: str, incarnation: UUID, number: int) -> StreamKey:
    """Return a stream's key of a number: it follows from the centre's secret."""
    purpose = b"kopilka/stream/1" + encode((stream, incarnation, number))
    return StreamKey(stream, incarnation, number, derived_key(secret, purpose))


def wrap_keys(keys: Sequence[StreamKey], public: bytes, context: bytes, *, once: bytes) -> bytes:
    """Wrap keys for an agent's wrapping key; `once` is 32 bytes of chance of this call.

    Raises MalformedError for a wrapping key that is none.
    """
    try:
        return wrap(public, context, encode(tuple(keys)), once=once)
    except ValueError as error:
        raise MalformedError(reason="the wrapping key is none") from error


def unwrap_keys(wrapped: bytes, pair: KeyPair, context: bytes) -> tuple[StreamKey, ...]:
    """Return the keys that were wrapped for an agent; raises KeysUnreadableError."""
    content = unwrap(pair.unwrapping_key, context, wrapped)
    if content is None:
        raise KeysUnreadableError
    return _decode_keys(content)


def session_context(agent: UUID, epoch: int, incarnation: UUID, session: UUID) -> bytes:
    """Return what the keys of a session's answer are bound to."""
    return b"kopilka/session/1" + encode((agent, epoch, incarnation, session))
