"""A chain that is open for business."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chain.kit import Chain
from tests.quiet import quiet


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    """A chain of two stores; at the end of every test the centre's books are right, and every
    receipt that it has comes out the same when it is evaluated again."""
    with quiet():
        made = Chain(tmp_path)
        yield made
        made.close()
