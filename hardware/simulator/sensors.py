"""What a simulated printer feels, and the bytes by which it tells (Epson, ESC/POS reference)."""

from dataclasses import dataclass, replace
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


class Cutter(StrEnum):
    """Whether the cutter moves."""

    FREE = "free"
    JAMMED = "jammed"


class Drawer(StrEnum):
    """The level at the drawer's contact; this drawer is open when it is high."""

    HIGH = "high"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Sensors:
    """The printer's state at one moment."""

    roll: Roll = Roll.IN
    cover: Cover = Cover.CLOSED
    cutter: Cutter = Cutter.FREE
    drawer: Drawer = Drawer.LOW

    @property
    def can_print(self) -> bool:
        """Tell whether paper would move."""
        is_fed = self.roll is not Roll.OUT and self.cover is Cover.CLOSED
        return is_fed and self.cutter is Cutter.FREE


class Mishap(StrEnum):
    """What can befall a printer in the middle of a slip."""

    PAPER_OUT = "paper_out"
    COVER_OPEN = "cover_open"
    CUTTER_JAM = "cutter_jam"
    POWER_OFF = "power_off"
    LINK_RESET = "link_reset"


def after(mishap: Mishap, sensors: Sensors) -> Sensors:
    """Return what the printer feels after a mishap."""
    felt = {
        Mishap.PAPER_OUT: replace(sensors, roll=Roll.OUT),
        Mishap.COVER_OPEN: replace(sensors, cover=Cover.OPEN),
        Mishap.CUTTER_JAM: replace(sensors, cutter=Cutter.JAMMED),
    }
    return felt.get(mishap, sensors)


class Power(StrEnum):
    """Whether the printer is plugged in."""

    ON = "on"
    OFF = "off"


class Mute(StrEnum):
    """Whether the printer keeps its answers to itself or garbles them; it prints all the same."""

    ON = "on"
    OFF = "off"
    GARBLED = "garbled"


class Dialect(StrEnum):
    """What the printer understands beyond text."""

    FULL = "full"
    NO_ECHO = "no_echo"
    """Swallows `GS ( H` without a word, as most clones do."""


@dataclass(frozen=True, slots=True)
class Firmware:
    """What the printer understands; `cyrillic` is the number of its CP866 table, if it has one."""

    dialect: Dialect = Dialect.FULL
    model: str = "KOPILKA SIMULATOR"
    """What it calls itself when asked; clones lie here."""
    cyrillic: int | None = 17


EPSON_LIKE = Firmware()


@dataclass(frozen=True, slots=True)
class Build:
    """How the printer is made; `bytes_s` is its speed, 0 for as fast as it can."""

    columns: int
    host: str = "127.0.0.1"
    port: int = 0
    buffer_bytes: int = 4_096
    bytes_s: int = 0
    firmware: Firmware = EPSON_LIKE


@dataclass(frozen=True, slots=True)
class PrinterState:
    """What can be seen of the printer from outside."""

    power: Power
    roll: Roll
    cover: Cover
    cutter: Cutter
    drawer: Drawer
    mute: Mute
    buffered_bytes: int
    printed_bytes: int


def real_time(question: int, sensors: Sensors) -> bytes:
    """Return the answer to `DLE EOT question`; nothing for a question that there is not."""
    no_paper, no_cover = sensors.roll is Roll.OUT, sensors.cover is Cover.OPEN
    status = {
        1: 0x08 * (not sensors.can_print) | 0x04 * (sensors.drawer is Drawer.HIGH),
        2: 0x20 * no_paper | 0x04 * no_cover | 0x40 * (sensors.cutter is Cutter.JAMMED),
        3: 0x08 * (sensors.cutter is Cutter.JAMMED),
        4: 0x6C * no_paper | 0x0C * (sensors.roll is Roll.LOW),
    }
    return bytes([0x12 | status[question]]) if question in status else b""


def automatic(sensors: Sensors) -> bytes:
    """Return the four bytes of automatic status (`GS a`)."""
    online = 0x10 | 0x20 * (sensors.cover is Cover.OPEN) | 0x08 * (not sensors.can_print)
    error = 0x08 * (sensors.cutter is Cutter.JAMMED)
    return bytes([online, error, paper_sensor(sensors), 0x0F])


def paper_sensor(sensors: Sensors) -> int:
    """Return the answer to `GS r 1`."""
    return {Roll.IN: 0x00, Roll.LOW: 0x03, Roll.OUT: 0x0F}[sensors.roll]
