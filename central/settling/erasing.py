"""A person erased at the centre, and what is known of him told to himself before."""

from uuid import UUID

import structlog

from central.centre import Centre
from central.conflicts.service import Word
from central.ingest import service as ingest
from central.leases import service as leases
from central.members import erasing
from central.settling.people import hand_of
from shared.runtime.retries import retried
from shared.runtime.sqlite import transaction

log = structlog.get_logger()


@retried
def erase_member(centre: Centre, member: UUID, word: Word) -> tuple[UUID, ...]:
    """Erase whatever names a member here, and let all stores do the same; return who was one
    person with him.

    Accounts, lots and receipts stay, of nobody. There is no way back. Raises NoNoteError,
    UnknownMemberError, ErasedMemberError, NotRegisteredError.
    """
    hand = hand_of(centre, word)
    with transaction(centre.engine) as connection:
        leases.keep_roster(connection)
        erased = erasing.erase(connection, centre, member, hand)
        ingest.erase_personal(connection, erased.edits, erased.members)
    log.warning("member.erased", member=str(member), members=len(erased.members))
    return erased.members
