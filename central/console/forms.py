"""Forms as browsers send them: fields, and files where there are any (RFC 7578)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

FORM_BYTES_MAX: Final = 1_048_576
"""Room for a pack's text."""
FILES_BYTES_MAX: Final = 5 * 1_048_576
"""Of a form with a file: more than a table may have."""
FIELDS_MAX: Final = 200
_BOUNDARY: Final = re.compile(rb'multipart/form-data;.*?\bboundary="?([^";,\s]{1,200})', re.I)
_NAME: Final = re.compile(rb'[; ]name="([^"\r\n]{1,100})"')
_FILE: Final = re.compile(rb'[; ]filename="([^"\r\n]{0,300})"')
_DISPOSITION: Final = b"content-disposition:"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that somebody has chosen: its name as his machine has it, and its content."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Form:
    """What a form brings; what cannot be read brings nothing."""

    fields: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, Upload] = field(default_factory=dict)
    is_too_large: bool = False
    """Then nothing of it was read."""


def form_of(content_type: str, body: bytes) -> Form:
    """Read a form by its type."""
    found = _BOUNDARY.match(content_type.encode())
    if len(body) > (FORM_BYTES_MAX if found is None else FILES_BYTES_MAX):
        return Form(is_too_large=True)
    return Form(_encoded(body)) if found is None else _parted(body, found[1])


def plain(text: str) -> str:
    """Return a text without the one character that PostgreSQL keeps nowhere."""
    return text.replace("\0", "")


def _encoded(body: bytes) -> dict[str, str]:
    pairs = parse_qsl(body.decode("utf-8", errors="replace"), keep_blank_values=True)
    return {name: plain(value) for name, value in pairs[:FIELDS_MAX]}


def _parted(body: bytes, boundary: bytes) -> Form:
    fields: dict[str, str] = {}
    files: dict[str, Upload] = {}
    for disposition, content in _parts(body, boundary):
        name, file = _NAME.search(disposition), _FILE.search(disposition)
        if name is None:
            continue
        if file is None:
            fields[_text(name[1])] = _text(content)
        elif file[1]:
            files[_text(name[1])] = Upload(_text(file[1]), content)
    return Form(fields, files)


def _parts(body: bytes, boundary: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield how each part is disposed, and its content as it was sent."""
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary, FIELDS_MAX + 1)
    for piece in pieces[1:]:
        head, blank, content = piece.partition(b"\r\n\r\n")
        for line in head.split(b"\r\n"):
            if blank and line.lower().startswith(_DISPOSITION):
                yield line[len(_DISPOSITION) :], content


def _text(told: bytes) -> str:
    return plain(told.decode("utf-8", errors="replace"))
