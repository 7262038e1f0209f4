"""Files of former versions of the agent are brought to the present one."""

from collections.abc import Callable
from functools import partial

from sqlalchemy import Connection, Engine
from sqlmodel import SQLModel

from agent.replica import store
from agent.schema import JournalTable, ReplicaTable
from shared.errors import Kind, LoyaltyError
from shared.runtime.sqlite import transaction

JOURNAL_VERSION = 2
REPLICA_VERSION = 3

Step = Callable[[Connection], None]

_CLOSE = (
    "UPDATE fact SET personal = closed('personal', personal)",
    "UPDATE newcomer SET display_name = closed(member, display_name), "
    "birthday = closed(member, birthday)",
    "UPDATE profile_edit SET shown = closed(fact, shown)",
    "UPDATE claim SET body = closed(receipt, body)",
    "UPDATE answer SET content = closed(uid, content), answer = closed(uid, answer)",
    "UPDATE print_job SET body = closed('slip', body)",
    "UPDATE stream_key SET key = closed('stream key', key)",
)
_CLOSE_ROWS = (
    "UPDATE row SET row = closed(key, row) WHERE kind IN ('member', 'cashier')",
    "UPDATE staged SET row = closed(key, row) WHERE kind = 'member'",
)


class NewerFileError(LoyaltyError):
    """A database file that a newer agent has written."""

    kind = Kind.STORAGE
    code = "newer_file"
    ru = "Файл {file} записан более новой версией агента: обновите программу."
    en = "File {file} was written by a newer agent: update the program."


def migrate(engine: Engine, table: type[SQLModel], version: int) -> None:
    """Bring a file to the present version, or close it.

    Raises NewerFileError for one from the future.
    """
    try:
        _bring(engine, table, version)
    except BaseException:
        engine.dispose()
        raise


def _bring(engine: Engine, table: type[SQLModel], version: int) -> None:
    with transaction(engine) as connection:
        found = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
        if found > version:
            raise NewerFileError(file=engine.url.database)
        table.metadata.create_all(connection)
        for step in _STEPS[table][found - 1 :] if found else ():
            step(connection)
        connection.exec_driver_sql(f"PRAGMA user_version = {version}")


def _say(statements: tuple[str, ...], connection: Connection) -> None:
    for statement in statements:
        connection.exec_driver_sql(statement)


_STEPS: dict[type[SQLModel], tuple[Step, ...]] = {
    JournalTable: (partial(_say, _CLOSE),),
    ReplicaTable: (partial(_say, _CLOSE_ROWS), store.index_barcodes),
}
"""What leads from a version to the next one, from the first version on."""
