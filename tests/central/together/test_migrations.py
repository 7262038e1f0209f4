"""The schema goes forward while other processes are at work, on one database or on the other."""

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from central.migrations.draft import all_tables
from central.schema import MIGRATIONS, migrate
from shared.runtime.sqlite import open_engine, reading
from tests.central.app.kit import SetClock
from tests.central.chain_kit import balance, kinds
from tests.central.journal_builder import NOON, make_centre, make_journal
from tests.databases import Databases

AT_ONCE = 3
_NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{before}"
branch_labels = depends_on = None


def upgrade():
    op.add_column("account", sa.Column("colour", sa.String(), nullable=True))
    op.create_table("novelty", sa.Column("id", sa.Integer(), primary_key=True))
"""


@pytest.fixture
def later(tmp_path: Path) -> Path:
    """The migrations of a version after this one: a column and a table more."""
    scripts = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    newest = max(path.name.partition("_")[0] for path in (scripts / "versions").glob("*.py"))
    revision = f"{int(newest) + 1:04}"
    file = scripts / "versions" / f"{revision}_next.py"
    file.write_text(_NEXT.format(revision=revision, before=newest))
    return scripts


def test_processes_that_start_together_on_an_empty_database_make_it_once(
    tmp_path: Path, databases: Databases
) -> None:
    url = databases.bare(tmp_path / "central.db")
    gate = threading.Barrier(AT_ONCE)

    def begin(_number: int) -> None:
        engine = open_engine(url)
        gate.wait()
        migrate(engine)
        engine.dispose()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(begin, range(AT_ONCE)))

    engine = open_engine(url)
    with reading(engine) as connection:
        made = set(inspect(connection).get_table_names())
    engine.dispose()
    assert made == {*all_tables().tables, "alembic_version"}


def test_a_process_of_the_version_before_works_while_the_schema_goes_forward(
    tmp_path: Path, databases: Databases, later: Path
) -> None:
    url = databases.bare(tmp_path / "central.db")
    first = open_engine(url)
    migrate(first)
    first.dispose()
    clock = SetClock(NOON)
    centre = make_centre(url, clock)
    journal = make_journal(centre, clock, "101")
    person, _ = journal.register()
    done, outcomes = threading.Event(), list[str]()

    def sell() -> None:
        while not done.is_set() or len(outcomes) < 3:
            journal.sell(person, earn=[1_00])
            outcomes.extend(kinds(journal.push(len(journal.facts)).outcomes))

    journal.push()
    selling = threading.Thread(target=sell)
    selling.start()
    newer = open_engine(url)
    migrate(newer, later)
    done.set()
    selling.join()

    with reading(newer) as connection:
        connection.execute(text("SELECT colour FROM account")).all()
    migrate(newer)  # by the version before: what is newer stays
    assert set(outcomes) == {"accepted"}
    assert balance(centre, person.account) == len(outcomes) * 1_00
    newer.dispose()
    centre.engine.dispose()
