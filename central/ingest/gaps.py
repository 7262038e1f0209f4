"""Gaps in journals: places whose facts are missing, and behind which the journal goes on.

A store lets facts go that a confirmed backup holds. If an older backup is put back all the same,
waiting for them would hold the store's journal up for ever. And of a store whose disk is dead there
is no more than a file of its facts, of which a part may be damaged. What is missing is not guessed:
its leases stay the store's, and what later counts prove is kept aside. Missing facts that come
after all take their places.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from sqlalchemy import Connection

from central.agents.store import Agent
from central.centre import Centre
from central.conflicts import service as conflicts
from central.conflicts.service import conflict_of
from central.conflicts.values import Conflict, ConflictKind, Finding, Role, Sentence, parties
from central.ingest import gap_store, store
from central.ingest.chain import Known, places
from central.ingest.gap_store import Gap
from central.ingest.parcel import Missing, Parcel
from central.ingest.values import Watermark
from shared.ids import derived
from shared.ledger.books import Holder
from shared.runtime.sqlite import reading

FILLED = "Факты пришли. / The facts have come."
_LET_GO = Sentence(
    "ни здесь, ни у него: магазин убрал их после подтверждённой копии, а восстановлена более "
    "старая",
    "neither here nor there: the store let them go after a confirmed backup, and an older one was "
    "put back",
)
_DAMAGED = Sentence(
    "в центре: в файле его фактов их нет или они повреждены, и человек принял то, что за ними",
    "not here: they are damaged or missing in a file of its facts, and a person has taken in what "
    "stands behind them",
)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Part:
    """Places of a gap, all of which a batch fills."""

    gap: Gap
    places: range


def begins_behind(
    connection: Connection, sender: Agent, parcel: Parcel, last: Watermark, at: datetime
) -> Watermark | None:
    """Return behind which place of its journal a batch begins, None if it has to wait for others.

    It begins behind a gap if its agent says that nothing of that is left, or if a person passes it
    over; people are told. Of a journal with branches nobody knows whose the rest is: it is taken
    for a branch then, which moves nothing of the journal.
    """
    batch, expected = parcel.batch, last.seq + 1
    if not batch.facts:
        return None
    is_let_go = _is_let_go(parcel, expected)
    if parcel.first <= expected or (not is_let_go and _goes_on(connection, parcel)):
        return last
    if not is_let_go and parcel.missing is Missing.AWAITED:
        return None
    if not parcel.is_own or (not is_let_go and store.has_branch(connection, parcel.holder)):
        return last
    return _pass_over(connection, sender, parcel, last, at)


def filled_by(connection: Connection, parcel: Parcel, gaps: Collection[Gap]) -> list[Part]:
    """Return what a batch fills of its journal's gaps: its chain leads to the fact behind them.

    What only goes on from the fact before a gap may be a branch's.
    """
    found = []
    for gap in gaps:
        last = min(gap.last, parcel.batch.head.seq)
        several = range(max(gap.first, parcel.first), last + 1)
        if several and _leads_behind(connection, gap, parcel.chain):
            found.append(Part(gap, several))
    return found


def answered_upto(parcel: Parcel, known: Known, gaps: Collection[Gap]) -> int:
    """Return up to which place a batch is taken in: one that comes to a gap and ends in it proves
    nothing of the rest, which its agent sends again in a batch that leads behind the gap."""
    last, hashes = parcel.batch.head.seq, places(parcel.batch)
    for gap in gaps:
        before = gap.first - 1
        letter = known.get((before, hashes.get(before, b"")))
        is_in_it = gap.first <= last < gap.last and gap.last not in parcel.chain
        if is_in_it and letter is not None and not letter.branch:
            return before
    return last


def fill(connection: Connection, holder: Holder, parts: Collection[Part], at: datetime) -> None:
    """Note that places of gaps are known now; when all are, nobody has to look at it any more."""
    if not parts:
        return
    for part in parts:
        gap = part.gap
        gap_store.delete_gap(connection, gap)
        for left in (range(gap.first, part.places.start), range(part.places.stop, gap.last + 1)):
            if left:
                rest = replace(gap, first=left.start, last=left.stop - 1)
                gap_store.insert_gap(connection, rest)
    still = {gap.conflict for gap in gap_store.gaps(connection, holder)}
    whole = {part.gap.conflict for part in parts} - still
    conflicts.mended(connection, whole, at, FILLED)


def open_gaps(centre: Centre, holders: Collection[Holder]) -> list[Gap]:
    """Return the gaps of journals whose facts are still missing; nothing is changed."""
    with reading(centre.engine) as connection:
        return [gap for holder in holders for gap in gap_store.gaps(connection, holder)]


def _is_let_go(parcel: Parcel, first: int) -> bool:
    """Tell whether an agent has let go what is missing from a place on."""
    return 0 < parcel.batch.lacks_from <= first


def _goes_on(connection: Connection, parcel: Parcel) -> bool:
    """Tell whether a batch goes on from a known place of a branch, which no watermark follows."""
    place = parcel.first - 1
    there = store.letters_between(connection, parcel.holder, place, place)
    return any(one.branch and one.hash == parcel.batch.facts[0].prev_hash for one in there)


def _leads_behind(connection: Connection, gap: Gap, chain: Mapping[int, bytes]) -> bool:
    seq = gap.last + 1
    letters = store.letters_between(connection, Holder(gap.agent, gap.epoch), seq, seq)
    behind = {one.hash: one.id for one in letters if not one.branch}
    if seq in chain:
        return chain[seq] in behind
    kept = store.facts(connection, behind.values())  # one that came damaged is not among them
    last = chain.get(gap.last)
    return any((one.seq, one.prev_hash) == (seq, last) for one in kept if one.hash in behind)


def _pass_over(
    connection: Connection, sender: Agent, parcel: Parcel, last: Watermark, at: datetime
) -> Watermark:
    holder, first, upto = parcel.holder, last.seq + 1, parcel.first - 1
    is_let_go = _is_let_go(parcel, first)
    why = _LET_GO if is_let_go else _DAMAGED
    told = _told(sender, holder.epoch, range(first, upto + 1), why, at)
    conflicts.record(connection, [told])
    gap = Gap(sender.id, holder.epoch, first, upto, told.id, is_let_go)
    gap_store.insert_gap(connection, gap)
    log.error("journal.gap", store=sender.store, epoch=holder.epoch, first=first, last=upto)
    return Watermark(upto, parcel.batch.facts[0].prev_hash)


def _told(sender: Agent, epoch: int, missing: range, why: Sentence, at: datetime) -> Conflict:
    first, last = missing[0], missing[-1]
    details = {
        "store": sender.store,
        "epoch": epoch,
        "first": first,
        "last": last,
        "why_ru": why.ru,
        "why_en": why.en,
    }
    key = derived("journal gap", sender.id, epoch, first, last)
    finding = Finding(ConflictKind.JOURNAL_GAP, details, subject=sender.id)
    return conflict_of(finding, key, parties(Role.STORE, [sender.store]), at)
