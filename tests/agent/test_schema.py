"""A file is brought to the present version, or closed."""

from pathlib import Path

import pytest

from agent.schema import REPLICA_VERSION, NewerFileError, ReplicaTable, migrate
from shared.runtime.sqlite import open_file


def test_a_file_of_a_newer_agent_is_refused_and_closed(tmp_path: Path) -> None:
    engine = open_file(tmp_path / "replica-1.db")
    migrate(engine, ReplicaTable, REPLICA_VERSION + 1)
    assert len(opened(tmp_path)) > 0

    with pytest.raises(NewerFileError):
        migrate(engine, ReplicaTable, REPLICA_VERSION)

    assert opened(tmp_path) == []


def opened(folder: Path) -> list[str]:
    """Return the files of a folder that this process has open."""
    there = [str(fd.readlink()) for fd in Path("/proc/self/fd").iterdir() if fd.is_symlink()]
    return [name for name in there if name.startswith(str(folder))]
