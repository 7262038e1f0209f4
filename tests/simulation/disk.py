"""A disk that forgets: what was written after the last sync of a file is lost when the power goes.

A virtual file system in the SQLite library that Python itself uses passes everything on to the
real one, and sees each write, truncation and sync of databases, WALs and rollback journals. Of each
file it keeps the bytes that a sync has made durable, and what was written since. A process that is
killed leaves what the operating system has; a power cut leaves of each later write all, nothing or
a piece.
"""

import _sqlite3
import ctypes
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto
from pathlib import Path

VFS_NAME = b"kopilka-sim"
SECTOR_BYTES = 512

_OK, _FULL = 0, 13
_IOERR_WRITE, _IOERR_FSYNC, _IOERR_DELETE = 778, 1034, 2570
_WATCHED = 0x100 | 0x800 | 0x80000
"""SQLITE_OPEN_MAIN_DB, MAIN_JOURNAL, WAL."""

_Write = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_int64
)
_Truncate = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int64)
_Sync = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int)
_Open = ctypes.CFUNCTYPE(
    ctypes.c_int,
    ctypes.c_void_p,
    ctypes.c_void_p,
    ctypes.c_void_p,
    ctypes.c_int,
    ctypes.c_void_p,
)
"""Names are passed on as they came: SQLite keeps the pointer, and options stand behind the name."""
_Delete = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)


class _Methods(ctypes.Structure):
    """sqlite3_io_methods, version 3."""

    _fields_ = [
        ("iVersion", ctypes.c_int),
        ("xClose", ctypes.c_void_p),
        ("xRead", ctypes.c_void_p),
        ("xWrite", ctypes.c_void_p),
        ("xTruncate", ctypes.c_void_p),
        ("xSync", ctypes.c_void_p),
        ("others", ctypes.c_void_p * 13),
    ]


class _Vfs(ctypes.Structure):
    """sqlite3_vfs, version 3."""

    _fields_ = [
        ("iVersion", ctypes.c_int),
        ("szOsFile", ctypes.c_int),
        ("mxPathname", ctypes.c_int),
        ("pNext", ctypes.c_void_p),
        ("zName", ctypes.c_char_p),
        ("pAppData", ctypes.c_void_p),
        ("xOpen", ctypes.c_void_p),
        ("xDelete", ctypes.c_void_p),
        ("others", ctypes.c_void_p * 14),
    ]


class End(Enum):
    """How a machine stops in the middle of its work."""

    KILL = auto()
    """The process dies; the operating system keeps what was written."""
    CUT = auto()
    """The power goes; what was not synced may be lost or torn."""


class Moment(StrEnum):
    """At which kind of write a machine stops, once its fuse has burnt down."""

    ANY = "any"
    BEFORE_SYNC = "before-sync"
    """Everything of a transaction is written, nothing is made durable."""
    AFTER_SYNC = "after-sync"
    """A transaction is durable, and nobody has been told."""


class StoppedError(Exception):
    """A machine stopped in the middle of what it was asked to do; it runs again."""


@dataclass(slots=True)
class _File:
    """The durable bytes of a file and the writes since: offset and bytes, None for a truncation."""

    durable: bytearray
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)

    def settle(self) -> None:
        """Make everything durable."""
        for offset, chunk in self.pending:
            _apply(self.durable, offset, chunk)
        self.pending.clear()


