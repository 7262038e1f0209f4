"""The replica's tables and their SQL: rows as the centre wrote them, and how they are found."""

import re
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeVar, cast
from uuid import UUID

from sqlalchemy import Connection, bindparam, case, delete, func, select
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlmodel import Field

from agent.schema import WITHOUT_ROWID, ReplicaTable, id_field, table_of
from shared.runtime.sqlite import listed, run, run_many
from shared.wire.feed import Change, region_stream
from shared.wire.rows import (
    AgentRow,
    GoodsRow,
    IdentifierRow,
    LeaseRow,
    Row,
    RowKind,
    key_of,
    kind_of_type,
    read_row,
)

CASHIERS_MAX = 1000
PACKS_MAX = 50
PUBLICATIONS_MAX = 500
"""The newest; a pack that counts by an older one alone counts no more here."""
SCAN_ROWS = 1000
CLOSED_KINDS = frozenset(kind.value for kind in (RowKind.MEMBER, RowKind.CASHIER))
"""Rows with names of people in them: they lie in the agent's vault."""
HEAD_BYTES = 96
"""The beginning of a row, with a member's id and name."""
_KEY_END = b"\xff" * 17

_R = TypeVar("_R", bound=Row)


class RowRecord(ReplicaTable, table=True):
    """A row of a stream in the centre's bytes; those of people lie closed."""

    __tablename__ = "row"
    __table_args__ = WITHOUT_ROWID

    kind: str = Field(primary_key=True)
    key: bytes = Field(primary_key=True)
    row: bytes


class CursorRecord(ReplicaTable, table=True):
    """Up to where a stream has been applied, and of which incarnation of the centre."""

    __tablename__ = "cursor"

    stream: str = Field(primary_key=True)
    number: int
    incarnation: UUID = id_field()


class BarcodeRecord(ReplicaTable, table=True):
    """Goods by what is printed on them; two may have the same code."""

    __tablename__ = "barcode"
    __table_args__ = WITHOUT_ROWID

    code: str = Field(primary_key=True)
    sku: str = Field(primary_key=True, index=True)


class LeaseRecord(ReplicaTable, table=True):
    """Leases by the account that they are of, and what is wanted back of them."""

    __tablename__ = "lease"

    key: bytes = Field(primary_key=True)
    account: UUID = id_field(index=True)
    wanted_back: int = Field(index=True)


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a stream."""

    number: int
    incarnation: UUID | None


_ROWS = table_of(RowRecord)
_CURSORS = table_of(CursorRecord)
_BARCODES = table_of(BarcodeRecord)
_LEASES = table_of(LeaseRecord)

_CURSOR = "SELECT number, incarnation FROM cursor WHERE stream = ?"
_FIND = "SELECT {row} FROM row WHERE kind = ? AND key = ?"
_MANY = "SELECT {row} FROM row WHERE kind = ? AND key IN (?*) ORDER BY key"
_EVERY = "SELECT {row} FROM row WHERE kind = ? ORDER BY key LIMIT ?"
_NEWEST = "SELECT {row} FROM row WHERE kind = ? ORDER BY key DESC LIMIT ?"
_BEHIND = "SELECT row FROM row WHERE kind = ? AND key > ? ORDER BY key LIMIT ?"
_IDENTIFIED = "SELECT row FROM row WHERE kind = ? AND key >= ? AND key < ? ORDER BY key"
_BARCODE = "SELECT sku FROM barcode WHERE code = ? ORDER BY sku LIMIT 1"
_LEASES_OF = """
SELECT row FROM row WHERE kind = ?
AND key IN (SELECT key FROM lease WHERE account IN (?*)) ORDER BY key
"""
_BEYOND = "SELECT 1 FROM row WHERE kind = ? ORDER BY key LIMIT 1 OFFSET ?"
_PUT = """
INSERT INTO row (kind, key, row) VALUES (?, ?, ?)
ON CONFLICT (kind, key) DO UPDATE SET row = excluded.row
"""
_PUT_CLOSED = _PUT.replace("(?, ?, ?)", "(?1, ?2, closed(?2, ?3))")
_PUT_BARCODE = "INSERT INTO barcode (code, sku) VALUES (?, ?) ON CONFLICT DO NOTHING"
_PUT_LEASE = """
INSERT INTO lease (key, account, wanted_back) VALUES (?, ?, ?)
ON CONFLICT (key) DO UPDATE SET wanted_back = excluded.wanted_back
"""
_KEYS = "SELECT key FROM row WHERE kind = ?"
_ALL = "SELECT row FROM row WHERE kind = ?"
_FORGET = "DELETE FROM row WHERE kind = ? AND key = ?"
_FORGET_BARCODES = "DELETE FROM barcode WHERE sku = ?"
_FORGET_LEASE = "DELETE FROM lease WHERE key = ?"
_BODIES = "SELECT key, {row} FROM row WHERE kind = ? AND key IN (?*)"
_SCAN = select(
    _ROWS.c.kind,
    _ROWS.c.key,
    case(
        (_ROWS.c.kind.in_(CLOSED_KINDS), func.opened(_ROWS.c.key, _ROWS.c.row)), else_=_ROWS.c.row
    ),
).where(_ROWS.c.kind.in_(bindparam("kinds", expanding=True)))
_LEASE_ROWS = select(_ROWS.c.row).where(_ROWS.c.kind == RowKind.LEASE.value).order_by(_ROWS.c.key)
_WANTED = _LEASE_ROWS.where(_ROWS.c.key.in_(select(_LEASES.c.key).where(_LEASES.c.wanted_back > 0)))


def cursor(connection: Connection, stream: str) -> Cursor:
    """Return the place up to which a stream has been applied."""
    row = run(connection, _CURSOR, (stream,)).fetchone()
    return Cursor(row[0], UUID(bytes=row[1])) if row else Cursor(0, None)


def put_cursor(connection: Connection, stream: str, number: int, incarnation: UUID) -> None:
    """Move a stream's cursor, in the transaction that writes its rows."""
    values = {"stream": stream, "number": number, "incarnation": incarnation}
    connection.execute(
        upsert(_CURSORS).on_conflict_do_update(index_elements=[_CURSORS.c.stream], set_=values),
        values,
    )


