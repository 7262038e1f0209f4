"""A registration that this store's disk had lost, entered again."""

from sqlalchemy import Connection

from agent.journal import changes, newcomers, once
from agent.journal.newcomers import Newcomer
from agent.journal.store import Change
from shared.member import display_name
from shared.wire.codec import MalformedError
from shared.wire.facts import Fact, MemberRegistered, RegisteredPerson, decode_person


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
    )
    newcomers.add(connection, newcomer)
    once.add(connection, new.account, once.of_facts(new.granted))
    return changes.of_grants(new.granted)


def _person(fact: Fact) -> RegisteredPerson | None:
    try:
        return decode_person(fact.personal) if fact.personal else None
    except MalformedError:
        return None