class Disk:
    """The files of one machine: everything that SQLite opens in one folder."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.folder = folder
        self.chance = chance
        self.ended: End | None = None
        self.full_writes = 0
        """So many writes still find no space."""
        self.lost_writes = 0
        self.writes = 0
        self.may_be_cut = True
        """Whether what is not synced is remembered, to be lost with the power."""
        self._fuse = -1
        self._how = End.KILL
        self._moment = Moment.ANY
        self._beside: tuple[int, Callable[[], None]] | None = None
        self.broken: BaseException | None = None
        """What went wrong beside a write: SQLite's callbacks let nothing out."""
        self._files: dict[str, _File] = {}
        _install()
        _DISKS[str(folder)] = self

    def url(self, name: str) -> str:
        """Return the database URL of a file on this disk."""
        return f"sqlite:///file:{self.folder / name}?vfs={VFS_NAME.decode()}&uri=true"

    def burn(self, after_writes: int, how: End, moment: Moment = Moment.ANY) -> None:
        """Let the machine stop at the write, truncation or sync that follows so many others."""
        self._fuse, self._how, self._moment = after_writes, how, moment

    def meanwhile(self, after_writes: int, happens: Callable[[], None]) -> None:
        """Let something happen beside the write that follows so many others.

        It must not write to the database whose transaction is open.
        """
        self._beside = (after_writes, happens)

    def recover(self) -> None:
        """Start the machine again, all files closed: after a power cut with what is left."""
        if self.ended is End.CUT:
            assert self.may_be_cut, "a power cut where no writes are remembered"
            for path in sorted(self._files):
                self._lose(path)
        self.ended, self._fuse, self.full_writes = None, -1, 0

    def forget(self) -> None:
        """Take the disk out of the machine."""
        _DISKS.pop(str(self.folder), None)

    def replace(self, image: Path) -> None:
        """Put other files in the place of all that there are; they are closed."""
        self._files.clear()
        shutil.rmtree(self.folder)
        copy_disk(image, self.folder)

    def replace_file(self, name: str, source: Path) -> None:
        """Put another file with its WAL in the place of one, or nothing; all are closed."""
        for end in ("", "-wal", "-shm"):
            target, copy = self.folder / f"{name}{end}", source.with_name(f"{source.name}{end}")
            self._files.pop(str(target), None)
            target.unlink(missing_ok=True)
            if copy.exists():
                shutil.copy(copy, target)

    def opened(self, path: str) -> None:
        """Note a file that SQLite has opened; what it holds at first sight is durable."""
        if path not in self._files:
            self._files[path] = _File(bytearray(Path(path).read_bytes()))

    def deleted(self, path: str) -> None:
        """Note that a file is gone."""
        self._files.pop(path, None)

    def is_burnt(self, *, syncing: bool = False) -> bool:
        """Count a write; tell whether the machine has stopped by now."""
        if self.ended is not None:
            return True
        self.writes += 1
        self._look_beside()
        due = self._moment is Moment.ANY or (syncing and self._moment is Moment.BEFORE_SYNC)
        if self._fuse == 0 and due:
            self.ended = self._how
            return True
        self._fuse -= self._fuse > 0
        return False

    def _look_beside(self) -> None:
        if self._beside is None:
            return
        left, happens = self._beside
        self._beside = (left - 1, happens) if left else None
        if not left:
            try:
                happens()
            except BaseException as error:  # noqa: BLE001
                self.broken = error

    def wrote(self, path: str, offset: int, chunk: bytes | None) -> None:
        """Note a write that the operating system has taken."""
        if self.may_be_cut:
            self._files[path].pending.append((offset, chunk))

    def synced(self, path: str) -> None:
        """Note that a file's writes are durable; the machine may stop right after that."""
        self._files[path].settle()
        if self._fuse == 0 and self._moment is Moment.AFTER_SYNC:
            self.ended = self._how

    def _lose(self, path: str) -> None:
        file = self._files[path]
        content = bytearray(file.durable)
        for offset, chunk in file.pending:
            fate = self.chance.randrange(3)
            if fate == 0:
                self.lost_writes += 1
            elif fate == 1 and chunk is not None and len(chunk) > SECTOR_BYTES:
                sectors = self.chance.randrange(len(chunk) // SECTOR_BYTES)
                _apply(content, offset, chunk[: sectors * SECTOR_BYTES])
                self.lost_writes += 1
            else:
                _apply(content, offset, chunk)
        file.durable, file.pending = content, []
        Path(path).write_bytes(content)
        Path(path + "-shm").unlink(missing_ok=True)


def copy_disk(source: Path, target: Path) -> None:
    """Copy a folder of closed database files."""
    target.mkdir()
    for path in sorted(source.iterdir()):
        if not path.name.endswith("-shm"):
            shutil.copy(path, target / path.name)


def _apply(content: bytearray, offset: int, chunk: bytes | None) -> None:
    if chunk is None:
        del content[offset:]
        return
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(chunk)] = chunk


