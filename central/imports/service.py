"""An existing base comes in: a file's rows in batches, each with its count in one transaction.

A stop at any point loses nothing and doubles nothing: the next run of the same file under the same
mapping goes on behind the last batch, and a finished one changes nothing.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum, auto
from functools import partial
from itertools import islice
from typing import Any

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from central.centre import Centre
from central.estate.service import How
from central.imports import store
from central.imports.fields import ImportKind
from central.imports.lines import BadSourceError, Line, Sheet, Source
from central.imports.mapping import Fitted, Plan, fit
from central.imports.reasons import Note, RefusedError
from central.imports.sorts import Sort, sort_of
from central.imports.sources import open_sheet, sha256_of
from central.imports.store import Run, Said
from central.imports.verdicts import Outcome, Tally, Verdict, added
from shared.errors import Kind, LoyaltyError
from shared.ids import derived
from shared.runtime.retries import retried
from shared.runtime.sqlite import transaction, trying
from shared.runtime.storage import storage_failure

ROWS_PER_TRANSACTION = 1000
WAITS_S = (1, 2, 4, 8, 15, 30)
"""For a database that went away, before the import is broken off."""
SAID_MAX = 200_000
"""Things said of rows that a dry run keeps in memory."""

log = structlog.get_logger()
Heard = Callable[[int, int], None]
"""Hears how many rows of about how many are done."""


class BrokenOffError(LoyaltyError):
    """An import that could not go on; what is done is kept."""

    kind = Kind.UNAVAILABLE
    code = "import_broken_off"
    ru = "Загрузка прервана после {rows} строк, они сохранены. {reason_ru} Повторите: продолжит."
    en = "The import stopped after {rows} rows, which are kept. {reason_en} Repeat: it goes on."


class TornFileError(LoyaltyError):
    """A file that ends in damage; what stands before it is kept."""

    kind = Kind.INVALID
    code = "import_torn"
    ru = "{reason_ru} {rows} строк до повреждения загружены. Загрузите целый файл: они не удвоятся."
    en = "{reason_en} {rows} rows before the damage are in. Import a whole file: they count once."


class Known(Enum):
    """What becomes of members who are known, as far as a file states them otherwise."""

    STAYS = auto()
    UPDATED = auto()


@dataclass(frozen=True, slots=True)
class Order:
    """A file of a kind, how to read it, and who brings it."""

    kind: ImportKind
    source: Source
    plan: Plan
    how: How
    actor: str
    known: Known = Known.STAYS


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import came to; `before` rows of it were done by former runs.

    `said` are a dry run's words on rows, which are kept nowhere.
    """

    run: Run
    how: How
    form: str
    columns: Mapping[str, str]
    unknown: tuple[str, ...]
    before: int
    said: tuple[Said, ...] = ()


def run(centre: Centre, order: Order, heard: Heard) -> Imported:
    """Take a file in, or go on with it where it was left; a finished one changes nothing.

    Raises BadSourceError, BadMappingError, UnfitColumnsError, NoLibraryError, BrokenOffError,
    TornFileError.
    """
    at = centre.clock.now()
    new = _new_run(order, at)
    with open_sheet(order.source) as sheet:
        fitted = fit(order.plan, order.kind, sheet.header)
        applies = order.how is How.APPLY
        begun = _patient(centre, 0, partial(_begun, centre, new)) if applies else new
        sort = sort_of(centre, order.how, fitted.dates, new)
        pipe = _Pipe(centre, order.how, sort, fitted)
        done = pipe.run(begun, sheet, heard)
    log.info("import.done", kind=order.kind.value, rows=done.rows_done, how=order.how.name.lower())
    columns = {name: sheet.header[place] for name, place in fitted.places.items()}
    said = tuple(pipe.said)
    return Imported(done, order.how, sheet.form, columns, fitted.unknown, begun.rows_done, said)


