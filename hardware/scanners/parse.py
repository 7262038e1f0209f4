"""From the bytes of a scanner to scans: cut frames, read their letters, drop double reads."""

from enum import StrEnum
from typing import Protocol

FRAME_MAX = 4_096
GAP_S = 0.3
DOUBLE_READ_S = 0.8

_START = 0x02
_ENDS = frozenset(b"\r\n\x03")


class Encoding(StrEnum):
    """In which letters a code was read."""

    UTF8 = "utf-8"
    CP1251 = "cp1251"


class Cutter(Protocol):
    """Cuts what one kind of scanner sends into codes; any bytes are welcome, memory is bounded."""

    @property
    def dropped(self) -> int:
        """Return how many unfinished codes were dropped."""
        ...

    def feed(self, chunk: bytes, now_s: float) -> list[bytes]:
        """Return the codes that a chunk completes; `now_s` is monotonic."""
        ...

    def expire(self, now_s: float) -> None:
        """Drop half a code whose other half has not come for `GAP_S`."""
        ...

    def drop(self) -> None:
        """Forget what is unfinished."""
        ...


class Framer:
    """Cuts a scanner's stream into codes: STX before and CR, LF or ETX behind are not part of one.

    A code that is longer than `FRAME_MAX` is dropped to its end; one that stops for `GAP_S` in the
    middle is dropped too, so that half a code never becomes the head of the next. Any bytes are
    welcome; the separator 0x1D of GS1 stays in the code.
    """

    def __init__(self) -> None:
        self._frame = bytearray()
        self._overlong = False
        self._heard_s = 0.0
        self._dropped = 0

    @property
    def dropped(self) -> int:
        """Return how many unfinished codes were dropped."""
        return self._dropped

    def feed(self, chunk: bytes, now_s: float) -> list[bytes]:
        """Return the codes that this chunk completes; `now_s` is monotonic."""
        self.expire(now_s)
        self._heard_s = now_s
        codes: list[bytes] = []
        for byte in chunk:
            if byte in _ENDS:
                codes += self._take()
            elif byte == _START:
                self.drop()
            else:
                self._append(byte)
        return codes

    def expire(self, now_s: float) -> None:
        """Drop half a code whose other half has not come for `GAP_S`."""
        if now_s - self._heard_s > GAP_S:
            self.drop()

    def drop(self) -> None:
        """Forget what is unfinished, as after an unplugged cable, and count it."""
        if self._frame or self._overlong:
            self._dropped += 1
        self._frame.clear()
        self._overlong = False

    def _append(self, byte: int) -> None:
        if len(self._frame) >= FRAME_MAX:
            self._overlong = True
        if not self._overlong:
            self._frame.append(byte)

    def _take(self) -> list[bytes]:
        if self._overlong:
            self.drop()
            return []
        code = bytes(self._frame)
        self._frame.clear()
        return [code] if code else []


class Debounce:
    """Drops the second of two equal codes of one scanner, and every further one of a held card.

    It keeps a hash of the last code and not the code, which may be a payment card's number.
    """

    def __init__(self) -> None:
        self._last: int | None = None
        self._last_s = 0.0
        self.dropped = 0

    def is_double(self, code: bytes, now_s: float) -> bool:
        """Tell whether the same code was seen less than `DOUBLE_READ_S` ago, and count it."""
        mark = hash(code)
        double = mark == self._last and now_s - self._last_s < DOUBLE_READ_S
        self._last, self._last_s = mark, now_s
        self.dropped += double
        return double


def decode(code: bytes) -> tuple[str, Encoding]:
    """Return the letters of a code: UTF-8 if it is valid, else CP1251, said in the second value."""
    try:
        return code.decode("utf-8"), Encoding.UTF8
    except UnicodeDecodeError:
        return code.decode("cp1251", errors="replace"), Encoding.CP1251
