"""A device on a serial line, a USB-serial adapter or a pseudo-terminal."""

from contextlib import suppress

import serial

from hardware.transport.descriptor import read_some, write_some
from hardware.transport.port import LinkFailedError, LinkLostError


class SerialTransport:
    """An open serial line, held exclusively.

    Bytes go through the descriptor and not through pyserial's own calls: those cannot say how
    much was written when a deadline passes.
    """

    def __init__(self, line: serial.Serial, device: str) -> None:
        self._line = line
        self._descriptor = line.fileno()
        self._device = device

    def write(self, chunk: bytes, timeout_s: float) -> int:
        """Hand over what the line takes within `timeout_s`; return how many bytes.

        Raises LinkLostError when the device was unplugged.
        """
        try:
            return write_some(self._descriptor, chunk, timeout_s)
        except (OSError, ValueError) as fault:
            raise self._lost(fault) from fault

    def read(self, size_max: int, timeout_s: float) -> bytes:
        """Return what has come within `timeout_s`, or nothing.

        Raises LinkLostError when the device was unplugged.
        """
        try:
            chunk = read_some(self._descriptor, size_max, timeout_s)
        except (OSError, ValueError) as fault:
            raise self._lost(fault) from fault
        if chunk == b"":
            raise LinkLostError(device=self._device, fault="unplugged")
        return chunk or b""

    def close(self) -> None:
        """Release the line; an unplugged device makes pyserial complain, which changes nothing."""
        with suppress(OSError, serial.SerialException):
            self._line.close()

    def _lost(self, fault: Exception) -> LinkLostError:
        return LinkLostError(device=self._device, fault=str(fault))


def open_serial(path: str, baud: int) -> SerialTransport:
    """Open a line for this program alone.

    Bytes that came before are dropped. Raises LinkFailedError when the device is absent or busy.
    """
    try:
        line = serial.Serial(path, baudrate=baud, timeout=0, write_timeout=0, exclusive=True)
    except (OSError, ValueError) as fault:  # pyserial's own exception is an OSError
        raise LinkFailedError(device=path, fault=str(fault)) from fault
    return SerialTransport(line, path)
