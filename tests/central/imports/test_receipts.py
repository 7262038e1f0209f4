"""Receipts of the past: turnover, visits and lines, once each, and no points."""

from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest
from sqlalchemy import func, select

from central.centre import Centre
from central.imports import store
from central.imports.fields import ImportKind
from central.imports.store import PastLineTable
from central.imports.verdicts import Outcome
from central.ledger.store import LotTable
from central.schema import table_of
from shared.runtime.sqlite import reading
from shared.wire.feed import GLOBAL
from shared.wire.rows import AccountRow, MemberRow
from tests.central.chain_kit import dump, rows
from tests.central.imports.kit import counts, csv_file, said, take

HEADING = "Номер чека;Карта;Дата;Магазин;Сумма;Артикул;Количество"
ONE = "17;7700000001;31.12.2025 23:30:00;101;1000,00;W-01;2"
TWO = "17;7700000001;31.12.2025 23:30:00;101;500,50;W-02;0,750"


@pytest.fixture
def base(centre: Centre, tmp_path: Path) -> Centre:
    take(centre, csv_file(tmp_path, "7700000001;89161234567;Анна;0", "7700000002;;Иван;0"))
    return centre


def _take(centre: Centre, folder: Path, *lines: str, heading: str = HEADING) -> store.Run:
    return take(centre, csv_file(folder, *lines, heading=heading), ImportKind.RECEIPTS).run


def test_a_receipt_counts_once_and_earns_nothing(base: Centre, tmp_path: Path) -> None:
    run = _take(base, tmp_path, ONE, TWO, "18;8 916 123-45-67;01.01.2026;102;-200;;")
    before = dump(base)
    again = _take(base, tmp_path, ONE, TWO, "18;7700000001;01.01.2026;102;-200;;", "")

    assert (counts(run), counts(again)) == ((3, 0, 0, 0), (0, 0, 3, 0))
    assert run.tally.amount_minor == 1300_50
    after = dump(base)
    assert all(after[name] == before[name] for name in before if name != "import_run")
    told = rows(base, GLOBAL).values()
    (anna,) = [row for row in told if isinstance(row, MemberRow) and row.receipts]
    assert (anna.turnover_minor, anna.receipts) == (1300_50, 1)
    (account,) = [row for row in told if isinstance(row, AccountRow) and row.member == anna.id]
    assert [(one.day.isoformat(), one.turnover_minor) for one in account.history.days] == [
        ("2025-12-31", 1500_50),
        ("2026-01-01", -200_00),
    ]
    with reading(base.engine) as connection:
        kept = store.past_of(connection, [account.id], 10)
        lines = connection.scalar(select(func.count()).select_from(table_of(PastLineTable)))
        lots = connection.scalar(select(func.count()).select_from(table_of(LotTable)))
    assert [(one.number, one.total_minor, one.store) for one in kept] == [
        ("18", -200_00, "102"),
        ("17", 1500_50, "101"),
    ]
    assert kept[1].at == datetime(2025, 12, 31, 20, 30, tzinfo=UTC)  # the store's own time
    assert (lines, lots) == (2, 0)


def test_rows_that_are_nobodys_or_apart_are_refused(base: Centre, tmp_path: Path) -> None:
    run = _take(
        base,
        tmp_path,
        ONE,
        "18;7700000001;01.01.2026;102;1;X;1",
        TWO,
        "19;7799999999;01.01.2026;101;1;X;1",
        "20;;01.01.2026;101;1;X;1",
        "21;7700000001;01.01.2090;101;1;X;1",
        "22;7700000001;01.01.2026;101;many;X;1",
        "23;7700000001;01.01.2026;999;1;X;1",
    )

    assert said(base, run, Outcome.REFUSED) == [
        (4, "not_together", "number"),
        (5, "unknown_member", "member"),
        (6, "missing", "member"),
        (7, "bad_day", "at"),
        (8, "bad_number", "total"),
    ]
    assert said(base, run, Outcome.REPAIRED) == [(9, "unknown_store", "store")]


def test_a_receipt_is_not_cut_where_a_batch_ends(
    base: Centre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # else it takes thousands of rows
    monkeypatch.setattr("central.imports.service.ROWS_PER_TRANSACTION", 2)
    other = "18;7700000002;01.01.2026;102;1;X;1"

    run = _take(base, tmp_path, other, ONE, TWO, TWO, other.replace("18;", "19;"))

    assert counts(run) == (5, 0, 0, 0)
    assert run.tally.amount_minor == 2003_00


def test_an_instant_with_its_zone_is_of_the_day_that_the_store_had(
    base: Centre, tmp_path: Path
) -> None:
    table = pyarrow.table(
        {
            "number": ["17"],
            "member": ["7700000001"],
            "store": ["101"],
            "total": ["5"],
            "at": pyarrow.array(
                [datetime(2025, 12, 31, 22, 30, tzinfo=UTC)], pyarrow.timestamp("us", "UTC")
            ),
        }
    )
    pyarrow.parquet.write_table(table, tmp_path / "r.parquet")

    take(base, tmp_path / "r.parquet", ImportKind.RECEIPTS)

    (account,) = [
        one.id
        for one in rows(base, GLOBAL).values()
        if isinstance(one, AccountRow) and one.history.days
    ]
    with reading(base.engine) as connection:
        (kept,) = store.past_of(connection, [account], 10)
    assert (kept.at, kept.day) == (datetime(2025, 12, 31, 22, 30, tzinfo=UTC), date(2026, 1, 1))


def test_whole_receipts_need_no_lines(base: Centre, tmp_path: Path) -> None:
    heading = "Номер чека;Карта;Дата;Магазин;Сумма"
    row = "17;7700000001;31.12.2025;101;1000"

    run = _take(base, tmp_path, row, row, row.replace("17;", "18;"), row, heading=heading)

    assert counts(run) == (2, 0, 2, 0)
    assert run.tally.amount_minor == 2000_00
