"""Which devices this machine has, and how those that are configured answer."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hardware.printers.outcome import Ready
from hardware.printers.printer import examine, printer_at
from hardware.printers.words import of_health
from hardware.transport.dial import dial
from hardware.transport.port import LinkFailedError
from hardware.transport.url import NodeAddress, NodeKind, SerialAddress, parse_device_url
from shared.clock import Clock
from shared.errors import Kind, LoyaltyError

DEVICES = Path("/dev")
_OPEN_S = 2.0
_KEYS = ("printer", "scanner", "more_scanners", "display")


class UnreadableSettingsError(LoyaltyError):
    """The settings of an agent cannot be read."""

    kind = Kind.INVALID
    code = "device_settings_unreadable"
    ru = "Настройки {file} не читаются: {reason}"
    en = "The settings {file} cannot be read: {reason}"


@dataclass(frozen=True, slots=True)
class Found:
    """A device file that could be configured; it was not opened."""

    url: str
    ru: str
    en: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What a configured device said when it was asked, and what to do."""

    url: str
    is_well: bool
    ru: str
    en: str


def found(devices: Path = DEVICES) -> list[Found]:
    """Return what could be configured, by names that stay when a cable changes its socket.

    Only directories are read: a port that is not configured is never opened.
    """
    serial = [SerialAddress(str(path)) for path in _under(devices, "serial/by-id/*")]
    usb = [NodeAddress(NodeKind.USB_PRINTER, str(path)) for path in _under(devices, "usb/lp*")]
    keys = [
        NodeAddress(NodeKind.WEDGE, str(path))
        for path in _under(devices, "input/by-id/*-event-kbd")
    ]
    hid = [NodeAddress(NodeKind.HID_SCANNER, str(path)) for path in _under(devices, "hidraw*")]
    return [
        *(Found(str(one), "последовательный порт", "a serial port") for one in serial),
        *(Found(str(one), "принтер USB", "a USB printer") for one in usb),
        *(Found(str(one), "клавиатура или сканер", "a keyboard or a scanner") for one in keys),
        *(Found(str(one), "устройство HID", "a HID device") for one in hid),
    ]


def configured(settings: Path) -> dict[str, list[str]]:
    """Return the device URLs of an agent's settings file by what they are for.

    Raises UnreadableSettingsError.
    """
    try:
        told = tomllib.loads(settings.read_text("utf-8"))
    except (OSError, ValueError) as fault:
        raise UnreadableSettingsError(file=settings, reason=fault) from fault
    urls = {key: told.get(key) or [] for key in _KEYS}
    return {key: [one] if isinstance(one, str) else list(one) for key, one in urls.items() if one}


def printer_diagnosis(url: str, clock: Clock) -> Diagnosis:
    """Ask a printer how it is, without printing; raises BadDeviceUrlError, UnknownProfileError."""
    health = examine(printer_at(url), clock=clock)
    said = of_health(health)
    return Diagnosis(url, isinstance(health, Ready), said.ru, said.en)


def line_diagnosis(url: str) -> Diagnosis:
    """Open and close the line of a scanner or a display; raises BadDeviceUrlError.

    One that a running agent holds is busy, which is not well here.
    """
    try:
        dial(parse_device_url(url), _OPEN_S).close()
    except LinkFailedError as fault:
        ru = f"{fault.sentence('ru')} Вставлен ли кабель, хватает ли прав, не занял ли его агент?"
        en = f"{fault.sentence('en')} Is it plugged in, is it allowed, does an agent hold it?"
        return Diagnosis(url, is_well=False, ru=ru, en=en)
    return Diagnosis(url, is_well=True, ru="открывается", en="can be opened")


def diagnoses(urls: dict[str, list[str]], clock: Clock) -> Iterable[Diagnosis]:
    """Look at everything that is configured, one after the other."""
    for purpose, those in urls.items():
        for url in those:
            yield printer_diagnosis(url, clock) if purpose == "printer" else line_diagnosis(url)


def _under(devices: Path, pattern: str) -> list[Path]:
    return sorted(devices.glob(pattern))
