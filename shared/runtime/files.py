"""Files that are whole under their name or not there, also after a power cut."""

import os
from pathlib import Path


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
