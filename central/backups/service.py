"""Backups: what stores may let go because a copy of the database holds it.

A backup counts from the moment when it is confirmed, with the places of the journals as they were
before it was begun: whatever is copied after that holds them.
"""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import Connection

from central.agents.service import AgentIdentity
from central.backups import store
from central.backups.store import Backup
from central.centre import Centre
from central.ingest import looking
from central.schema import Turn, take_turn
from shared.errors import Kind, LoyaltyError
from shared.runtime.retries import retried
from shared.runtime.sqlite import reading, transaction
from shared.wire.agents import BackedUp

EPOCHS_TOLD_MAX = 100
"""Of one agent, in a session's answer: the newest ones."""
SHOWN_MAX = 20
_STAMP = "%Y%m%d%H%M%S"

log = structlog.get_logger()


class UnknownBackupError(LoyaltyError):
    """A number under which this life of the database has begun no backup."""

    kind = Kind.NOT_FOUND
    code = "unknown_backup"
    ru = "Копии {number} не начинали: kopilka central backup begin, копия, потом confirm."
    en = "No backup {number} was begun: kopilka central backup begin, copy, then confirm."


@retried
def begin(centre: Centre, at: datetime, file: str = "") -> int:
    """Note how far every journal is known, before a copy is made; return the backup's number.

    The copy must be begun after this returns. Nothing counts before `confirm`.
    """
    with transaction(centre.engine) as connection:
        return _begin(connection, centre, at, file)


@retried
def confirm(centre: Centre, number: int, at: datetime) -> Backup:
    """Let stores rely on a backup that is whole and in a safe place; repeating is safe.

    Raises UnknownBackupError, also for one of a life before a restore.
    """
    with transaction(centre.engine) as connection:
        found = store.find(connection, number)
        if found is None or found.incarnation != centre.incarnation:
            raise UnknownBackupError(number=number)
        if found.confirmed_at is None:
            store.confirm(connection, number, at)
            log.info("backup.confirmed", number=number)
    return found


def list_newest(centre: Centre) -> list[Backup]:
    """Return the last backups, the latest first."""
    with reading(centre.engine) as connection:
        return store.newest(connection, SHOWN_MAX)


def last_confirmed(connection: Connection) -> datetime | None:
    """Return when the newest confirmed backup was begun: what came later is in none."""
    found = store.newest_confirmed(connection)
    return None if found is None else found.begun_at


def backed_up(connection: Connection, identity: AgentIdentity) -> tuple[BackedUp, ...]:
    """Return up to where the newest confirmed backup holds an agent's journals."""
    found = store.newest_confirmed(connection)
    if found is None:
        return ()
    return store.places_of(connection, found.number, identity.agent, EPOCHS_TOLD_MAX)


def _begin(connection: Connection, centre: Centre, at: datetime, file: str) -> int:
    take_turn(connection, Turn.BACKUP)
    number = max(int(at.strftime(_STAMP)), store.last_number(connection) + 1)
    begun = Backup(number, centre.incarnation, at, file=file)
    store.insert_backup(connection, begun, _places(connection))
    return number


def _places(connection: Connection) -> Iterator[tuple[UUID, BackedUp]]:
    for holder, at in looking.watermarks(connection).items():
        yield holder.agent, BackedUp(holder.epoch, at.seq, at.hash)
