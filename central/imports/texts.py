"""CSV as rows of texts: encoding and delimiter found out, rows that cannot be read told apart."""

import codecs
import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TextIO

from central.imports.lines import Line, Sheet, Source, bad_source
from central.imports.reasons import Reason

LINE_CHARS_MAX = 100_000
LINES_PER_ROW_MAX = 20
"""A quotation mark that nobody closes must not swallow the rest of the file."""
HEADING_BYTES_MAX = 4096
BAD_SHARE_MAX = 10
"""A file of which one byte outside ASCII in so many, or fewer, is no UTF-8 has damaged rows; one
that has more is in another encoding."""
UNDECODED = "surrogateescape"
"""Keeps bytes that are no text, so that their row can be told and refused."""
CHUNK_BYTES = 1024 * 1024
DELIMITERS = ";,\t"
_SAID = re.compile(r"\"?sep=([;,\t])\"?\s*", re.IGNORECASE)
"""A line before the heading, by which Excel is told the delimiter."""
_PLANES = b"\0\x04"
"""Every other byte of UTF-16: Latin letters and signs, Cyrillic ones."""
_ASCII = bytes(range(128))
_SURROGATES = re.compile("[\ud800-\udfff]")


@contextmanager
def open_csv(source: Source) -> Iterator[Sheet]:
    """Open a CSV file; raises BadSourceError."""
    encoding, total = _encoding(source)
    errors = UNDECODED if encoding == "utf-8-sig" else "strict"
    with source.path.open(encoding=encoding, errors=errors, newline="") as file:
        heading = file.readline(LINE_CHARS_MAX)
        said = _SAID.fullmatch(heading)
        delimiter = source.delimiter or (said[1] if said else _delimiter(heading))
        file.seek(0)
        rows = _rows(_Lines(file), delimiter)
        first = next(islice(rows, 1 if said else 0, None), None)
        if first is None or first.fault is not None or not _is_text(first.cells):
            raise bad_source(source.path, "в нём нет строки заголовков", "it has no heading")
        shown = "tab" if delimiter == "\t" else delimiter
        form = f"csv {encoding.removesuffix('-sig')} {shown}"
        yield Sheet(first.cells, rows, max(0, total - 1), form)


def _encoding(source: Source) -> tuple[str, int]:
    """Return in which encoding every byte of a file can be read, and how many lines it has."""
    with source.path.open("rb") as file:
        start = file.read(HEADING_BYTES_MAX)
    choices = [source.encoding] if source.encoding else _likely(start)
    for name in choices:
        if (total := _lines_in(source.path, name)) is not None:
            return ("utf-8-sig" if name == "utf-8" else name), total
    told = ", ".join(choices)
    raise bad_source(source.path, f"это не текст в {told}", f"it is no text in {told}")


def _likely(start: bytes) -> list[str]:
    """Return in which encodings a file may be that begins so."""
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return ["utf-16"]
    if start.startswith(codecs.BOM_UTF8):
        return ["utf-8"]
    heading = start.partition(b"\n")[0]
    first, second = (sum(map(half.count, _PLANES)) for half in (heading[::2], heading[1::2]))
    if 3 * (first + second) > len(heading):
        return ["utf-16-be" if first > second else "utf-16-le"]
    return ["utf-8", "cp1251"]


def _lines_in(path: Path, encoding: str) -> int | None:
    """Return how many lines a file has, or None for one that is in another encoding."""
    decoder = codecs.getincrementaldecoder(encoding)(errors="strict")
    lines = 0
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                lines += decoder.decode(chunk).count("\n")
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return _lines_of_damaged(path) if encoding == "utf-8" else None
    return lines


def _lines_of_damaged(path: Path) -> int | None:
    """Return how many lines a file has that is in UTF-8 but for some bytes, or None."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    lines = bad = letters = 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            lines += chunk.count(b"\n")
            bad += decoder.decode(chunk).count("\ufffd")
            letters += len(chunk.translate(None, _ASCII))
    return None if bad * BAD_SHARE_MAX > letters else lines


def _is_text(cells: Iterable[str]) -> bool:
    return all(cell.isascii() or not _SURROGATES.search(cell) for cell in cells)


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
        self.too_long = False
        """Whether a line of the present row was cut off."""

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if len(self._taken) >= LINES_PER_ROW_MAX:
            raise _TooManyLinesError
        line = self._back.popleft() if self._back else self._file.readline(LINE_CHARS_MAX)
        if not line:
            raise StopIteration
        if len(line) == LINE_CHARS_MAX and not line.endswith("\n"):
            self.too_long = True
            rest = line
            while rest and not rest.endswith("\n"):
                rest = self._file.readline(LINE_CHARS_MAX)
        self._taken.append(line)
        self.number += 1
        return line

    def begin(self) -> None:
        """Forget the lines of the row before."""
        self._taken.clear()
        self.too_long = False

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
                cells = tuple(next(reader))
            except StopIteration:
                return
            except (csv.Error, _TooManyLinesError):
                fault = Reason.CELL_TOO_LONG if lines.too_long else Reason.UNREADABLE
                lines.only_first()
                yield Line(lines.number, fault=fault)
                break
            if lines.too_long:
                yield Line(lines.number, fault=Reason.CELL_TOO_LONG)
            elif _is_text(cells):
                yield Line(lines.number, cells)
            else:
                yield Line(lines.number, fault=Reason.BYTES)
