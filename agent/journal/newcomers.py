"""Members registered here whom the rows may not know yet."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Connection, func, insert, or_, select
from sqlmodel import Field

from agent.schema import JournalTable, id_field, table_of


class NewcomerRecord(JournalTable, table=True):
    """A registration of this store: found by card or phone from its first second."""

    __tablename__ = "newcomer"

    member: UUID = id_field(primary_key=True)
    account: UUID = id_field()
    card_index: bytes = Field(index=True)
    phone_index: bytes = Field(index=True)
    card_tail: str
    display_name: str
    registered_on: date
    birthday: date | None
    referrer: UUID | None = id_field(nullable=True)


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


_NEWCOMERS = table_of(NewcomerRecord)
_COLUMNS = (
    _NEWCOMERS.c.member,
    _NEWCOMERS.c.account,
    _NEWCOMERS.c.card_index,
    _NEWCOMERS.c.phone_index,
    _NEWCOMERS.c.card_tail,
    _NEWCOMERS.c.display_name,
    _NEWCOMERS.c.registered_on,
    _NEWCOMERS.c.birthday,
    _NEWCOMERS.c.referrer,
)


def add(connection: Connection, newcomer: Newcomer) -> None:
    """Remember a registration, in the transaction of its fact."""
    connection.execute(
        insert(_NEWCOMERS),
        {
            "member": newcomer.member,
            "account": newcomer.account,
            "card_index": newcomer.card_index,
            "phone_index": newcomer.phone_index,
            "card_tail": newcomer.card_tail,
            "display_name": newcomer.display_name,
            "registered_on": newcomer.registered_on,
            "birthday": newcomer.birthday,
            "referrer": newcomer.referrer,
        },
    )


def by_index(connection: Connection, index: bytes) -> list[Newcomer]:
    """Return whom this store registered under a card or phone."""
    rows = connection.execute(
        select(*_COLUMNS)
        .where(or_(_NEWCOMERS.c.card_index == index, _NEWCOMERS.c.phone_index == index))
        .order_by(_NEWCOMERS.c.member)
    )
    return [Newcomer(*row) for row in rows]


def by_member(connection: Connection, member: UUID) -> Newcomer | None:
    """Return a registration of this store by the member's id."""
    row = connection.execute(select(*_COLUMNS).where(_NEWCOMERS.c.member == member)).first()
    return Newcomer(*row) if row else None


def count(connection: Connection) -> int:
    """Count the registrations of this store: the counter of its card numbers."""
    return connection.execute(select(func.count()).select_from(_NEWCOMERS)).scalar_one()
