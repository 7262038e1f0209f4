"""Backups of PostgreSQL are made by its own tools."""

from pathlib import Path

import pytest

from central.backups import service as backups
from central.backups.copying import OtherDatabaseError, take
from central.centre import Centre


def test_the_centre_copies_no_postgresql(centre: Centre, tmp_path: Path) -> None:
    with pytest.raises(OtherDatabaseError):
        take(centre, tmp_path / "copy.db")

    assert backups.list_newest(centre) == []
