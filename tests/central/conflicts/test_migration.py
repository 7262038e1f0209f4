"""Records of the version before are kept, and what it still writes is read."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import insert, text

from central.conflicts import service
from central.conflicts.store import ConflictTable, Wanted
from central.conflicts.values import ConflictState, Party, Role
from central.schema import MIGRATIONS, migrate, table_of
from shared.ids import derived
from shared.runtime.sqlite import open_engine, reading, transaction
from tests.central.app.kit import NOON
from tests.databases import Databases

BEFORE = "0002"
CONFLICT, FACT = derived("conflict"), derived("fact")
OLD = {
    "kind": "merged",
    "at": NOON,
    "fact": FACT,
    "stores": "101 102",
    "what": "Участник зарегистрирован дважды.",
}


def test_records_of_the_version_before_are_kept(tmp_path: Path, databases: Databases) -> None:
    engine = open_engine(databases.bare(tmp_path / "central.db"))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with transaction(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, BEFORE)
        table = table_of(ConflictTable)
        row = {table.c[name]: value for name, value in {"id": CONFLICT, **OLD}.items()}
        connection.execute(insert(table).values(row))

    migrate(engine)

    with reading(engine) as connection:
        (kept,) = service.look(connection, Wanted(parties=(Party(Role.STORE, "102"),))).conflicts
        assert connection.execute(text("SELECT count(*) FROM conflict_party")).scalar() == 3
    assert (kept.id, kept.subject, kept.state) == (CONFLICT, FACT, ConflictState.OPEN)
    assert kept.sentence.ru == kept.sentence.en == OLD["what"]
    assert kept.named(Role.STORE) == ("101", "102")
    engine.dispose()


def test_what_the_version_before_writes_meanwhile_is_read(
    tmp_path: Path, databases: Databases
) -> None:
    engine = open_engine(databases.fresh(tmp_path / "central.db"))
    table = table_of(ConflictTable)
    with transaction(engine) as connection:
        row = {table.c[name]: value for name, value in {"id": CONFLICT, **OLD}.items()}
        connection.execute(insert(table).values(row))
        found = service.find(connection, CONFLICT)

    assert found.state is ConflictState.OPEN
    assert found.named(Role.STORE) == ("101", "102")
    assert found.ids(Role.FACT) == (FACT,)
    engine.dispose()
