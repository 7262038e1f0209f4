"""Facts that will never be posted as they are: a person says whether what they drew was spent."""

from dataclasses import replace as replaced
from datetime import date, datetime
from uuid import UUID

from msgspec.structs import replace
from sqlalchemy import Connection

from central.centre import Centre
from central.conflicts.values import Ending
from central.ingest import store
from central.ingest.chain import Standing
from central.ingest.desk import Desk, Verdict
from central.ingest.letters import wreck_id
from central.ingest.loading import kept, lay
from central.ingest.planning import publish, write
from central.ingest.reading import Reading, read
from central.leases import service as leases
from shared.errors import Kind, LoyaltyError
from shared.ids import derived, uuid7
from shared.ledger.entries import Document
from shared.ledger.held import free_held, release_held
from shared.wire.codec import decoder
from shared.wire.facts import Fact, ReceiptCommitted
from shared.wire.push import OutcomeKind

CORRECTED = "corrected"
_decode_fact = decoder(Fact)


class NotSetAsideError(LoyaltyError):
    """A fact that is posted, or waits for another one: there is nothing to correct."""

    kind = Kind.CONFLICT
    code = "not_set_aside"
    ru = "Факт {fact} не отложен: исправлять нечего."
    en = "Fact {fact} is not set aside: there is nothing to correct."


def correct(
    connection: Connection, centre: Centre, fact: UUID, ending: Ending, document: UUID, at: datetime
) -> int:
    """End a fact that was set aside: post what it drew as spent under a document, or free it.

    It is `adjusted` (`corrected`) then and never planned again; what waits for its lots waits for
    nothing any more. Returns the points (hundredths) that were kept aside. Raises NotSetAsideError.
    """
    leases.keep_roster(connection)
    readings = [
        *kept(connection, store.lock_open(connection, [fact], OutcomeKind.QUARANTINED)),
        *_wrecks(connection, fact),
    ]
    if not readings:
        raise NotSetAsideError(fact=fact)
    desk = lay(connection, centre, readings, at)
    moved = _release(desk, fact, ending, Document(document, at, _day_of(readings[0])))
    unborn = (birth.lot for reading in readings for birth in reading.envelope.births)
    desk.done_births.update(lot for lot in unborn if desk.births.get(lot) == fact)
    changes = write(connection, centre, desk)
    verdict = Verdict(OutcomeKind.ADJUSTED, CORRECTED)
    later = [(reading, verdict) for reading in readings]
    publish(connection, changes, later, uuid7(at, centre.chance), at)
    return moved


def spend_missing(connection: Connection, centre: Centre, fact: UUID, at: datetime) -> int:
    """Post as spent what the count of a fact says is missing before it, which is to be posted.

    The journal's own count proves that it has left the lease, and nothing else would end it.
    Returns the points (hundredths); doing it again changes nothing.
    """
    readings = kept(connection, [fact])
    desk = lay(connection, centre, readings, at)
    missing = {derived("gap", fact, lot) for lot in desk.books.lots}
    found = [one for one in desk.books.held.values() if one.fact in missing]
    for one in sorted(found, key=lambda one: (one.lot, one.fact)):
        release_held(desk.books, one, Document(one.fact, at, _day_of(readings[0])))
    if found:
        publish(connection, write(connection, centre, desk), [], uuid7(at, centre.chance), at)
    return sum(one.amount for one in found)


def _wrecks(connection: Connection, fact: UUID) -> list[Reading]:
    """Return a damaged fact as its bytes came."""
    if not store.lock_open(connection, [fact], OutcomeKind.DAMAGED):
        return []
    letters = store.letters_of(connection, [fact])
    ids = {wreck_id(fact, letter.hash) for letter in letters}
    return [
        read(replace(_decode_fact(one.body), id=fact), one.store, Standing.DAMAGED)
        for one in store.facts(connection, ids)
    ]


def _day_of(reading: Reading) -> date:
    """Return the day on which was spent what a fact drew, by its stamp if nobody can read it: it
    may have been the last one of a lot that has burnt meanwhile."""
    body = reading.body
    return body.day if isinstance(body, ReceiptCommitted) else reading.at.date()


def _release(desk: Desk, fact: UUID, ending: Ending, document: Document) -> int:
    """End what is kept aside for a fact, and for the facts that its count says are missing."""
    books = desk.books
    names = {fact, *(derived("gap", fact, lot) for lot in books.lots)}
    found = [one for one in books.held.values() if one.fact in names]
    for one in sorted(found, key=lambda one: (one.lot, one.fact)):
        if ending is Ending.SPENT:
            apart = document if one.fact == fact else replaced(document, uid=one.fact)
            release_held(books, one, apart)
        else:
            free_held(books, one, document)
    return sum(one.amount for one in found)
