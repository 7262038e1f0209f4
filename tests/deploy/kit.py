"""What is shipped to set a chain up: where it is, and the tools that judge it."""

import os
import shutil
import subprocess
from collections.abc import Sequence
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


def judged(words: Sequence[str]) -> "subprocess.CompletedProcess[str]":
    """Run a tool to its end."""
    return subprocess.run(  # noqa: S603
        words, capture_output=True, text=True, timeout=CHECK_S_MAX, check=False
    )
