"""Tables of members: who they are, how they are found, and what is personal, apart."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Index, Row, Select, delete, select, text, update
from sqlmodel import Field

from central.ledger.rows import chunks
from central.members.profile import Edit
from central.schema import Instant, Table, insert_new, locked, table_of
from central.sets import columns_of, insert_rows, one_of, rows_of, upsert_rows
from shared.crypto.blind import IdentifierKind
from shared.member import PhoneRole, ProfileField


class MemberState(StrEnum):
    """Where a member is in his life."""

    PROVISIONAL = "provisional"
    ACTIVE = "active"
    MERGED = "merged_into"
    ERASED = "erased"
    """Nobody knows any more who he was; his accounts stay."""


class IdentifierState(StrEnum):
    """Whether an identifier finds its member; a joined one is found by the survivor's."""

    CLAIMED = "claimed"
    VERIFIED = "verified"
    JOINED = "joined"
    REVOKED = "revoked"


_in_family = text("head IS NOT NULL")


class MemberTable(Table, table=True):
    """A member; his figures are sums over his accounts and stand in the ledger."""

    __tablename__ = "member"
    __table_args__ = (
        Index("ix_member_head", "head", sqlite_where=_in_family, postgresql_where=_in_family),
    )
    id: UUID = Field(primary_key=True)
    state: str
    merged_into: UUID | None
    display_name: str
    registered_on: date | None
    birthday: date | None
    segments: str
    tier_floor: str | None
    home_store: str
    person: bytes
    referrer: UUID | None
    tier_until: date | None
    dates: str = ""
    known_at: datetime = Field(sa_type=Instant)
    edits: int = 0
    head: UUID | None = None
    family_role: str = ""
    family_since: datetime | None = Field(default=None, sa_type=Instant)
    relatives: int = 0


class IdentifierTable(Table, table=True):
    """A blind index and the member who claimed it; several members may share a phone."""

    __tablename__ = "identifier"
    index: bytes = Field(primary_key=True)
    owner: UUID = Field(primary_key=True)
    member: UUID = Field(index=True)
    kind: str
    tail: str = Field(index=True)
    account: UUID | None
    state: str
    role: str = PhoneRole.OWN.value


class IndexTable(Table, table=True):
    """A blind index that somebody has claimed; its row is the lock under which it is claimed."""

    __tablename__ = "claimed_index"
    index: bytes = Field(primary_key=True)


class PersonTable(Table, table=True):
    """Who a member is in life: the personal part of his registration, erasable."""

    __tablename__ = "person"
    member: UUID = Field(primary_key=True)
    name: str
    phone: str
    card: str
    consent: str


class EditTable(Table, table=True):
    """A value to which a field of a profile was edited; never changed, only the value erased."""

    __tablename__ = "profile_edit"
    id: UUID = Field(primary_key=True)
    member: UUID = Field(index=True)
    field: str
    version: UUID
    replaces: UUID | None
    value: str | None
    phone_index: bytes
    at: datetime = Field(sa_type=Instant)
    verified: bool
    store: str
    actor: str


@dataclass(frozen=True, slots=True)
class Member:
    """A member as the centre keeps him; `segments` are names with blanks between.

    `dates` are days of his life in the same way, such as `wedding:2015-04-11`.
    """

    id: UUID
    state: MemberState
    known_at: datetime
    merged_into: UUID | None = None
    display_name: str = ""
    registered_on: date | None = None
    birthday: date | None = None
    segments: str = ""
    tier_floor: str | None = None
    home_store: str = ""
    person: bytes = b""
    """Blind index of the own phone."""
    referrer: UUID | None = None
    tier_until: date | None = None
    dates: str = ""
    edits: int = 0
    """How many values his profile's fields were edited to: most have none to be read."""
    head: UUID | None = None
    """On whose accounts he buys, if he is in another's family."""
    family_role: str = ""
    """A `FamilyRole` of `shared.member`, if so."""
    family_since: datetime | None = None
    relatives: int = 0
    """How many others buy on his accounts: most have none to be told."""

    @property
    def is_in_family(self) -> bool:
        """Tell whether others have to do with his accounts, or he with others'."""
        return self.head is not None or self.relatives > 0


