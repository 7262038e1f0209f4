"""What a run of real processes has left running."""

import os
from pathlib import Path


def left_behind(folder: Path) -> list[str]:
    """Return the command lines of other processes that name a folder."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = place.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(folder) in words and place.parent.name != str(os.getpid()):
            found.append(words)
    return found
