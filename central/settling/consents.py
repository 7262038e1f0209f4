"""Consents by hand: a text published, a member's word on it noted, all of it shown."""

from uuid import UUID

import structlog
from sqlalchemy import Connection

from central.centre import Centre
from central.conflicts.service import Word
from central.members import consent_store, store
from central.members import service as members
from central.members.consent_store import PROGRAMME, TEXT_CHARS_MAX, Consent, Text, UnknownTextError
from central.members.merging import UnknownMemberError
from central.members.roll import Roll
from central.settling.people import hand_of
from shared.errors import Kind, LoyaltyError
from shared.ids import derived, uuid7
from shared.runtime.retries import retried
from shared.runtime.sqlite import reading, transaction

log = structlog.get_logger()


class NeverGivenError(LoyaltyError):
    """A consent that cannot be withdrawn, since it is not given."""

    kind = Kind.CONFLICT
    code = "consent_not_given"
    ru = "Участник {member} не соглашался на «{purpose}»: отзывать нечего."
    en = "Member {member} has not agreed to '{purpose}': there is nothing to withdraw."


@retried
def publish_text(centre: Centre, purpose: str, version: str, text: str, word: Word) -> None:
    """Keep a text under a purpose and a version; repeating is safe.

    Raises NoNoteError, TextChangedError, UnknownTextError for one without words.
    """
    hand = hand_of(centre, word)
    if not purpose.strip() or not version.strip() or not 0 < len(text.strip()) <= TEXT_CHARS_MAX:
        raise UnknownTextError(purpose=purpose, version=version)
    with transaction(centre.engine) as connection:
        consent_store.keep_text(connection, Text(purpose, version, text, hand.at, hand.actor))


@retried
def give(centre: Centre, member: UUID, purpose: str, version: str, word: Word) -> Consent:
    """Note that a member agrees to a text; raises NoNoteError, UnknownMemberError,
    UnknownTextError."""
    hand = hand_of(centre, word)
    with transaction(centre.engine) as connection:
        _known(connection, member)
        new = Consent(
            id=uuid7(hand.at, centre.chance),
            member=member,
            purpose=purpose,
            version=version,
            given=True,
            at=hand.at,
            actor=hand.actor,
            note=hand.note,
        )
        consent_store.note(connection, new)
    log.info("consent.given", member=str(member), purpose=purpose, version=version)
    return new


@retried
def withdraw(centre: Centre, member: UUID, purpose: str, word: Word) -> Consent:
    """Note that a member agrees no more.

    Raises NoNoteError, UnknownMemberError, NeverGivenError.
    """
    hand = hand_of(centre, word)
    with transaction(centre.engine) as connection:
        given = [one for one in _said(connection, member) if one.purpose == purpose and one.given]
        if not given:
            raise NeverGivenError(member=member, purpose=purpose)
        new = Consent(
            id=uuid7(hand.at, centre.chance),
            member=member,
            purpose=purpose,
            version=given[-1].version,
            given=False,
            at=hand.at,
            actor=hand.actor,
            note=hand.note,
        )
        consent_store.add(connection, new)
    log.info("consent.withdrawn", member=str(member), purpose=purpose)
    return new


def said(centre: Centre, member: UUID) -> list[Consent]:
    """Return every word of a member and of those who joined him, in order; the last on a purpose
    counts. A registration is the first one. Raises UnknownMemberError."""
    with reading(centre.engine) as connection:
        return _said(connection, member)


def _said(connection: Connection, member: UUID) -> list[Consent]:
    roll = _known(connection, member)
    members.join_whole(connection, roll, member)
    living = roll.survivor(member).id
    people = {one for one in roll.members if roll.survivor(one).id == living}
    registered = [
        Consent(
            id=derived("consent", one.member),
            member=one.member,
            purpose=PROGRAMME,
            version=one.consent,
            given=True,
            at=roll.members[one.member].known_at,
            actor="",
            note="",
        )
        for one in store.persons(connection, people)
        if one.consent
    ]
    found = [*registered, *consent_store.consents_of(connection, people)]
    return sorted(found, key=lambda one: (one.at, one.id))


def _known(connection: Connection, member: UUID) -> Roll:
    roll = members.load(connection, [member], ())
    if member not in roll.members:
        raise UnknownMemberError(member=member)
    return roll
