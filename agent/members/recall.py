"""Registrations and edits that this store's disk had lost, entered again."""

from sqlalchemy import Connection

from agent.journal import changes, edits, newcomers, once
from agent.journal.newcomers import Newcomer
from agent.journal.store import Change
from agent.leases.standing import UnknownMemberError, standing
from agent.members.edit import own_edits
from agent.station import Station
from shared.member import PhoneRole, display_name
from shared.wire.codec import MalformedError
from shared.wire.facts import (
    Fact,
    MemberEdited,
    MemberRegistered,
    RegisteredPerson,
    decode_edited,
    decode_person,
)


def recall(connection: Connection, fact: Fact, new: MemberRegistered) -> list[Change]:
    """Enter a registration from its fact and tell what it changed; one that is known stays, one
    whose person was erased is left to the rows."""
    person = _person(fact)
    if person is None or newcomers.by_member(connection, new.member) is not None:
        return []
    newcomer = Newcomer(
        member=new.member,
        account=new.account,
        card_index=new.card_index,
        phone_index=new.phone_index,
        card_tail=new.card_tail,
        display_name=display_name(person.name),
        registered_on=new.day,
        birthday=person.birthday,
        referrer=new.referrer,
        other_phone_index=new.other_phone_index,
        role=PhoneRole(new.phone_role),
    )
    newcomers.add(connection, newcomer)
    once.add(connection, new.account, once.of_facts(new.granted))
    return changes.of_grants(new.granted)


def recall_edit(
    connection: Connection, station: Station, fact: Fact, edited: MemberEdited
) -> list[Change]:
    """Enter an edit from its fact and tell what it changed; one whose person was erased, or whose
    member is not known here, is left to the rows."""
    try:
        person = decode_edited(fact.personal) if fact.personal else None
        who = standing(station, connection, edited.member)
        own = own_edits(fact.id, edited, person) if person else []
    except (MalformedError, UnknownMemberError, ValueError):
        return []
    edits.add(connection, own)
    return [Change(edited.account or who.accounts[0])] if own else []


def _person(fact: Fact) -> RegisteredPerson | None:
    try:
        return decode_person(fact.personal) if fact.personal else None
    except MalformedError:
        return None
