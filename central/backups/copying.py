"""A copy of the centre's database, made while the centre works: whole, checked and on the disk."""

import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from central.backups import service
from central.backups.dumping import check_dump, dump
from central.centre import Centre
from shared.errors import Kind, LoyaltyError
from shared.runtime.files import keep
from shared.runtime.sqlite import copy_into

_FILE_MODE = 0o600
_STAMP = "%Y%m%d%H%M%S"


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


@dataclass(frozen=True, slots=True)
class Taken:
    """A confirmed backup, and the file that it is in."""

    number: int
    file: Path


@dataclass(frozen=True, slots=True)
class Means:
    """How one kind of database is copied: into an empty file, and the file read through."""

    suffix: str
    copy: Callable[[Engine, Path], None]
    check: Callable[[Path, int], None]


def take(centre: Centre, place: Path, copy: Callable[[Engine, Path], None] | None = None) -> Taken:
    """Copy the database into a new file, check the copy and confirm it.

    A place that is a folder gets a file that is named by its instant. The centre works on
    meanwhile; `copy` may stand for the usual way to write one state of the database into an empty
    file. What was written before a failure is removed. Raises FileThereError, NoFolderError,
    BadCopyError.
    """
    means = _MEANS[centre.engine.dialect.name]
    file = _file(place, centre.clock.now(), means.suffix)
    number = service.begin(centre, centre.clock.now(), str(file.resolve()))
    draft = file.with_name(f"{file.name}.draft")
    try:
        draft.unlink(missing_ok=True)
        draft.touch(mode=_FILE_MODE, exist_ok=False)
        (copy or means.copy)(centre.engine, draft)
        means.check(draft, number)
        keep(draft, file)
    except (OSError, sqlite3.Error, subprocess.TimeoutExpired) as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise BadCopyError(file=file, reason=error) from error
    service.confirm(centre, number, centre.clock.now())
    return Taken(number, file)


def check(file: Path, number: int) -> None:
    """Read a whole copy of SQLite; raises sqlite3.Error for damage, and for one without this
    backup."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as copy:
        (found,) = copy.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise sqlite3.DatabaseError(found)
        if not copy.execute("SELECT 1 FROM backup WHERE number = ?", (number,)).fetchone():
            raise sqlite3.DatabaseError(f"backup {number} is not in it")


_MEANS = {
    "sqlite": Means(".db", copy_into, check),
    "postgresql": Means(".dump", dump, check_dump),
}


def _file(place: Path, at: datetime, suffix: str) -> Path:
    if not place.suffix and not place.exists():
        raise NoFolderError(folder=place)  # who names a folder does not want a file of its name
    file = place / f"{at.strftime(_STAMP)}{suffix}" if place.is_dir() else place
    if file.exists():
        raise FileThereError(file=file)
    if not file.parent.is_dir():
        raise NoFolderError(folder=file.parent)
    return file
