"""A file as a heading and numbered rows of texts, however it was written down."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from central.imports.reasons import Reason
from shared.errors import Kind, LoyaltyError

COLUMNS_MAX = 200


ENCODINGS = ("utf-8", "cp1251", "utf-16")


class BadSourceError(LoyaltyError):
    """A file that is no table that could be read; nothing of it was taken."""

    kind = Kind.INVALID
    code = "bad_source"
    ru = "Файл {file} не загружен: {reason_ru}."
    en = "File {file} was not imported: {reason_en}."


@dataclass(frozen=True, slots=True)
class Line:
    """A row by its number in the file (the heading of a CSV is 1), or why it cannot be read."""

    number: int
    cells: tuple[str, ...] = ()
    fault: Reason | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A heading and the rows below it that are not empty; `total` is about how many there are."""

    header: tuple[str, ...]
    lines: Iterator[Line]
    total: int
    form: str
    """How the file was read: `csv utf-8 ;`, `xlsx`, `parquet`."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file, and how to read it if that is not to be found out: an encoding, a delimiter."""

    path: Path
    encoding: str = ""
    delimiter: str = ""


def bad_source(path: Path, reason_ru: str, reason_en: str) -> BadSourceError:
    """Return the refusal of a whole file."""
    return BadSourceError(file=path.name, reason_ru=reason_ru, reason_en=reason_en)


def checked_source(source: Source) -> Source:
    """Return a source that can be read so; raises BadSourceError."""
    known = ("", *ENCODINGS)
    if source.encoding.lower() not in known or len(source.delimiter) > 1:
        told = ", ".join(ENCODINGS)
        ru = f"кодировка — одна из {told}, разделитель — один знак"
        raise bad_source(source.path, ru, f"encodings are {told}, a delimiter is one character")
    if not source.path.is_file():
        raise bad_source(source.path, "это не обычный файл", "it is no regular file")
    return Source(source.path, source.encoding.lower(), source.delimiter)