@dataclass(frozen=True, slots=True)
class Identifier:
    """How a member is found; `account` limits what it redeems, `owner` is who claimed it."""

    index: bytes
    owner: UUID
    member: UUID
    kind: IdentifierKind
    tail: str
    account: UUID | None
    state: IdentifierState
    role: PhoneRole = PhoneRole.OWN
    """Whose a phone is: one that is a relative's or shared makes nobody one with its member."""

    @property
    def is_own_phone(self) -> bool:
        """Tell whether it is the phone of nobody else."""
        return self.kind is IdentifierKind.PHONE and self.role is PhoneRole.OWN

    @property
    def is_shown(self) -> bool:
        """Tell whether stores find a member by it: a joined one is found by the survivor's."""
        return self.state in (IdentifierState.CLAIMED, IdentifierState.VERIFIED)


@dataclass(frozen=True, slots=True)
class Person:
    """The personal part of a registration."""

    member: UUID
    name: str
    phone: str
    card: str
    consent: str


_member = table_of(MemberTable)
_identifier = table_of(IdentifierTable)
_person = table_of(PersonTable)
_index = table_of(IndexTable)
_edit = table_of(EditTable)
_MEMBER = columns_of(_member, Member)
_EDIT = columns_of(_edit, Edit)


def members(connection: Connection, ids: Iterable[UUID]) -> list[Member]:
    """Return members by id."""
    found: list[Member] = []
    for few in chunks(ids):
        query = select(*_MEMBER).where(one_of(connection, _member.c.id, few))
        for member, state, *rest in connection.execute(query):
            found.append(Member(member, MemberState(state), *rest))
    return found


def relatives_of(connection: Connection, heads: Iterable[UUID]) -> list[UUID]:
    """Return who buys on the accounts of these members, in the order of ids."""
    found: list[UUID] = []
    for few in chunks(heads):
        of_these = one_of(connection, _member.c.head, few)
        query = select(_member.c.id).where(of_these, _member.c.head.is_not(None))
        found += connection.scalars(query)
    return sorted(found)


def living_after(connection: Connection, after: UUID | None, limit: int) -> list[UUID]:
    """Return members who live on after one, in the order of ids."""
    query = select(_member.c.id).where(_member.c.merged_into.is_(None))
    if after is not None:
        query = query.where(_member.c.id > after)
    return list(connection.scalars(query.order_by(_member.c.id).limit(limit)))


def all_dates(connection: Connection) -> list[str]:
    """Return the named days that members have, each text once."""
    return list(connection.scalars(select(_member.c.dates).where(_member.c.dates != "").distinct()))


def in_segment(connection: Connection, segment: str) -> list[UUID]:
    """Return who is in a segment, merged or not, in the order of their ids."""
    found = select(_member.c.id, _member.c.segments).where(
        _member.c.segments.contains(segment, autoescape=True),
        _member.c.state != MemberState.PROVISIONAL.value,
    )
    rows = connection.execute(found.order_by(_member.c.id))
    return [row.id for row in rows if segment in row.segments.split()]


def identifiers(connection: Connection, indexes: Iterable[bytes]) -> list[Identifier]:
    """Return who claimed these indexes, in the order of owners."""
    found: list[Identifier] = []
    for few in chunks(indexes):
        query = select(_identifier).where(one_of(connection, _identifier.c.index, few))
        found += _identifiers(connection, query)
    return found


def identifiers_of(connection: Connection, members: Iterable[UUID]) -> list[Identifier]:
    """Return the identifiers that find these members, in the order of indexes and owners."""
    found: list[Identifier] = []
    for few in chunks(members):
        query = select(_identifier).where(one_of(connection, _identifier.c.member, few))
        found += _identifiers(connection, query)
    return found


