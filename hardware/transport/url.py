"""Device addresses as settings write them.

`tcp://host:port?profile=&page=`, `serial:///dev/serial/by-id/…?baud=&profile=&page=`,
`usblp:///dev/usb/lp0?profile=&page=`, `evdev:///dev/input/by-id/…`, `hidraw:///dev/hidraw0`.
"""

from collections.abc import Set
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

from shared.errors import Kind, LoyaltyError

PRINTER_PORT = 9100
BAUD = 9600
RASTER = "raster"
"""In place of a table's number: letters are drawn, for printers without Cyrillic."""
PRINTER_OPTIONS = frozenset({"profile", "page"})
BAUDS = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)


@dataclass(frozen=True, slots=True)
class TcpAddress:
    """A device behind a TCP port.

    `profile` names what kind of device it is, and `page` the number of its Cyrillic table or
    `raster`, if told.
    """

    host: str
    port: int = PRINTER_PORT
    profile: str | None = None
    page: str | None = None

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"tcp://{host}:{self.port}{_query(profile=self.profile, page=self.page)}"


@dataclass(frozen=True, slots=True)
class SerialAddress:
    """A device on a serial line; best named by its path under `/dev/serial/by-id`."""

    path: str
    baud: int = BAUD
    profile: str | None = None
    page: str | None = None

    def __str__(self) -> str:
        query = _query(baud=str(self.baud), profile=self.profile, page=self.page)
        return f"serial://{quote(self.path)}{query}"


class NodeKind(StrEnum):
    """What kind of device a file of the kernel is; the scheme of its URL."""

    USB_PRINTER = "usblp"
    WEDGE = "evdev"
    HID_SCANNER = "hidraw"


@dataclass(frozen=True, slots=True)
class NodeAddress:
    """A device that the kernel shows as a file; only printers have a profile and a page."""

    kind: NodeKind
    path: str
    profile: str | None = None
    page: str | None = None

    def __str__(self) -> str:
        return f"{self.kind}://{quote(self.path)}{_query(profile=self.profile, page=self.page)}"


DeviceAddress = TcpAddress | SerialAddress | NodeAddress
SCHEMES = ("tcp", "serial", *NodeKind)


class BadDeviceUrlError(LoyaltyError):
    """The settings name a device by something that is no device address."""

    kind = Kind.INVALID
    code = "device_url_bad"
    ru = "«{url}» — не адрес устройства: {fault_ru}."
    en = "{url!r} is no device address: {fault_en}."


def parse_device_url(url: str) -> DeviceAddress:
    """Return the address that a URL states; raises BadDeviceUrlError naming the fault."""
    try:
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    except ValueError as fault:
        raise _bad(url, "нельзя разобрать", str(fault)) from fault
    if parts.scheme == "tcp":
        return _tcp(url, parts, options)
    if parts.scheme == "serial":
        return _serial(url, parts, options)
    if parts.scheme in {kind.value for kind in NodeKind}:
        return _node(url, NodeKind(parts.scheme), parts, options)
    known = ", ".join(f"{scheme}://" for scheme in SCHEMES)
    raise _bad(url, f"ожидалось одно из: {known}", f"expected one of {known}")


def _tcp(url: str, parts: SplitResult, options: dict[str, str]) -> TcpAddress:
    _only(url, options, PRINTER_OPTIONS)
    if not parts.hostname:
        raise _bad(url, "нет имени узла", "the host is missing")
    if parts.path not in {"", "/"}:
        raise _bad(url, "после порта лишний путь", "there is a path after the port")
    try:
        port = parts.port
    except ValueError as fault:
        raise _bad(url, "порт не от 1 до 65535", "the port is not 1 to 65535") from fault
    if port == 0:
        raise _bad(url, "порт не от 1 до 65535", "the port is not 1 to 65535")
    return TcpAddress(
        parts.hostname, port or PRINTER_PORT, options.get("profile"), _page(url, options)
    )


def _serial(url: str, parts: SplitResult, options: dict[str, str]) -> SerialAddress:
    _only(url, options, {"baud", *PRINTER_OPTIONS})
    if parts.netloc or not parts.path.startswith("/"):
        raise _bad(url, "нужно serial:///путь", "expected serial:///path")
    baud = options.get("baud", str(BAUD))
    if not baud.isdecimal() or int(baud) not in BAUDS:
        raise _bad(url, f"нет скорости {baud}", f"there is no speed {baud}")
    return SerialAddress(
        unquote(parts.path), int(baud), options.get("profile"), _page(url, options)
    )


def _node(url: str, kind: NodeKind, parts: SplitResult, options: dict[str, str]) -> NodeAddress:
    _only(url, options, PRINTER_OPTIONS if kind is NodeKind.USB_PRINTER else frozenset())
    if parts.netloc or not parts.path.startswith("/"):
        raise _bad(url, f"нужно {kind}:///путь", f"expected {kind}:///path")
    return NodeAddress(kind, unquote(parts.path), options.get("profile"), _page(url, options))


def _page(url: str, options: dict[str, str]) -> str | None:
    page = options.get("page")
    if page is None or page == RASTER or (page.isascii() and page.isdigit() and int(page) <= 255):
        return page
    raise _bad(url, f"нет таблицы {page}: 0-255 или {RASTER}", f"no page {page}: 0-255 or {RASTER}")


def _query(**options: str | None) -> str:
    told = "&".join(f"{name}={quote(value)}" for name, value in options.items() if value)
    return f"?{told}" if told else ""


def _only(url: str, options: dict[str, str], known: Set[str]) -> None:
    if strange := sorted(options.keys() - known):
        raise _bad(url, f"неизвестно: {', '.join(strange)}", f"unknown: {', '.join(strange)}")


def _bad(url: str, fault_ru: str, fault_en: str) -> BadDeviceUrlError:
    return BadDeviceUrlError(url=url, fault_ru=fault_ru, fault_en=fault_en)
