"""Whatever stands in a file: every row has one outcome, every point is in a lot or was refused."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from central.imports.report import balanced
from central.imports.service import run
from central.imports.verdicts import Outcome
from central.ledger.audit import check
from central.ledger.store import LotTable
from central.schema import table_of
from shared.runtime.sqlite import reading
from tests.central.app.kit import NOON, SetClock
from tests.central.imports.kit import csv_file, order, silent
from tests.central.journal_builder import make_centre
from tests.databases import SqliteFiles

CARDS = st.sampled_from(["7700000001", "7700000002", "7700000003", "", "x", "7700000001,77000004"])
PHONES = st.sampled_from(["89161234567", "+7 916 000-00-00", "", "12", "8916 1234567; 89160000000"])
NAMES = st.sampled_from(["Анна Петрова", "Петрова А.", "Иван", "", "=1+1", '"', "a\0b"])
POINTS = st.one_of(st.integers(0, 10**6).map(lambda n: f"{n / 100:.2f}"), st.text(max_size=3))
ROWS = st.lists(st.tuples(CARDS, PHONES, NAMES, POINTS), max_size=12)
_made = iter(range(10**6))


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(cells=ROWS, cut=st.integers(1, 5))
def test_rows_and_points_add_up_also_when_the_file_is_taken_in_pieces(
    sqlite_databases: SqliteFiles, tmp_path: Path, cells: list[tuple[str, ...]], cut: int
) -> None:
    folder = tmp_path / str(next(_made))
    centre = make_centre(sqlite_databases.fresh(folder / "central.db"), SetClock(NOON))
    path = csv_file(folder, *(";".join(row) for row in cells))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("central.imports.service.ROWS_PER_TRANSACTION", cut)
        done = run(centre, order(path), silent)

    tally = done.run.tally
    with reading(centre.engine) as connection:
        granted = connection.scalar(select(func.sum(table_of(LotTable).c.granted))) or 0
        assert check(connection) == []
    assert balanced(tally, done.run.rows_done)
    assert tally.granted == granted
    assert tally.rows == sum(tally.of(outcome) for outcome in Outcome) == done.run.rows_done
    centre.engine.dispose()