_DISKS: dict[str, Disk] = {}
_OPEN: dict[int, tuple[Disk, str]] = {}
"""By the address of SQLite's file object; an address is taken over by whoever opens there next."""
_TABLES: dict[int, _Methods] = {}
_KEPT: list[object] = []
"""What C points to must not be collected."""


def _write(file: int, buffer: int, amount: int, offset: int) -> int:
    disk, path = _OPEN[file]
    if disk.is_burnt():
        return _IOERR_WRITE
    if disk.full_writes > 0:
        disk.full_writes -= 1
        return _FULL
    result = _real("write")(file, buffer, amount, offset)
    if result == _OK:
        disk.wrote(path, offset, ctypes.string_at(buffer, amount))
    return result


def _truncate(file: int, size: int) -> int:
    disk, path = _OPEN[file]
    if disk.is_burnt():
        return _IOERR_WRITE
    result = _real("truncate")(file, size)
    if result == _OK:
        disk.wrote(path, size, None)
    return result


def _sync(file: int, _flags: int) -> int:
    """Make a file durable; the real disk is not asked, which keeps the simulator quick."""
    disk, path = _OPEN[file]
    if disk.is_burnt(syncing=True):
        return _IOERR_FSYNC
    disk.synced(path)
    return _OK if disk.ended is None else _IOERR_FSYNC


def _open(vfs: int, name: int | None, file: int, flags: int, out: int | None) -> int:
    result = _real("open")(vfs, name, file, flags, out)
    if result != _OK or name is None or not flags & _WATCHED:
        return result
    path = ctypes.string_at(name).decode()
    disk = _DISKS.get(str(Path(path).parent))
    if disk is None:
        return result
    disk.opened(path)
    _OPEN[file] = (disk, path)
    slot = ctypes.c_void_p.from_address(file)
    assert slot.value is not None
    slot.value = ctypes.addressof(_methods_over(slot.value))
    return result


def _delete(vfs: int, name: int, sync_folder: int) -> int:
    path = ctypes.string_at(name).decode()
    disk = _DISKS.get(str(Path(path).parent))
    if disk is not None and disk.is_burnt():
        return _IOERR_DELETE
    result = _real("delete")(vfs, name, sync_folder)
    if result == _OK and disk is not None:
        disk.deleted(path)
    return result


_WRITE, _TRUNCATE, _SYNC = _Write(_write), _Truncate(_truncate), _Sync(_sync)
_REAL: dict[str, Callable[..., int]] = {}


def _real(name: str) -> Callable[..., int]:
    return _REAL[name]


def _methods_over(real: int) -> _Methods:
    """Return the method table that watches writes and passes on to the real one at an address."""
    if real not in _TABLES:
        table = _Methods.from_buffer_copy(_Methods.from_address(real))
        _REAL["write"] = _Write(table.xWrite)
        _REAL["truncate"] = _Truncate(table.xTruncate)
        table.xWrite = ctypes.cast(_WRITE, ctypes.c_void_p).value
        table.xTruncate = ctypes.cast(_TRUNCATE, ctypes.c_void_p).value
        table.xSync = ctypes.cast(_SYNC, ctypes.c_void_p).value
        _TABLES[real] = table
    return _TABLES[real]


def _install() -> None:
    """Register the file system once a process, beside the default one."""
    if _KEPT:
        return
    library = ctypes.CDLL(_sqlite3.__file__)
    library.sqlite3_vfs_find.restype = ctypes.c_void_p
    real = library.sqlite3_vfs_find(None)
    assert real, "SQLite has no default file system"
    vfs = _Vfs.from_buffer_copy(_Vfs.from_address(real))
    _REAL["open"], _REAL["delete"] = _Open(vfs.xOpen), _Delete(vfs.xDelete)
    opens, deletes = _Open(_open), _Delete(_delete)
    vfs.zName, vfs.pNext = VFS_NAME, None
    vfs.xOpen = ctypes.cast(opens, ctypes.c_void_p).value
    vfs.xDelete = ctypes.cast(deletes, ctypes.c_void_p).value
    assert library.sqlite3_vfs_register(ctypes.byref(vfs), 0) == _OK
    _KEPT.extend((library, vfs, opens, deletes))
