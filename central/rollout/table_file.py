"""A table from a file, CSV or XLSX: every cell as the text that a person sees, or as a formula."""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import PurePath
from typing import Any

from central.estate.rows import plain, text_of
from shared.errors import Kind, LoyaltyError
from shared.packs.tables import CELL_CHARS_MAX, COLUMNS_MAX, ROWS_MAX, Sheet

BYTES_MAX = 4 * 1024 * 1024
UNPACKED_BYTES_MAX = 64 * 1024 * 1024
"""Of all that an XLSX file holds, which is an archive."""


class TableFileError(LoyaltyError):
    """A file that is no table, or a larger one than may be."""

    kind = Kind.INVALID
    code = "bad_table_file"
    ru = "Файл таблицы не прочитан: {reason_ru}."
    en = "The table's file cannot be read: {reason_en}."


def read_table(name: str, content: bytes) -> Sheet:
    """Return the sheet of a file, by its name's ending.

    Of a workbook it is the first sheet. A formula is the text that it is written as. Raises
    TableFileError.
    """
    if len(content) > BYTES_MAX:
        raise _fault(f"больше {BYTES_MAX} байт", f"more than {BYTES_MAX} bytes")
    is_workbook = PurePath(name).suffix.lower() == ".xlsx"
    rows = list(_bounded(_workbook(content) if is_workbook else _csv(content)))
    if not rows or not _stripped(rows[0]):
        raise _fault("таблица пуста", "the table is empty")
    heading = _stripped(rows[0])
    width = len(heading)
    found = []
    for number, row in enumerate(rows[1:], start=2):
        if len(_stripped(row)) > width:
            raise _fault(
                f"строка {number} длиннее заголовка", f"row {number} is longer than the heading"
            )
        found.append((*row, *[""] * width)[:width])
    return Sheet(heading, tuple(found))


def _bounded(rows: Iterable[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    for number, row in enumerate(rows, start=1):
        if number > ROWS_MAX + 1:
            raise _fault(f"строк больше {ROWS_MAX}", f"more than {ROWS_MAX} rows")
        if len(row) > COLUMNS_MAX:
            raise _fault(
                f"строка {number}: колонок больше {COLUMNS_MAX}",
                f"row {number} has more than {COLUMNS_MAX} columns",
            )
        if any(len(cell) > CELL_CHARS_MAX for cell in row):
            raise _fault(
                f"строка {number}: ячейка длиннее {CELL_CHARS_MAX} знаков",
                f"row {number} has a cell of more than {CELL_CHARS_MAX} characters",
            )
        yield row


def _csv(content: bytes) -> Iterator[tuple[str, ...]]:
    try:
        text = text_of(content)
    except UnicodeDecodeError as error:
        raise _fault(
            "это не текст в UTF-8 или CP1251", "it is no text in UTF-8 or CP1251"
        ) from error
    first = text.partition("\n")[0]
    comma = ";" if first.count(";") > first.count(",") else ","
    try:
        for row in csv.reader(io.StringIO(text), delimiter=comma, strict=True):
            yield tuple(plain(cell) for cell in row)
    except csv.Error as error:
        ru, en = "кавычка не закрыта или стоит не на месте", "a quotation mark is out of place"
        raise _fault(f"это не CSV: {ru}", f"it is no CSV: {en}") from error


def _workbook(content: bytes) -> Iterator[tuple[str, ...]]:
    from openpyxl import load_workbook

    try:
        _check_archive(content)
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=False)
        for row in book.worksheets[0].iter_rows(max_row=ROWS_MAX + 2, max_col=COLUMNS_MAX + 1):
            yield _stripped(tuple(_text(cell) for cell in row))
    except TableFileError:
        raise
    except Exception as error:  # whatever the library makes of a broken file
        raise _fault("книга XLSX повреждена", "the XLSX workbook is damaged") from error


def _check_archive(content: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(one.file_size for one in archive.infolist()) > UNPACKED_BYTES_MAX:
            raise _fault("распакованный файл слишком велик", "it is too large when unpacked")


def _text(cell: Any) -> str:
    """Return a cell as a person sees it: 7 % for 0.07 that is shown as a percent."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        number = Decimal(str(value))
        if "%" in str(cell.number_format):
            return f"{_plain(number * 100)} %"
        return _plain(number)
    if isinstance(value, datetime | date):
        return value.strftime("%Y-%m-%d")
    return str(value).strip()


def _plain(number: Decimal) -> str:
    """Return a number without an exponent and without zeros at its end."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _stripped(row: tuple[str, ...]) -> tuple[str, ...]:
    """Leave out the empty cells at the end of a row."""
    end = len(row)
    while end and not row[end - 1]:
        end -= 1
    return row[:end]


def _fault(ru: str, en: str) -> TableFileError:
    return TableFileError(reason_ru=ru, reason_en=en)
