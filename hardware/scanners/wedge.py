"""A scanner that types: key events of Linux turned into codes by a key map of our own.

The map is that of a US keyboard, on which wedge scanners count; the till's layout and Caps Lock
play no part, because events are read below them (linux/input.h, linux/input-event-codes.h).
"""

import struct

from hardware.scanners.parse import Framer

_EVENT = struct.Struct("@llHHi")
_SYN, _KEY = 0, 1
_DROPPED = 3
_RELEASED, _PRESSED = 0, 1
_SHIFTS = frozenset({42, 54})
_CONTROLS = frozenset({29, 97})
_ENTERS = frozenset({28, 96})
_TAB = 15
_SEPARATOR_KEY = 27
"""With Control: scanners type the separator 0x1D of GS1 as Ctrl+]."""

_ROWS = (
    (2, "1234567890-=", "!@#$%^&*()_+"),
    (16, "qwertyuiop[]", "QWERTYUIOP{}"),
    (30, "asdfghjkl;'`", 'ASDFGHJKL:"~'),
    (43, "\\zxcvbnm,./", "|ZXCVBNM<>?"),
)
_PLAIN = {first + at: sign for first, plain, _ in _ROWS for at, sign in enumerate(plain)}
_SHIFTED = {first + at: sign for first, _, shifted in _ROWS for at, sign in enumerate(shifted)}
_KEYPAD = {
    **dict(zip((71, 72, 73, 75, 76, 77, 79, 80, 81, 82), "7894561230", strict=True)),
    55: "*", 57: " ", 74: "-", 78: "+", 83: ".", 98: "/",
}  # fmt: skip


class Wedge:
    """Turns a stream of key events into codes; Enter or Tab ends one.

    Any bytes are welcome. When the kernel says that it has dropped events, the code of which they
    were a part is dropped to its end.
    """

    def __init__(self) -> None:
        self._framer = Framer()
        self._partial = b""
        self._shifts: set[int] = set()
        self._controls: set[int] = set()
        self._gap = False

    @property
    def dropped(self) -> int:
        """Return how many unfinished codes were dropped."""
        return self._framer.dropped

    def feed(self, chunk: bytes, now_s: float) -> list[bytes]:
        """Return the codes that these events complete; `now_s` is monotonic."""
        stream = self._partial + chunk
        whole = len(stream) - len(stream) % _EVENT.size
        self._partial = stream[whole:]
        codes: list[bytes] = []
        for _, _, sort, key, value in _EVENT.iter_unpack(stream[:whole]):
            if sort == _SYN and key == _DROPPED:
                self._lose()
            elif sort == _KEY:
                codes += self._key(key, value, now_s)
        return codes

    def expire(self, now_s: float) -> None:
        """Drop half a code whose other half has not come."""
        self._framer.expire(now_s)

    def drop(self) -> None:
        """Forget what is unfinished and which keys are down, as after an unplugged cable."""
        self._framer.drop()
        self._partial = b""
        self._shifts.clear()
        self._controls.clear()
        self._gap = False

    def _lose(self) -> None:
        self._framer.drop()
        self._shifts.clear()
        self._controls.clear()
        self._gap = True

    def _key(self, key: int, value: int, now_s: float) -> list[bytes]:
        for keys, down in ((_SHIFTS, self._shifts), (_CONTROLS, self._controls)):
            if key in keys:
                (down.discard if value == _RELEASED else down.add)(key)
                return []
        if value != _PRESSED:
            return []
        if key in _ENTERS or key == _TAB:
            return self._end(now_s)
        sign = self._sign(key)
        return [] if self._gap or not sign else self._framer.feed(sign.encode("ascii"), now_s)

    def _end(self, now_s: float) -> list[bytes]:
        self._gap, gap = False, self._gap
        return [] if gap else self._framer.feed(b"\r", now_s)

    def _sign(self, key: int) -> str:
        if self._controls:
            return "\x1d" if key == _SEPARATOR_KEY else ""
        return (_SHIFTED if self._shifts else _PLAIN).get(key) or _KEYPAD.get(key, "")
