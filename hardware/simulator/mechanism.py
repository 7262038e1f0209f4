"""The printer behind its receive buffer: a pure ESC/POS interpreter, from bytes to paper."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from hardware.simulator.commands import Piece, cut
from hardware.simulator.paper import (
    Ending,
    Mark,
    PrintedBars,
    PrintedLine,
    PrintedQr,
    PrintedRaster,
    Run,
    Sheet,
    Side,
    Style,
)
from hardware.simulator.sensors import (
    EPSON_LIKE,
    Dialect,
    Firmware,
    Sensors,
    automatic,
    paper_sensor,
)
from hardware.simulator.symbols import read_code128

CODE_PAGES = {0: "cp437", 2: "cp850", 16: "cp1252", 17: "cp866", 18: "cp852", 19: "cp858"}
KANJI = "▒"
"""What CP866 looks like on a printer that takes pairs of bytes for Chinese."""

_SIDES = (Side.LEFT, Side.CENTER, Side.RIGHT)
_ECHO_LENGTH = 8
_PLAIN = Style()

Happening = Sheet | bytes
"""A sheet that came out, or bytes that the printer answers."""


@dataclass(frozen=True, slots=True)
class _State:
    """Everything that `ESC @` resets; the printer wakes in Kanji mode, as cheap ones do."""

    style: Style = _PLAIN
    side: Side = Side.LEFT
    code_page: int = 0
    kanji: bool = True
    bars_height: int = 162
    bars_width: int = 3
    bars_text: int = 0
    qr_dots: int = 3
    qr_level: str = "L"
    qr_text: str = ""


class Mechanism:
    """Executes bytes one after the other; any bytes are welcome, unknown commands do nothing."""

    def __init__(self, columns: int, firmware: Firmware = EPSON_LIKE) -> None:
        self._columns = columns
        self._firmware = firmware
        self._pages = {n: page for n, page in CODE_PAGES.items() if page != "cp866"}
        if firmware.cyrillic is not None:
            self._pages[firmware.cyrillic] = "cp866"
        self._state = _State()
        self._pending = b""
        self._raw = bytearray()
        self._line: list[Run] = []
        self._marks: list[Mark] = []
        self.status_back = False
        self.kicks = 0
        """How often the drawer was opened."""

    def feed(self, chunk: bytes, sensors: Sensors) -> list[Happening]:
        """Execute what is complete; return what came out and what is answered, in order."""
        waiting = self._pending + chunk
        pieces, used = cut(waiting)
        self._pending = waiting[used:]
        return [happening for piece in pieces for happening in self._execute(piece, sensors)]

    def power_off(self) -> list[Sheet]:
        """Forget everything; what was printed and not cut comes out as a torn sheet."""
        torn = self._take_sheet(Ending.TORN)
        self._state = _State()
        self._pending = b""
        self._line.clear()
        self.status_back = False
        return [torn] if torn.marks else []

    def _execute(self, piece: Piece, sensors: Sensors) -> list[Happening]:
        if (answer := self._answer(piece, sensors)) is not None:
            return [answer] if answer else []
        self._raw += piece.name + piece.arguments
        if piece.name == b"":
            self._print(piece.arguments)
        elif piece.name == b"\x1dV":
            self._end_line(at_least=0)
            return [self._take_sheet(Ending.CUT)]
        elif (command := _COMMANDS.get(piece.name)) is not None:
            command(self, piece.arguments)
        return []

    def _answer(self, piece: Piece, sensors: Sensors) -> bytes | None:
        """Return the answer to a question in the stream; None when the piece is no question."""
        if piece.name == b"\x1dr":
            return bytes([paper_sensor(sensors)])
        if piece.name == b"\x1dI":
            return b"_" + self._firmware.model.encode() + b"\x00"
        if piece.name == b"\x1d(H" and len(piece.arguments) == _ECHO_LENGTH:
            if self._firmware.dialect is Dialect.NO_ECHO:
                return b""
            return b"\x37\x22" + piece.arguments[-4:] + b"\x00"
        if piece.name == b"\x1da":
            self.status_back = bool(piece.arguments[0])
            return automatic(sensors) if self.status_back else b""
        return b"" if piece.name[:1] == b"\x10" else None

    def _print(self, text: bytes) -> None:
        state = self._state
        for character in _characters(text, state, self._pages):
            if sum(run.cells for run in self._line) + state.style.wide > self._columns:
                self._end_line(at_least=1)
            if self._line and self._line[-1].style == state.style:
                self._line[-1] = replace(self._line[-1], text=self._line[-1].text + character)
            else:
                self._line.append(Run(character, state.style))

    def _end_line(self, at_least: int) -> None:
        """Print the line, and blank ones until there are `at_least` so many."""
        if self._line or at_least:
            self._marks.append(PrintedLine(tuple(self._line), self._state.side))
            self._line.clear()
        blank = PrintedLine((), self._state.side)
        self._marks.extend([blank] * (at_least - 1))

    def _take_sheet(self, ending: Ending) -> Sheet:
        sheet = Sheet(tuple(self._marks), ending, bytes(self._raw))
        self._marks.clear()
        self._raw.clear()
        return sheet

    def _reset(self, _arguments: bytes) -> None:
        self._line.clear()
        self._state = _State()

    def _line_feed(self, _arguments: bytes) -> None:
        self._end_line(at_least=1)

    def _feed_lines(self, arguments: bytes) -> None:
        self._end_line(at_least=arguments[0])

    def _align(self, arguments: bytes) -> None:
        if not self._line:
            self._state = replace(self._state, side=_SIDES[arguments[0] % 48 % 3])

    def _bold(self, arguments: bytes) -> None:
        self._state = replace(
            self._state, style=replace(self._state.style, bold=bool(arguments[0] & 1))
        )

    def _modes(self, arguments: bytes) -> None:
        mode = arguments[0]
        style = Style(bool(mode & 0x08), 2 if mode & 0x20 else 1, 2 if mode & 0x10 else 1)
        self._state = replace(self._state, style=style)

    def _magnify(self, arguments: bytes) -> None:
        wide, tall = (arguments[0] >> 4 & 7) + 1, (arguments[0] & 7) + 1
        self._state = replace(self._state, style=replace(self._state.style, wide=wide, tall=tall))

    def _code_table(self, arguments: bytes) -> None:
        self._state = replace(self._state, code_page=arguments[0])

    def _kanji_off(self, _arguments: bytes) -> None:
        self._state = replace(self._state, kanji=False)

    def _kanji_on(self, _arguments: bytes) -> None:
        self._state = replace(self._state, kanji=True)

    def _bars_height(self, arguments: bytes) -> None:
        self._state = replace(self._state, bars_height=arguments[0])

    def _bars_width(self, arguments: bytes) -> None:
        self._state = replace(self._state, bars_width=arguments[0])

    def _bars_text(self, arguments: bytes) -> None:
        self._state = replace(self._state, bars_text=arguments[0] % 48)

    def _bars(self, arguments: bytes) -> None:
        """Print a Code128; another symbology or a wrong one prints nothing, as on real printers."""
        state = self._state
        symbol = read_code128(arguments[2:]) if arguments[:1] == b"I" else None
        if symbol is None:
            return
        self._end_line(at_least=0)
        text = symbol.text if state.bars_text else ""
        self._marks.append(
            PrintedBars(symbol.modules, text, state.bars_width, state.bars_height, state.side)
        )

    def _raster(self, arguments: bytes) -> None:
        """Print the picture of `GS v 0`, bytes of eight dots, row by row."""
        if not (width := arguments[1] | arguments[2] << 8):
            return
        dots = "".join(f"{byte:08b}" for byte in arguments[5:])
        self._end_line(at_least=0)
        rows = tuple(dots[at : at + width * 8] for at in range(0, len(dots), width * 8))
        self._marks.append(PrintedRaster(rows, self._state.side))

    def _kick(self, _arguments: bytes) -> None:
        self.kicks += 1

    def _qr(self, arguments: bytes) -> None:
        """Obey `GS ( k` for QR codes: size, error correction, content, print."""
        function, value = arguments[3:4], arguments[4:]
        if arguments[2:3] != b"1" or not value:
            return
        state = self._state
        if function == b"C":
            self._state = replace(state, qr_dots=value[0])
        elif function == b"E":
            self._state = replace(state, qr_level="LMQH"[value[0] % 48 % 4])
        elif function == b"P":
            self._state = replace(state, qr_text=value[1:].decode("latin-1"))
        elif function == b"Q" and state.qr_text:
            self._end_line(at_least=0)
            self._marks.append(PrintedQr(state.qr_text, state.qr_level, state.qr_dots, state.side))


_COMMANDS: dict[bytes, Callable[[Mechanism, bytes], None]] = {
    b"\n": Mechanism._line_feed,
    b"\x1b@": Mechanism._reset,
    b"\x1bd": Mechanism._feed_lines,
    b"\x1ba": Mechanism._align,
    b"\x1bE": Mechanism._bold,
    b"\x1b!": Mechanism._modes,
    b"\x1d!": Mechanism._magnify,
    b"\x1bt": Mechanism._code_table,
    b"\x1c.": Mechanism._kanji_off,
    b"\x1c&": Mechanism._kanji_on,
    b"\x1dh": Mechanism._bars_height,
    b"\x1dw": Mechanism._bars_width,
    b"\x1dH": Mechanism._bars_text,
    b"\x1dk": Mechanism._bars,
    b"\x1d(k": Mechanism._qr,
    b"\x1bp": Mechanism._kick,
    b"\x1dv0": Mechanism._raster,
}


def _characters(text: bytes, state: _State, pages: Mapping[int, str]) -> str:
    page = pages.get(state.code_page, "latin-1")
    if not state.kanji:
        return text.decode(page, errors="replace")
    return "".join(chr(byte) if byte < 0x80 else KANJI for byte in text)
