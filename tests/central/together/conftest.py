"""A centre on PostgreSQL alone: what several transactions do to each other there."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from central.centre import Centre
from central.estate.service import How, import_stores
from central.ledger.audit import check
from shared.runtime.sqlite import reading
from tests.central.app.kit import STORES_CSV, SetClock
from tests.central.chain_kit import clock, journal, other
from tests.central.journal_builder import make_centre
from tests.databases import PostgresDatabases

__all__ = ["clock", "journal", "other"]


@pytest.fixture
def centre(
    tmp_path: Path, clock: SetClock, postgres_databases: PostgresDatabases
) -> Iterator[Centre]:
    """A centre with stores 101 and 102; at the end of every test its books are right."""
    made = make_centre(postgres_databases.fresh(tmp_path), clock)
    import_stores(made, STORES_CSV.encode(), How.APPLY)
    yield made
    with reading(made.engine) as connection:
        assert check(connection) == []
    made.engine.dispose()
