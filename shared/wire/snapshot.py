"""A stream's rows as a whole: the snapshot that a replica begins with, and the sums that compare.

A tally is the sum, modulo 2^128, of a hash of each row. It does not depend on order, and one row
more or another one is one addition: so both sides keep it up as rows change. Equal tallies at equal
cursors mean equal rows, but for an accident of one in 2^128.
"""

import hashlib
import zlib
from uuid import UUID

from msgspec import Struct

from shared.crypto.blind import INDEX_BYTES
from shared.wire.codec import decoder, encode

PART_BITS = 12
"""A stream has 4,096 parts, by the hash of what a row is found by."""
PARTS = 1 << PART_BITS
SUM_BYTES = 16
NOTHING = bytes(SUM_BYTES)
"""The tally of no rows."""
PIECE_BYTES_MAX = 32 * 1024 * 1024
"""Of a piece's rows, decompressed; several packs may fall into one."""
_MODULUS = 1 << (8 * SUM_BYTES)
_EMPTY = hashlib.blake2b(digest_size=SUM_BYTES, person=b"kopilka/row/1")


class Tally(Struct, array_like=True, frozen=True):
    """What the rows of a stream sum up to when everything up to `number` is applied."""

    stream: str
    number: int
    sum: bytes


class Snapshot(Struct, array_like=True, frozen=True):
    """Where a stream's snapshot stands, and which of its 2^bits pieces have rows.

    Pieces may be newer than `number`: whoever has read them all applies the changes after it.
    """

    stream: str
    incarnation: UUID
    number: int
    bits: int
    pieces: tuple[int, ...]


class StoredRow(Struct, array_like=True, frozen=True):
    """A row of a stream: its kind, key and canonical bytes."""

    kind: str
    key: bytes
    row: bytes


class SnapshotPiece(Struct, array_like=True, frozen=True):
    """One of 2^bits pieces of a stream's rows at `number`, compressed; `sum` is their tally.

    Encrypted, `key` is the number of the stream's key. `number` is not bound to it: a piece whose
    rows do not change is good at every later number.
    """

    stream: str
    incarnation: UUID
    number: int
    bits: int
    piece: int
    sum: bytes
    body: bytes
    key: int = 0


class PartTallies(Struct, array_like=True, frozen=True):
    """The tallies of a stream's parts at `number`; parts that are not named have no rows."""

    stream: str
    incarnation: UUID
    number: int
    sums: tuple[tuple[int, bytes], ...]


def context_of(piece: SnapshotPiece) -> bytes:
    """Return what the encrypted rows of a piece are bound to: its header but for the number."""
    named = (piece.stream, piece.incarnation, piece.bits, piece.piece, piece.sum, piece.key)
    return b"kopilka/piece/1" + encode(named)


def part_of(kind: str, key: bytes) -> int:
    """Return the part that a row belongs to; rows that are looked up together fall together."""
    return zlib.crc32(kind.encode() + key[:INDEX_BYTES]) >> (32 - PART_BITS)


def parts_of_piece(bits: int, piece: int) -> tuple[int, int]:
    """Return the first and the last part of one of 2^bits pieces."""
    width = PART_BITS - bits
    return piece << width, ((piece + 1) << width) - 1


def changed_sum(total: bytes, *, gone: list[StoredRow], come: list[StoredRow]) -> bytes:
    """Return a tally after some rows have gone and others have come."""
    value = int.from_bytes(total, "big") + _sum(come) - _sum(gone)
    return (value % _MODULUS).to_bytes(SUM_BYTES, "big")


def tally_of(rows: list[StoredRow]) -> bytes:
    """Return the tally of some rows."""
    return (_sum(rows) % _MODULUS).to_bytes(SUM_BYTES, "big")


def added(one: bytes, other: bytes) -> bytes:
    """Return the tally of two sets of rows together."""
    value = int.from_bytes(one, "big") + int.from_bytes(other, "big")
    return (value % _MODULUS).to_bytes(SUM_BYTES, "big")


def _sum(rows: list[StoredRow]) -> int:
    return sum([int.from_bytes(_hash(row), "big") for row in rows])


def _hash(row: StoredRow) -> bytes:
    kind = row.kind.encode()
    fresh = _EMPTY.copy()  # at half the cost of a new one
    fresh.update(bytes((len(kind),)) + kind + len(row.key).to_bytes(2, "big") + row.key + row.row)
    return fresh.digest()


decode_snapshot = decoder(Snapshot)
decode_piece = decoder(SnapshotPiece)
decode_part_tallies = decoder(PartTallies)
decode_stored_rows = decoder(tuple[StoredRow, ...])
