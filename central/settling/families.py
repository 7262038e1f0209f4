"""Families by hand: who buys on whose accounts, and what he may do there."""

from uuid import UUID

import structlog

from central.centre import Centre
from central.conflicts.service import Word
from central.leases import service as leases
from central.members import family
from central.settling.people import hand_of
from shared.member import FamilyRole
from shared.runtime.retries import retried
from shared.runtime.sqlite import transaction

log = structlog.get_logger()


@retried
def join_family(centre: Centre, relative: UUID, head: UUID, role: FamilyRole, word: Word) -> None:
    """Let a member buy on the accounts of another one.

    Raises NoNoteError, UnknownMemberError, SameMemberError, InFamilyError, FamilyFullError,
    NobodyYetError.
    """
    hand = hand_of(centre, word)
    with transaction(centre.engine) as connection:
        leases.keep_roster(connection)
        family.join(connection, centre, family.Joining(relative, head, role), hand)
    log.info("family.joined", member=str(relative), head=str(head), role=role.value)


@retried
def leave_family(centre: Centre, relative: UUID, word: Word) -> UUID:
    """Let a member buy on his own accounts again; return the head of the family.

    Raises NoNoteError, UnknownMemberError, NotInFamilyError.
    """
    hand = hand_of(centre, word)
    with transaction(centre.engine) as connection:
        leases.keep_roster(connection)
        head = family.leave(connection, centre, relative, hand)
    log.info("family.left", member=str(relative), head=str(head))
    return head


@retried
def give_family_role(centre: Centre, relative: UUID, role: FamilyRole, word: Word) -> None:
    """Let a relative redeem, or only earn; raises NoNoteError, UnknownMemberError,
    NotInFamilyError."""
    hand = hand_of(centre, word)
    with transaction(centre.engine) as connection:
        leases.keep_roster(connection)
        family.give_role(connection, centre, relative, role, hand)
    log.info("family.role", member=str(relative), role=role.value)
