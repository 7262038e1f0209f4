"""Migrations only add: what the version before reads is still there, what it writes still fits."""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, inspect

from central.schema import MIGRATIONS, migrate
from shared.runtime.sqlite import open_file, reading

FIRST = "0014"
"""Since when two versions work on one database."""
CONTRACTED: Mapping[str, frozenset[str]] = {}
"""By revision the tables and columns (`table.column`) that it takes away: the version before it
must not use them any more."""
_NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{before}"
branch_labels = depends_on = None


def upgrade():
    {does}
"""


@dataclass(frozen=True, slots=True)
class Shape:
    """What those who read and write a database rely on."""

    columns: Mapping[str, str]
    """By `table.column` its type."""
    demanded: frozenset[str]
    """Columns that every new row must bring."""
    unique: frozenset[str]


def shape(engine: Engine) -> Shape:
    with reading(engine) as connection:
        return _shape(connection)


def _shape(connection: Connection) -> Shape:
    seen = inspect(connection)
    columns, demanded, unique = {}, set(), set()
    for table in seen.get_table_names():
        for column in seen.get_columns(table):
            name = f"{table}.{column['name']}"
            columns[name] = str(column["type"])
            if not column["nullable"] and column["default"] is None:
                demanded.add(name)
        for index in seen.get_indexes(table):
            if index["unique"]:
                unique.add(f"{table}: {index['column_names']}")
    return Shape(columns, frozenset(demanded), frozenset(unique))


def broken(before: Shape, after: Shape, taken: frozenset[str] = frozenset()) -> list[str]:
    """Name what the version before would stumble over."""
    tables = {name.partition(".")[0] for name in before.columns}

    def is_old(name: str) -> bool:
        return name.partition(".")[0].partition(":")[0] in tables

    gone = before.columns.keys() - after.columns.keys() - taken
    gone = {name for name in gone if name.partition(".")[0] not in taken}
    both = before.columns.keys() & after.columns.keys()
    other = {name for name in both if before.columns[name] != after.columns[name]}
    demanded = {name for name in after.demanded - before.demanded if is_old(name)}
    unique = {name for name in after.unique - before.unique if is_old(name)}
    return sorted(gone | other | demanded | unique)


def steps(folder: Path) -> Iterator[tuple[str, Shape, Shape]]:
    """Migrate an empty database by one version after the other; yield each with both shapes."""
    scripts = folder / "migrations"
    shutil.copytree(MIGRATIONS, scripts, ignore=shutil.ignore_patterns("__pycache__", "versions"))
    (scripts / "versions").mkdir()
    engine = open_file(folder / "central.db")
    before = Shape({}, frozenset(), frozenset())
    for file in sorted((MIGRATIONS / "versions").glob("*.py")):
        shutil.copy(file, scripts / "versions")
        migrate(engine, scripts)
        after = shape(engine)
        yield file.name.partition("_")[0], before, after
        before = after
    engine.dispose()


def test_every_version_leaves_what_the_one_before_needs(tmp_path: Path) -> None:
    found = {
        revision: broken(before, after, CONTRACTED.get(revision, frozenset()))
        for revision, before, after in steps(tmp_path)
        if revision >= FIRST
    }

    assert found
    assert {revision: what for revision, what in found.items() if what} == {}


@pytest.mark.parametrize(
    ("does", "what"),
    [
        ('op.drop_table("lot")', "lot.lot"),
        ('op.drop_column("account", "receipts")', "account.receipts"),
        (
            'op.add_column("account", sa.Column("n", sa.Integer(), nullable=False))',
            "account.n",
        ),
        ('op.create_index("ix_n", "account", ["receipts"], unique=True)', "account: ['receipts']"),
        (
            'with op.batch_alter_table("account") as batch:\n'
            '        batch.alter_column("receipts", type_=sa.String())',
            "account.receipts",
        ),
    ],
)
def test_what_would_break_the_version_before_is_named(tmp_path: Path, does: str, what: str) -> None:
    scripts = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    engine = open_file(tmp_path / "central.db")
    migrate(engine, scripts)
    before = shape(engine)
    newest = max(path.name.partition("_")[0] for path in (scripts / "versions").glob("*.py"))
    (scripts / "versions" / "9999_next.py").write_text(_NEXT.format(before=newest, does=does))

    migrate(engine, scripts)

    assert what in broken(before, shape(engine))
    engine.dispose()
