"""Files of tables: CSV and XLSX give the same texts; what is no table is refused."""

import io
import re
import zipfile
from datetime import date
from typing import Any

import pytest
from openpyxl import Workbook

from central.rollout.table_file import TableFileError, read_table
from shared.packs.tables import ROWS_MAX


def workbook(*rows: tuple[Any, ...], percents: tuple[str, ...] = ()) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    for cell in percents:
        sheet[cell].number_format = "0%"
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def test_a_workbook_is_read_as_people_see_it() -> None:
    content = workbook(
        ("id", "from", "percent:bonus", "day"),
        ("gold", 150000, 0.07, date(2026, 3, 1)),
        ("silver", 50000.5, "5 %", None),
        ("=1+1", 0.1, 0.125, ""),
        percents=("C2", "C4"),
    )

    found = read_table("tiers.XLSX", content)

    assert found.heading == ("id", "from", "percent:bonus", "day")
    assert found.rows == (
        ("gold", "150000", "7 %", "2026-03-01"),
        ("silver", "50000.5", "5 %", ""),
        ("=1+1", "0.1", "12.5 %", ""),
    )


@pytest.mark.parametrize("comma", [",", ";"])
def test_a_csv_file_may_have_either_separator(comma: str) -> None:
    text = f"\ufefflist{comma}sku{comma}price\nclub{comma}1{comma}790.00\n\nclub{comma}2\n"

    found = read_table("prices.csv", text.encode())

    assert found.heading == ("list", "sku", "price")
    assert found.rows == (("club", "1", "790.00"), ("", "", ""), ("club", "2", ""))


def test_a_csv_file_may_be_as_excel_saves_it_in_this_country() -> None:
    found = read_table("lists.csv", "list;kind;value\r\nvip;brand;Ёлка\r\n".encode("cp1251"))

    assert found.rows == (("vip", "brand", "Ёлка"),)


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.csv", bytes(range(256))), ("a.csv", b'a,b\n1,"x'), ("a.xlsx", b"PK\x03\x04torn")],
)
def test_why_a_file_is_refused_is_told_in_words(name: str, content: bytes) -> None:
    with pytest.raises(TableFileError) as refused:
        read_table(name, content)

    words = re.findall("[A-Za-z]{3,}", refused.value.sentence("ru"))
    assert set(words) <= {"CSV", "XLSX", "UTF", "CP"}


def bomb() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", bytes(65 * 1024 * 1024))
    return content.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b""),
        ("a.csv", b"a\n\x98"),
        ("a.csv", b'a,b\n"1,2\n'),
        ("a.csv", b"a,b\n1,2,3\n"),
        ("a.csv", b"a\n" + b"1\n" * (ROWS_MAX + 1)),
        ("a.csv", b"a\n" + b"1" * 201),
        ("a.csv", b"," * 61),
        ("a.csv", b"1" * (4 * 1024 * 1024 + 1)),
        ("a.xlsx", b"no archive"),
        ("a.xlsx", workbook(("a",))[:-40]),
        ("a.xlsx", bomb()),
    ],
)
def test_what_is_no_table_is_refused(name: str, content: bytes) -> None:
    with pytest.raises(TableFileError):
        read_table(name, content)
