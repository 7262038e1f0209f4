"""Reports of leases in parts: one is whole when each of its parts was heard, whichever came last.

A part whose bytes are damaged was not heard: what it told of would count as free.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection

from central.ingest import store
from central.ingest.chain import Standing
from central.ingest.desk import Desk, Verdict
from central.ingest.letters import wreck_id
from central.ingest.loading import body_of
from central.ingest.reading import Reading
from central.ingest.values import POSTED, Letter
from shared.ledger.books import Holder
from shared.wire.codec import decoder
from shared.wire.facts import Fact, FactKind, LeasesReported

PARTS_MAX = 1_000
"""Of one report; a store that holds leases of two million lots has as many."""
_OTHERS = frozenset(FactKind) - {FactKind.LEASES_REPORTED}
_decode_fact = decoder(Fact)


def whole(connection: Connection, desk: Desk) -> set[Holder]:
    """Return whose reports have all of their parts, some of which are on the desk; or what comes
    before them, and might have been one as long as it was damaged."""
    ends = {(reading.holder, reading.fact.seq + told.parts_left) for reading, told in desk.reports}
    for reading, _ in desk.planned.values():
        if reading.standing is Standing.MENDED:
            ends |= _behind(connection, desk, reading)
    return {holder for holder, last in ends if _is_whole(connection, desk, holder, last)}


@dataclass(frozen=True, slots=True)
class _Place:
    """What a posted fact says at a place, or whether one that is not may be a part of a report."""

    body: object = None
    may_be_unheard: bool = False

    def is_part(self, incarnation: UUID, parts_left: int) -> bool:
        """Tell whether this is the part of a report to a life of the centre before so many."""
        told = self.body
        return isinstance(told, LeasesReported) and (told.incarnation, told.parts_left) == (
            incarnation,
            parts_left,
        )


def _behind(connection: Connection, desk: Desk, reading: Reading) -> set[tuple[Holder, int]]:
    """Return where a report ends of which a part is told right behind a fact."""
    seq = reading.fact.seq + 1
    letters = store.letters_between(connection, reading.holder, seq, seq)
    bodies = [_kept(connection, one).body for one in letters if not one.branch]
    return {
        (reading.holder, seq + told.parts_left)
        for told in bodies
        if isinstance(told, LeasesReported) and told.incarnation == desk.incarnation
    }


def _is_whole(connection: Connection, desk: Desk, holder: Holder, last: int) -> bool:
    """Look from the last part back to what is before the first one."""
    on_desk = {
        reading.fact.seq: _planned(reading, verdict)
        for reading, verdict in desk.planned.values()
        if reading.holder == holder and not reading.is_unproved
    }
    letters = {
        one.seq: one
        for one in store.letters_between(connection, holder, last - PARTS_MAX, last)
        if not one.branch
    }
    for parts_left in range(PARTS_MAX):
        seq = last - parts_left
        place = on_desk.get(seq) or _told(connection, seq, letters.get(seq))
        if not place.is_part(desk.incarnation, parts_left):
            return parts_left > 0 and not place.may_be_unheard
    return False


def _planned(reading: Reading, verdict: Verdict) -> _Place:
    if verdict.kind in POSTED:
        return _Place(reading.body)
    if reading.standing is Standing.DAMAGED:
        return _Place(may_be_unheard=_may_be_report(reading.fact.kind))
    return _Place(may_be_unheard=reading.fact.kind == FactKind.LEASES_REPORTED)


def _told(connection: Connection, seq: int, letter: Letter | None) -> _Place:
    """Return what stands at a place behind the journal's start; a missing fact may be a part."""
    return _Place(may_be_unheard=seq > 0) if letter is None else _kept(connection, letter)


def _kept(connection: Connection, letter: Letter) -> _Place:
    wreck = wreck_id(letter.id, letter.hash)
    kept = {fact.id: fact for fact in store.facts(connection, [letter.id, wreck])}
    if (fact := kept.get(letter.id)) is not None:
        if letter.outcome in POSTED:
            return _Place(body_of(fact))
        return _Place(may_be_unheard=fact.kind == FactKind.LEASES_REPORTED)
    damaged = kept.get(wreck)
    return _Place(may_be_unheard=not damaged or _may_be_report(_decode_fact(damaged.body).kind))


def _may_be_report(kind: str) -> bool:
    """Tell whether damaged bytes may be a report's: their kind may be what is damaged."""
    return kind not in _OTHERS
