"""Tables of bearers: batches of codes, certificates, and the records of what was done to them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Connection, func, insert, select, update
from sqlmodel import Field

from central.ledger.rows import chunks
from central.schema import Instant, Table, locked, table_of, upsert
from central.sets import one_of, plain
from shared.certificate import CertificateState


class BatchState(StrEnum):
    """Whether all codes of a batch are there; what is half made, no store has heard of."""

    MAKING = "making"
    READY = "ready"
    REVOKED = "revoked"


class BatchTable(Table, table=True):
    """Codes that were made together; each follows from the seed, its number and the index key."""

    __tablename__ = "batch"
    no: int = Field(primary_key=True)
    bearer: str
    title: str
    count: int
    made: int
    serial: int
    seed: bytes
    state: str
    created_at: datetime = Field(sa_type=Instant)
    nominal_minor: int = Field(sa_type=BigInteger)
    expires_on: date | None
    valid_days: int
    pins: bool
    store: str
    campaign: str
    channel: str
    event: str
    first_day: date | None


class CertificateTable(Table, table=True):
    """A certificate by its code's blind index; the code itself is nowhere, only its end."""

    __tablename__ = "certificate"
    index: bytes = Field(primary_key=True)
    account: UUID = Field(index=True)
    batch: int = Field(index=True)
    serial: int
    tail: str = Field(index=True)
    state: str
    nominal_minor: int = Field(sa_type=BigInteger)
    expires_on: date | None
    valid_days: int
    pin_hash: str
    store: str