@dataclass(slots=True)
class _Pipe:
    """A file on its way: batch by batch, each told when it is in."""

    centre: Centre
    how: How
    sort: Sort
    fitted: Fitted
    said: list[Said] = field(default_factory=list)
    ahead: list[Line] = field(default_factory=list)
    """Read already, of the next batch."""

    def run(self, run: Run, sheet: Sheet, heard: Heard) -> Run:
        """Take what is left of a sheet; return the import as it ends."""
        lines = iter(sheet.lines)
        for _ in range(run.rows_done):
            next(lines, None)
        heard(run.rows_done, sheet.total)
        while run.ended_at is None:
            batch = self._next(run, lines)
            run = _patient(self.centre, run.rows_done, partial(self._take, run, batch))
            heard(run.rows_done, sheet.total)
        return run

    def _next(self, run: Run, lines: Iterator[Line]) -> list[Line]:
        try:
            return self._batch(lines)
        except BadSourceError as error:
            ru, en = error.sentence("ru"), error.sentence("en")
            raise TornFileError(rows=run.rows_done, reason_ru=ru, reason_en=en) from error

    def _batch(self, lines: Iterator[Line]) -> list[Line]:
        """Return the next rows; those of one receipt stay together, up to as many again."""
        batch = list(islice(lines, ROWS_PER_TRANSACTION - len(self.ahead)))
        batch, self.ahead = [*self.ahead, *batch], []
        last = self._together(batch[-1]) if batch else None
        while last is not None and len(batch) < 2 * ROWS_PER_TRANSACTION:
            following = next(lines, None)
            if following is None:
                break
            if self._together(following) != last:
                self.ahead = [following]
                break
            batch.append(following)
        return batch

    def _together(self, line: Line) -> object:
        return self.sort.together(self.fitted.record(line.cells))

    @retried
    def _take(self, run: Run, batch: Sequence[Line]) -> Run:
        """Write a batch and the import's count together; an empty one ends the import."""
        if self.how is How.DRY_RUN:
            return self._try(run, batch)
        with transaction(self.centre.engine) as connection:
            stored = store.lock(connection, run.id)
            if stored.rows_done != run.rows_done or stored.ended_at is not None:
                return stored  # the answer to this commit was lost, or another process was faster
            verdicts, stated = self._judge(connection, batch)
            moved = self._moved(run, verdicts, stated)
            store.say(connection, run.id, verdicts, run.rows_done)
            store.move(connection, moved)
            if _is_turn(run.rows_done, moved.rows_done):
                self.sort.learn(connection)
        return moved

    @retried
    def _try(self, run: Run, batch: Sequence[Line]) -> Run:
        with transaction(self.centre.engine) as connection, trying(connection):
            verdicts, stated = self._judge(connection, batch)
        for one in verdicts:
            for note in one.notes[: SAID_MAX - len(self.said)]:
                self.said.append(Said(one.number, one.outcome, note.reason.value, note.field))
        return self._moved(run, verdicts, stated)

    def _moved(self, run: Run, verdicts: Sequence[Verdict], stated: int) -> Run:
        return replace(
            run,
            rows_done=run.rows_done + len(verdicts),
            tally=added(run.tally, verdicts, stated),
            ended_at=None if verdicts else self.centre.clock.now(),
        )

    def _judge(self, connection: Connection, batch: Sequence[Line]) -> tuple[list[Verdict], int]:
        """Write what of a batch can be taken; return every row's verdict, and the points stated."""
        verdicts: dict[int, Verdict] = {}
        items: dict[int, Any] = {}
        stated = 0
        for place, line in enumerate(batch):
            record = self.fitted.record(line.cells)
            points = self.sort.stated(self.fitted.understood(record))
            stated += points
            read = self._read(line, record)
            if isinstance(read, Note):
                verdicts[place] = Verdict(line.number, Outcome.REFUSED, (read,), points)
            else:
                items[place] = read
        if items:
            written = self.sort.write(connection, [*items.values()])
            verdicts.update(zip(items, written, strict=True))
        return [verdicts[place] for place in sorted(verdicts)], stated

    def _read(self, line: Line, record: Mapping[str, str]) -> Any:
        """Return what a row says, or the note why it is refused."""
        if line.fault is not None:
            return Note(line.fault)
        try:
            return self.sort.read(line.number, self.fitted.meant(record))
        except RefusedError as error:
            return error.note


def _is_turn(before: int, after: int) -> bool:
    """Tell whether a file has grown to four times what it was when this was last so."""
    return after.bit_length() // 2 > before.bit_length() // 2


def _new_run(order: Order, at: datetime) -> Run:
    """Return an import under its id, which follows from the file and how it is read."""
    digest = sha256_of(order.source.path)
    read_as = (order.source.encoding, order.source.delimiter)
    updates = order.known is Known.UPDATED
    more = ("update",) if updates else ()
    return Run(
        id=derived("import", order.kind.value, digest, order.plan.digest, *read_as, *more),
        kind=order.kind,
        file=order.source.path.name,
        digest=digest,
        mapping=order.plan.digest,
        rows_done=0,
        tally=Tally(),
        begun_at=at,
        ended_at=None,
        actor=order.actor,
        updates=updates,
    )


@retried
def _begun(centre: Centre, new: Run) -> Run:
    with transaction(centre.engine) as connection:
        return store.begin(connection, new)


def _patient(centre: Centre, rows: int, step: Callable[[], Run]) -> Run:
    """Do a step, again after a while if the database is away or busy.

    Raises BrokenOffError when it stays so.
    """
    pause = threading.Event()
    for wait_s in (*WAITS_S, 0):
        try:
            return step()
        except DBAPIError as error:
            failure = storage_failure(error)
            if failure.kind is not Kind.UNAVAILABLE or not wait_s:
                ru, en = failure.sentence("ru"), failure.sentence("en")
                raise BrokenOffError(rows=rows, reason_ru=ru, reason_en=en) from error
            log.warning("import.waits", rows=rows, wait_s=wait_s)
            centre.engine.dispose()
            centre.clock.wait(pause, wait_s)
    raise AssertionError
