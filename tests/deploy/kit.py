"""What is shipped to set a chain up: where it is, and the tools that judge it."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parents[2] / "deploy"
_SBIN = "/usr/sbin:/usr/local/sbin"
"""Not in everybody's path."""
CHECK_S_MAX = 30


def tool(name: str) -> str:
    """Return where a tool of Debian is; without it a test fails in CI and is skipped elsewhere."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:{_SBIN}")
    if found is None:
        absent = pytest.fail if os.environ.get("CI") else pytest.skip
        absent(f"{name} is absent: make .tools/packages.stamp")
    return found


@contextmanager
def folder_of(trial: str) -> Iterator[Path]:
    """Yield a folder for a trial; after one that did not go well it stays, and is named.

    An order to end has the same way out as Ctrl-C, so that nothing is left running.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    folder = Path(tempfile.mkdtemp(prefix=f"kopilka-{trial}-"))
    try:
        yield folder
    except BaseException as error:
        if isinstance(error, SystemExit) and not error.code:
            shutil.rmtree(folder)
        else:
            sys.stdout.write(f"files and logs: {folder}\n")
        raise


def judged(words: Sequence[str]) -> "subprocess.CompletedProcess[str]":
    """Run a tool to its end."""
    return subprocess.run(  # noqa: S603
        words, capture_output=True, text=True, timeout=CHECK_S_MAX, check=False
    )