class RecordTable(Table, table=True):
    """What a person, or a sale, has done to a batch or a certificate, in words."""

    __tablename__ = "bearer_record"
    id: UUID = Field(primary_key=True)
    subject: str = Field(index=True)
    at: datetime = Field(sa_type=Instant)
    step: str
    what: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Codes that were made together: `made` of `count`, up to number `serial`.

    `store` is where certificates are leased once they are sold; empty: nowhere. Promo codes are of
    a `campaign`; channel and event say where they were given out.
    """

    no: int
    bearer: str
    title: str
    count: int
    made: int
    serial: int
    seed: bytes
    state: BatchState
    created_at: datetime
    nominal_minor: int = 0
    expires_on: date | None = None
    valid_days: int = 0
    pins: bool = False
    store: str = ""
    campaign: str = ""
    channel: str = ""
    event: str = ""
    first_day: date | None = None


@dataclass(frozen=True, slots=True)
class StoredCertificate:
    """A certificate as the centre keeps it; what is on it stands in its account.

    Of a sold one the state is active, however much is left. Its nominal is 0 if it is sold for any
    amount; it pays to `expires_on`, or so many days after it was sold.
    """

    index: bytes
    account: UUID
    batch: int
    serial: int
    tail: str
    state: CertificateState
    nominal_minor: int
    expires_on: date | None
    valid_days: int
    pin_hash: str
    store: str


@dataclass(frozen=True, slots=True)
class Record:
    """What was done to a batch or a certificate."""

    id: UUID
    subject: str
    at: datetime
    step: str
    what: str


_batch = table_of(BatchTable)
_certificate = table_of(CertificateTable)
_record = table_of(RecordTable)


def new_batch_no(connection: Connection) -> int:
    """Return the next number of a batch; two who take one at once: one of them
    takes the next."""
    return int(connection.scalar(select(func.coalesce(func.max(_batch.c.no), 0))) or 0) + 1


def insert_batch(connection: Connection, batch: Batch) -> None:
    """Write a new batch."""
    connection.execute(insert(_batch), _values(batch))


def batch(connection: Connection, no: int) -> Batch | None:
    """Return a batch, locked to the end of the transaction."""
    row = connection.execute(locked(connection, select(_batch).where(_batch.c.no == no))).first()
    return None if row is None else _read_batch(row)


def batches(connection: Connection, bearer: str) -> list[Batch]:
    """Return the batches of a kind in the order of their numbers."""
    query = select(_batch).where(_batch.c.bearer == bearer).order_by(_batch.c.no)
    return [_read_batch(row) for row in connection.execute(query)]


def till_batches(connection: Connection, campaigns: Iterable[str]) -> dict[str, Batch]:
    """Return by campaign the batches of codes that tills make, which have no seed."""
    found: dict[str, Batch] = {}
    for few in chunks(campaigns):
        query = select(_batch).where(
            one_of(connection, _batch.c.campaign, few), _batch.c.seed == b""
        )
        for row in connection.execute(query.order_by(_batch.c.no)):
            batch = _read_batch(row)
            found.setdefault(batch.campaign, batch)
    return found


def move_batch(connection: Connection, batch: Batch) -> None:
    """Write how far a batch is."""
    connection.execute(update(_batch).where(_batch.c.no == batch.no).values(**_values(batch)))


def insert_certificates(connection: Connection, new: Collection[StoredCertificate]) -> None:
    """Write new certificates."""
    if new:
        connection.execute(insert(_certificate), [_values(one) for one in new])


def put_certificates(connection: Connection, changed: Collection[StoredCertificate]) -> None:
    """Write certificates that have changed."""
    if changed:
        connection.execute(upsert(connection, CertificateTable), [_values(one) for one in changed])


def certificates(
    connection: Connection, indexes: Iterable[bytes]
) -> dict[bytes, StoredCertificate]:
    """Return certificates by their indexes, locked to the end of the transaction."""
    found: dict[bytes, StoredCertificate] = {}
    for few in chunks(indexes):
        query = select(_certificate).where(one_of(connection, _certificate.c.index, few))
        for row in connection.execute(locked(connection, query.order_by(_certificate.c.index))):
            card = _read_certificate(row)
            found[card.index] = card
    return found


def taken(connection: Connection, indexes: Iterable[bytes]) -> set[bytes]:
    """Return which of these indexes a certificate has already."""
    found: set[bytes] = set()
    for few in chunks(indexes):
        query = select(_certificate.c.index).where(one_of(connection, _certificate.c.index, few))
        found.update(connection.scalars(query))
    return found


def of_batch(
    connection: Connection, batch_no: int, after: int, limit: int
) -> list[StoredCertificate]:
    """Return some certificates of a batch whose numbers follow one, in order."""
    query = select(_certificate).where(
        _certificate.c.batch == batch_no, _certificate.c.serial > after
    )
    rows = connection.execute(query.order_by(_certificate.c.serial).limit(limit))
    return [_read_certificate(row) for row in rows]


def by_tail(connection: Connection, tail: str, limit: int) -> list[StoredCertificate]:
    """Return some certificates whose codes end so."""
    query = select(_certificate).where(_certificate.c.tail == tail)
    rows = connection.execute(query.order_by(_certificate.c.index).limit(limit))
    return [_read_certificate(row) for row in rows]


def states(connection: Connection, batch_no: int) -> dict[str, int]:
    """Count the certificates of a batch by state."""
    query = select(_certificate.c.state, func.count().label("cards")).where(
        _certificate.c.batch == batch_no
    )
    rows = connection.execute(query.group_by(_certificate.c.state).order_by(_certificate.c.state))
    return {row.state: row.cards for row in rows}


def insert_records(connection: Connection, records: Collection[Record]) -> None:
    """Write what was done."""
    if records:
        connection.execute(insert(_record), [asdict(one) for one in records])


def records(connection: Connection, subject: str) -> list[Record]:
    """Return what was done to a batch or certificate, in order."""
    query = select(_record).where(_record.c.subject == subject)
    rows = connection.execute(query.order_by(_record.c.at, _record.c.id))
    return [Record(**row._mapping) for row in rows]


def _read_batch(row: Any) -> Batch:
    values: Mapping[str, Any] = row._mapping
    return Batch(**{**values, "state": BatchState(row.state)})


def _read_certificate(row: Any) -> StoredCertificate:
    values: Mapping[str, Any] = row._mapping
    return StoredCertificate(**{**values, "state": CertificateState(row.state)})


def _values(item: Batch | StoredCertificate) -> dict[str, object]:
    return {name: plain(value) for name, value in asdict(item).items()}
