"""The audit finds every row that breaks a law, and no statement of the ledger joins accounts."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from central.centre import Centre
from central.ledger.audit import check
from central.ledger.store import (
    AccountTable,
    EntryTable,
    HeldTable,
    LeaseTable,
    LotTable,
    TurnoverTable,
)
from central.schema import table_of
from shared.runtime.sqlite import reading, transaction
from tests.central.app.kit import SetClock
from tests.central.journal_builder import NOON, Journal, make_centre, make_journal
from tests.databases import Databases

LEDGER = (AccountTable, LotTable, EntryTable, LeaseTable, HeldTable, TurnoverTable)


@pytest.fixture
def broken(tmp_path: Path, databases: Databases) -> Iterator[Centre]:
    """A centre whose books a test may break."""
    clock = SetClock(NOON)
    made = make_centre(databases.fresh(tmp_path / "central.db"), clock)
    journal: Journal = make_journal(made, clock, "101")
    person, _ = journal.register()
    sold = journal.sell(person, earn=[100_00], kept=50_00)
    journal.sell(person, spend=[(sold.lots[0], 10_00)])
    journal.sell(person, spend=[(sold.lots[0], 5_00)])
    journal.rewrite(4, body=b"?")
    journal.push()
    yield made
    made.engine.dispose()


@pytest.mark.parametrize(
    ("statement", "laws"),
    [
        ("UPDATE lot SET balance = balance + 1", {"entries", "parts"}),
        ("UPDATE lot SET free = free + 1", {"parts"}),
        ("UPDATE lot SET free = -1, held = held + free + 1", {"held", "negative"}),
        ("UPDATE lot SET held = held + 1, free = free - 1", {"held"}),
        ("UPDATE lease SET gone = gone + 1", {"parts"}),
        ("UPDATE lease SET closed = TRUE", {"parts"}),
        ("DELETE FROM entry WHERE kind = 'REDEEM'", {"entries"}),
        ("DELETE FROM held", {"held"}),
        ("UPDATE account SET debt = 7", {"debt"}),
        ("UPDATE account SET turnover_minor = 7", {"turnover"}),
        ("DELETE FROM turnover", {"turnover"}),
    ],
)
def test_a_broken_row_is_named(broken: Centre, statement: str, laws: set[str]) -> None:
    with reading(broken.engine) as connection:
        assert check(connection) == []
    with transaction(broken.engine) as connection:
        connection.execute(text(statement))

    with reading(broken.engine) as connection:
        found = check(connection)

    assert {violation.law for violation in found} == laws
    assert all(violation.found != violation.expected for violation in found)


def test_every_primary_key_of_the_ledger_begins_with_the_account() -> None:
    for model in LEDGER:
        assert next(iter(table_of(model).primary_key)).name == "account"
