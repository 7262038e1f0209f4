"""The centre's own copies of an SQLite database: whole, checked, and of nobody else's file."""

from errno import ENOSPC
from os import truncate
from pathlib import Path
from sqlite3 import DatabaseError

import pytest
from sqlalchemy import Engine

from central.backups import service as backups
from central.backups.copying import BadCopyError, FileThereError, NoFolderError, check, take
from central.centre import Centre
from central.ingest import looking
from shared.runtime.sqlite import copy_into, open_engine, reading, transaction
from tests.central.backups.test_backups import begin, place, sell, told
from tests.central.journal_builder import Journal
from tests.databases import SqliteFiles

PAGE_BYTES = 4096


@pytest.fixture
def databases(sqlite_databases: SqliteFiles) -> SqliteFiles:
    """Other databases are copied by tools of their own."""
    return sqlite_databases


def test_a_copy_is_a_whole_database_and_counts(
    centre: Centre, journal: Journal, tmp_path: Path
) -> None:
    sell(journal)
    file = tmp_path / "copy.db"

    number = take(centre, file).number

    assert told(centre, journal) == (place(journal),)
    copied = open_engine(f"sqlite:///{file}")
    with reading(copied) as copy, reading(centre.engine) as original:
        assert looking.watermarks(copy) == looking.watermarks(original)
    copied.dispose()
    assert file.stat().st_mode & 0o777 == 0o600
    assert [(one.number, one.file) for one in backups.list_newest(centre)] == [(number, str(file))]


def test_a_copy_in_a_folder_is_named_by_its_instant(centre: Centre, tmp_path: Path) -> None:
    taken = take(centre, tmp_path)

    assert taken.file == tmp_path / f"{taken.number}.db"
    check(taken.file, taken.number)


def test_a_copy_is_made_while_somebody_writes(centre: Centre, tmp_path: Path) -> None:
    with transaction(centre.engine) as connection:
        connection.exec_driver_sql("DELETE FROM stream")
        copy_into(centre.engine, tmp_path / "copy.db")

    copied = open_engine(f"sqlite:///{tmp_path / 'copy.db'}")
    with reading(copied) as copy:
        assert copy.exec_driver_sql("SELECT count(*) FROM stream").scalar_one() > 0
    copied.dispose()


def test_no_backup_is_written_over_another_file(
    centre: Centre, journal: Journal, tmp_path: Path
) -> None:
    sell(journal)
    (tmp_path / "copy.db").write_text("of last week")

    with pytest.raises(FileThereError):
        take(centre, tmp_path / "copy.db")

    assert (tmp_path / "copy.db").read_text() == "of last week"
    assert told(centre, journal) == ()


@pytest.mark.parametrize("place", ["no folder/copy.db", "no folder"])
def test_no_backup_is_begun_where_no_folder_is(centre: Centre, tmp_path: Path, place: str) -> None:
    with pytest.raises(NoFolderError):
        take(centre, tmp_path / place)

    assert backups.list_newest(centre) == []
    assert not (tmp_path / place).exists()


def test_a_copy_that_cannot_be_written_counts_for_nothing(
    centre: Centre, journal: Journal, tmp_path: Path
) -> None:
    sell(journal)

    def full(_engine: Engine, file: Path) -> None:
        file.write_bytes(b"a part")
        raise OSError(ENOSPC, "No space left on device")

    with pytest.raises(BadCopyError):
        take(centre, tmp_path / "copy.db", full)

    assert told(centre, journal) == ()
    assert not list(tmp_path.glob("copy.db*"))


def test_a_copy_that_is_not_whole_or_older_than_its_number_is_noticed(
    centre: Centre, tmp_path: Path
) -> None:
    file = tmp_path / "copy.db"
    copy_into(centre.engine, file)
    number = begin(centre)
    with pytest.raises(DatabaseError, match="is not in it"):
        check(file, number)
    file.unlink()
    copy_into(centre.engine, file)
    check(file, number)
    content = bytearray(file.read_bytes())
    middle = len(content) // 2
    content[middle : middle + PAGE_BYTES] = bytes(PAGE_BYTES)
    file.write_bytes(content)

    with pytest.raises(DatabaseError):
        check(file, number)


def test_a_copy_that_was_torn_on_its_way_counts_for_nothing(
    centre: Centre, journal: Journal, tmp_path: Path
) -> None:
    sell(journal)

    def torn(engine: Engine, file: Path) -> None:
        copy_into(engine, file)
        truncate(file, file.stat().st_size // 2)

    with pytest.raises(BadCopyError):
        take(centre, tmp_path / "copy.db", torn)

    assert told(centre, journal) == ()
    assert not list(tmp_path.glob("copy.db*"))
