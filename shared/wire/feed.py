"""Streams, and the immutable segments in which their rows come down."""

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from shared.crypto.chain import digest
from shared.crypto.secrecy import decrypt, encrypt
from shared.errors import Kind, LoyaltyError
from shared.wire.codec import decoder, encode, pack, unpack
from shared.wire.rows import RowKind

GLOBAL = "global"
SEGMENT_ROWS_MAX = 500
AGAIN_MAX = 2
"""How often what came damaged is asked for again, at once and past what a cache has."""


def region_stream(region: str) -> str:
    """Return the name of a region's stream: goods, prices, floors."""
    return f"region:{region}"


def store_stream(store: str) -> str:
    """Return the name of a store's stream: leases, outcomes, cashiers, settings."""
    return f"store:{store}"


KINDS_OF_REGION = (RowKind.GOODS,)
KINDS_OF_STORE = (RowKind.LEASE, RowKind.CASHIER, RowKind.SETTINGS, RowKind.OUTCOME)
KINDS_OF_GLOBAL = tuple(
    kind for kind in RowKind if kind not in KINDS_OF_REGION and kind not in KINDS_OF_STORE
)


def kinds_of(stream: str) -> tuple[str, ...]:
    """Return the kinds of rows that live in a stream."""
    if stream.startswith(region_stream("")):
        return KINDS_OF_REGION
    return KINDS_OF_STORE if stream.startswith(store_stream("")) else KINDS_OF_GLOBAL


class Change(Struct, array_like=True, frozen=True):
    """A numbered row of a stream: the whole new row in canonical bytes, empty for a delete."""

    number: int
    kind: str
    key: bytes
    row: bytes


class Segment(Struct, array_like=True, frozen=True):
    """An immutable piece of a stream: its changes from number `first` to `last`, compressed.

    Encrypted, it has the number of the stream's key and no digest: the tag is the check.
    """

    stream: str
    incarnation: UUID
    first: int
    last: int
    digest: bytes
    body: bytes
    key: int = 0


class BrokenSegmentError(LoyaltyError):
    """A segment whose bytes are not those that the centre wrote, or that nobody has asked for."""

    kind = Kind.INVALID
    code = "broken_segment"
    ru = "Отрезок {stream} {first}–{last} повреждён в пути или не тот, что запрошен."
    en = "Segment {stream} {first}-{last} was damaged on its way, or is not the one asked for."


decode_segment = decoder(Segment)
_decode_changes = decoder(tuple[Change, ...])


def write_segment(
    stream: str, incarnation: UUID, first: int, last: int, changes: Sequence[Change]
) -> Segment:
    """Freeze changes of a stream; numbers without a change in between were compacted away."""
    body = pack(tuple(changes))
    return Segment(stream, incarnation, first, last, digest(body), body)


def encrypted_segment(segment: Segment, number: int, key: bytes) -> Segment:
    """Return a segment as only holders of the stream's key of this number read it."""
    headed = replace(segment, digest=b"", body=b"", key=number)
    return replace(headed, body=encrypt(key, _context(headed), segment.body))


def changes_of(segment: Segment, key: bytes = b"") -> tuple[Change, ...]:
    """Return a segment's changes in order, decrypted with its key if it is encrypted.

    Raises BrokenSegmentError when bytes, header or key are not those that it was written with,
    MalformedError.
    """
    body: bytes | None = segment.body
    if segment.key:
        body = decrypt(key, _context(segment), segment.body)
    elif digest(segment.body) != segment.digest:
        body = None
    if body is None:
        raise BrokenSegmentError(stream=segment.stream, first=segment.first, last=segment.last)
    return _decode_changes(unpack(body))


def _context(segment: Segment) -> bytes:
    named = (segment.stream, segment.incarnation, segment.first, segment.last, segment.key)
    return b"kopilka/segment/1" + encode(named)
