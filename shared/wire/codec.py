"""Canonical bytes: MessagePack with fixed field order, and the frame that compresses them."""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
import zstandard

from shared.errors import Kind, LoyaltyError

PROTOCOL = 1
BODY_BYTES_MAX = 8 * 1024 * 1024
CONTENT_TYPE = "application/vnd.kopilka+msgpack"
PACKED = zstandard.FRAME_HEADER
"""With these bytes begins whatever `pack` returns."""

_T = TypeVar("_T")
_encoder = msgspec.msgpack.Encoder(uuid_format="bytes", decimal_format="string", order="sorted")


class MalformedError(LoyaltyError):
    """Bytes that are not the message they should be."""

    kind = Kind.INVALID
    code = "malformed"
    ru = "Сообщение не читается: {reason}."
    en = "The message cannot be read: {reason}."


def encode(message: object) -> bytes:
    """Return the canonical bytes of a message: the same value always gives the same bytes."""
    return _encoder.encode(message)


def decoder(message: type[_T]) -> Callable[[bytes], _T]:
    """Return a function that reads canonical bytes as `message` or raises MalformedError."""
    typed: msgspec.msgpack.Decoder[_T] = msgspec.msgpack.Decoder(message)

    def decode(body: bytes) -> _T:
        try:
            return typed.decode(body)
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            raise MalformedError(reason=str(error)) from error

    return decode


def pack(message: object) -> bytes:
    """Encode and compress (zstd level 1)."""
    return zstandard.ZstdCompressor(level=1).compress(encode(message))


def unpack(body: bytes, limit_bytes: int = BODY_BYTES_MAX) -> bytes:
    """Decompress at most `limit_bytes`; raises MalformedError for more or for other bytes."""
    try:
        size = zstandard.frame_content_size(body)
        if not 0 <= size <= limit_bytes:
            raise MalformedError(reason=f"{size} bytes when decompressed")
        return zstandard.ZstdDecompressor().decompress(body, max_output_size=limit_bytes)
    except zstandard.ZstdError as error:
        raise MalformedError(reason=str(error)) from error


def to_plain(message: object) -> Any:
    """Return a message as dictionaries, lists and texts, for people and JSON."""
    return msgspec.to_builtins(message)
