"""Tables of backups: when each was begun and confirmed, and how far it holds every journal."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Connection, delete, func, insert, select, update
from sqlmodel import Field

from central.schema import Instant, Table, table_of
from central.sets import insert_rows
from shared.wire.agents import BackedUp


class BackupTable(Table, table=True):
    """A backup by its number, which tells its instant; it counts once it is confirmed."""

    __tablename__ = "backup"
    number: int = Field(sa_type=BigInteger, primary_key=True)
    incarnation: UUID
    begun_at: datetime = Field(sa_type=Instant)
    confirmed_at: datetime | None = Field(sa_type=Instant, nullable=True)
    file: str


class BackupPlaceTable(Table, table=True):
    """The last place of a journal that a backup holds, for the newest ones only."""

    __tablename__ = "backup_place"
    agent: UUID = Field(primary_key=True)
    epoch: int = Field(primary_key=True)
    backup: int = Field(sa_type=BigInteger, primary_key=True)
    seq: int = Field(sa_type=BigInteger)
    hash: bytes


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup of a life of the database; `file` is where the centre itself has written it."""

    number: int
    incarnation: UUID
    begun_at: datetime
    confirmed_at: datetime | None = None
    file: str = ""


_backup = table_of(BackupTable)
_place = table_of(BackupPlaceTable)
_PLACE = ("agent", "epoch", "backup", "seq", "hash")


def last_number(connection: Connection) -> int:
    """Return the number of the backup that was begun last, 0 before the first."""
    return connection.scalar(select(func.max(_backup.c.number))) or 0


def insert_backup(
    connection: Connection, backup: Backup, places: Iterable[tuple[UUID, BackedUp]]
) -> None:
    """Write a backup that has begun, with the agents' places that it will hold at least."""
    connection.execute(insert(_backup), asdict(backup))
    rows = [(agent, at.epoch, backup.number, at.seq, at.hash) for agent, at in places]
    insert_rows(connection, _place, _PLACE, rows)


def find(connection: Connection, number: int) -> Backup | None:
    """Return a backup by its number."""
    row = connection.execute(select(_backup).where(_backup.c.number == number)).one_or_none()
    return None if row is None else Backup(**row._mapping)


def confirm(connection: Connection, number: int, at: datetime) -> None:
    """Let a backup count, and forget what older ones hold."""
    this = _backup.c.number == number
    connection.execute(update(_backup).where(this).values(confirmed_at=at))
    connection.execute(delete(_place).where(_place.c.backup < number))


def newest(connection: Connection, most: int) -> list[Backup]:
    """Return the backups that were begun last, the latest first."""
    rows = connection.execute(select(_backup).order_by(_backup.c.number.desc()).limit(most))
    return [Backup(**row._mapping) for row in rows]


def newest_confirmed(connection: Connection) -> Backup | None:
    """Return the confirmed backup that was begun last."""
    query = select(_backup).where(_backup.c.confirmed_at.is_not(None))
    row = connection.execute(query.order_by(_backup.c.number.desc()).limit(1)).one_or_none()
    return None if row is None else Backup(**row._mapping)


def places_of(connection: Connection, number: int, agent: UUID, most: int) -> tuple[BackedUp, ...]:
    """Return the places of an agent's journals that a backup holds, of the newest epochs."""
    query = select(_place.c.epoch, _place.c.seq, _place.c.hash)
    this = (_place.c.agent == agent, _place.c.backup == number)
    rows = connection.execute(query.where(*this).order_by(_place.c.epoch.desc()).limit(most))
    return tuple(BackedUp(*row) for row in rows)
