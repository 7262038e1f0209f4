"""A row of somebody who is known brings what has changed of him: his profile, never his points.

What a profile says is decided as everywhere: a verified value stays until another verified one
comes, else the later one counts. An empty cell takes nothing away.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from central.imports.candidates import Candidate
from central.imports.reasons import Note, Reason
from central.members import editing
from central.members.deed_store import Deed, Done
from central.members.imports import KIND
from central.members.profile import Edit, in_force
from central.members.roll import PHONE_TAIL_DIGITS, Roll
from central.members.store import Member
from shared.crypto.blind import IdentifierKind
from shared.ids import derived
from shared.ledger.books import Books
from shared.member import PhoneRole, ProfileField


@dataclass(frozen=True, slots=True)
class Update:
    """What a row states of a member who is known, and the import that brings it."""

    who: Candidate
    cards: Sequence[bytes]
    phone: bytes
    member: UUID
    run: UUID
    at: datetime
    actor: str
    scope: Sequence[UUID]
    """Whose edits count for him: his, and of who is one person with him."""

    @property
    def version(self) -> UUID:
        """The id of all that this row changes."""
        return derived("imported", "update", self.run, self.member, self.who.number)


@dataclass(frozen=True, slots=True)
class Updated:
    """What became of a row: notes by field, the deed if anything is other than before, and who
    else has a new phone."""

    notes: tuple[Note, ...]
    deed: Done | None = None
    others: tuple[Member, ...] = ()


def apply(roll: Roll, books: Books, row: Update) -> Updated:
    """Let a member be as a row states him; the caller has loaded all that is his and finds him.

    Of several rows the last one counts.
    """
    before = roll.members[row.member]
    now = _as_stated(before, row.who)
    if now != before:
        roll.put(now)
    notes = [Note(Reason.CHANGED, field) for field in _differing(before, now)]
    notes += _cards(roll, row)
    edited = [*_edits(roll, row)]
    notes += edited
    others: Sequence[Member] = ()
    if Note(Reason.CHANGED, ProfileField.PHONE.value) in edited:
        editing.follow_phone(roll, row.member)
        if row.who.is_verified:
            roll.verify(row.member)
            roll.note_limits(books, [row.member])
        others = roll.owners(row.phone, row.member)
    if not any(one.reason is Reason.CHANGED for one in notes):
        return Updated(tuple(notes))
    fields = ", ".join(one.field for one in notes if one.reason is Reason.CHANGED)
    deed = Done(row.version, row.member, None, Deed.EDITED, row.at, row.actor, f"{KIND}: {fields}")
    return Updated(tuple(notes), deed, tuple(others))


def _as_stated(before: Member, who: Candidate) -> Member:
    days = {word.partition(":")[0]: word for word in before.dates.split()}
    days |= {word.partition(":")[0]: word for word in who.dates.split()}
    return replace(
        before,
        home_store=who.store or before.home_store,
        segments=who.segments or before.segments,
        tier_floor=who.tier or before.tier_floor,
        tier_until=who.tier_until if who.tier else before.tier_until,
        dates=" ".join(days[name] for name in sorted(days)) if who.dates else before.dates,
    )


_FIELDS: Mapping[str, str] = {
    "home_store": "store",
    "segments": "segments",
    "tier_floor": "tier",
    "tier_until": "tier_until",
    "dates": "dates",
}


def _differing(before: Member, now: Member) -> list[str]:
    return [_FIELDS[one] for one in _FIELDS if getattr(before, one) != getattr(now, one)]


def _cards(roll: Roll, row: Update) -> list[Note]:
    """Let cards that nobody has find the member, if he has one himself."""
    own = [one for one in roll.claims_of(row.member) if one.kind is IdentifierKind.CARD]
    new = [
        (card, index)
        for card, index in zip(row.who.cards, row.cards, strict=True)
        if not roll.is_claimed(index)
    ]
    person = roll.persons.get(row.member)
    if not own or not new or person is None:
        return []
    for card, index in new:
        roll.add_card(row.member, index, card[-PHONE_TAIL_DIGITS:])
    numbers = [person.card, *(card for card, _ in new)]
    roll.persons[row.member] = replace(person, card=",".join(one for one in numbers if one))
    roll.changed_persons.add(row.member)
    return [Note(Reason.CHANGED, "card")]


def _edits(roll: Roll, row: Update) -> Iterator[Note]:
    for field, value in _stated(row.who):
        scope = [row.member] if field is ProfileField.PHONE else row.scope
        counts = in_force(roll.edits_of(scope, field))
        known = counts.value if counts else _registered(roll, row.member, field)
        is_shown = field is ProfileField.PHONE and row.who.is_verified
        is_verified = counts is not None and counts.verified
        if value == known and (is_verified or not is_shown):
            continue
        if is_verified and not is_shown:
            yield Note(Reason.VERIFIED_STAYS, field.value)
            continue
        edit = Edit(
            member=row.member,
            field=field,
            version=row.version,
            replaces=counts.version if counts else None,
            value=value,
            phone_index=row.phone if field is ProfileField.PHONE else b"",
            at=row.at,
            verified=is_shown,
            store="",
            actor=KIND,
        )
        roll.add_edit(edit)
        yield Note(Reason.CHANGED, field.value)


def _stated(who: Candidate) -> Iterator[tuple[ProfileField, str]]:
    if who.name:
        yield ProfileField.NAME, who.name
    if who.birthday is not None:
        yield ProfileField.BIRTHDAY, who.birthday.isoformat()
    if who.phone and who.role is PhoneRole.OWN:
        yield ProfileField.PHONE, who.phone
    if who.email:
        yield ProfileField.EMAIL, who.email


def _registered(roll: Roll, member: UUID, field: ProfileField) -> str:
    """Return what was said of a field when the member came."""
    person = roll.persons.get(member)
    if field is ProfileField.NAME:
        return person.name if person else ""
    if field is ProfileField.PHONE:
        return person.phone if person else ""
    born = roll.members[member].birthday
    return born.isoformat() if field is ProfileField.BIRTHDAY and born else ""
