"""Facts planned in order on one desk, each followed by those that waited for it; then written."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import Connection

from central.bearers import posting as bearers
from central.campaigns import posting as codes
from central.centre import Centre
from central.conflicts import service as conflicts
from central.conflicts.service import conflict_id
from central.conflicts.values import ConflictKind
from central.feed import service as feed
from central.feed.service import NewChange
from central.ingest import born, findings, personal_store, reported, store
from central.ingest.desk import UNKNOWN_LOT, Desk, Verdict
from central.ingest.envelopes import fill_gaps
from central.ingest.loading import cut_off, kept, keys_of, lay, place_of, waiters
from central.ingest.posting import plan
from central.ingest.reading import Reading
from central.ingest.values import POSTED, Word
from central.leases import recovery
from central.leases import service as leases
from central.ledger import service as ledger
from central.members import service as members
from central.passes import posting as passes
from shared.ledger.books import BrokenCountError, Holder
from shared.ledger.held import hold_as
from shared.wire.facts import MemberRegistered
from shared.wire.feed import GLOBAL, store_stream
from shared.wire.push import Cover, OutcomeKind
from shared.wire.rows import OutcomeRow

NO_OTHERS: Mapping[UUID, UUID] = MappingProxyType({})


def work(
    connection: Connection,
    centre: Centre,
    readings: Sequence[Reading],
    at: datetime,
    known_as: Mapping[UUID, UUID] = NO_OTHERS,
) -> Desk:
    """Plan facts in order; a fact that waited for one of them is planned again after it.

    So is one that was set aside because its count lacked them, when it lacks nothing any more. A
    fact may be `known_as` another one: damaged bytes had another id.
    """
    for former, now in known_as.items():
        store.know_as(connection, former, now)
    desk = _plan(connection, centre, readings, at, known_as)
    if earlier := _left_behind(connection, desk):
        in_order = sorted([*earlier, *readings], key=place_of)
        desk = _plan(connection, centre, in_order, at, known_as)
    return desk


def _left_behind(connection: Connection, desk: Desk) -> list[Reading]:
    """Return facts that were set aside when a lot was not here, and from whose counts a later one
    of their journals goes on now: that lot was granted again meanwhile."""
    lots: dict[Holder, set[UUID]] = {}
    for reading, verdict in desk.planned.values():
        if verdict.reason == BrokenCountError.code:
            moved = {move.lot for move in reading.moves}
            lots.setdefault(reading.holder, set()).update(moved)
    if not lots:
        return []
    found = store.without_lot(connection, lots, UNKNOWN_LOT)
    earlier = kept(connection, set(found) - desk.planned.keys())
    due = [
        one for one in earlier if not lots[one.holder].isdisjoint(move.lot for move in one.moves)
    ]
    still = store.lock_open(
        connection, [one.fact.id for one in due], OutcomeKind.WAITING, OutcomeKind.QUARANTINED
    )
    return [one for one in due if one.fact.id in still]


def _plan(
    connection: Connection,
    centre: Centre,
    readings: Sequence[Reading],
    at: datetime,
    known_as: Mapping[UUID, UUID],
) -> Desk:
    behind, by_count = cut_off(connection, readings)
    waiting = waiters(connection, [*readings, *behind])
    named = [*readings, *behind, *(reading for _, reading in waiting)]
    desk = lay(connection, centre, named, at)
    for former, now in known_as.items():
        hold_as(desk.books, former, now)
    shelf: dict[UUID, list[Reading]] = {}
    in_turn = {reading.fact.id for reading in readings}
    for key, reading in waiting:
        if reading.fact.id not in in_turn:
            shelf.setdefault(key, []).append(reading)
    for reading in readings:
        filled = fill_gaps(desk, reading, behind)
        for one in (reading, *(later for later in filled if later.fact.id in by_count)):
            _settle(desk, shelf, one)
    return desk


def _settle(desk: Desk, shelf: dict[UUID, list[Reading]], reading: Reading) -> None:
    queue = [reading]
    while queue:
        one = queue.pop(0)
        verdict = plan(desk, one)
        desk.planned[one.fact.id] = (one, verdict)
        if verdict.waits_for is not None:
            shelf.setdefault(verdict.waits_for, []).append(one)
        if verdict.kind in POSTED:
            desk.born(one)
            for key in sorted(keys_of(one)):
                queue.extend(shelf.pop(key, ()))


def write(connection: Connection, centre: Centre, desk: Desk) -> list[NewChange]:
    """Write everything that the desk brings but outcomes; return the rows for the feed."""
    leases.record_asks(connection, desk.asks)
    leases.end_asks(connection, desk.ends)
    for reading, report in desk.reports:
        recovery.hear(connection, reading.holder, report)
    recovery.note_whole(connection, reported.whole(connection, desk))
    accounts = [desk.books.accounts[one] for one in desk.to_size]
    to_size = {account.member for account in accounts}
    leases.size(connection, desk.books, desk.visits, to_size, desk.at)
    leases.save_visits(connection, desk.visits)
    bearers.lease_home(connection, desk.shelf, desk.books)
    passes.save(connection, desk.passes)
    changes = ledger.save(connection, desk.books)
    changes += members.save(connection, desk.roll, desk.books)
    changes += bearers.save(connection, centre, desk.shelf)
    changes += codes.save(connection, desk.codes, desk.at)
    store.insert_documents(connection, desk.new_documents)
    personal_store.erase_personal(connection, desk.of_erased)
    store.insert_resolved(connection, desk.resolved)
    born.insert_births(connection, sorted(desk.new_births.items()))
    born.delete_births(connection, desk.done_births)
    born.delete_once(connection, desk.done_once)
    born.insert_once(connection, sorted(desk.new_once.items()))
    findings.left_open(desk)
    conflicts.record(connection, desk.conflicts)
    _close_registered(connection, desk)
    return changes


def _close_registered(connection: Connection, desk: Desk) -> None:
    """Settle that buyers were not registered: their registrations are posted now."""
    came = [
        reading.body.member
        for reading, verdict in desk.planned.values()
        if verdict.kind in POSTED and isinstance(reading.body, MemberRegistered)
    ]
    ids = [conflict_id(ConflictKind.UNKNOWN_MEMBER, member) for member in came]
    conflicts.mended(connection, ids, desk.at)


def publish(
    connection: Connection,
    changes: Sequence[NewChange],
    later: Sequence[tuple[Reading, Verdict]],
    posting: UUID,
    at: datetime,
) -> tuple[Cover, ...]:
    """Send rows down as the transaction's last statements; return the numbers that cover it.

    `later` are facts of former batches that have a new word; what kept a posted one out is mended.
    Their covers are known once the other rows have their numbers; their own stream's are lower than
    that of their row.
    """
    words = [
        Word(one.fact.id, verdict.kind, verdict.reason, verdict.waits_for, posting)
        for one, verdict in later
    ]
    store.change_words(connection, words)
    posted = [one.fact.id for one, verdict in later if verdict.kind in POSTED]
    kept_out = (ConflictKind.QUARANTINED, ConflictKind.OTHER_BYTES, ConflictKind.EARLY_RETURN)
    ids = [conflict_id(kind, fact) for fact in posted for kind in kept_out]
    conflicts.mended(connection, ids, at)
    numbers = feed.append(connection, changes)
    covers = tuple(Cover(stream, number) for stream, number in sorted(numbers.items()))
    store.insert_posting(connection, posting, covers)
    chain_wide = tuple(cover for cover in covers if cover.stream == GLOBAL)
    rows = [
        feed.changed(
            store_stream(one.store),
            OutcomeRow(one.fact.id, verdict.kind, verdict.reason, chain_wide),
        )
        for one, verdict in later
        if verdict.kind is not OutcomeKind.WAITING
    ]
    feed.append(connection, rows)
    return covers
