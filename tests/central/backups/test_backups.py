"""A backup counts once it is confirmed, for what the centre had when it was begun."""

from dataclasses import replace
from os import truncate
from pathlib import Path
from sqlite3 import DatabaseError

import pytest
from sqlalchemy import Engine

from central.agents.service import AgentIdentity
from central.backups import service as backups
from central.backups.copying import (
    BadCopyError,
    FileThereError,
    OtherDatabaseError,
    check,
    take,
)
from central.backups.service import UnknownBackupError
from central.centre import Centre
from central.ingest import looking
from central.leases import recovery
from central.measures import service as measures
from shared.runtime.sqlite import copy_into, open_engine, reading, transaction
from shared.wire.agents import BackedUp
from tests.central.app.kit import SetClock
from tests.central.journal_builder import Journal

NUMBER_OF_NOON = 20260301120000
PAGE_BYTES = 4096


def told(centre: Centre, journal: Journal) -> tuple[BackedUp, ...]:
    """What a session tells the agent of a journal."""
    with reading(centre.engine) as connection:
        identity = AgentIdentity(journal.agent, journal.epoch, journal.store)
        return backups.backed_up(connection, identity)


def begin(centre: Centre) -> int:
    return backups.begin(centre, centre.clock.now())


def confirm(centre: Centre, number: int) -> None:
    backups.confirm(centre, number, centre.clock.now())


def place(journal: Journal) -> BackedUp:
    """The end of a journal."""
    last = journal.facts[-1]
    return BackedUp(journal.epoch, last.seq, last.hash)


def sell(journal: Journal) -> None:
    journal.sell(None)
    journal.push(1)


def test_what_is_only_begun_holds_nothing(centre: Centre, journal: Journal) -> None:
    sell(journal)

    begin(centre)

    assert told(centre, journal) == ()


def test_a_confirmed_backup_holds_what_was_there_when_it_was_begun(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    sell(journal)
    number, there = begin(centre), place(journal)
    sell(journal)
    sell(other)

    confirm(centre, number)

    assert told(centre, journal) == (there,)
    assert told(centre, other) == ()


def test_every_epoch_of_an_agent_is_told(centre: Centre, journal: Journal) -> None:
    sell(journal)
    former = place(journal)
    number = begin(centre)
    confirm(centre, number)

    later = replace(journal, epoch=2)

    assert told(centre, later) == (former,)


def test_the_newest_confirmed_one_counts_in_whatever_order_they_are_confirmed(
    centre: Centre, journal: Journal
) -> None:
    sell(journal)
    first = begin(centre)
    sell(journal)
    second, there = begin(centre), place(journal)
    confirm(centre, second)

    confirm(centre, first)

    assert told(centre, journal) == (there,)


def test_confirming_again_changes_nothing(
    centre: Centre, journal: Journal, clock: SetClock
) -> None:
    sell(journal)
    number = begin(centre)
    confirm(centre, number)
    before = backups.list_newest(centre)
    clock.go(hours=1)

    confirm(centre, number)

    assert backups.list_newest(centre) == before


def test_two_that_begin_in_one_second_have_two_numbers(centre: Centre) -> None:
    assert [begin(centre), begin(centre)] == [NUMBER_OF_NOON, NUMBER_OF_NOON + 1]


def test_a_number_that_nobody_began_is_refused(centre: Centre) -> None:
    with pytest.raises(UnknownBackupError):
        confirm(centre, NUMBER_OF_NOON)


def test_what_was_begun_before_a_restore_is_not_confirmed_after_it(
    centre: Centre, journal: Journal
) -> None:
    sell(journal)
    number = begin(centre)
    restored = replace(centre, incarnation=recovery.begin(centre))

    with pytest.raises(UnknownBackupError):
        confirm(restored, number)

    assert told(restored, journal) == ()


def test_the_age_of_the_last_backup_is_measured(centre: Centre, clock: SetClock) -> None:
    name = b"\nkopilka_central_backup_age_seconds "
    assert name not in measures.metrics(centre, clock.now())
    number = begin(centre)
    clock.go(hours=2)
    confirm(centre, number)

    assert name + b"7200" in measures.metrics(centre, clock.now())


# The centre's own copies, of SQLite


@pytest.fixture
def files(centre: Centre) -> Centre:
    if centre.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL has tools of its own")
    return centre


def test_a_copy_is_a_whole_database_and_counts(
    files: Centre, journal: Journal, tmp_path: Path
) -> None:
    sell(journal)
    file = tmp_path / "copy.db"

    number = take(files, file)

    assert told(files, journal) == (place(journal),)
    copied = open_engine(f"sqlite:///{file}")
    with reading(copied) as copy, reading(files.engine) as original:
        assert looking.watermarks(copy) == looking.watermarks(original)
    copied.dispose()
    assert file.stat().st_mode & 0o777 == 0o600
    assert [(one.number, one.file) for one in backups.list_newest(files)] == [(number, str(file))]


def test_a_copy_is_made_while_somebody_writes(files: Centre, tmp_path: Path) -> None:
    with transaction(files.engine) as connection:
        connection.exec_driver_sql("DELETE FROM stream")
        copy_into(files.engine, tmp_path / "copy.db")

    copied = open_engine(f"sqlite:///{tmp_path / 'copy.db'}")
    with reading(copied) as copy:
        assert copy.exec_driver_sql("SELECT count(*) FROM stream").scalar_one() > 0
    copied.dispose()


def test_no_backup_is_written_over_another_file(
    files: Centre, journal: Journal, tmp_path: Path
) -> None:
    sell(journal)
    (tmp_path / "copy.db").write_text("of last week")

    with pytest.raises(FileThereError):
        take(files, tmp_path / "copy.db")

    assert (tmp_path / "copy.db").read_text() == "of last week"
    assert told(files, journal) == ()


def test_a_copy_that_cannot_be_written_counts_for_nothing(
    files: Centre, journal: Journal, tmp_path: Path
) -> None:
    sell(journal)

    with pytest.raises(BadCopyError):
        take(files, tmp_path / "no folder" / "copy.db")

    assert told(files, journal) == ()
    assert not list(tmp_path.rglob("copy.db*"))


def test_a_copy_that_is_not_whole_or_older_than_its_number_is_noticed(
    files: Centre, tmp_path: Path
) -> None:
    file = tmp_path / "copy.db"
    copy_into(files.engine, file)
    number = begin(files)
    with pytest.raises(DatabaseError, match="is not in it"):
        check(file, number)
    file.unlink()
    copy_into(files.engine, file)
    check(file, number)
    content = bytearray(file.read_bytes())
    middle = len(content) // 2
    content[middle : middle + PAGE_BYTES] = bytes(PAGE_BYTES)
    file.write_bytes(content)

    with pytest.raises(DatabaseError):
        check(file, number)


def test_a_copy_that_was_torn_on_its_way_counts_for_nothing(
    files: Centre, journal: Journal, tmp_path: Path
) -> None:
    sell(journal)

    def torn(engine: Engine, file: Path) -> None:
        copy_into(engine, file)
        truncate(file, file.stat().st_size // 2)

    with pytest.raises(BadCopyError):
        take(files, tmp_path / "copy.db", torn)

    assert told(files, journal) == ()
    assert not list(tmp_path.glob("copy.db*"))


def test_other_databases_are_copied_by_their_own_tools(centre: Centre, tmp_path: Path) -> None:
    if centre.engine.dialect.name == "sqlite":
        pytest.skip("an SQLite file is copied by the centre")

    with pytest.raises(OtherDatabaseError):
        take(centre, tmp_path / "copy.db")
