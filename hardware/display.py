"""A customer display of two lines of twenty signs, on a serial line."""

from hardware.printers.codec import to_cp866
from hardware.transport.dial import dial
from hardware.transport.url import RASTER, NodeAddress, parse_device_url

COLUMNS = 20
_RESET, _CLEAR, _PAGE = b"\x1b@", b"\x0c", b"\x1bt"
_CP866 = "17"
_WRITE_S, _CONNECT_S = 1.0, 2.0


def screen(upper: str, lower: str, page: int) -> bytes:
    """Return the bytes that show two lines, each cut to the display's width."""
    shown = (
        to_cp866(line).replace(b"\n", b" ")[:COLUMNS].ljust(COLUMNS) for line in (upper, lower)
    )
    return _RESET + _PAGE + bytes([page]) + _CLEAR + b"".join(shown)


def beside(left: str, right: str) -> str:
    """Return one line with its texts at both edges; the left one gives way."""
    room = max(0, COLUMNS - len(right) - 1)
    return f"{left[:room].ljust(room)} {right}"[-COLUMNS:]


def show(url: str, upper: str, lower: str) -> None:
    """Show two lines on the display of a URL, over what it shows now.

    A display never answers, so that nobody knows what it shows. Raises BadDeviceUrlError,
    LinkFailedError and LinkLostError.
    """
    address = parse_device_url(url)
    page = _CP866 if isinstance(address, NodeAddress) else address.page or _CP866
    stream = screen(upper, lower, int(_CP866 if page == RASTER else page))
    link = dial(address, _CONNECT_S)
    try:
        link.write(stream, _WRITE_S)
    finally:
        link.close()
