"""Databases of the running processes, opened beside them for reading only."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path


@contextmanager
def opened(file: Path) -> Iterator[sqlite3.Connection]:
    """Open a database that another process may be writing, for reading only."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        yield connection
