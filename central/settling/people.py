"""Members merged, parted and verified by a person, with the conflicts that this settles."""

from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import Connection

from central.centre import Centre
from central.conflicts import service as conflicts
from central.conflicts.service import NoNoteError, Word
from central.conflicts.store import Wanted
from central.conflicts.values import ConflictKind, ConflictState, Party, Role
from central.leases import service as leases
from central.members import merging
from central.members.merging import Hand, Joined
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
    """Note that a member's phone is his: his cards redeem all that is his from now on.

    Raises NoNoteError, UnknownMemberError, NoPhoneError.
    """
    hand = hand_of(centre, word)
    with transaction(centre.engine) as connection:
        leases.keep_roster(connection)
        merging.verify(connection, centre, member, hand)
    log.info("member.verified", member=str(member))


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
