"""Tables of the staff: accounts, and sessions of browsers that are signed in."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, delete, insert, or_, select, update
from sqlmodel import Field

from central.people.roles import Role
from central.schema import Instant, Table, insert_unless_there, locked, table_of


class StaffTable(Table, table=True):
    """A person of the staff; the secret of the one-time codes is encrypted."""

    __tablename__ = "staff"
    login: str = Field(primary_key=True)
    name: str
    role: str
    language: str
    zone: str
    password_hash: str
    code_secret: bytes
    last_code: int = Field(sa_type=BigInteger)
    has_first_password: bool
    wrong: int
    paused_until: datetime | None = Field(sa_type=Instant, nullable=True)
    disabled_at: datetime | None = Field(sa_type=Instant, nullable=True)
    made_at: datetime = Field(sa_type=Instant)


class StaffSessionTable(Table, table=True):
    """A browser that is signed in: its token is kept as a hash only."""

    __tablename__ = "staff_session"
    token_hash: bytes = Field(primary_key=True)
    login: str = Field(index=True)
    began_at: datetime = Field(sa_type=Instant)
    seen_at: datetime = Field(sa_type=Instant, index=True)


@dataclass(frozen=True, slots=True)
class Colleague:
    """A person of the staff as kept; `last_code` is the step of the last one-time code used."""

    login: str
    name: str
    role: Role
    language: str
    zone: str
    password_hash: str
    code_secret: bytes
    last_code: int
    has_first_password: bool
    wrong: int
    paused_until: datetime | None
    disabled_at: datetime | None
    made_at: datetime


@dataclass(frozen=True, slots=True)
class StaffSession:
    """An open session of the console."""

    token_hash: bytes
    login: str
    began_at: datetime
    seen_at: datetime


_staff = table_of(StaffTable)
_session = table_of(StaffSessionTable)


def find(connection: Connection, login: str) -> Colleague | None:
    """Return a person by login, locked in a writing transaction."""
    query = select(_staff).where(_staff.c.login == login)
    row = connection.execute(locked(connection, query)).one_or_none()
    return None if row is None else _colleague(row._mapping)


def every(connection: Connection) -> list[Colleague]:
    """Return all of the staff by login."""
    rows = connection.execute(select(_staff).order_by(_staff.c.login))
    return [_colleague(row._mapping) for row in rows]


def add(connection: Connection, new: Colleague) -> bool:
    """Write a person; False if the login is taken."""
    return insert_unless_there(connection, StaffTable, {**asdict(new), "role": new.role.value})


def change(connection: Connection, login: str, **values: Any) -> None:
    """Change what is kept of a person."""
    connection.execute(update(_staff).where(_staff.c.login == login).values(**values))


def session(connection: Connection, token_hash: bytes) -> StaffSession | None:
    """Find a session."""
    query = select(_session).where(_session.c.token_hash == token_hash)
    row = connection.execute(query).one_or_none()
    return None if row is None else StaffSession(**row._mapping)


def open_session(connection: Connection, new: StaffSession, keep_max: int) -> None:
    """Write a session and end the person's oldest ones over `keep_max`."""
    connection.execute(insert(_session), asdict(new))
    own = select(_session.c.token_hash).where(_session.c.login == new.login)
    newest = own.order_by(_session.c.began_at.desc(), _session.c.token_hash).offset(keep_max)
    extra = list(connection.scalars(newest))
    connection.execute(delete(_session).where(_session.c.token_hash.in_(extra)))


def touch(connection: Connection, token_hash: bytes, at: datetime) -> None:
    """Note when a session was used last."""
    this = _session.c.token_hash == token_hash
    connection.execute(update(_session).where(this).values(seen_at=at))


def end_session(connection: Connection, token_hash: bytes) -> None:
    """End a session."""
    connection.execute(delete(_session).where(_session.c.token_hash == token_hash))


def sessions_of(connection: Connection, login: str) -> list[StaffSession]:
    """Return a person's sessions, the one that was used last first."""
    query = select(_session).where(_session.c.login == login)
    rows = connection.execute(query.order_by(_session.c.seen_at.desc(), _session.c.token_hash))
    return [StaffSession(**row._mapping) for row in rows]


def end_others(connection: Connection, login: str, token_hash: bytes) -> None:
    """End all sessions of a person but one."""
    others = (_session.c.login == login, _session.c.token_hash != token_hash)
    connection.execute(delete(_session).where(*others))


def end_sessions(connection: Connection, login: str) -> None:
    """End all sessions of a person."""
    connection.execute(delete(_session).where(_session.c.login == login))


def drop_sessions(connection: Connection, *, seen_before: datetime, began_before: datetime) -> int:
    """Delete sessions that are over; return how many."""
    over = or_(_session.c.seen_at <= seen_before, _session.c.began_at <= began_before)
    return connection.execute(delete(_session).where(over)).rowcount


def _colleague(row: Mapping[str, Any] | Any) -> Colleague:
    return Colleague(**{**row, "role": Role(row["role"])})
