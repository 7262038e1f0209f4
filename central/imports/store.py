"""Tables of imports: each file under its mapping once, how far it is, and what is said of rows."""

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Connection, Row, select, update
from sqlmodel import Field

from central import sets
from central.imports.fields import ImportKind
from central.imports.verdicts import Outcome, Tally, Verdict
from central.ledger.rows import chunks
from central.schema import Instant, Table, insert_new, locked, table_of
from central.sets import columns_of, insert_rows, one_of, rows_of

NOTES_PER_READ = 5000
NOTES_PER_ROW = 64
"""That are kept: more than a row has fields."""


class ImportTable(Table, table=True):
    """An import; `rows_done` moves with the rows that it counts, in one transaction."""

    __tablename__ = "import_run"
    id: UUID = Field(primary_key=True)
    kind: str
    file: str
    digest: str
    mapping: str
    rows_done: int
    tally: str
    begun_at: datetime = Field(sa_type=Instant, index=True)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    actor: str
    updates: bool = False


class ImportNoteTable(Table, table=True):
    """What is said of a row of a file, in order: never what stands in it."""

    __tablename__ = "import_note"
    run: UUID = Field(primary_key=True)
    place: int = Field(sa_type=BigInteger, primary_key=True)
    row: int
    outcome: str
    reason: str
    field: str


class PastReceiptTable(Table, table=True):
    """A receipt from before this programme: it counts as turnover, and earns nothing."""

    __tablename__ = "past_receipt"
    id: UUID = Field(primary_key=True)
    account: UUID = Field(index=True)
    store: str
    number: str
    at: datetime = Field(sa_type=Instant)
    day: date
    total_minor: int = Field(sa_type=BigInteger)
    points: int = Field(sa_type=BigInteger)
    run: UUID


class PastLineTable(Table, table=True):
    """A line of a receipt from before."""

    __tablename__ = "past_line"
    receipt: UUID = Field(primary_key=True)
    no: int = Field(primary_key=True)
    sku: str
    quantity: int = Field(sa_type=BigInteger)
    amount_minor: int = Field(sa_type=BigInteger)


@dataclass(frozen=True, slots=True)
class PastReceipt:
    """A receipt from before: kopecks, hundredths of a point that it had earned, who brought it."""

    id: UUID
    account: UUID
    store: str
    number: str
    at: datetime
    day: date
    total_minor: int
    points: int
    run: UUID


@dataclass(frozen=True, slots=True)
class PastLine:
    """A line of a receipt from before; quantity in thousandths."""

    receipt: UUID
    no: int
    sku: str
    quantity: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Run:
    """An import of one file under one mapping; `notes` are how many things were said of rows."""

    id: UUID
    kind: ImportKind
    file: str
    digest: str
    mapping: str
    rows_done: int
    tally: Tally
    begun_at: datetime
    ended_at: datetime | None
    actor: str
    updates: bool = False
    """Whether rows of who is known change his profile."""


@dataclass(frozen=True, slots=True)
class Said:
    """What was said of a row."""

    row: int
    outcome: Outcome
    reason: str
    field: str


_run = table_of(ImportTable)
_note = table_of(ImportNoteTable)
_past = table_of(PastReceiptTable)
_line = table_of(PastLineTable)
_NOTE = ("run", "place", "row", "outcome", "reason", "field")


def begin(connection: Connection, run: Run) -> Run:
    """Enter an import, unless it is there; return it as it stands."""
    row = {**asdict(run), "kind": run.kind.value, "tally": _written(run.tally)}
    connection.execute(insert_new(connection, ImportTable), row)
    return lock(connection, run.id)


def lock(connection: Connection, run: UUID) -> Run:
    """Return an import, locked to the end of the transaction."""
    query = select(_run).where(_run.c.id == run)
    return _read(connection.execute(locked(connection, query)).one())


def find(connection: Connection, run: UUID) -> Run | None:
    """Return an import."""
    row = connection.execute(select(_run).where(_run.c.id == run)).first()
    return None if row is None else _read(row)


