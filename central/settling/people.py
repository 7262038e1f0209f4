"""Members merged, parted, verified and edited by a person, with the conflicts that this settles."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import structlog
from sqlalchemy import Connection

from central.centre import Centre
from central.conflicts import service as conflicts
from central.conflicts.service import NoNoteError, Word
from central.conflicts.store import Wanted
from central.conflicts.values import (
    ConflictKind,
    ConflictState,
    Finding,
    Party,
    Role,
    parties,
)
from central.leases import service as leases
from central.members import merging, profiles, relations
from central.members.merging import Hand, Joined
from central.members.phones import contact_phone, found_phone
from central.members.profiles import Proposal
from central.members.store import Member
from shared.member import PhoneRole, ProfileField
from shared.profile import (
    NothingEditedError,
    checked_birthday,
    normal_email,
    normal_name,
)
from shared.runtime.retries import retried
from shared.runtime.sqlite import transaction

log = structlog.get_logger()


@retried
def merge_members(centre: Centre, left: UUID, right: UUID, word: Word) -> Joined:
    """Merge two members by hand; the one known longer survives.

    Raises NoNoteError, UnknownMemberError, SameMemberError.
    """
    hand = hand_of(centre, word)
    with transaction(centre.engine) as connection:
        leases.keep_roster(connection)
        joined = merging.merge(connection, centre, left, right, hand)
    log.info("member.merged", member=str(joined.member), survivor=str(joined.survivor))
    return joined


@retried
def unmerge_member(centre: Centre, member: UUID, word: Word) -> Joined:
    """Part a member from whom he was merged into; the conflict in which that happened is undone.

    Raises NoNoteError, UnknownMemberError, NotMergedError.
    """
    hand = hand_of(centre, word)
    with transaction(centre.engine) as connection:
        leases.keep_roster(connection)
        _undo_merges(connection, member, word, hand.at)
        parted = merging.unmerge(connection, centre, member, hand)
    log.info("member.unmerged", member=str(member), survivor=str(parted.survivor))
    return parted


@retried
def verify_phone(centre: Centre, member: UUID, word: Word) -> None:
    """Note that a member's phone is his: if he has joined others by it, his cards redeem all that
    is theirs from now on.

    Raises NoNoteError, UnknownMemberError, NoPhoneError.
    """
    hand = hand_of(centre, word)
    with transaction(centre.engine) as connection:
        leases.keep_roster(connection)
        merging.verify(connection, centre, member, hand)
    log.info("member.verified", member=str(member))


def values_of(
    centre: Centre, name: str, phone: str, email: str, birthday: date | None
) -> dict[ProfileField, str]:
    """Return what of a profile is to be edited, in its forms: what is not empty.

    Raises NothingEditedError, BadNameError, BadBirthdayError, BadPhoneError, BadEmailError.
    """
    values: dict[ProfileField, str] = {}
    if name:
        values[ProfileField.NAME] = normal_name(name)
    if birthday is not None:
        today = centre.clock.now().date()
        values[ProfileField.BIRTHDAY] = checked_birthday(birthday, today).isoformat()
    if phone:
        values[ProfileField.PHONE] = contact_phone(phone)
    if email:
        values[ProfileField.EMAIL] = normal_email(email)
    if not values:
        raise NothingEditedError
    return values


@retried
def edit_member(centre: Centre, member: UUID, proposal: Proposal, word: Word) -> tuple[UUID, ...]:
    """Let fields of a member's profile have other values; return who else has his new phone: that
    is a case for people.

    Raises NoNoteError, UnknownMemberError, VerifiedFieldError.
    """
    hand = hand_of(centre, word)
    with transaction(centre.engine) as connection:
        leases.keep_roster(connection)
        deed, others = profiles.edit(connection, centre, member, proposal, hand)
        tell_shared(connection, member, deed, others, hand)
    fields = [field.value for field in proposal.values]
    log.info("member.edited", member=str(member), fields=fields)
    return tuple(other.id for other in others)


@retried
def add_phone(centre: Centre, member: UUID, phone: str, role: PhoneRole, word: Word) -> None:
    """Let a relative's or a shared phone find a member.

    Raises BadPhoneError, NoNoteError, UnknownMemberError, OwnPhoneError, TooManyPhonesError.
    """
    hand, told = hand_of(centre, word), contact_phone(phone)
    with transaction(centre.engine) as connection:
        leases.keep_roster(connection)
        relations.add_phone(connection, centre, member, told, role, hand)
    log.info("member.phone_added", member=str(member), role=role.value)


@retried
def drop_phone(centre: Centre, member: UUID, phone: str, word: Word) -> None:
    """Let a phone of others find a member no more.

    Raises BadPhoneError, NoNoteError, UnknownMemberError, OwnPhoneError, NotHisPhoneError.
    """
    hand, told = hand_of(centre, word), found_phone(phone)
    with transaction(centre.engine) as connection:
        leases.keep_roster(connection)
        relations.drop_phone(connection, centre, member, told, hand)
    log.info("member.phone_dropped", member=str(member))


def tell_shared(
    connection: Connection, member: UUID, deed: UUID, others: Sequence[Member], hand: Hand
) -> None:
    """Leave a case of a member whose phone, by a deed, is that of others too."""
    if others:
        ids = [other.id for other in others]
        details = {"new": member, "others": ", ".join(map(str, ids))}
        about = parties(Role.MEMBER, (member, *ids))
        found = Finding(ConflictKind.SHARED_PHONE, details, about, subject=member)
        conflicts.record(connection, [conflicts.conflict_of(found, deed, (), hand.at)])


def hand_of(centre: Centre, word: Word) -> Hand:
    """Return who does something by hand now; raises NoNoteError."""
    by, note = word.by.strip(), word.note.strip()
    if not by or not note or max(len(by), len(note)) > conflicts.NOTE_MAX:
        raise NoNoteError(most=conflicts.NOTE_MAX)
    return Hand(by, note, centre.clock.now())


def _undo_merges(connection: Connection, member: UUID, word: Word, at: datetime) -> None:
    about = (Party(Role.MEMBER, str(member)),)
    wanted = Wanted(ConflictKind.MERGED, ConflictState.OPEN, about)
    for one in conflicts.look(connection, wanted).conflicts:
        if one.subject == member:
            conflicts.settle(connection, one.id, ConflictState.UNDONE, word, at)
