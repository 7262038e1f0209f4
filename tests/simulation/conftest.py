"""The log stays out of the simulator's tests."""

from collections.abc import Iterator

import pytest

from tests.quiet import quiet


@pytest.fixture(autouse=True)
def _no_log() -> Iterator[None]:
    with quiet():
        yield
