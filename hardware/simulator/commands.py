"""Cut a printer's input into text and commands, by the lengths of Epson's ESC/POS reference."""

from collections.abc import Callable
from dataclasses import dataclass

LENGTH_MAX = 1 << 18
"""More than any honest command: a longer one is noise, and is not waited for."""

_ARGUMENTS = {
    b"\x1b@": 0,
    b"\x1b2": 0,
    b"\x1c.": 0,
    b"\x1c&": 0,
    **dict.fromkeys((b"\x1b" + bytes([letter]) for letter in b"!-3=ERJMadtGU{ V"), 1),
    **dict.fromkeys((b"\x1d" + bytes([letter]) for letter in b"!BHITabfhrw"), 1),
    **dict.fromkeys((b"\x1b$", b"\x1b\\", b"\x1dL", b"\x1dW", b"\x1dP"), 2),
    b"\x1bp": 3,
    b"\x10\x04": 1,
    b"\x10\x05": 1,
}
_LEADS = frozenset(b"\x10\x1b\x1c\x1d")
_PULSE_ARGUMENTS = {1: 3, 2: 3, 3: 6, 7: 2, 8: 8}


@dataclass(frozen=True, slots=True)
class Piece:
    """A command with its arguments; text is a piece without a name, noise a piece named `?`."""

    name: bytes
    arguments: bytes


def cut(buffer: bytes) -> tuple[list[Piece], int]:
    """Return the whole pieces at the head of a buffer, and how many bytes they take."""
    pieces: list[Piece] = []
    at = 0
    while at < len(buffer):
        size = _size(buffer, at)
        if size is None or at + size > len(buffer):
            break
        pieces.append(_piece(buffer[at : at + size]))
        at += size
    return pieces, at


def _piece(whole: bytes) -> Piece:
    if whole[0] >= 0x20:
        return Piece(b"", whole)
    if whole[0] not in _LEADS:
        return Piece(whole[:1], b"")
    name_length = 3 if whole[:2] in {b"\x1d(", b"\x1c(", b"\x1dv"} else 2
    return Piece(whole[:name_length], whole[name_length:])


def _size(buffer: bytes, at: int) -> int | None:
    """Return the length of the piece that begins at a place; None when it cannot be told yet."""
    first = buffer[at]
    if first >= 0x20:
        end = at
        while end < len(buffer) and buffer[end] >= 0x20:
            end += 1
        return end - at
    if first not in _LEADS:
        return 1
    head = buffer[at : at + 8]
    if len(head) < 2:
        return None
    if (fixed := _ARGUMENTS.get(head[:2])) is not None:
        return 2 + fixed
    return _variable_size(head)


def _variable_size(head: bytes) -> int | None:
    """Return the length of a command that states it; 2 for one that is not known."""
    name = head[:2]
    sizes: dict[bytes, tuple[int, Callable[[], int]]] = {
        b"\x1d(": (5, lambda: 5 + _word(head, 3)),
        b"\x1c(": (5, lambda: 5 + _word(head, 3)),
        b"\x1dV": (3, lambda: 4 if head[2] in b"ABab" else 3),
        b"\x1dk": (4, lambda: 4 + head[3]),
        b"\x1dv": (8, lambda: 8 + _word(head, 4) * _word(head, 6)),
        b"\x10\x14": (3, lambda: 2 + _PULSE_ARGUMENTS.get(head[2], 1)),
    }
    if name not in sizes:
        return 2
    needed, size = sizes[name]
    if len(head) < needed:
        return None
    return size() if size() <= LENGTH_MAX else 2


def _word(head: bytes, at: int) -> int:
    return head[at] | head[at + 1] << 8
