"""CSV as rows of texts: encoding and delimiter found out, rows that cannot be read told apart."""

import codecs
import csv
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from central.imports.lines import Line, Sheet, Source, bad_source
from central.imports.reasons import Reason

LINE_CHARS_MAX = 100_000
LINES_PER_ROW_MAX = 20
"""A quotation mark that nobody closes must not swallow the rest of the file."""
CHUNK_BYTES = 1024 * 1024
DELIMITERS = ";,\t"


@contextmanager
def open_csv(source: Source) -> Iterator[Sheet]:
    """Open a CSV file; raises BadSourceError."""
    encoding, total = _encoding(source)
    with source.path.open(encoding=encoding, newline="") as file:
        heading = file.readline(LINE_CHARS_MAX)
        delimiter = source.delimiter or _delimiter(heading)
        file.seek(0)
        rows = _rows(_Lines(file), delimiter)
        first = next(rows, None)
        if first is None or first.fault is not None:
            raise bad_source(source.path, "в нём нет строки заголовков", "it has no heading")
        shown = "tab" if delimiter == "\t" else delimiter
        form = f"csv {encoding.removesuffix('-sig')} {shown}"
        yield Sheet(first.cells, rows, max(0, total - 1), form)


def _encoding(source: Source) -> tuple[str, int]:
    """Return in which encoding every byte of a file can be read, and how many lines it has."""
    with source.path.open("rb") as file:
        start = file.read(3)
    if source.encoding:
        choices = [source.encoding]
    elif start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        choices = ["utf-16"]
    elif start == codecs.BOM_UTF8:
        choices = ["utf-8"]
    else:
        choices = ["utf-8", "cp1251"]
    for name in choices:
        if (total := _lines_in(source.path, name)) is not None:
            return ("utf-8-sig" if name == "utf-8" else name), total
    told = ", ".join(choices)
    raise bad_source(source.path, f"это не текст в {told}", f"it is no text in {told}")


def _lines_in(path: Path, encoding: str) -> int | None:
    decoder = codecs.getincrementaldecoder(encoding)(errors="strict")
    lines = 0
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                lines += decoder.decode(chunk).count("\n")
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return None
    return lines


def _delimiter(heading: str) -> str:
    return max(DELIMITERS, key=heading.count)


class _TooManyLinesError(Exception):
    """A row that does not end."""


class _Lines:
    """Lines of a text, which may be put back when a row turns out to be none."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._back: deque[str] = deque()
        self._taken: list[str] = []
        self.number = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if len(self._taken) >= LINES_PER_ROW_MAX:
            raise _TooManyLinesError
        line = self._back.popleft() if self._back else self._file.readline(LINE_CHARS_MAX)
        if not line:
            raise StopIteration
        self._taken.append(line)
        self.number += 1
        return line

    def begin(self) -> None:
        """Forget the lines of the row before."""
        self._taken.clear()

    def only_first(self) -> None:
        """Put all lines of the present row back but the first one."""
        rest = self._taken[1:]
        self._back.extendleft(reversed(rest))
        self.number -= len(rest)


def _rows(lines: _Lines, delimiter: str) -> Iterator[Line]:
    """Yield rows; of one that cannot be read the first line is lost, and no other."""
    while True:
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        while True:
            lines.begin()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except (csv.Error, _TooManyLinesError):
                lines.only_first()
                yield Line(lines.number, fault=Reason.UNREADABLE)
                break
            yield Line(lines.number, tuple(cells))
