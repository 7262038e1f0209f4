"""Writes the next migration from what the tables and the newest schema differ in; read it then.

Usage: python -m central.migrations.draft 0002 "what changes"
"""

import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Engine, MetaData

from central.schema import MIGRATIONS, Instant, Table, migrate
from shared.runtime.sqlite import open_file, transaction


def all_tables() -> MetaData:
    """Import every stage's store and return the one metadata."""
    for store in sorted(MIGRATIONS.parent.glob("*/*store.py")):
        import_module(f"central.{store.parent.name}.{store.stem}")
    return Table.metadata


def differences(engine: Engine) -> list[Any]:
    """Return what Alembic would change to make a database meet the tables."""
    metadata = all_tables()
    with transaction(engine) as connection:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))


def draft(revision: str, title: str) -> None:
    """Write the next migration."""
    with tempfile.TemporaryDirectory() as folder:
        engine = open_file(Path(folder) / "draft.db")
        if any((MIGRATIONS / "versions").glob("*.py")):
            migrate(engine)
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
        with transaction(engine) as connection:
            config.attributes.update(
                connection=connection, metadata=all_tables(), render_item=_render
            )
            command.revision(config, title, autogenerate=True, rev_id=revision)
        engine.dispose()


def _render(sort: str, item: Any, _context: object) -> str | bool:
    if sort == "type" and isinstance(item, Instant):
        return "sa.DateTime(timezone=True)"
    if sort == "type" and type(item).__name__ == "AutoString":
        return "sa.String()"
    return False


if __name__ == "__main__":
    draft(*sys.argv[1:3])