def latest(connection: Connection, limit: int) -> list[Run]:
    """Return the imports that began last, the latest first."""
    query = select(_run).order_by(_run.c.begun_at.desc(), _run.c.id).limit(limit)
    return [_read(row) for row in connection.execute(query)]


def move(connection: Connection, run: Run) -> None:
    """Write how far an import is."""
    values = {"rows_done": run.rows_done, "tally": _written(run.tally), "ended_at": run.ended_at}
    connection.execute(update(_run).where(_run.c.id == run.id).values(values))


def say(connection: Connection, run: UUID, verdicts: Iterable[Verdict], first: int) -> None:
    """Keep what is said of rows; `first` is the place of the first one in its file."""
    rows: list[tuple[Any, ...]] = []
    for place, one in enumerate(verdicts, first):
        for no, note in enumerate(one.notes[:NOTES_PER_ROW]):
            key = place * NOTES_PER_ROW + no
            rows.append((run, key, one.number, one.outcome.value, note.reason.value, note.field))
    insert_rows(connection, _note, _NOTE, rows)


def said(connection: Connection, run: UUID, outcome: Outcome) -> Iterator[Said]:
    """Yield what was said of rows with an outcome, in the order of the file."""
    after = -1
    query = select(_note).where(_note.c.run == run, _note.c.outcome == outcome.value)
    while True:
        some = query.where(_note.c.place > after).order_by(_note.c.place).limit(NOTES_PER_READ)
        rows = connection.execute(some).all()
        for row in rows:
            yield Said(row.row, outcome, row.reason, row.field)
        if len(rows) < NOTES_PER_READ:
            return
        after = rows[-1].place


def past(connection: Connection, receipts: Iterable[UUID]) -> dict[UUID, UUID]:
    """Return which of these receipts from before are kept, and which import brought each."""
    found: dict[UUID, UUID] = {}
    for few in chunks(receipts):
        query = select(_past.c.id, _past.c.run).where(one_of(connection, _past.c.id, few))
        found.update((row.id, row.run) for row in connection.execute(query))
    return found


def past_of(connection: Connection, accounts: Iterable[UUID], limit: int) -> list[PastReceipt]:
    """Return the latest receipts from before of some accounts, the latest first."""
    found: list[PastReceipt] = []
    for few in chunks(accounts):
        query = select(*columns_of(_past, PastReceipt)).where(
            one_of(connection, _past.c.account, few)
        )
        rows = connection.execute(query.order_by(_past.c.at.desc(), _past.c.id).limit(limit))
        found += [PastReceipt(*row) for row in rows]
    return sorted(found, key=lambda one: (one.at, one.id), reverse=True)[:limit]


def past_by_ids(connection: Connection, receipts: Iterable[UUID]) -> dict[UUID, PastReceipt]:
    """Return receipts from before by their ids, as far as these are any."""
    found: dict[UUID, PastReceipt] = {}
    for few in chunks(receipts):
        query = select(*columns_of(_past, PastReceipt)).where(one_of(connection, _past.c.id, few))
        found.update((row.id, PastReceipt(*row)) for row in connection.execute(query))
    return found


def keep_past(
    connection: Connection, receipts: Collection[PastReceipt], lines: Collection[PastLine]
) -> None:
    """Keep receipts from before with their lines."""
    insert_rows(connection, _past, *rows_of(PastReceipt, receipts))
    insert_rows(connection, _line, *rows_of(PastLine, lines))


def learn(connection: Connection) -> None:
    """Let the database look how much there is by now."""
    sets.learn(connection, (PastReceiptTable, PastLineTable))


def _written(tally: Tally) -> str:
    return json.dumps(asdict(tally), sort_keys=True)


def _read(row: Row[Any]) -> Run:
    values = {**row._mapping, "kind": ImportKind(row.kind), "tally": Tally(**json.loads(row.tally))}
    return Run(**values)
