"""Profiles that this store has edited: shown until the rows cover them, as points are.

Which rows cover an edit stands with the change of its fact, which changes no figure.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection
from sqlmodel import Field

from agent.schema import JournalTable, id_field
from shared.member import ProfileField
from shared.runtime.sqlite import listed, run, run_many


class ProfileEditRecord(JournalTable, table=True):
    """A field that a fact of this store has edited, as it is shown, closed: no more than the rows
    show."""

    __tablename__ = "profile_edit"

    fact: UUID = id_field(primary_key=True)
    field: str = Field(primary_key=True)
    member: UUID = id_field(index=True)
    account: UUID | None = id_field(nullable=True)
    shown: bytes
    phone_index: bytes = Field(index=True)


@dataclass(frozen=True, slots=True)
class OwnEdit:
    """A field of a member as this store has edited it; of a phone, its blind index.

    With an `account`, it is the profile of that account's owner, whose card redeems nothing else.
    """

    fact: UUID
    field: ProfileField
    member: UUID
    account: UUID | None
    shown: str
    phone_index: bytes


_ADD = """
INSERT INTO profile_edit (fact, field, member, account, shown, phone_index)
VALUES (?1, ?2, ?3, ?4, closed(?1, ?5), ?6)
"""
_EDITS = """
SELECT edit.fact, edit.field, edit.member, edit.account,
    opened_text(edit.fact, edit.shown), edit.phone_index
FROM profile_edit AS edit JOIN change ON change.fact = edit.fact
"""
_OPEN = f"{_EDITS} AND (change.cover IS NULL OR change.cover > ?)"
_UNCOVERED = f"{_OPEN} WHERE change.account IN (?*) ORDER BY change.rowid"
_IS_LAST = """
NOT EXISTS (
    SELECT 1 FROM profile_edit AS later JOIN change AS since ON since.fact = later.fact
    WHERE later.member = edit.member AND later.account IS edit.account
    AND later.phone_index <> x'' AND since.rowid > change.rowid
)
"""
_BY_PHONE = f"{_OPEN} WHERE edit.phone_index = ? AND {_IS_LAST} ORDER BY edit.member"
_OF_ACCOUNT = f"""{_EDITS}
WHERE change.account = ? AND edit.account = change.account ORDER BY change.rowid
"""
_NAMED = f"{_OPEN} WHERE edit.field = ? AND edit.account IS NULL"
_NAMES = f"{_NAMED} ORDER BY change.rowid DESC LIMIT ?"
_HAS_PHONE = """
SELECT 1 FROM profile_edit
WHERE member = ? AND account IS NULL AND phone_index <> x'' LIMIT 1
"""


def add(connection: Connection, edits: Iterable[OwnEdit]) -> None:
    """Remember edits, in the transaction of their fact."""
    rows = [
        (
            one.fact.bytes,
            one.field.value,
            one.member.bytes,
            None if one.account is None else one.account.bytes,
            one.shown,
            one.phone_index,
        )
        for one in edits
    ]
    run_many(connection, _ADD, rows)


def uncovered(connection: Connection, accounts: Collection[UUID], cursor: int) -> list[OwnEdit]:
    """Return own edits of whose accounts these are that rows up to a cursor lack, in order."""
    keys = [account.bytes for account in accounts]
    return _read(run(connection, listed(_UNCOVERED, len(keys)), (cursor, *keys)))


def by_phone(connection: Connection, index: bytes, cursor: int) -> list[OwnEdit]:
    """Return whose last phone by own edits this is, as far as rows up to a cursor lack it."""
    return _read(run(connection, _BY_PHONE, (cursor, index)))


def has_phone(connection: Connection, member: UUID) -> bool:
    """Tell whether this store has edited the phone of a member."""
    return run(connection, _HAS_PHONE, (member.bytes,)).fetchone() is not None


def names(connection: Connection, cursor: int, most: int) -> list[tuple[UUID, str]]:
    """Return names by own edits that rows up to a cursor lack, the latest first."""
    found = _read(run(connection, _NAMES, (cursor, ProfileField.NAME.value, most)))
    return [(one.member, one.shown) for one in found]


def of_account(connection: Connection, account: UUID) -> list[OwnEdit]:
    """Return all own edits of the profile of an account's owner, in order."""
    return _read(run(connection, _OF_ACCOUNT, (account.bytes,)))


def _read(rows: Iterable[tuple[bytes, str, bytes, bytes | None, str, bytes]]) -> list[OwnEdit]:
    return [
        OwnEdit(
            fact=UUID(bytes=fact),
            field=ProfileField(field),
            member=UUID(bytes=member),
            account=None if account is None else UUID(bytes=account),
            shown=shown,
            phone_index=phone_index,
        )
        for fact, field, member, account, shown, phone_index in rows
    ]
