"""One receipt examined: the three evaluations side by side, and what follows from them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from central.auditor.bench import Bench, returned_share
from central.auditor.gathering import Task, row_of
from central.auditor.judging import (
    NO_DIFFERENCE,
    WHOLE,
    Difference,
    Rechecked,
    difference,
    due_points,
    is_timed,
    pinned,
    recheck,
)
from central.auditor.store import DIVERGENT, Audited, Row, Sums, Verdict
from central.auditor.view import as_of, is_like
from central.ingest.values import KeptFact
from central.packs.library import Catalogue, Library, in_force
from shared.rules.compile import CompiledPack
from shared.rules.evaluate import evaluate
from shared.rules.force import Place
from shared.rules.result import Evaluation
from shared.wire.facts import ReceiptCommitted

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Shelves:
    """The published packs: their list, and their content when it is asked for."""

    library: Library
    catalogue: Catalogue


@dataclass(frozen=True, slots=True)
class Compared:
    """A receipt evaluated again over what the fact says, and over the centre's view.

    `again` is None without its pack, or when the kernel fails. `ours` is also None when there is
    nothing to compare it with: the first differs, or the clock was not right.
    """

    rechecked: Rechecked
    again: Evaluation | None = None
    ours: Evaluation | None = None
    pack: str = ""
    """By which the centre has evaluated."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was found at one receipt; `due` are the points that its member is due in all."""

    fact: KeptFact
    sale: ReceiptCommitted
    before: Audited | None
    now: Audited
    is_timed: bool
    gap: Difference
    due: int

    @property
    def is_notable(self) -> bool:
        """Whether a row is kept of it."""
        now = self.now
        differs = now.verdict is not Verdict.SAME or now.discount_minor or now.points
        return bool(differs or self.before is not None or self.fact.branch)

    @property
    def is_new_divergence(self) -> bool:
        """Whether people have not been told yet."""
        was = self.before is not None and self.before.verdict in DIVERGENT
        return self.now.verdict in DIVERGENT and not was

    @property
    def is_newly_stale(self) -> bool:
        """Whether the centre's view is found for the first time to price it otherwise."""
        was = self.before is not None and (self.before.points or self.before.discount_minor)
        return bool(self.now.points or self.now.discount_minor) and not was

    @property
    def granted_before(self) -> int:
        """What of it the member got by an earlier look."""
        return 0 if self.before is None else self.before.granted


def looks(connection: Connection, shelves: Shelves, task: Task, bench: Bench) -> Iterator[Look]:
    """Yield what is found at each receipt of a task."""
    for fact in task.facts:
        sale = bench.bodies[fact.id]
        if isinstance(sale, ReceiptCommitted):
            yield _look(connection, shelves, fact, sale, bench)


def compare(
    connection: Connection, shelves: Shelves, fact: KeptFact, sale: ReceiptCommitted, bench: Bench
) -> Compared:
    """Evaluate a receipt again, and over the centre's view of that instant."""
    pack = shelves.library.pack(connection, sale.evaluation.pack_hash)
    if pack is None:
        return Compared(Rechecked(Verdict.UNKNOWN_PACK, ""))
    try:
        return _evaluated(connection, shelves, fact, (pack, sale), bench)
    except SQLAlchemyError:  # the database failed, not the kernel: the step is taken again
        raise
    except Exception:  # whatever a broken fact makes the kernel do, the others are audited
        log.exception("audit.kernel_failed", fact=str(fact.id))
        return Compared(Rechecked(Verdict.FAILED, ""))


def sums_of(found: Sequence[Look]) -> dict[Row, Sums]:
    """Return what looks add to the sums of stores, packs and days."""
    sums: dict[Row, Sums] = {}
    for one in found:
        key = (one.now.store, one.now.pack, one.now.day)
        more = _counted(one.now, one.is_timed)
        if one.before is not None:
            more = more.minus(_counted(one.before, one.is_timed))
        sums[key] = sums.get(key, Sums()).plus(more)
    return sums


def _evaluated(
    connection: Connection,
    shelves: Shelves,
    fact: KeptFact,
    priced: tuple[CompiledPack, ReceiptCommitted],
    bench: Bench,
) -> Compared:
    pack, sale = priced
    rechecked = recheck(pack, sale)
    again = evaluate(pack, sale.member, sale.receipt, sale.moment)
    if rechecked.verdict is not Verdict.SAME or not is_timed(sale, fact.hlc, fact.received_at):
        return Compared(rechecked, again)
    view = None if sale.member is None else as_of(sale.member, bench.known(sale))
    place = Place(sale.receipt.store, sale.receipt.region)
    name = in_force(shelves.catalogue, place, sale.moment, pack.pack_hash) or pack.pack_hash
    is_same_view = view is None or sale.member is None or is_like(view, sale.member)
    if name == pack.pack_hash and is_same_view:
        return Compared(rechecked, again, again, name)
    newer = shelves.library.pack(connection, name)
    assert newer is not None, "a pack in force is published"
    receipt = pinned(sale.receipt, sale.evaluation.redemption)
    return Compared(rechecked, again, evaluate(newer, view, receipt, sale.moment), name)


def _look(
    connection: Connection, shelves: Shelves, fact: KeptFact, sale: ReceiptCommitted, bench: Bench
) -> Look:
    compared = compare(connection, shelves, fact, sale, bench)
    gap, due = NO_DIFFERENCE, 0
    if compared.ours is not None:
        own = None if sale.member is None else sale.member.account
        gap = difference(sale.evaluation, compared.ours, own)
    if gap.points > 0:
        due = due_points(gap, returned_share(connection, sale, WHOLE))
    before = bench.before.get(fact.id)
    had = 0 if before is None else before.granted
    verdict = compared.rechecked.verdict
    now = replace(
        row_of(fact, sale),
        verdict=verdict,
        found=compared.rechecked.found,
        ours=compared.pack,
        discount_minor=gap.discount_minor,
        points=gap.points,
        granted=max(had, due),
        due=verdict is Verdict.UNKNOWN_PACK,
    )
    timed = is_timed(sale, fact.hlc, fact.received_at)
    return Look(fact, sale, before, now, timed, gap, due)


def _counted(row: Audited, timed: bool) -> Sums:  # noqa: FBT001
    if row.verdict is Verdict.UNKNOWN_PACK:
        return Sums()
    return Sums(
        receipts=1,
        untimed=int(not timed),
        divergent=int(row.verdict in DIVERGENT),
        stale=int(bool(row.discount_minor or row.points)),
        discount_more_minor=max(0, row.discount_minor),
        discount_less_minor=max(0, -row.discount_minor),
        points_more=max(0, row.points),
        points_less=max(0, -row.points),
        granted=row.granted,
    )