def limited_among(connection: Connection, members: Iterable[UUID]) -> set[UUID]:
    """Return who claimed identifiers of these members that redeem one account alone."""
    found: set[UUID] = set()
    for few in chunks(members):
        query = select(_identifier.c.owner).where(
            one_of(connection, _identifier.c.member, few),
            _identifier.c.account.is_not(None),
            _identifier.c.state != IdentifierState.REVOKED.value,
        )
        found.update(connection.scalars(query))
    return found


def lock_indexes(connection: Connection, indexes: Iterable[bytes]) -> None:
    """Lock indexes until the transaction ends: two who claim one must see each other."""
    for few in chunks(indexes):
        connection.execute(insert_new(connection, IndexTable), [{"index": one} for one in few])
        query = (
            select(_index.c.index)
            .where(one_of(connection, _index.c.index, few))
            .order_by(_index.c.index)
        )
        connection.execute(locked(connection, query)).all()


def persons(connection: Connection, members: Iterable[UUID]) -> list[Person]:
    """Return the personal parts of members, as far as they are not erased."""
    found: list[Person] = []
    for few in chunks(members):
        rows = connection.execute(select(_person).where(one_of(connection, _person.c.member, few)))
        found.extend(Person(**row._mapping) for row in rows)
    return found


def edits_of(connection: Connection, members: Iterable[UUID]) -> list[Edit]:
    """Return every value to which the profiles of members were edited."""
    found: list[Edit] = []
    for few in chunks(members):
        query = select(*_EDIT).where(one_of(connection, _edit.c.member, few))
        found += [_edited(row) for row in connection.execute(query.order_by(_edit.c.id))]
    return found


def find_edit(connection: Connection, edit: UUID) -> Edit | None:
    """Return a value to which a profile was edited by its id."""
    row = connection.execute(select(*_EDIT).where(_edit.c.id == edit)).first()
    return None if row is None else _edited(row)


def insert_edits(connection: Connection, edits: Collection[Edit]) -> None:
    """Write values to which profiles were edited."""
    names, rows = rows_of(Edit, edits)
    with_ids = [(one.id, *row) for one, row in zip(edits, rows, strict=True)]
    insert_rows(connection, _edit, ["id", *names], with_ids)


def upsert_members(connection: Connection, items: Collection[Member]) -> None:
    """Write members."""
    upsert_rows(connection, MemberTable, *rows_of(Member, items))


def upsert_identifiers(connection: Connection, items: Collection[Identifier]) -> None:
    """Write identifiers."""
    upsert_rows(connection, IdentifierTable, *rows_of(Identifier, items))


def upsert_persons(connection: Connection, items: Collection[Person]) -> None:
    """Write personal parts."""
    upsert_rows(connection, PersonTable, *rows_of(Person, items))


def erase(connection: Connection, members: Collection[UUID]) -> list[UUID]:
    """Let go whatever names these members; return the facts that edited their profiles."""
    facts: list[UUID] = []
    for few in chunks(members):
        connection.execute(delete(_person).where(one_of(connection, _person.c.member, few)))
        connection.execute(delete(_identifier).where(one_of(connection, _identifier.c.owner, few)))
        edited = one_of(connection, _edit.c.member, few)
        facts += connection.scalars(select(_edit.c.version).where(edited))
        connection.execute(update(_edit).where(edited).values(value=None, phone_index=b""))
    return facts


def _edited(row: Row[Any]) -> Edit:
    return Edit(**{**row._mapping, "field": ProfileField(row.field)})


def _identifiers(connection: Connection, query: Select[Any]) -> list[Identifier]:
    return [
        Identifier(
            **{
                **row._mapping,
                "kind": IdentifierKind(row.kind),
                "state": IdentifierState(row.state),
                "role": PhoneRole(row.role),
            }
        )
        for row in connection.execute(query.order_by(_identifier.c.index, _identifier.c.owner))
    ]
