"""A person erased: whatever names him goes, what his accounts have done stays, of nobody."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from sqlalchemy import Connection

from central.agents import reports
from central.agents import store as roster
from central.centre import Centre
from central.feed import service as feed
from central.members import (
    consent_store,
    erasure_store,
    family,
    merging,
    proof_store,
    store,
    word_store,
)
from central.members.deed_store import Deed
from central.members.erasure_store import Erasure
from central.members.merging import Hand
from central.members.roll import Roll
from central.members.store import Identifier, Member, MemberState
from central.schema import Turn, take_turn
from shared.errors import Kind, LoyaltyError
from shared.ledger.books import Books
from shared.wire.feed import GLOBAL
from shared.wire.rows import ErasedRow, RowKind

LATE_SHOWN: Final = 10


class NotRegisteredError(LoyaltyError):
    """A member whose registration has not arrived: nothing personal is known of him yet."""

    kind = Kind.CONFLICT
    code = "not_registered"
    ru = "Регистрация участника {member} ещё не пришла: стирать нечего, повторите, когда придёт."
    en = "The registration of member {member} has not arrived: there is nothing to erase yet."


@dataclass(frozen=True, slots=True)
class Erased:
    """Who was erased: all that were one person, and the facts that edited their profiles."""

    members: tuple[UUID, ...]
    edits: tuple[UUID, ...]


def erase(connection: Connection, centre: Centre, member: UUID, hand: Hand) -> Erased:
    """Erase a member with everybody who is one person with him; stores are told to do the same.

    Who had joined him by a phone that is only claimed may be somebody else, and lives on alone; his
    family has its own accounts again.
    Repeating is refused. Raises UnknownMemberError, ErasedMemberError, NotRegisteredError.
    """
    roll, books = merging.load_whole(connection, (member,))
    if roll.survivor(member).is_in_family:
        family.dissolve(connection, centre, member, roll, books, hand)
    person = _one_person(roll, roll.survivor(member).id)
    if all(roll.members[one].registered_on is None for one in person):
        raise NotRegisteredError(member=member)
    own = [one for one in roll.identifiers.values() if one.owner in person]
    _let_others_live(roll, books, person)
    for one in person:
        _erase(roll, one)
    for key in [(one.index, one.owner) for one in own]:
        roll.forget(key)
    take_turn(connection, Turn.ERASURES)
    done = merging.deed_of(centre, hand, Deed.ERASED, member)
    merging.save_deed(connection, roll, books, done)
    edits = store.erase(connection, person)
    word_store.forget(connection, person)
    consent_store.forget_notes(connection, person)
    proof_store.forget(connection, person)
    numbered = erasure_store.insert_erasures(connection, person, hand.at)
    rows = [feed.changed(GLOBAL, ErasedRow(one.no, one.member)) for one in numbered]
    feed.append(connection, [*_removals(own), *rows])
    return Erased(tuple(person), tuple(edits))


def one_person(connection: Connection, member: UUID) -> set[UUID]:
    """Return who would be erased with a member; raises UnknownMemberError, ErasedMemberError."""
    roll, _ = merging.load_whole(connection, (member,))
    return set(_one_person(roll, roll.survivor(member).id))


@dataclass(frozen=True, slots=True)
class Progress:
    """How many stores have told that they erased a member too; `late` names the first others."""

    erasure: Erasure
    done: int
    stores: int
    late: tuple[str, ...]


def progress(connection: Connection, limit: int) -> list[Progress]:
    """Return the latest erasures with how far they have come, the latest first."""
    heard = reports.latest(connection)
    agents = [one for one in roster.agents(connection) if one.active_store is not None]
    upto = {one.store: heard[one.id].report.erased_upto if one.id in heard else 0 for one in agents}
    found = []
    for erasure in erasure_store.erasures(connection, limit):
        late = sorted(code for code, no in upto.items() if no < erasure.no)
        done = len(upto) - len(late)
        found.append(Progress(erasure, done, len(upto), tuple(late[:LATE_SHOWN])))
    return found


def _one_person(roll: Roll, living: UUID) -> list[UUID]:
    found = [one for one in roll.members if roll.survivor(one).id == living]
    return sorted(one for one in found if one == living or not roll.is_limited(one))


def _let_others_live(roll: Roll, books: Books, person: Iterable[UUID]) -> None:
    kept = set(person)
    for one in sorted(roll.members):
        if one not in kept and roll.members[one].merged_into in kept:
            roll.part(books, one)


def _erase(roll: Roll, member: UUID) -> None:
    """Leave of a member only what no one could find him by: when he came, and whom he joined."""
    known = roll.members[member]
    bare = Member(
        id=member,
        state=MemberState.MERGED if known.merged_into else MemberState.ERASED,
        known_at=known.known_at,
        merged_into=known.merged_into,
        registered_on=known.registered_on,
    )
    roll.put(replace(bare, edits=known.edits))
    roll.persons.pop(member, None)
    roll.edits.pop(member, None)


def _removals(identifiers: Iterable[Identifier]) -> list[feed.NewChange]:
    return [
        feed.NewChange(GLOBAL, RowKind.IDENTIFIER, one.index + one.owner.bytes, None)
        for one in identifiers
        if one.is_shown
    ]
