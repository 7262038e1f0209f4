"""Fixtures for what happens between stores, and questions to the centre's books."""

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest

from central.centre import Centre
from central.conflicts import service as conflicts_service
from central.conflicts.store import Wanted
from central.conflicts.values import Conflict
from central.estate.service import How, import_stores
from central.feed import store as feed
from central.ledger import service as ledger
from central.ledger.audit import check
from shared.ledger.books import Books
from shared.runtime.sqlite import reading
from shared.wire.push import Outcome
from shared.wire.rows import Row, read_row
from tests.central.app.kit import STORES_CSV, SetClock
from tests.central.journal_builder import NOON, Journal, make_centre, make_journal
from tests.central.shards import Watch
from tests.databases import Databases

MakeJournal = Callable[[str], Journal]


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOON)


@pytest.fixture
def centre(tmp_path: Path, clock: SetClock, databases: Databases) -> Iterator[Centre]:
    """A centre with stores 101 and 102; at the end of every test its books are right.

    The ledger's statements are watched: it must stay possible to spread it over servers.
    """
    made = make_centre(databases.fresh(tmp_path / "central.db"), clock)
    import_stores(made, STORES_CSV.encode(), How.APPLY)
    watch = Watch(made.engine)
    yield made
    try:
        with reading(made.engine) as connection:
            assert check(connection) == []
        assert watch.broken == []
    finally:
        made.engine.dispose()


@pytest.fixture
def journal(centre: Centre, clock: SetClock) -> Journal:
    return make_journal(centre, clock, "101")


@pytest.fixture
def other(centre: Centre, clock: SetClock) -> Journal:
    return make_journal(centre, clock, "102")


def kinds(outcomes: list[Outcome] | tuple[Outcome, ...]) -> list[str]:
    return [outcome.kind.value for outcome in outcomes]


def books(centre: Centre, *accounts: UUID) -> Books:
    with reading(centre.engine) as connection:
        return ledger.load(connection, accounts)


def balance(centre: Centre, account: UUID) -> int:
    return sum(lot.balance for lot in books(centre, account).lots_of(account))


def conflicts(centre: Centre) -> list[Conflict]:
    """What people are to look at, the first one first."""
    with reading(centre.engine) as connection:
        return list(conflicts_service.look(connection, Wanted()).conflicts[::-1])


def rows(centre: Centre, stream: str) -> dict[bytes, Row]:
    """A stream as an agent has it that has read it all."""
    found: dict[bytes, Row] = {}
    with reading(centre.engine) as connection:
        head = feed.heads(connection).get(stream, 0)
        for change in feed.changes(connection, stream, 0, head):
            key = change.kind.encode() + change.key
            if change.row:
                found[key] = read_row(change.kind, change.row)
            else:
                found.pop(key, None)
    return found


def dump(centre: Centre) -> dict[str, list[tuple[object, ...]]]:
    """Every row of the tables that a fact may touch, for a look before and after."""
    from sqlalchemy import select

    from central.migrations.draft import all_tables

    passed_over = {"nonce", "agent", "posting"}
    with reading(centre.engine) as connection:
        return {
            name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for name, table in all_tables().tables.items()
            if name not in passed_over
        }
