"""Edit a member's profile, also with the cable out: shown at once, until the centre's rows tell."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import structlog
from msgspec import Struct
from sqlalchemy import Connection

from agent.journal import answers, edits
from agent.journal import service as journal
from agent.journal.edits import OwnEdit
from agent.journal.service import NewFact
from agent.journal.store import Change
from agent.leases.standing import Standing, UnknownMemberError, identified, standing
from agent.members.service import SALT_BYTES
from agent.quote.service import store_settings
from agent.station import Station
from shared.crypto.blind import IdentifierKind, blind_index
from shared.member import ProfileField, display_name
from shared.phone import normalise_phone
from shared.profile import NothingEditedError, checked_birthday, normal_email, normal_name
from shared.runtime.sqlite import transaction
from shared.wire.codec import decoder, encode
from shared.wire.facts import EditedField, EditedPerson, FactKind, MemberEdited

OPERATION = "edit_member"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ProfileEdit:
    """What the cashier typed in: empty fields stay as they are.

    `account` is that of the member's reference, as a scan or a search has given it.
    """

    uid: UUID
    content: bytes
    member: UUID
    account: UUID | None = None
    name: str = ""
    phone: str = ""
    email: str = ""
    birthday: date | None = None
    cashier: str = ""


class Edited(Struct, frozen=True):
    """A profile as it is shown now; `stays` are fields that are verified: the centre's people look
    at what was said of them. `shared` tells that others have the new phone, as far as is known
    here."""

    member: UUID
    account: UUID | None
    display_name: str
    birthday: date | None
    fields: tuple[str, ...]
    stays: tuple[str, ...]
    shared: bool


_decode = decoder(Edited)


def edit(station: Station, order: ProfileEdit, at: datetime) -> Edited:
    """Edit fields of a member's profile; repeating a uid is safe.

    The fact names the value that was shown here, which it replaces. Raises NothingEditedError,
    BadNameError, BadPhoneError, BadEmailError, BadBirthdayError, UnknownMemberError,
    NoSettingsError, UidReusedError.
    """
    with transaction(station.journal) as connection:
        done = answers.recall(connection, order.uid, OPERATION, order.content)
        if done is not None:
            return _decode(done)
        edited = _write(connection, station, order, at)
        answers.remember(connection, order.uid, OPERATION, order.content, encode(edited), at)
    station.wakes.push.set()
    log.info("member.edited", member=str(edited.member), fields=list(edited.fields))
    return edited


def _person(station: Station, order: ProfileEdit, at: datetime) -> EditedPerson:
    """Return what was typed in its forms."""
    born = order.birthday
    if born is not None:
        born = checked_birthday(born, station.time.moment(at, store_settings(station).zone).day)
    return EditedPerson(
        salt=station.chance.randbytes(SALT_BYTES),
        name=normal_name(order.name) if order.name else "",
        phone=normalise_phone(order.phone) if order.phone else "",
        email=normal_email(order.email) if order.email else "",
        birthday=born,
    )


def _write(connection: Connection, station: Station, order: ProfileEdit, at: datetime) -> Edited:
    person = _person(station, order, at)
    fields = tuple(field for field in ProfileField if getattr(person, field.value))
    if not fields:
        raise NothingEditedError
    who = standing(station, connection, order.member)
    if order.account is not None and order.account not in who.accounts:
        raise UnknownMemberError
    key = station.identity.index_key
    index = blind_index(key, IdentifierKind.PHONE, person.phone) if person.phone else b""
    hits = identified(station, connection, index) if index else []
    replaced = _replaced(connection, who, order.account)
    body = MemberEdited(
        uid=order.uid,
        member=who.member,
        fields=tuple(EditedField(field.value, replaced.get(field)) for field in fields),
        phone_index=index,
        cashier=order.cashier,
        at=at,
        account=order.account,
    )
    change = Change(order.account or who.accounts[0])
    new = NewFact(FactKind.MEMBER_EDITED, body, changes=[change], personal=encode(person))
    fact = journal.append(connection, station, new, at)
    edits.add(connection, own_edits(fact.id, body, person))
    now = standing(station, connection, who.member)
    return Edited(
        member=who.member,
        account=order.account,
        display_name=now.display_name,
        birthday=now.birthday,
        fields=tuple(field.value for field in fields),
        stays=tuple(field.value for field in fields if who.is_verified(field)),
        shared=any(member != who.member for member, _ in hits),
    )


def own_edits(fact: UUID, edited: MemberEdited, person: EditedPerson) -> list[OwnEdit]:
    """Return the fields of an edit as they are shown."""
    shown = {
        ProfileField.NAME: display_name(person.name),
        ProfileField.BIRTHDAY: person.birthday.isoformat() if person.birthday else "",
    }
    return [
        OwnEdit(
            fact=fact,
            field=field,
            member=edited.member,
            account=edited.account,
            shown=shown.get(field, ""),
            phone_index=edited.phone_index if field is ProfileField.PHONE else b"",
        )
        for field in (ProfileField(one.field) for one in edited.fields)
    ]


def _replaced(connection: Connection, who: Standing, account: UUID | None) -> Mapping[str, UUID]:
    """Return by field which edit a new one replaces.

    Of an account's owner who has joined somebody the rows do not tell it: what was edited here.
    """
    if account is None or who.owns_only(account):
        return {one.field: one.version for one in who.versions}
    return {one.field: one.fact for one in edits.of_account(connection, account)}
