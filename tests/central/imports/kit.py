"""Files to import, and what an import came to."""

from pathlib import Path

from central.centre import Centre
from central.estate.service import How
from central.imports import store
from central.imports.fields import ImportKind
from central.imports.lines import Source
from central.imports.mapping import Plan, read_plan
from central.imports.report import balanced
from central.imports.service import Imported, Order, run
from central.imports.store import Run
from central.imports.verdicts import Outcome
from shared.runtime.sqlite import reading

HEADING = "Номер карты;Телефон;ФИО;Бонусы"


def silent(_done: int, _total: int) -> None:
    """Hear how far an import is."""


def csv_file(folder: Path, *rows: str, heading: str = HEADING, encoding: str = "utf-8") -> Path:
    """Write a CSV file."""
    path = folder / "members.csv"
    path.write_bytes("".join(f"{row}\n" for row in (heading, *rows)).encode(encoding))
    return path


def order(
    path: Path,
    kind: ImportKind = ImportKind.MEMBERS,
    *,
    plan: Plan | None = None,
    how: How = How.APPLY,
) -> Order:
    """Ask for a file."""
    return Order(kind, Source(path), plan or Plan(), how, "Пётр")


def take(
    centre: Centre, path: Path, kind: ImportKind = ImportKind.MEMBERS, *, how: How = How.APPLY
) -> Imported:
    """Import a file; whatever became of it, its report is balanced."""
    done = run(centre, order(path, kind, how=how), silent)
    assert balanced(done.run.tally, done.run.rows_done)
    return done


def planned(folder: Path, text: str, kind: ImportKind = ImportKind.MEMBERS) -> Plan:
    """Write a mapping and read it."""
    path = folder / "mapping.yaml"
    path.write_text(text)
    return read_plan(path, kind)


def counts(run: Run) -> tuple[int, int, int, int]:
    """Return rows accepted, repaired, duplicate, refused."""
    of = run.tally.of
    named = (Outcome.ACCEPTED, Outcome.REPAIRED, Outcome.DUPLICATE, Outcome.REFUSED)
    accepted, repaired, duplicate, refused = (of(one) for one in named)
    assert accepted + repaired + duplicate + refused + of(Outcome.UPDATED) == run.tally.rows
    return accepted, repaired, duplicate, refused


def said(centre: Centre, run: Run, outcome: Outcome) -> list[tuple[int, str, str]]:
    """Return (row, reason, field) of what was said of rows."""
    with reading(centre.engine) as connection:
        return [(one.row, one.reason, one.field) for one in store.said(connection, run.id, outcome)]
