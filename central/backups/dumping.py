"""A copy of a PostgreSQL database by its own tools: `pg_dump`, and `pg_restore` that reads it."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import URL, Engine

DUMP_S_MAX = 6 * 3600
SAID_CHARS_MAX = 300


class ToolFailedError(OSError):
    """A tool of PostgreSQL that did not do what it was asked for, with what it said last."""


def dump(engine: Engine, file: Path) -> None:
    """Write one consistent state of the database into a file, while others write on; it is not on
    the disk yet. Raises ToolFailedError, OSError where there is no such tool.

    The password goes by the environment: a command line is read by everybody on the machine.
    """
    url = engine.url
    place = URL.create(
        "postgresql", url.username, None, url.host, url.port, url.database, url.query
    ).render_as_string()
    secret = {"PGPASSWORD": url.password} if url.password else {}
    _run(["pg_dump", "--format=custom", f"--file={file}", f"--dbname={place}"], secret)


def check_dump(file: Path, number: int) -> None:
    """Read a whole dump; raises ToolFailedError for damage, and for one without this backup."""
    _run(["pg_restore", f"--file={os.devnull}", str(file)])
    rows = _run(["pg_restore", "--data-only", "--table=backup", "--file=-", str(file)])
    if not any(row.split(b"\t", 1)[0] == str(number).encode() for row in rows.splitlines()):
        raise ToolFailedError(f"backup {number} is not in it")


def _run(words: Sequence[str], secret: dict[str, str] | None = None) -> bytes:
    done = subprocess.run(  # noqa: S603 (PostgreSQL's tools, by name)
        words,
        env={**os.environ, **(secret or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=DUMP_S_MAX,
        check=False,
    )
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise ToolFailedError(f"{words[0]}: {said[-1][:SAID_CHARS_MAX] if said else 'no word'}")
    return done.stdout
