"""What is exported can be imported, and no cell of it becomes a formula."""

import csv
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.centre import Centre
from central.conflicts.service import Word
from central.estate.rows import plain
from central.exports.service import export
from central.exports.writers import BadTargetError, harmless, table_file
from central.imports.fields import ImportKind
from central.imports.lines import Source
from central.imports.sources import open_sheet
from central.members.profiles import Proposal
from central.settling.lookup import living
from central.settling.people import edit_member
from shared.member import ProfileField
from tests.central.app.kit import NOON, SetClock
from tests.central.imports.kit import counts, csv_file, take
from tests.central.journal_builder import Journal, make_centre
from tests.databases import SqliteFiles

FORMS = (".csv", ".xlsx", ".parquet")
HEADING = (
    "Карта;Телефон;Телефон подтвержден;Чей телефон;ФИО;Др;Дата регистрации;E-mail;Магазин;"
    "Уровень;Сегменты;Бонусы;Баллы до;Оборот;Оборот на дату;Чеков;date.wedding;Согласие"
)
ROWS = (
    "7700000001,OLD-2;89161234567;да;;Анна Петрова;17.05.1990;01.02.2020;a@b.ru;101;gold;vip;"
    "150,50;31.12.2026;1000;01.02.2021;3;11.04.2015;2026-01",
    "7700000003;89160000000;;relative;=1+1 Иван;;;;;;;0;;0;;0;;",
    ";89160000001;;;@SUM Олег;;;;;;;1;;0;;0;;",
)


def _read(path: Path) -> list[tuple[str, ...]]:
    with open_sheet(Source(path)) as sheet:
        return [sheet.header, *(line.cells for line in sheet.lines)]


def _silent(_done: int) -> None:
    """Hear how far an export is."""


@pytest.mark.parametrize("form", FORMS)
def test_members_go_out_and_come_in_elsewhere_as_they_are(
    centre: Centre, sqlite_databases: SqliteFiles, tmp_path: Path, form: str
) -> None:
    take(centre, csv_file(tmp_path, *ROWS, heading=HEADING))
    out, again = tmp_path / f"out{form}", tmp_path / f"again{form}"

    assert export(centre, ImportKind.MEMBERS, out, _silent) == 3

    other = make_centre(sqlite_databases.fresh(tmp_path / "other.db"), SetClock(NOON))
    export(centre, ImportKind.STORES, tmp_path / "stores.csv", _silent)
    take(other, tmp_path / "stores.csv", ImportKind.STORES)
    done = take(other, out)
    export(other, ImportKind.MEMBERS, again, _silent)
    assert counts(done.run) == (3, 0, 0, 0)
    assert sorted(_read(again)) == sorted(_read(out))
    cells = [dict(zip(_read(out)[0], row, strict=True)) for row in _read(out)[1:]]
    (anna,) = [row for row in cells if row["name"] == "Анна Петрова"]
    assert (anna["card"], anna["phone"]) == ("7700000001,OLD-2", "+79161234567")
    assert (anna["points"], anna["points_until"], anna["tier"]) == ("150.50", "2026-12-31", "gold")
    assert (anna["turnover"], anna["receipts"]) == ("1000.00", "3")
    assert anna["date.wedding"] == "2015-04-11"
    other.engine.dispose()


def test_what_was_edited_goes_out(centre: Centre, journal: Journal, tmp_path: Path) -> None:
    journal.register(name="Анна", phone="+79161234567")
    journal.push()
    values = {ProfileField.NAME: "Анна Орлова", ProfileField.PHONE: "+79160000000"}
    who = living(centre, "+79161234567")
    edit_member(centre, who, Proposal(values, verified=True), Word("Пётр", "сказала"))

    export(centre, ImportKind.MEMBERS, tmp_path / "out.csv", _silent)

    header, row = _read(tmp_path / "out.csv")
    cells = dict(zip(header, row, strict=True))
    assert (cells["name"], cells["phone"]) == ("Анна Орлова", "+79160000000")
    assert cells["phone_verified"] == "yes"


