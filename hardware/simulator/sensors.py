"""What a simulated printer feels, and the bytes by which it tells (Epson, ESC/POS reference)."""

from dataclasses import dataclass
from enum import StrEnum


class Roll(StrEnum):
    """How much paper there is."""

    IN = "in"
    LOW = "low"
    OUT = "out"


class Cover(StrEnum):
    """Whether the cover is closed."""

    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Sensors:
    """The printer's state at one moment."""

    roll: Roll = Roll.IN
    cover: Cover = Cover.CLOSED

    @property
    def can_print(self) -> bool:
        """Tell whether paper would move."""
        return self.roll is not Roll.OUT and self.cover is Cover.CLOSED


class Power(StrEnum):
    """Whether the printer is plugged in."""

    ON = "on"
    OFF = "off"


class Mute(StrEnum):
    """Whether the printer keeps its answers to itself; it prints all the same."""

    ON = "on"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Build:
    """How the printer is made; `bytes_s` is its speed, 0 for as fast as it can."""

    columns: int
    host: str = "127.0.0.1"
    port: int = 0
    buffer_bytes: int = 4_096
    bytes_s: int = 0


@dataclass(frozen=True, slots=True)
class PrinterState:
    """What can be seen of the printer from outside."""

    power: Power
    roll: Roll
    cover: Cover
    mute: Mute
    buffered_bytes: int
    printed_bytes: int


def real_time(question: int, sensors: Sensors) -> bytes:
    """Return the answer to `DLE EOT question`; nothing for a question that there is not."""
    no_paper, no_cover = sensors.roll is Roll.OUT, sensors.cover is Cover.OPEN
    status = {
        1: 0x00 if sensors.can_print else 0x08,
        2: 0x20 * no_paper | 0x04 * no_cover,
        3: 0x00,
        4: 0x6C * no_paper | 0x0C * (sensors.roll is Roll.LOW),
    }
    return bytes([0x12 | status[question]]) if question in status else b""


def automatic(sensors: Sensors) -> bytes:
    """Return the four bytes of automatic status (`GS a`)."""
    online = 0x10 | 0x20 * (sensors.cover is Cover.OPEN) | 0x08 * (not sensors.can_print)
    return bytes([online, 0x00, paper_sensor(sensors), 0x0F])


def paper_sensor(sensors: Sensors) -> int:
    """Return the answer to `GS r 1`."""
    return {Roll.IN: 0x00, Roll.LOW: 0x03, Roll.OUT: 0x0F}[sensors.roll]
