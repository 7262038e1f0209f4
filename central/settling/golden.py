"""What counts of a member's profile, field by field: the value, who said it, when, and whether it
was shown."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from central.imports.people import account_id
from central.members.store import IdentifierState
from central.settling.lookup import Shown
from shared.crypto.blind import IdentifierKind
from shared.member import PhoneRole, ProfileField

REGISTRATION, IMPORT = "registration", "import"


@dataclass(frozen=True, slots=True)
class Golden:
    """A field of the golden record; `source` is a store and its cashier, a person, or a file."""

    field: ProfileField
    value: str
    source: str
    at: datetime
    verified: bool


def golden_record(shown: Shown) -> list[Golden]:
    """Return what counts of a member's profile, in the order of fields; what is not known is not
    there.

    An edit counts by its own source and time; what nobody has edited, by the registration's.
    """
    return [one for field in ProfileField for one in _counted(shown, field)]


def _counted(shown: Shown, field: ProfileField) -> Iterator[Golden]:
    edit = shown.counted.get(field)
    if edit is not None and edit.value:
        yield Golden(field, edit.value, edit.where, edit.at, edit.verified)
        return
    value = _registered(shown, field)
    if value:
        member = shown.member
        is_imported = account_id(member.id) in {account.id for account, _ in shown.accounts}
        how = IMPORT if is_imported else REGISTRATION
        source = "/".join(one for one in (member.home_store, how) if one)
        yield Golden(field, value, source, member.known_at, _is_verified(shown, field))


def _registered(shown: Shown, field: ProfileField) -> str:
    person, born = shown.person, shown.member.birthday
    if field is ProfileField.NAME:
        return person.name if person else ""
    if field is ProfileField.PHONE:
        return person.phone if person else ""
    return born.isoformat() if field is ProfileField.BIRTHDAY and born else ""


def _is_verified(shown: Shown, field: ProfileField) -> bool:
    if field is not ProfileField.PHONE:
        return False
    return any(
        one.kind is IdentifierKind.PHONE
        and one.owner == shown.member.id
        and one.role is PhoneRole.OWN
        and one.state is IdentifierState.VERIFIED
        for one in shown.identifiers
    )
