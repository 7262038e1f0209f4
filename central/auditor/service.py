"""The audit: every receipt evaluated a second time, behind ingest, with a mark of its own.

Over exactly what the fact says the kernel must find the same bytes. Over the centre's own view at
that instant it may find more: the printed receipt stands, and points that the member was short of
are granted, once. A step looks at some facts without a lock; then all that it found is written in
one transaction with its marks, unless another process has taken the step.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from central.auditor import gathering, hour_store, store
from central.auditor.bench import lay
from central.auditor.examining import Look, Shelves, looks, sums_of
from central.auditor.findings import due_of, found_of
from central.auditor.gathering import Task
from central.auditor.granting import grant
from central.auditor.store import Audited
from central.centre import Centre
from central.conflicts import service as conflicts
from central.packs.library import Library, catalogue
from shared.runtime.retries import retried
from shared.runtime.sqlite import reading, transaction

STEPS_PER_RUN_MAX = 20

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Found:
    """What a step has to write; `seen` is the number of steps before it."""

    seen: int
    task: Task
    looks: Sequence[Look]
    again: Sequence[Audited]
    """Receipts that late documents put into another light."""


def run(centre: Centre, at: datetime, library: Library | None = None) -> int:
    """Audit what is posted, at most `STEPS_PER_RUN_MAX` steps; return how many facts were seen.

    A job: interrupted, it does again what it had not written.
    """
    library, facts = library or Library(), 0
    for _ in range(STEPS_PER_RUN_MAX):
        with centre.pace.patiently(centre.clock):
            taken = step(centre, library, at)
        if taken is None:
            break
        facts += taken
    return facts


def job() -> Callable[[Centre, datetime], int]:
    """Return `run` with packs that stay compiled from one run to the next."""
    library = Library()

    def audit(centre: Centre, at: datetime) -> int:
        return run(centre, at, library)

    return audit


def step(centre: Centre, library: Library, at: datetime) -> int | None:
    """Look at the next facts and write what is found; return how many, None if there was nothing.

    0 when another process has taken the step.
    """
    found = look(centre, library)
    if found is None:
        return None
    return len(found.task.facts) if write(centre, found, at) else 0


def look(centre: Centre, library: Library) -> Found | None:
    """Look at the next facts, which locks nothing; None if there is nothing to do."""
    with reading(centre.engine) as connection:
        seen = store.step(connection)
        shelves = Shelves(library, catalogue(connection))
        task = gathering.next_task(connection, [one.hash for one in shelves.catalogue.editions])
        if task.is_empty:
            return None
        bench = lay(connection, task.facts)
        found = tuple(looks(connection, shelves, task, bench))
        return Found(seen, task, found, gathering.relooked(connection, task, bench))


@retried
def write(centre: Centre, found: Found, at: datetime) -> bool:
    """Write what was found with its marks; False if another process has taken the step."""
    new = [one for one in found.looks if one.is_new_divergence]
    with transaction(centre.engine) as connection:
        if not store.take_step(connection, found.seen):
            return False
        store.move_marks(connection, found.task.marks)
        store.add_gaps(connection, found.task.gaps)
        store.close_gaps(connection, found.task.closed)
        store.put(connection, [one.now for one in found.looks if one.is_notable], at)
        store.want_again(connection, found.again, at)
        store.add_sums(connection, sums_of(found.looks))
        first = [one.sale for one in found.looks if one.before is None]
        hour_store.add(connection, first, at)
        conflicts.record(connection, [*found_of(found.looks, at)])
        dues = [due for one in found.looks if (due := due_of(one)) is not None]
        grant(connection, centre, dues, at)
    for one in new:
        log.error(
            "agent.divergence_found",
            receipt=str(one.now.receipt),
            store=one.now.store,
            verdict=one.now.verdict.value,
        )
    return True
