"""A serial scanner on a pseudo-terminal, behind a path that stays the same when it is replugged."""

import os
import pty
import tty
from contextlib import suppress
from pathlib import Path

from hardware.transport.url import SerialAddress


class ScannerBusyError(OSError):
    """Nobody reads the scanner, and its line is full."""


class ScannerSim:
    """Reads codes aloud to whoever holds the line."""

    def __init__(self, path: Path) -> None:
        """Name the path by which the scanner is found, as udev does under `/dev/serial/by-id`."""
        self._path = path
        self._master: int | None = None
        self._slave: int | None = None

    @property
    def url(self) -> str:
        """Return the device URL for settings."""
        return str(SerialAddress(str(self._path.parent.resolve() / self._path.name)))

    def plug(self) -> None:
        """Appear under the path, each time as another terminal; plugging twice changes nothing."""
        if self._master is not None:
            return
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        fresh = self._path.with_name(f".{self._path.name}.new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(os.ttyname(self._slave))
        fresh.replace(self._path)

    def unplug(self) -> None:
        """Vanish: the path goes, and whoever reads is told; repeating is safe."""
        self._path.unlink(missing_ok=True)
        for descriptor in (self._slave, self._master):
            if descriptor is not None:
                with suppress(OSError):
                    os.close(descriptor)
        self._master = self._slave = None

    def scan(self, code: str) -> None:
        """Read a code: its UTF-8 bytes and CR; raises ScannerBusyError when nobody listens."""
        self.send(code.encode() + b"\r")

    def send(self, raw: bytes) -> None:
        """Send bytes as they are; raises ScannerBusyError when the line is full or unplugged."""
        if self._master is None:
            raise ScannerBusyError("unplugged")
        try:
            written = os.write(self._master, raw)
        except BlockingIOError as fault:
            raise ScannerBusyError("nobody reads") from fault
        if written < len(raw):
            raise ScannerBusyError("nobody reads")
