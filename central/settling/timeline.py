"""A member's life: who he became, what he bought, what his points did, what was said."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Connection

from central.centre import Centre
from central.conflicts import service as conflicts
from central.conflicts.store import Wanted
from central.conflicts.values import Party, Role
from central.imports import store as imports
from central.imports.people import turnover_document
from central.ledger import service as ledger
from central.members import consent_store, deed_store, proof_store
from central.members import service as members
from central.members.merging import UnknownMemberError
from central.members.roll import Roll
from shared.ledger.entries import Entry
from shared.runtime.sqlite import reading

EVENTS_MAX = 200


class Happened(StrEnum):
    """What an event is, in the past tense."""

    KNOWN = "member.known"
    EDITED = "profile.edited"
    SETTLED = "member.settled"
    CODE_SENT = "proof.sent"
    CONSENTED = "consent.given"
    WITHDRAWN = "consent.withdrawn"
    BOUGHT = "receipt.counted"
    BOUGHT_BEFORE = "receipt.imported"
    BROUGHT = "turnover.imported"
    POINTS = "points.moved"
    CONFLICT = "conflict.found"


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to a member or who joined him: points in hundredths, money in kopecks, signed.

    `text` is a word of ours, or what somebody has written; `document` is the receipt or whatever
    else moved something.
    """

    at: datetime
    what: Happened
    member: UUID
    text: str
    points: int = 0
    amount_minor: int = 0
    document: UUID | None = None


def timeline(centre: Centre, member: UUID, limit: int = EVENTS_MAX) -> list[Event]:
    """Return the latest events of a member and of those who joined him, the latest first.

    Raises UnknownMemberError.
    """
    limit = min(limit, EVENTS_MAX)
    with reading(centre.engine) as connection:
        roll = members.load(connection, [member], ())
        if member not in roll.members:
            raise UnknownMemberError(member=member)
        members.join_whole(connection, roll, member)
        living = roll.survivor(member).id
        people = [one for one in roll.members if roll.survivor(one).id == living]
        events = [
            *_known(roll, people),
            *_by_hand(connection, people, limit),
            *_edited(roll, people),
            *_consented(connection, people),
            *_proofs(connection, people, limit),
            *_moved(connection, roll.payer(living), people, limit),
            *_found(connection, people, limit),
        ]
    return sorted(events, key=lambda one: (one.at, one.what, one.text), reverse=True)[:limit]


def _known(roll: Roll, people: Collection[UUID]) -> Iterator[Event]:
    for one in people:
        known = roll.members[one]
        yield Event(known.known_at, Happened.KNOWN, one, known.home_store)


def _by_hand(connection: Connection, people: Collection[UUID], limit: int) -> Iterator[Event]:
    for done in deed_store.deeds(connection, people, limit):
        text = f"{done.deed.value}: {done.actor}, {done.note}"
        yield Event(done.at, Happened.SETTLED, done.member, text, document=done.other)


def _edited(roll: Roll, people: Collection[UUID]) -> Iterator[Event]:
    for one in people:
        for edit in roll.edits.get(one, ()):
            sure = "verified" if edit.verified else "claimed"
            yield Event(edit.at, Happened.EDITED, one, f"{edit.field.value} {sure}: {edit.where}")


def _proofs(connection: Connection, people: Collection[UUID], limit: int) -> Iterator[Event]:
    for one in proof_store.latest(connection, people, limit):
        yield Event(one.sent_at, Happened.CODE_SENT, one.member, f"{one.field}: {one.actor}")


def _consented(connection: Connection, people: Collection[UUID]) -> Iterator[Event]:
    for word in consent_store.consents_of(connection, people):
        what = Happened.CONSENTED if word.given else Happened.WITHDRAWN
        yield Event(word.at, what, word.member, f"{word.purpose} {word.version}: {word.actor}")


def _moved(
    connection: Connection, payer: UUID, people: Collection[UUID], limit: int
) -> Iterator[Event]:
    """Yield what counts as turnover, and what points did: one event per document and kind.

    Of a family, what happened on all its accounts.
    """
    accounts = ledger.load(connection, (), members=[payer]).accounts_of(payer)
    ids = [account.id for account in accounts]
    before = {one.id: one for one in imports.past_of(connection, ids, limit)}
    brought = {turnover_document(one) for one in people}
    for account in accounts:
        for one in ledger.turnovers_of(connection, account.id, limit):
            past = before.get(one.document)
            what = Happened.BROUGHT if one.document in brought else Happened.BOUGHT
            what = Happened.BOUGHT_BEFORE if past else what
            text = f"{past.store} {past.number}" if past else one.day.isoformat()
            yield Event(
                one.at,
                what,
                account.owner,
                text,
                amount_minor=one.amount_minor,
                document=one.document,
            )
        sums: dict[tuple[UUID, str], list[Entry]] = {}
        for entry in ledger.entries_of(connection, account.id, limit):
            sums.setdefault((entry.document, entry.kind.value), []).append(entry)
        for (document, kind), entries in sums.items():
            points = sum(entry.amount for entry in entries)
            at = max(entry.at for entry in entries)
            yield Event(at, Happened.POINTS, account.owner, kind, points, document=document)


def _found(connection: Connection, people: Collection[UUID], limit: int) -> Iterator[Event]:
    for one in people:
        wanted = Wanted(parties=(Party(Role.MEMBER, str(one)),))
        for record in conflicts.look(connection, wanted, size=limit).conflicts:
            text = f"{record.kind.value} {record.state.value}"
            yield Event(record.at, Happened.CONFLICT, one, text, document=record.id)
