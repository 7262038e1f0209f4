"""Wrong PINs in a row: few tries, then a pause, of a cashier as of a certificate."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlmodel import Field

from agent.schema import JournalTable, instant_field, table_of


class TriesRecord(JournalTable, table=True):
    """Wrong PINs of a name in a row."""

    __tablename__ = "tries"

    name: str = Field(primary_key=True)
    failures: int
    locked_until: datetime | None = instant_field(nullable=True)


_TRIES = table_of(TriesRecord)


def minutes_locked(connection: Connection, name: str, at: datetime) -> int:
    """Return for how many minutes more a name may not try, rounded up."""
    locked = connection.execute(
        select(_TRIES.c.locked_until).where(_TRIES.c.name == name)
    ).scalar_one_or_none()
    return 0 if locked is None or locked <= at else -((at - locked) // timedelta(minutes=1))


def count(connection: Connection, name: str, most: int, lock_s: int, at: datetime) -> None:
    """Count a try before it is judged; the last of so many begins the pause."""
    failures = connection.execute(
        select(_TRIES.c.failures).where(_TRIES.c.name == name)
    ).scalar_one_or_none()
    failures = (failures or 0) + 1
    locked = failures >= most
    values = {
        "name": name,
        "failures": 0 if locked else failures,
        "locked_until": at + timedelta(seconds=lock_s) if locked else None,
    }
    connection.execute(
        upsert(_TRIES).on_conflict_do_update(index_elements=[_TRIES.c.name], set_=values), values
    )


def forget(connection: Connection, name: str) -> None:
    """Forget the wrong tries of a name, after a right one."""
    connection.execute(delete(_TRIES).where(_TRIES.c.name == name))
