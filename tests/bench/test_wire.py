"""Bytes on the wire: of changes and of a bootstrap, beside the same rows as JSON objects."""

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from central.agents.service import AgentIdentity
from central.centre import Centre
from central.feed import service as feed
from central.snapshots import service as snapshots
from shared.clock import SystemClock
from shared.wire.codec import unpack
from shared.wire.feed import GLOBAL, changes_of, decode_segment
from shared.wire.rows import read_row
from shared.wire.snapshot import PIECE_BYTES_MAX, decode_piece, decode_stored_rows
from tests.bench import chain
from tests.bench.results import compare

MEMBERS = 5_000
WIRE_RATIO_MAX = 0.3
BYTES_PER_MEMBER_MAX = 60
READS_ENCRYPTED = AgentIdentity(UUID(int=1), 1, chain.READER, wrapping_key=bytes(32))
READS_PLAIN = AgentIdentity(UUID(int=1), 1, chain.READER)
HOW = f"{MEMBERS} members, each with a card, a phone and points"

pytestmark = pytest.mark.bench


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Centre]:
    made, _ = chain.with_members(tmp_path / "centre", MEMBERS)
    yield made
    made.engine.dispose()


def test_changes(centre: Centre) -> None:
    """All pieces of the stream that every store follows, encrypted as they are sent."""
    sent = sum(map(len, _segments(centre, READS_ENCRYPTED)))
    changes = [
        change
        for plain in _segments(centre, READS_PLAIN)
        for change in changes_of(decode_segment(plain))
    ]
    as_json = sum(len(_json(change.kind, change.row)) for change in changes if change.row)
    compare(
        "changes on the wire / JSON objects",
        (sent / len(changes), as_json / len(changes), "B/row"),
        (f"<= {WIRE_RATIO_MAX}", sent / as_json <= WIRE_RATIO_MAX),
        f"{len(changes)} rows of {HOW}; pieces compressed and encrypted, with their headers; JSON "
        "objects with the fields' names, not compressed",
    )


def test_bootstrap(centre: Centre) -> None:
    """All pieces of the snapshot that a new store begins with."""
    now = SystemClock().now()
    while snapshots.run(centre, now):
        pass
    sent = sum(map(len, _pieces(centre, READS_ENCRYPTED)))
    rows = [
        row
        for plain in _pieces(centre, READS_PLAIN)
        for row in decode_stored_rows(unpack(decode_piece(plain).body, PIECE_BYTES_MAX))
    ]
    as_json = sum(len(_json(row.kind, row.row)) for row in rows)
    assert sum(row.kind == "member" for row in rows) == MEMBERS
    how = f"{len(rows)} rows of {HOW}; pieces of the snapshot, encrypted, with their headers"
    compare(
        "bootstrap on the wire / JSON objects",
        (sent / MEMBERS, as_json / MEMBERS, "B/member"),
        (f"<= {WIRE_RATIO_MAX}", sent / as_json <= WIRE_RATIO_MAX),
        how,
    )
    compare(
        "bytes of a member at bootstrap / goal 11",
        (sent / MEMBERS, BYTES_PER_MEMBER_MAX, "B/member"),
        (f"<= {BYTES_PER_MEMBER_MAX} B", sent / MEMBERS <= BYTES_PER_MEMBER_MAX),
        f"{how}; ids are UUIDs",
    )


def _segments(centre: Centre, reader: AgentIdentity) -> Iterator[bytes]:
    after = 0
    while (encoded := feed.segment_for(centre, reader, (GLOBAL, after))) is not None:
        yield encoded
        after = decode_segment(encoded).last


def _pieces(centre: Centre, reader: AgentIdentity) -> Iterator[bytes]:
    told = snapshots.snapshot(centre, reader.store, GLOBAL)
    for no in told.pieces:
        yield snapshots.piece(centre, reader, GLOBAL, (told.bits, no))


def _json(kind: str, row: bytes) -> bytes:
    return msgspec.json.encode({"kind": kind, "row": _named(read_row(kind, row))})


def _named(value: Any) -> Any:
    """Return a row as an object with the names of its fields, and so what is in it."""
    if isinstance(value, msgspec.Struct):
        return {name: _named(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, tuple):
        return [_named(one) for one in value]
    assert value is None or isinstance(value, str | int | bytes | UUID | datetime.date), value
    return value
