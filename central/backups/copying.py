"""A copy of an SQLite database, made while the centre works: whole, checked and on the disk."""

import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from sqlalchemy import Engine

from central.backups import service
from central.centre import Centre
from shared.errors import Kind, LoyaltyError
from shared.runtime.files import keep
from shared.runtime.sqlite import copy_into

_FILE_MODE = 0o600


class OtherDatabaseError(LoyaltyError):
    """A database that brings its own tools for backups."""

    kind = Kind.INVALID
    code = "other_database"
    ru = (
        "Копию PostgreSQL снимают его средствами: kopilka central backup begin, затем pg_dump, "
        "затем kopilka central backup confirm НОМЕР."
    )
    en = (
        "PostgreSQL is copied by its own tools: kopilka central backup begin, then pg_dump, "
        "then kopilka central backup confirm NUMBER."
    )


class FileThereError(LoyaltyError):
    """A file that is there already: no backup is written over another one."""

    kind = Kind.CONFLICT
    code = "file_there"
    ru = "Файл {file} уже есть: копия пишется только в новый."
    en = "File {file} is there already: a backup is written to a new one only."


class NoFolderError(LoyaltyError):
    """A folder that is not there: none is made, it may be a disk that is not mounted."""

    kind = Kind.NOT_FOUND
    code = "no_folder"
    ru = "Папки {folder} нет: подключите диск или укажите другую."
    en = "There is no folder {folder}: mount the disk, or name another one."


class BadCopyError(LoyaltyError):
    """A copy that is not whole, or that could not be written."""

    kind = Kind.STORAGE
    code = "bad_copy"
    ru = "Копия {file} не годится: {reason}."
    en = "Copy {file} will not do: {reason}."


def take(centre: Centre, file: Path, copy: Callable[[Engine, Path], None] = copy_into) -> int:
    """Copy the database into a new file, check the copy and confirm it; return its number.

    The centre works on meanwhile; `copy` writes one state of a database into an empty file. What
    was written before a failure is removed. Raises OtherDatabaseError, FileThereError,
    NoFolderError, BadCopyError.
    """
    if centre.engine.dialect.name != "sqlite":
        raise OtherDatabaseError
    if file.exists():
        raise FileThereError(file=file)
    if not file.parent.is_dir():
        raise NoFolderError(folder=file.parent)
    number = service.begin(centre, centre.clock.now(), str(file.resolve()))
    draft = file.with_name(f"{file.name}.draft")
    try:
        draft.unlink(missing_ok=True)
        draft.touch(mode=_FILE_MODE, exist_ok=False)
        copy(centre.engine, draft)
        check(draft, number)
        keep(draft, file)
    except (OSError, sqlite3.Error) as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise BadCopyError(file=file, reason=error) from error
    service.confirm(centre, number, centre.clock.now())
    return number


def check(file: Path, number: int) -> None:
    """Read a whole copy; raises sqlite3.Error for damage, and for one without this backup."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as copy:
        (found,) = copy.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise sqlite3.DatabaseError(found)
        if not copy.execute("SELECT 1 FROM backup WHERE number = ?", (number,)).fetchone():
            raise sqlite3.DatabaseError(f"backup {number} is not in it")
