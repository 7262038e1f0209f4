"""Members registered here whom the rows may not know yet."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, Connection, bindparam, func, insert, or_, select
from sqlmodel import Field

from agent.schema import JournalTable, id_field, table_of
from shared.member import PhoneRole


class NewcomerRecord(JournalTable, table=True):
    """A registration of this store: found by card or phone from its first second; name and birthday
    lie closed."""

    __tablename__ = "newcomer"

    member: UUID = id_field(primary_key=True)
    account: UUID = id_field()
    card_index: bytes = Field(index=True)
    phone_index: bytes = Field(index=True)
    card_tail: str
    display_name: bytes
    registered_on: date
    birthday: bytes | None
    referrer: UUID | None = id_field(nullable=True)


class OtherPhoneRecord(JournalTable, table=True):
    """A phone that finds a newcomer and is not his own."""

    __tablename__ = "other_phone"

    member: UUID = id_field(primary_key=True)
    phone_index: bytes = Field(index=True)
    role: str


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A member as this store registered him."""

    member: UUID
    account: UUID
    card_index: bytes
    phone_index: bytes
    card_tail: str
    display_name: str
    registered_on: date
    birthday: date | None = None
    referrer: UUID | None = None
    other_phone_index: bytes = b""
    role: PhoneRole = PhoneRole.OWN
    """Of the other phone."""

    def role_of(self, index: bytes) -> PhoneRole:
        """Return whose a phone is that has found him; his card is his own."""
        return self.role if index == self.other_phone_index else PhoneRole.OWN


_NEWCOMERS = table_of(NewcomerRecord)
_OTHERS = table_of(OtherPhoneRecord)
_NAME = func.opened_text(_NEWCOMERS.c.member, _NEWCOMERS.c.display_name)
_COLUMNS = (
    _NEWCOMERS.c.member,
    _NEWCOMERS.c.account,
    _NEWCOMERS.c.card_index,
    _NEWCOMERS.c.phone_index,
    _NEWCOMERS.c.card_tail,
    _NAME,
    _NEWCOMERS.c.registered_on,
    func.opened_text(_NEWCOMERS.c.member, _NEWCOMERS.c.birthday),
    _NEWCOMERS.c.referrer,
    func.coalesce(_OTHERS.c.phone_index, b""),
    func.coalesce(_OTHERS.c.role, PhoneRole.OWN.value),
)
_BORN = 7
_JOINED = _NEWCOMERS.outerjoin(_OTHERS, _OTHERS.c.member == _NEWCOMERS.c.member)
_INDEX: BindParameter[bytes] = bindparam("index")
_BY_INDEX = (  # built once: a scan of a card asks it
    select(*_COLUMNS)
    .select_from(_JOINED)
    .where(
        or_(
            _NEWCOMERS.c.card_index == _INDEX,
            _NEWCOMERS.c.phone_index == _INDEX,
            _NEWCOMERS.c.member.in_(
                select(_OTHERS.c.member).where(_OTHERS.c.phone_index == _INDEX)
            ),
        )
    )
    .order_by(_NEWCOMERS.c.member)
)


def add(connection: Connection, newcomer: Newcomer) -> None:
    """Remember a registration, in the transaction of its fact."""
    key, born = newcomer.member.bytes, newcomer.birthday
    closed = {
        "display_name": func.closed(key, newcomer.display_name),
        "birthday": func.closed(key, born.isoformat() if born else ""),
    }
    connection.execute(
        insert(_NEWCOMERS).values(closed),
        {
            "member": newcomer.member,
            "account": newcomer.account,
            "card_index": newcomer.card_index,
            "phone_index": newcomer.phone_index,
            "card_tail": newcomer.card_tail,
            "registered_on": newcomer.registered_on,
            "referrer": newcomer.referrer,
        },
    )
    if newcomer.other_phone_index:
        other = {"phone_index": newcomer.other_phone_index, "role": newcomer.role.value}
        connection.execute(insert(_OTHERS), {"member": newcomer.member, **other})


def by_index(connection: Connection, index: bytes) -> list[Newcomer]:
    """Return whom this store registered under a card or phone."""
    rows = connection.execute(_BY_INDEX, {"index": index})
    return [_newcomer(row) for row in rows]


def by_member(connection: Connection, member: UUID) -> Newcomer | None:
    """Return a registration of this store by the member's id; none of who was erased."""
    this = (
        select(*_COLUMNS)
        .select_from(_JOINED)
        .where(_NEWCOMERS.c.member == member, _NEWCOMERS.c.card_index != b"")
    )
    row = connection.execute(this).first()
    return _newcomer(row) if row else None


def names(connection: Connection, most: int) -> list[tuple[UUID, str]]:
    """Return whom this store registered last, with the names as they are shown."""
    newest = (
        select(_NEWCOMERS.c.member, _NAME)
        .where(_NEWCOMERS.c.card_index != b"")  # who was erased has no name
        .order_by(_NEWCOMERS.c.registered_on.desc(), _NEWCOMERS.c.member.desc())
    )
    return [(row[0], row[1]) for row in connection.execute(newest.limit(most))]


def count(connection: Connection) -> int:
    """Count the registrations of this store, of those too who were erased since: the counter of its
    card numbers."""
    return connection.execute(select(func.count()).select_from(_NEWCOMERS)).scalar_one()


def _newcomer(row: Sequence[Any]) -> Newcomer:
    found = Newcomer(*row)
    born = date.fromisoformat(row[_BORN]) if row[_BORN] else None
    return replace(found, birthday=born, role=PhoneRole(found.role))
