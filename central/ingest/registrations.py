"""Registrations on the desk: one person becomes one member, whichever stores wrote him down."""

from central.conflicts.values import ConflictKind, Finding, Role, parties
from central.ingest.desk import Desk, RefusedError
from central.ingest.reading import Reading
from central.ingest.receipts import post_grants
from central.members import editing
from central.members.newcomer import Newcomer, Place, Placed
from central.members.store import MemberState, Person
from shared.crypto.blind import IdentifierKind, blind_index
from shared.ledger.entries import Document
from shared.member import PhoneRole
from shared.phone import BadPhoneError, normalise_phone
from shared.wire.facts import MemberRegistered, RegisteredPerson

_KINDS = {
    Place.MERGED: ConflictKind.MERGED,
    Place.SHARED_PHONE: ConflictKind.SHARED_PHONE,
    Place.SHARED_CARD: ConflictKind.SHARED_CARD,
}


def check_registration(desk: Desk, reading: Reading, new: MemberRegistered) -> None:
    """Raise RefusedError for a member or account that is there already, or other identifiers than
    the person's."""
    known = desk.roll.members.get(new.member)
    if known is not None and known.registered_on is not None:
        raise RefusedError("member_known")
    account = desk.books.accounts.get(new.account)
    if new.account == new.member or (account is not None and account.owner != new.member):
        raise RefusedError("account_of_another")
    if (person := _person(reading)) is not None:
        _check_identifiers(desk.index_key, new, person)


def post_registration(desk: Desk, reading: Reading, new: MemberRegistered) -> list[str]:
    """Enter a member; who has the same phone under a compatible name takes him in.

    Of one who had joined somebody, and was erased with him, his account alone is entered.
    """
    if _is_erased(desk, new):
        desk.of_erased.append(reading.fact.id)
        account = desk.open_account(new.account, new.member)
        post_grants(desk, reading, Document(new.member, new.at), account, new.granted)
        return ["member_erased"]
    person = _person(reading) or RegisteredPerson(b"", "", "", "")
    placed = desk.roll.register(
        desk.books,
        Newcomer(
            member=new.member,
            account=new.account,
            card_index=new.card_index,
            card_tail=new.card_tail,
            phone_index=new.phone_index,
            person=Person(
                new.member,
                person.name,
                person.phone or person.other_phone,
                person.card,
                new.consent,
            ),
            store=reading.store,
            day=new.day,
            known_at=desk.at,
            birthday=person.birthday,
            referrer=new.referrer,
            other_phone_index=new.other_phone_index,
            role=PhoneRole(new.phone_role),
        ),
    )
    editing.follow_phone(desk.roll, new.member)
    desk.visits.note(new.account, reading.store, new.at)
    desk.to_size.add(new.account)
    if placed.place is not Place.NEW:
        _report(desk, reading, new, placed)
    account = desk.books.accounts[new.account]
    notes = post_grants(desk, reading, Document(new.member, new.at), account, new.granted)
    return ["merged", *notes] if placed.place is Place.MERGED else notes


def _is_erased(desk: Desk, new: MemberRegistered) -> bool:
    known = new.member in desk.roll.members
    return known and desk.roll.survivor(new.member).state is MemberState.ERASED


def _person(reading: Reading) -> RegisteredPerson | None:
    return reading.person if isinstance(reading.person, RegisteredPerson) else None


def _report(desk: Desk, reading: Reading, new: MemberRegistered, placed: Placed) -> None:
    others = [other.id for other in placed.others]
    about = (
        *parties(Role.MEMBER, others),
        *parties(Role.STORE, (other.home_store for other in placed.others)),
    )
    details = {"new": new.member, "others": ", ".join(map(str, others))}
    desk.report(reading, Finding(_KINDS[placed.place], details, about, subject=new.member))


def _check_identifiers(key: bytes, new: MemberRegistered, person: RegisteredPerson) -> None:
    if new.card_index != blind_index(key, IdentifierKind.CARD, person.card):
        raise RefusedError("card_disagrees")
    phones = ((person.phone, new.phone_index), (person.other_phone, new.other_phone_index))
    for phone, index in phones:
        if phone or index:
            check_phone(key, phone, index)


def check_phone(key: bytes, phone: str, index: bytes) -> None:
    """Raise RefusedError for a phone in no normal form, or with another index than its own."""
    try:
        is_normal = normalise_phone(phone) == phone
    except BadPhoneError:
        is_normal = False
    if not is_normal or index != blind_index(key, IdentifierKind.PHONE, phone):
        raise RefusedError("phone_disagrees")
