"""The list of erasures beside the database: what comes back with a backup is erased again by it.

Each process writes down what its file lacks. A database that lacks what a file has was put back
from a backup of before: the process that has the duty erases again, as soon as a member is known.
"""

import os
from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

import structlog

from central.centre import Centre
from central.conflicts.service import Word
from central.members import erasing, erasure_store
from central.members.erasing import NotRegisteredError
from central.members.merging import ErasedMemberError, UnknownMemberError
from central.settling.erasing import erase_member
from shared.runtime.sqlite import reading

AGAIN: Final = Word("erasures.list", "erased before the database was put back from a backup")
AT_ONCE: Final = 200
"""Members erased again in one turn; the next one goes on."""
_ID_CHARS: Final = 36
_FILE_MODE: Final = 0o600

log = structlog.get_logger()


class ErasedList:
    """A file with a line for each member who was erased: his id and when. It only grows."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._written: tuple[int, int] | None = None
        """What the database had when the file had all of it."""

    def keep(self, centre: Centre, _at: datetime) -> int:
        """Write down what the file lacks, durably; return how many members. Repeating is safe.

        A file that cannot be written is told as an error, and nothing else waits for it.
        """
        with reading(centre.engine) as connection:
            now = erasure_store.state(connection)
            if now == self._written:
                return 0
            erased = erasure_store.members(connection)
        try:
            known = self.members()
            new = [(one, at) for one, at in erased.items() if one not in known]
            self._append(new)
        except OSError as error:
            log.exception("erasures.not_kept", file=str(self._file), reason=error.strerror)
            return 0
        self._written = now
        return len(new)

    def repeat(self, centre: Centre, _at: datetime) -> int:
        """Erase again whom the file has and the database has not; return how many members.

        Who is not registered yet is tried again at the next turn: a store may send him again. Who
        was one person with somebody whom the file does not name is left to people, and told as an
        error.
        """
        listed = self.members()
        missing = self.missing(centre)
        return sum(_erase(centre, member, listed) for member in missing[:AT_ONCE])

    def missing(self, centre: Centre) -> list[UUID]:
        """Return whom the file names and the database has not erased."""
        with reading(centre.engine) as connection:
            return sorted(self.members().keys() - erasure_store.members(connection))

    def members(self) -> dict[UUID, str]:
        """Return whom the file names; a line that a power cut has torn is left out."""
        try:
            lines = self._file.read_text("ascii", "replace").splitlines()
        except FileNotFoundError:
            return {}
        found = ((_member(line[:_ID_CHARS]), line[_ID_CHARS:].strip()) for line in lines)
        return {member: at for member, at in found if member is not None}

    def _append(self, erased: list[tuple[UUID, datetime]]) -> None:
        if not erased:
            return
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        descriptor = os.open(self._file, flags, _FILE_MODE)
        with os.fdopen(descriptor, "ab") as file:
            lines = [f"{member} {at:%Y-%m-%dT%H:%M:%SZ}\n" for member, at in erased]
            file.write("".join(["\n" if self._is_torn() else "", *lines]).encode())
            file.flush()
            os.fsync(file.fileno())

    def _is_torn(self) -> bool:
        text = self._file.read_bytes()
        return bool(text) and not text.endswith(b"\n")


def _erase(centre: Centre, member: UUID, listed: Collection[UUID]) -> bool:
    try:
        with reading(centre.engine) as connection:
            others = erasing.one_person(connection, member) - set(listed)
        if others:
            log.error("erasure.unclear", member=str(member), others=len(others))
            return False
        erase_member(centre, member, AGAIN)
    except (UnknownMemberError, NotRegisteredError, ErasedMemberError):
        return False
    return True


def _member(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