def put_changes(connection: Connection, changes: Sequence[Change]) -> None:
    """Write rows and their look-ups; the same rows again change nothing."""
    latest = {(change.kind, change.key): change for change in changes}
    for change in latest.values():
        _forget(connection, change)
    written = [change for change in latest.values() if change.row]
    rows = [(change.kind, change.key, change.row) for change in written]
    run_many(connection, _PUT, [row for row in rows if row[0] not in CLOSED_KINDS])
    run_many(connection, _PUT_CLOSED, [row for row in rows if row[0] in CLOSED_KINDS])
    for change in written:
        _remember(connection, read_row(change.kind, change.row))


def index_barcodes(connection: Connection) -> None:
    """Make the table of barcodes anew, from the rows of goods."""
    _BARCODES.drop(connection)
    _BARCODES.create(connection)
    for (body,) in run(connection, _ALL, (RowKind.GOODS.value,)).fetchall():
        _remember(connection, read_row(RowKind.GOODS.value, body))


def forget_rows(connection: Connection, keys: Iterable[tuple[str, bytes]]) -> None:
    """Drop rows and their look-ups by kind and key."""
    for kind, key in keys:
        _forget(connection, Change(0, kind, key, b""))


def forget_regions(connection: Connection) -> None:
    """Drop all goods and the cursors of their streams: the store is in another region now."""
    connection.execute(delete(_ROWS).where(_ROWS.c.kind == RowKind.GOODS.value))
    connection.execute(delete(_BARCODES))
    regions = _CURSORS.c.stream.startswith(region_stream(""))
    connection.execute(delete(_CURSORS).where(regions))


def follows_another_region(connection: Connection, stream: str) -> bool:
    """Tell whether the stream of a region was read that is not this one."""
    another = (_CURSORS.c.stream.startswith(region_stream("")), _CURSORS.c.stream != stream)
    return connection.execute(select(_CURSORS.c.stream).where(*another)).first() is not None


def find(connection: Connection, row: type[_R], key: bytes) -> _R | None:
    """Return one row by its key."""
    kind = kind_of_type(row)
    found = run(connection, _of_kind(_FIND, kind), (kind, key)).fetchone()
    return None if found is None else cast("_R", read_row(kind, found[0]))


def many(connection: Connection, row: type[_R], keys: Collection[bytes]) -> list[_R]:
    """Return the rows that are there of some keys, in the order of the keys."""
    kind = kind_of_type(row)
    found = run(connection, listed(_of_kind(_MANY, kind), len(keys)), (kind, *keys))
    return _rows(row, found)


def bodies(
    connection: Connection, kind: str, keys: Sequence[bytes]
) -> dict[tuple[str, bytes], bytes]:
    """Return the stored bytes of the rows that are there of some keys of a kind."""
    found = run(connection, listed(_of_kind(_BODIES, kind), len(keys)), (kind, *keys))
    return {(kind, key): body for key, body in found}


def scan(connection: Connection, kinds: Sequence[str]) -> Iterator[tuple[str, bytes, bytes]]:
    """Yield kind, key and stored bytes of all rows of some kinds."""
    for row in connection.execution_options(yield_per=SCAN_ROWS).execute(
        _SCAN, {"kinds": list(kinds)}
    ):
        yield row[0], row[1], row[2]


