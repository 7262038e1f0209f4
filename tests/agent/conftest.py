"""A store that is open for business."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import Shop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path).open()
    yield made
    made.close()
