"""Tables of imports: each file under its mapping once, how far it is, and what is said of rows."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Connection, Row, select, update
from sqlmodel import Field

from central.imports.fields import ImportKind
from central.imports.verdicts import Outcome, Tally, Verdict
from central.schema import Instant, Table, insert_new, locked, table_of
from central.sets import insert_rows

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


class ImportNoteTable(Table, table=True):
    """What is said of a row of a file, in order: never what stands in it."""

    __tablename__ = "import_note"
    run: UUID = Field(primary_key=True)
    place: int = Field(sa_type=BigInteger, primary_key=True)
    row: int
    outcome: str
    reason: str
    field: str


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


@dataclass(frozen=True, slots=True)
class Said:
    """What was said of a row."""

    row: int
    outcome: Outcome
    reason: str
    field: str


_run = table_of(ImportTable)
_note = table_of(ImportNoteTable)
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


def _written(tally: Tally) -> str:
    return json.dumps(asdict(tally), sort_keys=True)


def _read(row: Row[Any]) -> Run:
    values = {**row._mapping, "kind": ImportKind(row.kind), "tally": Tally(**json.loads(row.tally))}
    return Run(**values)