def keys(connection: Connection, kinds: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Yield kind and key of all rows of some kinds."""
    for kind in kinds:
        for (key,) in run(connection, _KEYS, (kind,)):
            yield kind, key


def every(connection: Connection, row: type[_R], most: int) -> list[_R]:
    """Return at most `most` rows of a kind in the order of their keys."""
    kind = kind_of_type(row)
    return _rows(row, run(connection, _of_kind(_EVERY, kind), (kind, most)))


def newest(connection: Connection, row: type[_R], most: int) -> list[_R]:
    """Return at most `most` rows of a kind, those with the last keys, the last one first."""
    kind = kind_of_type(row)
    return _rows(row, run(connection, _of_kind(_NEWEST, kind), (kind, most)))


def numbered_after(connection: Connection, row: type[_R], no: int, most: int) -> list[_R]:
    """Return at most `most` rows of a kind whose keys are numbers, behind a number."""
    return _rows(row, run(connection, _BEHIND, (kind_of_type(row), no.to_bytes(8, "big"), most)))


def containing(
    connection: Connection, kind: str, parts: Sequence[bytes], most: int
) -> Iterator[bytes]:
    """Yield the stored bytes of the rows of a kind that hold one of some parts within their first
    `HEAD_BYTES`, of the first `most` rows that there are."""
    holds = re.compile(b"|".join(re.escape(part) for part in parts)).search
    for (body,) in run(connection, _of_kind(_EVERY, kind), (kind, most)):
        if holds(body, 0, HEAD_BYTES):
            yield body


def is_beyond(connection: Connection, kind: str, most: int) -> bool:
    """Tell whether there are more rows of a kind than so many."""
    return run(connection, _BEYOND, (kind, most)).fetchone() is not None


def identified(connection: Connection, index: bytes) -> list[IdentifierRow]:
    """Return who a blind index may be: nobody, one member, or several who share a phone."""
    keys = (RowKind.IDENTIFIER.value, index, index + _KEY_END)
    return _rows(IdentifierRow, run(connection, _IDENTIFIED, keys))


def goods_by_barcode(connection: Connection, code: str) -> GoodsRow | None:
    """Return goods by a barcode; of several those whose sku comes first, in every store alike."""
    sku = run(connection, _BARCODE, (code,)).fetchone()
    return None if sku is None else find(connection, GoodsRow, sku[0].encode())


def agents_ending(connection: Connection, tail: bytes, epoch: int) -> list[AgentRow]:
    """Return the keys of an epoch of agents whose ids end so."""
    low = tail + epoch.to_bytes(4, "big")
    rows = connection.execute(
        select(_ROWS.c.row).where(
            _ROWS.c.kind == RowKind.AGENT.value, _ROWS.c.key >= low, _ROWS.c.key < low + _KEY_END
        )
    )
    found = [read_row(RowKind.AGENT, row[0]) for row in rows]
    return [row for row in found if isinstance(row, AgentRow)]


def leases(connection: Connection, accounts: Collection[UUID]) -> list[LeaseRow]:
    """Return the leases of some accounts, whoever's epoch they are of."""
    keys = [account.bytes for account in accounts]
    found = run(connection, listed(_LEASES_OF, len(keys)), (RowKind.LEASE.value, *keys))
    return _rows(LeaseRow, found)


def all_leases(connection: Connection) -> Iterator[LeaseRow]:
    """Return every lease, whoever's epoch it is of."""
    for body in connection.execute(_LEASE_ROWS).scalars():
        yield cast("LeaseRow", read_row(RowKind.LEASE.value, body))


def leases_wanted_back(connection: Connection) -> list[LeaseRow]:
    """Return the leases of which the centre has ever asked something back."""
    found = connection.execute(_WANTED)
    return [cast("LeaseRow", read_row(RowKind.LEASE.value, body)) for body in found.scalars()]


@cache
def _of_kind(statement: str, kind: str) -> str:
    """Write out a plain statement for the rows of a kind, opened if they lie closed."""
    return statement.replace("{row}", "opened(key, row)" if kind in CLOSED_KINDS else "row")


def _rows(row: type[_R], found: sqlite3.Cursor) -> list[_R]:
    kind = kind_of_type(row)
    return [cast("_R", read_row(kind, body)) for (body,) in found]


def _forget(connection: Connection, change: Change) -> None:
    if change.kind == RowKind.GOODS:
        run(connection, _FORGET_BARCODES, (change.key.decode(),))
    if not change.row:
        run(connection, _FORGET, (change.kind, change.key))
        if change.kind == RowKind.LEASE:
            run(connection, _FORGET_LEASE, (change.key,))


def _remember(connection: Connection, row: Row) -> None:
    if isinstance(row, GoodsRow) and row.barcodes:
        run_many(connection, _PUT_BARCODE, [(code, row.sku) for code in row.barcodes])
    elif isinstance(row, LeaseRow):
        run(connection, _PUT_LEASE, (key_of(row), row.account.bytes, row.wanted_back))
