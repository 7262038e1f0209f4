"""Read what a printer says: one stream in which five kinds of answers are mixed.

The first bits of each kind differ (Epson, "ESC/POS Command Reference", DLE EOT, GS a, GS r, GS ( H,
DLE DC4, GS I), so that one reader can sort them, whatever was asked and in whatever order.
"""

from dataclasses import dataclass

from hardware.printers.outcome import Paper, Reason

TEXT_MAX = 80
_ECHO_LENGTH = 7
_ASB_LENGTH = 4
_HEADED = (0x37, 0x5F)


@dataclass(frozen=True, slots=True)
class RealTime:
    """The answer to `DLE EOT n`; which `n` it was is known to whoever asked."""

    status: int


@dataclass(frozen=True, slots=True)
class AutoStatus:
    """Four bytes that the printer sends by itself when its state changes."""

    status: bytes


@dataclass(frozen=True, slots=True)
class PaperSensor:
    """The answer to `GS r 1`, which comes when all before it has been done."""

    status: int


@dataclass(frozen=True, slots=True)
class Echo:
    """The printer has printed what came before this id."""

    id: bytes


@dataclass(frozen=True, slots=True)
class BuffersCleared:
    """The printer has thrown away what it had not printed."""


@dataclass(frozen=True, slots=True)
class Words:
    """A text answer such as a model name."""

    text: bytes


@dataclass(frozen=True, slots=True)
class Flow:
    """XON or XOFF."""

    byte: int


Frame = RealTime | AutoStatus | PaperSensor | Echo | BuffersCleared | Words | Flow


class StatusReader:
    """Cuts the stream into frames; keeps at most one unfinished frame, and never raises."""

    def __init__(self) -> None:
        self._partial = bytearray()
        self.garbage_bytes = 0

    def feed(self, chunk: bytes) -> list[Frame]:
        """Return the frames that this chunk completes; what makes no sense is counted."""
        frames: list[Frame] = []
        for byte in chunk:
            if self._partial and not self._fits(byte):
                self.garbage_bytes += len(self._partial)
                self._partial.clear()
            self._partial.append(byte)
            if (frame := self._complete()) is not None:
                frames.append(frame)
                self._partial.clear()
            elif not self._may_grow():
                self.garbage_bytes += len(self._partial)
                self._partial.clear()
        return frames

    def _fits(self, byte: int) -> bool:
        """Tell whether the byte can follow what there is; if not, that was torn."""
        head = self._partial[0]
        if head not in _HEADED:
            return byte & 0x90 == 0x00
        if len(self._partial) == 1 and head == 0x37:
            return byte in {0x22, 0x25}
        return byte == 0x00 or 0x20 <= byte <= 0x7E

    def _complete(self) -> Frame | None:
        head, size = self._partial[0], len(self._partial)
        if head in _HEADED:
            return _headed(bytes(self._partial))
        if head in {0x11, 0x13}:
            return Flow(head)
        if head & 0x93 == 0x12:
            return RealTime(head)
        if head & 0x93 == 0x10:
            return AutoStatus(bytes(self._partial)) if size == _ASB_LENGTH else None
        return PaperSensor(head) if head & 0x90 == 0x00 else None

    def _may_grow(self) -> bool:
        head, size = self._partial[0], len(self._partial)
        if head in _HEADED:
            limit = _ECHO_LENGTH if head == 0x37 else TEXT_MAX
            return size < limit and (size == 1 or self._partial[-1] != 0)
        return head & 0x93 == 0x10


def _headed(frame: bytes) -> Frame | None:
    if len(frame) < 2 or frame[-1] != 0x00:
        return None
    if frame[0] == 0x5F:
        return Words(frame[1:-1])
    if frame[1] == 0x22 and len(frame) == _ECHO_LENGTH:
        return Echo(frame[2:-1])
    return BuffersCleared() if frame == b"\x37\x25\x00" else None


def trouble(question: int, status: int) -> Reason | None:
    """Return what the answer to `DLE EOT question` complains about, if anything."""
    for mask, reason in _COMPLAINTS[question]:
        if status & mask:
            return reason
    return None


_COMPLAINTS: dict[int, tuple[tuple[int, Reason], ...]] = {
    1: ((0x08, Reason.OFFLINE),),
    2: ((0x04, Reason.COVER_OPEN), (0x20, Reason.PAPER_OUT), (0x40, Reason.FAULT)),
    3: ((0x08, Reason.CUTTER_JAM), (0x64, Reason.FAULT)),
    4: ((0x60, Reason.PAPER_OUT),),
}


def auto_trouble(status: bytes) -> Reason | None:
    """Return what four bytes of automatic status complain about, if anything."""
    online, error, paper = status[0], status[1], status[2]
    if online & 0x20:
        return Reason.COVER_OPEN
    if paper & 0x0C:
        return Reason.PAPER_OUT
    if error & 0x08:
        return Reason.CUTTER_JAM
    if error & 0x64:
        return Reason.FAULT
    return Reason.OFFLINE if online & 0x08 else None


def roll_of(status: int) -> Paper:
    """Return the paper that the answer to `DLE EOT 4` tells of."""
    return Paper.NEAR_END if status & 0x0C else Paper.PLENTY


def sensor_paper(status: int) -> Paper:
    """Return the paper that the answer to `GS r 1` tells of."""
    return Paper.NEAR_END if status & 0x03 else Paper.PLENTY
