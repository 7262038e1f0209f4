"""A till beside an open store."""

from collections.abc import Iterator

import pytest

from tests.agent.till.kit import Till
from tests.builders import Shop


@pytest.fixture
def till(shop: Shop) -> Till:
    return Till(shop)


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Till]:
    """A till of a store that all tests of a module share, because they change nothing."""
    made = Shop(tmp_path_factory.mktemp("till")).open()
    yield Till(made)
    made.close()
