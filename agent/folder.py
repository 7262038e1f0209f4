"""The data folder of an agent belongs to one process at a time.

A bar, a fence and what the caches hold count in the process that has them: a second agent on the
same files would know of none, and print each slip once more.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from shared.errors import Kind, LoyaltyError


class FolderInUseError(LoyaltyError):
    """A data folder on which an agent is at work."""

    kind = Kind.CONFLICT
    code = "folder_in_use"
    ru = "С папкой {folder} работает агент: сначала остановите его."
    en = "An agent is at work on folder {folder}: stop it first."


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep a folder for this process, however it ends; one that is not there is nobody's.

    Raises FolderInUseError.
    """
    opened = -1
    with suppress(FileNotFoundError, NotADirectoryError):
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    if opened < 0:
        yield
        return
    try:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise FolderInUseError(folder=folder.absolute()) from error
        yield
    finally:
        os.close(opened)
