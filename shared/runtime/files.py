"""Files: read up to a bound, and written whole under their name or not at all, also after a power
cut."""

import os
from pathlib import Path

from shared.errors import Kind, LoyaltyError

FILE_BYTES_MAX = 1024**3
"""Of a file that a person names; it is held in memory."""


class FileTooLargeError(LoyaltyError):
    """A file over the limit, or one without an end."""

    kind = Kind.TOO_LARGE
    code = "file_too_large"
    ru = "Файл {file} больше {limit_bytes} байт."
    en = "The file {file} is larger than {limit_bytes} bytes."


def read_file(file: Path) -> bytes:
    """Return a file's bytes; raises FileTooLargeError if there are more, and OSError."""
    with file.open("rb") as opened:
        content = opened.read(FILE_BYTES_MAX + 1)
    if len(content) > FILE_BYTES_MAX:
        raise FileTooLargeError(file=file, limit_bytes=FILE_BYTES_MAX)
    return content


def keep(draft: Path, file: Path) -> None:
    """Bring a draft's bytes to the disk, then give it its name; raises OSError.

    What had the name before is replaced. Both are in one folder.
    """
    _settle(draft)
    draft.replace(file)
    _settle(file.parent)


def _settle(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
