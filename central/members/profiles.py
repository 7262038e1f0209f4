"""Profiles edited by people at the centre: what a member has shown beats what is said at tills."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection

from central.centre import Centre
from central.members import editing, merging, service, store
from central.members.deed_store import Deed
from central.members.merging import Hand
from central.members.profile import Edit, in_force
from central.members.roll import Roll
from central.members.store import Member
from shared.crypto.blind import IdentifierKind, blind_index
from shared.errors import Kind, LoyaltyError
from shared.member import ProfileField


class VerifiedFieldError(LoyaltyError):
    """A verified value, which only another verified one may replace."""

    kind = Kind.CONFLICT
    code = "verified_field"
    ru = "Поле «{field}» подтверждено: заменить его может только подтверждённое значение."
    en = "Field '{field}' is verified: only a verified value may replace it."


@dataclass(frozen=True, slots=True)
class Proposal:
    """Values for fields of a profile, in their normal forms, and whether the member has shown that
    they are so."""

    values: Mapping[ProfileField, str]
    verified: bool


def edit(
    connection: Connection, centre: Centre, member: UUID, proposal: Proposal, hand: Hand
) -> tuple[UUID, list[Member]]:
    """Let fields of a member's profile have other values; return the deed, and who else has his
    new phone.

    The edit names what it replaces, so that it is later whatever tills have said of it offline. Who
    has the same phone stays another member: who is one person, people say by a merge. Raises
    UnknownMemberError, VerifiedFieldError.
    """
    phone = proposal.values.get(ProfileField.PHONE)
    key = centre.keys.index
    indexes = [] if phone is None else [blind_index(key, IdentifierKind.PHONE, phone)]
    service.lock(connection, indexes)
    roll, books = merging.load_whole(connection, (member,))
    claims = store.identifiers(connection, indexes)
    service.extend(connection, roll, {one.member for one in claims})
    roll.enter((), claims, ())
    done = merging.deed_of(centre, hand, Deed.EDITED, member)
    for field, value in proposal.values.items():
        replaced = _replaced(roll, member, field)
        if replaced is not None and replaced.verified and not proposal.verified:
            raise VerifiedFieldError(field=field.value)
        edited = Edit(
            member=member,
            field=field,
            version=done.id,
            replaces=replaced.version if replaced else None,
            value=value,
            phone_index=indexes[0] if field is ProfileField.PHONE else b"",
            at=hand.at,
            verified=proposal.verified,
            store="",
            actor=hand.actor,
        )
        editing.enter(roll, edited)
    editing.follow_phone(roll, member)
    others = [found for one in indexes for found in roll.owners(one, roll.survivor(member).id)]
    merging.save_deed(connection, roll, books, done)
    return done.id, others


def _replaced(roll: Roll, member: UUID, field: ProfileField) -> Edit | None:
    return in_force(roll.edits_of(editing.scope_of(roll, member, field), field))


def find(connection: Connection, edit_id: UUID) -> tuple[Edit, Edit] | None:
    """Return a value to which a field was edited, and the one that counts now; None if the former
    is unknown or erased."""
    lost = store.find_edit(connection, edit_id)
    if lost is None or lost.value is None:
        return None
    roll = service.load(connection, [lost.member], ())
    service.join_whole(connection, roll, lost.member)
    counts = _replaced(roll, lost.member, lost.field)
    return None if counts is None else (lost, counts)