def test_goods_stores_and_receipts_go_out(centre: Centre, journal: Journal, tmp_path: Path) -> None:
    goods = "region;sku;name;price;floor;barcodes;flags\nmsk;W-1;Вино;100,5;;4600000000015;alcohol"
    take(centre, csv_file(tmp_path, heading=goods), ImportKind.GOODS)
    anna, _ = journal.register(name="Анна", phone="+79161234567")
    journal.sell(anna, earn=[50_00])
    journal.push()
    past = "17;+79161234567;31.12.2025;101;10"
    heading = "Номер чека;Карта;Дата;Магазин;Сумма"
    take(centre, csv_file(tmp_path, past, heading=heading), ImportKind.RECEIPTS)

    rows = {
        kind: (export(centre, kind, tmp_path / f"{kind}.csv", _silent), tmp_path / f"{kind}.csv")
        for kind in (ImportKind.GOODS, ImportKind.RECEIPTS, ImportKind.CASHIERS)
    }

    assert {kind: count for kind, (count, _) in rows.items()} == {
        ImportKind.GOODS: 1,
        ImportKind.RECEIPTS: 2,
        ImportKind.CASHIERS: 0,
    }
    assert counts(take(centre, rows[ImportKind.GOODS][1], ImportKind.GOODS).run) == (0, 0, 1, 0)
    again = take(centre, rows[ImportKind.RECEIPTS][1], ImportKind.RECEIPTS)
    assert counts(again.run) == (0, 0, 2, 0)  # none counts twice
    header, before, sold = _read(rows[ImportKind.RECEIPTS][1])
    assert before[:1] + before[3:5] == ("17", "101", "10.00")
    assert dict(zip(header, sold, strict=True))["store"] == "101"


def test_receipts_come_in_elsewhere_on_their_days_and_in_their_stores_time(
    centre: Centre, sqlite_databases: SqliteFiles, tmp_path: Path
) -> None:
    people = "7700000001;89161234567;Анна;1000;5"
    take(centre, csv_file(tmp_path, people, heading="Карта;Телефон;ФИО;Оборот;Чеков"))
    stores = "code;name;address;region;zone;legal_name;tax_number;tills"
    far = "301;К;К;kam;Asia/Kamchatka;О;7701234567;1"
    take(centre, csv_file(tmp_path, far, heading=stores), ImportKind.STORES)
    past = "17;7700000001;31.12.2025 08:00:00;301;10"
    heading = "Номер чека;Карта;Дата;Магазин;Сумма"
    take(centre, csv_file(tmp_path, past, heading=heading), ImportKind.RECEIPTS)
    out, again = tmp_path / "out.csv", tmp_path / "again.csv"
    other = make_centre(sqlite_databases.fresh(tmp_path / "other.db"), SetClock(NOON))
    export(centre, ImportKind.STORES, tmp_path / "stores.csv", _silent)
    take(other, tmp_path / "stores.csv", ImportKind.STORES)
    take(other, csv_file(tmp_path, people.replace(";1000;5", ""), heading="Карта;Телефон;ФИО"))

    export(centre, ImportKind.RECEIPTS, out, _silent)
    done = take(other, out, ImportKind.RECEIPTS)
    export(other, ImportKind.RECEIPTS, again, _silent)

    assert done.run.tally.amount_minor == 1010_00
    assert [row[2:5] for row in _read(out)[1:]] == [
        ("2025-12-31 08:00:00", "301", "10.00"),
        ("2000-01-01", "", "1000.00"),  # turnover of which no file has told the days
    ]
    told = [
        sorted((who, at.removesuffix(" 00:00:00"), *more) for _, who, at, *more in _read(file))
        for file in (out, again)
    ]
    assert told[0] == told[1]
    other.engine.dispose()


@pytest.mark.parametrize("text", ["=1+1", "+7916", "-5", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C"])
@pytest.mark.parametrize("form", FORMS)
def test_no_cell_becomes_a_formula(tmp_path: Path, text: str, form: str) -> None:
    path = tmp_path / f"out{form}"
    with table_file(path, ("a", "b")) as write:
        write((text, "x"))

    if form == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            (cell, _) = list(csv.reader(file, delimiter=";"))[1]
        assert cell[0] not in "=+-@\t\r"
    if form == ".xlsx":
        kept = openpyxl.load_workbook(path).worksheets[0]["A2"]
        assert (kept.data_type, kept.quotePrefix) == ("s", True)
    assert _read(path)[1][0].strip() == " ".join(text.split())


@given(st.text())
def test_a_harmless_cell_reads_as_what_it_was(text: str) -> None:
    shown = harmless(text)

    assert shown[:1] not in ("=", "+", "-", "@", "\t", "\r") or not shown
    assert "\n" not in shown
    seen = "".join(one if one.isprintable() else " " for one in text).strip()
    if not seen.startswith("'"):
        assert plain(shown) == seen


def test_an_export_that_fails_leaves_no_file(centre: Centre, tmp_path: Path) -> None:
    with pytest.raises(BadTargetError, match="csv"):
        export(centre, ImportKind.STORES, tmp_path / "out.txt", _silent)
    with pytest.raises(ZeroDivisionError):
        _broken_off(tmp_path / "out.csv")
    assert list(tmp_path.glob("out*")) == []


def _broken_off(path: Path) -> None:
    with table_file(path, ("a",)) as write:
        write(("1",))
        raise ZeroDivisionError
