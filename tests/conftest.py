"""What all tests share: quiet logs, a bound on laws, rows proven, databases of both kinds."""

import gc
import logging
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, settings

from tests.compiled import compiled_once
from tests.databases import databases, postgres_databases, sqlite_databases
from tests.postgres import PostgresOfRun
from tests.rows import OPTION, Rows

__all__ = ["databases", "postgres_databases", "sqlite_databases"]

settings.register_profile(
    "kopilka", max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("kopilka")
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """A command sends its log to a stream that ends with its test."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture(scope="session", autouse=True)
def _compiled_once() -> Iterator[None]:
    with compiled_once():
        yield


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(OPTION, action="store_true", help="write docs/capabilities.md")


def pytest_configure(config: pytest.Config) -> None:
    gc.disable()  # of what collecting makes nothing is garbage, and looking at it takes seconds
    config.pluginmanager.register(Rows())
    config.pluginmanager.register(PostgresOfRun(), PostgresOfRun.__name__)


def pytest_collection_finish() -> None:
    """What modules and tests are made of stays to the end: only what tests make is looked at."""
    gc.collect()
    gc.freeze()
    gc.enable()
