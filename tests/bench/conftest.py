"""What is measured logs as in production; the lines go nowhere."""

import os
from collections.abc import Iterator
from contextlib import redirect_stderr
from pathlib import Path

import pytest
import structlog

from shared.runtime.logs import configure_logs
from tests.bench.estate import Estate, served
from tests.bench.page import write_page
from tests.bench.results import MEASURED


@pytest.fixture(autouse=True)
def _logs_as_in_production() -> Iterator[None]:
    before = structlog.get_config()
    with Path(os.devnull).open("w") as nowhere, redirect_stderr(nowhere):
        configure_logs("INFO")
        yield
    structlog.configure(**before)


@pytest.fixture(scope="session", autouse=True)
def _compiled_once() -> None:
    """Each engine compiles for itself, as in production."""


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[Estate]:
    with served(tmp_path) as made:
        yield made


def pytest_sessionfinish() -> None:
    """Write the page once, after what was measured."""
    if MEASURED:
        write_page()
