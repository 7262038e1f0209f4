"""Any file that is imported, opened by what its first bytes say it is."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from central.estate.rows import plain
from central.imports import sheets, texts
from central.imports.lines import COLUMNS_MAX, Line, Sheet, Source, bad_source
from central.imports.reasons import Reason

FILE_BYTES_MAX = 8 * 1024**3
CELL_CHARS_MAX = 4000
NAME_SHOWN, TWICE_SHOWN = 40, 5


@contextmanager
def open_sheet(source: Source) -> Iterator[Sheet]:
    """Open a file by its first bytes; raises BadSourceError, also while it is read."""
    try:
        if source.path.stat().st_size > FILE_BYTES_MAX:
            raise bad_source(source.path, "он слишком велик", "it is too large")
        with source.path.open("rb") as file:
            start = file.read(4)
    except OSError as error:
        raise bad_source(source.path, "он не открывается", "it cannot be opened") from error
    if start == sheets.PARQUET:
        opened = sheets.open_parquet(source.path)
    elif start == sheets.WORKBOOK:
        opened = sheets.open_workbook(source.path)
    elif start == sheets.OLD_WORKBOOK:
        ru = "это книга Excel 97–2003: сохраните её как .xlsx или CSV"
        raise bad_source(source.path, ru, "it is of Excel 97 to 2003: save it as .xlsx or CSV")
    else:
        opened = texts.open_csv(source)
    with opened as sheet:
        yield _checked(source.path, sheet)


def sha256_of(path: Path) -> str:
    """Return the digest of a file; raises BadSourceError."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise bad_source(path, "он не открывается", "it cannot be opened") from error


def _checked(path: Path, sheet: Sheet) -> Sheet:
    header = tuple(name.strip() for name in sheet.header)
    if not any(header):
        raise bad_source(path, "в нём нет строки заголовков", "it has no heading")
    if len(header) > COLUMNS_MAX:
        most = f"в нём больше {COLUMNS_MAX} столбцов"
        raise bad_source(path, most, f"it has more than {COLUMNS_MAX} columns")
    named = [name for name in header if name]
    if twice := [name[:NAME_SHOWN] for name in dict.fromkeys(named) if named.count(name) > 1]:
        told = ", ".join(twice[:TWICE_SHOWN])
        raise bad_source(path, f"столбцы повторяются: {told}", f"columns repeat: {told}")
    return Sheet(header, _bounded(sheet.lines, len(header)), sheet.total, sheet.form)


def _bounded(lines: Iterator[Line], width: int) -> Iterator[Line]:
    for line in lines:
        if line.fault is None and not any(cell.strip() for cell in line.cells):
            continue
        yield _judged(line, width)


def _judged(line: Line, width: int) -> Line:
    if line.fault is not None:
        return line
    if len(line.cells) != width and any(line.cells[width:]):
        return Line(line.number, fault=Reason.FIELDS)
    if len(line.cells) < width:
        return Line(line.number, fault=Reason.FIELDS)
    if any(len(cell) > CELL_CHARS_MAX for cell in line.cells):
        return Line(line.number, fault=Reason.CELL_TOO_LONG)
    return Line(line.number, tuple(map(plain, line.cells[:width])))
