"""Empty databases for tests: the same tests run on SQLite and on PostgreSQL.

Each worker has one database on the run's PostgreSQL server, made from a template, and empties it
between tests.
"""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import URL, Engine, insert, make_url, select

from central.migrations.draft import all_tables
from central.schema import migrate
from shared.runtime.sqlite import open_engine, open_file, reading, transaction
from tests.postgres import PostgresOfRun, connected, conninfo, drop

KINDS = ("sqlite", "postgresql")
KEPT = "trail"
"""A table of which no row can be deleted while it has its triggers."""
HAS_KEPT = "SELECT FROM trail LIMIT 1"
DROP_KEPT = (
    "ALTER TABLE trail DISABLE TRIGGER USER; DELETE FROM trail;"
    " ALTER TABLE trail ENABLE TRIGGER USER"
)
_MAKING_TEMPLATE = 0x7465_7374


class Databases(Protocol):
    """Where a test gets its databases from; what it opened before is closed when it asks again."""

    kind: str

    def fresh(self, path: Path) -> str:
        """Return the URL of an empty database with the centre's tables; a file's is at `path`."""
        ...

    def bare(self, path: Path) -> str:
        """Return the URL of a database without tables."""
        ...


class SqliteFiles:
    """Copies of a file that the migrations have made."""

    kind = KINDS[0]

    def __init__(self, template: Path) -> None:
        self._template = template
        engine = open_file(template)
        migrate(engine)
        engine.dispose()

    def fresh(self, path: Path) -> str:
        """Return a copy of the template."""
        assert not path.exists(), f"{path} is in use"
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self._template, path)
        return f"sqlite:///{path}"

    def bare(self, path: Path) -> str:
        """Return a file that is not there yet."""
        return f"sqlite:///{path}"


@dataclass(slots=True)
class PostgresDatabases:
    """One worker's database on the run's server, and others as they are asked for."""

    server: URL
    prefix: str
    worker: str
    kind: str = KINDS[1]
    _mine: list[str] = field(default_factory=list)
    _kept: str = ""

    def fresh(self, path: Path) -> str:  # noqa: ARG002
        """Return the worker's database, emptied."""
        if not self._kept:
            self._kept = self._create(self.worker, self._template())
            return self._url(self._kept)
        names = [sql.Identifier(name) for name in all_tables().tables if name != KEPT]
        statements = [sql.SQL("DELETE FROM {}").format(name) for name in names]
        with psycopg.connect(conninfo(make_url(self._url(self._kept)))) as connection:
            connection.execute("SET lock_timeout = '5s'")
            connection.execute(sql.SQL(";").join(statements))
            if connection.execute(HAS_KEPT).fetchone() is not None:
                connection.execute(DROP_KEPT)
        return self._url(self._kept)

    def bare(self, path: Path) -> str:  # noqa: ARG002
        """Return a new database."""
        return self._url(self._create(f"{self.worker}_{len(self._mine)}", "template0"))

    def drop(self) -> None:
        """Remove the worker's databases."""
        with connected(self.server) as connection:
            for name in self._mine:
                drop(connection, name)

    def _url(self, name: str) -> str:
        return self.server.set(database=name).render_as_string(hide_password=False)

    def _create(self, name: str, template: str) -> str:
        full = f"{self.prefix}_{name}"
        with connected(self.server) as connection:
            _create(connection, full, template)
        self._mine.append(full)
        return full

    def _template(self) -> str:
        """Make the template, unless another worker has."""
        name = f"{self.prefix}_template"
        with connected(self.server) as connection:
            connection.execute("SELECT pg_advisory_lock(%s)", [_MAKING_TEMPLATE])
            known = connection.execute("SELECT FROM pg_database WHERE datname = %s", [name])
            if known.fetchone() is None:
                _create(connection, name, "template0")
                engine = open_engine(self._url(name))
                migrate(engine)
                engine.dispose()
        return name


def copied(engine: Engine, file: Path) -> None:
    """Write what a centre's database has into an SQLite file, for those who read one."""
    draft = file.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    into = open_file(draft)
    with reading(engine) as source, transaction(into) as target:
        all_tables().create_all(target)
        for table in all_tables().tables.values():
            rows = [dict(row._mapping) for row in source.execute(select(table))]
            if rows:
                target.execute(insert(table), rows)
    into.dispose()
    draft.replace(file)


@pytest.fixture(scope="session")
def sqlite_databases(tmp_path_factory: pytest.TempPathFactory) -> SqliteFiles:
    """Files, from a template of this worker."""
    return SqliteFiles(tmp_path_factory.mktemp("template") / "central.db")


@pytest.fixture(scope="session")
def postgres_databases(request: pytest.FixtureRequest) -> Iterator[PostgresDatabases]:
    """Databases on the run's server; without one a test fails in CI and is skipped elsewhere."""
    run = request.config.pluginmanager.get_plugin(PostgresOfRun.__name__)
    assert isinstance(run, PostgresOfRun)
    told = run.find()
    if "url" not in told:
        absent = pytest.fail if os.environ.get("CI") else pytest.skip
        absent(f"PostgreSQL is absent: {told['reason']}")
    worker = os.environ.get("PYTEST_XDIST_WORKER", "alone")
    databases = PostgresDatabases(make_url(told["url"]), told["prefix"], worker)
    yield databases
    databases.drop()


@pytest.fixture(params=KINDS)
def databases(request: pytest.FixtureRequest) -> Databases:
    """Databases of each kind in turn: a test that takes this runs on both."""
    found: Databases = request.getfixturevalue(
        "sqlite_databases" if request.param == KINDS[0] else "postgres_databases"
    )
    return found


def _create(connection: psycopg.Connection, name: str, template: str) -> None:
    words = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    connection.execute(words.format(sql.Identifier(name), sql.Identifier(template)))
