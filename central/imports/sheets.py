"""Workbooks of Excel and files of Parquet as rows of texts; their libraries are an extra.

A formula is a text as it was typed: nothing is computed. A number is written as it stands, a date
in ISO form.
"""

import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from central.imports.lines import COLUMNS_MAX, Line, Sheet, bad_source
from shared.errors import Kind, LoyaltyError

if TYPE_CHECKING:
    from openpyxl import Workbook

WORKBOOK, OLD_WORKBOOK, PARQUET = b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"PAR1"
UNPACKED_BYTES_MAX = 2 * 1024**3
"""Of a workbook, which is a zip file and may be a bomb."""
UNPACKED_RATIO_MAX = 200
ROWS_PER_READ = 5000
_T = TypeVar("_T")
EXACT_MAX = 10**15
"""Up to here a workbook keeps every digit."""
_DAMAGE = (KeyError, ValueError, TypeError, IndexError, EOFError, OSError, zipfile.BadZipFile)
"""What openpyxl stumbles over; a torn XML is a ValueError or a SyntaxError."""


class NoLibraryError(LoyaltyError):
    """A file that needs a library which only the extra `centre` installs."""

    kind = Kind.INVALID
    code = "no_library"
    ru = "Для {form} нужна библиотека {library}: kopilka[centre]. Или сохраните файл в CSV."
    en = "{form} needs the library {library}: install kopilka[centre], or save the file as CSV."


@contextmanager
def open_workbook(path: Path) -> Iterator[Sheet]:
    """Open the first sheet of a workbook; raises BadSourceError, NoLibraryError."""
    book = _workbook(path)
    try:
        sheet = book.worksheets[0] if book.worksheets else None
        if sheet is None:
            raise bad_source(path, "в книге нет листов", "the workbook has no sheet")
        rows = sheet.iter_rows(values_only=True, max_col=COLUMNS_MAX + 1)
        whole_rows = _guarded(rows, (*_DAMAGE, SyntaxError), _damaged(path))
        lines = (Line(no, _trimmed(row)) for no, row in zip(count(1), whole_rows, strict=False))
        first = next((line for line in lines if any(line.cells)), Line(1))
        width = len(first.cells)
        whole = (Line(line.number, _padded(line.cells, width)) for line in lines)
        yield Sheet(first.cells, whole, max(0, (sheet.max_row or 1) - 1), "xlsx")
    finally:
        book.close()


@contextmanager
def open_parquet(path: Path) -> Iterator[Sheet]:
    """Open a file of Parquet, whose first row is 1; raises BadSourceError, NoLibraryError."""
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise NoLibraryError(form="Parquet", library="pyarrow") from error

    damage, torn = (ArrowException, OSError), bad_source(path, "Parquet повреждён", "it is damaged")
    try:
        file = ParquetFile(path)
    except damage as error:
        raise torn from error

    def rows() -> Iterator[Line]:
        number = count(1)
        for batch in _guarded(file.iter_batches(batch_size=ROWS_PER_READ), damage, torn):
            columns = [column.to_pylist() for column in batch.columns]
            for cells in zip(*columns, strict=True):
                yield Line(next(number), tuple(map(_text, cells)))

    with file:
        yield Sheet(tuple(file.schema_arrow.names), rows(), file.metadata.num_rows, "parquet")


def _workbook(path: Path) -> "Workbook":
    try:
        from openpyxl import load_workbook
    except ImportError as error:
        raise NoLibraryError(form="Excel", library="openpyxl") from error
    try:
        with zipfile.ZipFile(path) as packed:
            sizes = [(one.file_size, one.compress_size) for one in packed.infolist()]
    except zipfile.BadZipFile as error:
        raise _damaged(path) from error
    unpacked = sum(size for size, _ in sizes)
    ratio = unpacked // max(1, sum(size for _, size in sizes))
    if unpacked > UNPACKED_BYTES_MAX or ratio > UNPACKED_RATIO_MAX:
        raise bad_source(path, "книга распаковывается в слишком много", "it unpacks to too much")
    try:
        return load_workbook(path, read_only=True, data_only=False)
    except (*_DAMAGE, SyntaxError) as error:
        raise _damaged(path) from error


def _guarded(
    items: Iterable[_T], damage: tuple[type[Exception], ...], refusal: LoyaltyError
) -> Iterator[_T]:
    """Yield items; what is raised by the file itself becomes its refusal."""
    found = iter(items)
    while True:
        try:
            item = next(found)
        except StopIteration:
            return
        except damage as error:
            raise refusal from error
        yield item


def _damaged(path: Path) -> LoyaltyError:
    return bad_source(path, "книга Excel повреждена", "the workbook is damaged")


def _trimmed(row: tuple[object, ...]) -> tuple[str, ...]:
    cells = [_text(_as_kept(cell)) for cell in row]
    while cells and not cells[-1]:
        cells.pop()
    return tuple(cells)


def _as_kept(value: object) -> object:
    """Return a whole number as the float that a workbook keeps, where that has lost digits."""
    return float(value) if isinstance(value, int) and abs(value) >= EXACT_MAX else value


def _padded(cells: tuple[str, ...], width: int) -> tuple[str, ...]:
    return (*cells, *("" for _ in range(width - len(cells))))


def _text(value: object) -> str:
    """Return a cell as a person would have typed it."""
    if value is None or isinstance(value, bool):
        return "1" if value else ""
    if isinstance(value, float | Decimal):
        return _number(value)
    if isinstance(value, datetime):
        plain = value.replace(microsecond=0)
        return str(plain if plain.tzinfo or plain.time() != time() else plain.date())
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    told = value if isinstance(value, bytes) else str(value).encode(errors="replace")
    return told.decode(errors="replace")


def _number(value: float | Decimal) -> str:
    """Write a number without a power of ten, and whole ones without a point.

    Beyond 15 digits a float has lost the last ones: such a number is written so that nobody takes
    it for a card.
    """
    if isinstance(value, Decimal):
        return f"{value:f}"
    return f"{value:.15g}" if abs(value) < EXACT_MAX else repr(value)
