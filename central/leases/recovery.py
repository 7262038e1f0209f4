"""A centre restored from a backup: it leases nothing until it knows again what stores hold.

Leases that were granted after the backup are points which this database believes to be free. Each
store sends again what it had sent since, and then reports what it holds.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import Connection

from central.agents import roster
from central.agents import store as agents
from central.centre import Centre
from central.conflicts import service as conflicts
from central.conflicts.service import conflict_of
from central.conflicts.store import Wanted
from central.conflicts.values import Conflict, ConflictKind, ConflictState, Finding, Role, parties
from central.feed import service as feed
from central.leases import store
from central.leases.store import Report
from central.ledger import figures
from central.ledger import service as ledger
from central.packs import keylist
from shared.bearer import worth_of
from shared.ids import uuid7
from shared.ledger.books import Books, Holder
from shared.ledger.postings import raise_lease
from shared.runtime.retries import retried
from shared.runtime.sqlite import reading, transaction
from shared.wire.facts import LeasesReported

REPORTS_PER_TRANSACTION = 500
STORES_NAMED_MAX = 200
"""By the record of a restored centre."""
REPORTED = "Отчёты магазинов учтены. / What stores have reported is taken over."

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Recovery:
    """Where a recovery stands: stores that have not reported, and what is free of all lots.

    That bounds what accepting without the missing reports can cost: `free_points` (hundredths) of
    members, kopecks of certificates, uses of codes.
    """

    missing: tuple[str, ...]
    reported: int
    free_points: int
    free_certificates_minor: int = 0
    free_uses: int = 0


@retried
def begin(centre: Centre) -> UUID:
    """Give the database a new life after it was restored; return its incarnation.

    Sessions and sealed segments of the former life go; every store's agent is asked to report.
    """
    incarnation = uuid7(centre.clock.now(), centre.chance)
    with transaction(centre.engine) as connection:
        feed.begin_life(connection, incarnation)
        agents.end_sessions(connection)
        present = [one.id for one in agents.agents(connection) if one.active_store is not None]
        store.await_reports(connection, present)
        stores = [one.store for one in roster.by_ids(connection, present).values()]
        conflicts.record(connection, [_restored(incarnation, stores, centre.clock.now())])
        keylist.publish(connection, centre.keys)
    log.warning("centre.restored", incarnation=str(incarnation), awaited=len(present))
    return incarnation


def _restored(incarnation: UUID, stores: Sequence[str], at: datetime) -> Conflict:
    details = {"incarnation": incarnation, "stores": len(stores)}
    about = parties(Role.STORE, sorted(stores)[:STORES_NAMED_MAX])
    finding = Finding(ConflictKind.CENTRE_RESTORED, details)
    return conflict_of(finding, incarnation, about, at)


def look(centre: Centre) -> Recovery | None:
    """Return where the recovery stands, None when there is none."""
    with reading(centre.engine) as connection:
        reporters = store.reporters(connection)
        if not reporters:
            return None
        missing = {agent for agent, reported in reporters.items() if not reported}
        stores = {agent.store for agent in roster.by_ids(connection, missing).values()}
        free = worth_of(ledger.free_by_wallet(connection))
    return Recovery(
        missing=tuple(sorted(stores)),
        reported=len(reporters) - len(missing),
        free_points=free.points,
        free_certificates_minor=free.certificates_minor,
        free_uses=free.uses,
    )


@retried
def accept(centre: Centre) -> int:
    """Wait for no more reports, at the risk that `look` states; return how many were missing."""
    with transaction(centre.engine) as connection:
        reporters = store.reporters(connection)
        missing = [agent for agent, reported in reporters.items() if not reported]
        store.mark_reported(connection, missing)
    log.warning("recovery.accepted", missing=len(missing))
    return len(missing)


def hear(connection: Connection, holder: Holder, report: LeasesReported) -> None:
    """Keep the leases that a holder reports in a fact, until all holders have reported."""
    agent, epoch = holder.agent, holder.epoch
    told = [Report(agent, epoch, one.lot, one.account, one.granted) for one in report.leases]
    store.insert_reports(connection, told)


def note_whole(connection: Connection, holders: Collection[Holder]) -> None:
    """Note that every part of what these report was heard."""
    if holders:
        store.mark_reported(connection, sorted({one.agent for one in holders}))


def is_complete(centre: Centre) -> bool:
    """Tell whether a recovery is under way and no report is waited for."""
    with reading(centre.engine) as connection:
        reporters = store.reporters(connection)
    return bool(reporters) and all(reporters.values())


def unknown_lots(connection: Connection) -> set[tuple[UUID, UUID]]:
    """Return (account, lot) of the reported leases whose lots are not in the ledger."""
    found: set[tuple[UUID, UUID]] = set()
    after = None
    while page := store.reports(connection, REPORTS_PER_TRANSACTION, after):
        named = {(one.account, one.lot) for one in page}
        found |= named - figures.known_lots(connection, named)
        after = page[-1]
    return found


def run(centre: Centre, _at: datetime) -> int:
    """Take over the reported leases once all are here, and lease again; return how many there were.

    Interrupted, it goes on where it was.
    """
    if not is_complete(centre):
        return 0
    taken = 0
    while (several := _take_over(centre)) > 0:
        taken += several
    _end(centre)
    log.warning("recovery.ended", leases=taken)
    return taken


@retried
def _end(centre: Centre) -> None:
    with transaction(centre.engine) as connection:
        store.end_recovery(connection)
        wanted = Wanted(ConflictKind.CENTRE_RESTORED, ConflictState.OPEN)
        told = [one.id for one in conflicts.look(connection, wanted).conflicts]
        conflicts.mended(connection, told, centre.clock.now(), REPORTED)


@retried
def _take_over(centre: Centre) -> int:
    with transaction(centre.engine) as connection:
        reports = store.reports(connection, REPORTS_PER_TRANSACTION)
        books = ledger.load(
            connection, {one.account for one in reports}, lots={one.lot for one in reports}
        )
        for one in reports:
            _raise(books, one)
        store.delete_reports(connection, reports)
        feed.append(connection, ledger.save(connection, books))
    return len(reports)


def _raise(books: Books, told: Report) -> None:
    """Lease what the holder has; what is not free any more becomes debt when he spends it."""
    lot = books.lots.get(told.lot)
    if lot is None or lot.account != told.account:
        log.error("lease.unknown", lot=str(told.lot), agent=str(told.agent), points=told.granted)
        return
    holder = Holder(told.agent, told.epoch)
    lease = books.lease(lot, holder)
    missing = told.granted - lease.granted
    given = min(missing, lot.free)
    if given > 0 and not lease.closed:
        raise_lease(books, lot, holder, given)
    if given < missing:
        log.error("lease.short", lot=str(lot.id), agent=str(told.agent), points=missing - given)
