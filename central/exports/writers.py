"""Tables written as CSV, Excel or Parquet; no cell becomes a formula in a spreadsheet."""

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from central.estate.rows import FORMULA_SIGNS
from central.imports.sheets import NoLibraryError
from shared.errors import Kind, LoyaltyError

if TYPE_CHECKING:
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

ROWS_PER_GROUP = 50_000
SHEET_ROWS_MAX = 1_048_576
"""Of a workbook (its own limit)."""
Write = Callable[[Sequence[str]], None]


class BadTargetError(LoyaltyError):
    """A file that cannot be written so; there is none, or still the one before."""

    kind = Kind.INVALID
    code = "bad_target"
    ru = "Файл {file} не записан: {reason_ru}."
    en = "File {file} was not written: {reason_en}."


@contextmanager
def table_file(path: Path, header: Sequence[str]) -> Iterator[Write]:
    """Write a table into a file by its ending (.csv, .xlsx, .parquet); it takes its place when it
    is whole. Raises BadTargetError, NoLibraryError."""
    forms = {".csv": _csv, ".xlsx": _workbook, ".parquet": _parquet}
    form = forms.get(path.suffix.lower())
    if form is None:
        told = ", ".join(forms)
        raise _bad(path, f"нужно имя с {told}", f"its name must end in {told}")
    draft = path.with_name(f"{path.name}.draft")
    try:
        draft.touch()
    except OSError as error:
        raise _bad(path, "сюда нельзя писать", "nothing can be written there") from error
    try:
        with form(draft, header) as write:
            yield write
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def harmless(cell: str) -> str:
    """Return a cell as it stands in CSV: with a `'` before what a spreadsheet would compute."""
    shown = "".join(one if one.isprintable() else " " for one in cell)
    return f"'{shown}" if shown.lstrip(" ").startswith(tuple(FORMULA_SIGNS)) else shown


@contextmanager
def _csv(path: Path, header: Sequence[str]) -> Iterator[Write]:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file, delimiter=";")
        out.writerow(header)
        yield lambda row: _ignore(out.writerow([harmless(cell) for cell in row]))


@contextmanager
def _workbook(path: Path, header: Sequence[str]) -> Iterator[Write]:
    try:
        from openpyxl import Workbook
    except ImportError as error:
        raise NoLibraryError(form="Excel", library="openpyxl") from error
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(list(header))
    left = SHEET_ROWS_MAX - 1

    def write(row: Sequence[str]) -> None:
        nonlocal left
        if not left:
            ru = f"в книге Excel не больше {SHEET_ROWS_MAX} строк: выберите .csv"
            raise _bad(path, ru, f"a workbook has {SHEET_ROWS_MAX} rows: take .csv")
        left -= 1
        sheet.append([_text_cell(sheet, cell) for cell in row])

    yield write
    book.save(path)


def _text_cell(sheet: "WriteOnlyWorksheet", text: str) -> object:
    """Return a cell that is a text whatever stands in it, also after somebody has edited it."""
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet)
    cell.value = "".join(one if one.isprintable() else " " for one in text)
    cell.data_type = "s"
    cell.quotePrefix = True
    return cell


@contextmanager
def _parquet(path: Path, header: Sequence[str]) -> Iterator[Write]:
    try:
        import pyarrow
        from pyarrow.parquet import ParquetWriter
    except ImportError as error:
        raise NoLibraryError(form="Parquet", library="pyarrow") from error
    schema = pyarrow.schema([(name, pyarrow.string()) for name in header])
    rows: list[Sequence[str]] = []
    with ParquetWriter(path, schema) as out:

        def flush() -> None:
            columns = zip(*rows, strict=True) if rows else [()] * len(header)
            arrays = [pyarrow.array(column, pyarrow.string()) for column in columns]
            out.write_table(pyarrow.Table.from_arrays(arrays, schema=schema))
            rows.clear()

        def write(row: Sequence[str]) -> None:
            rows.append(row)
            if len(rows) >= ROWS_PER_GROUP:
                flush()

        yield write
        flush()


def _bad(path: Path, reason_ru: str, reason_en: str) -> BadTargetError:
    return BadTargetError(
        file=path.name.removesuffix(".draft"), reason_ru=reason_ru, reason_en=reason_en
    )


def _ignore(_written: int) -> None:
    """Take what a writer returns."""
