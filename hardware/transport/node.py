"""A device that the kernel shows as a file: a USB printer, a keyboard wedge, a HID scanner."""

import fcntl
import os
import select
from collections.abc import Callable
from contextlib import suppress
from enum import IntEnum

from hardware.transport.descriptor import read_some, write_some
from hardware.transport.port import LinkFailedError, LinkLostError

_EMPTY_PAUSE_S = 0.01
_GRAB = 0x40044590
"""`EVIOCGRAB` of linux/input.h: events go to this program alone, not to the till's keyboard."""


class Access(IntEnum):
    """Which way the bytes go."""

    READ = os.O_RDONLY
    BOTH = os.O_RDWR


Claim = Callable[[int], None]
"""Takes a descriptor for this program alone; raises OSError when another one has it."""


class NodeTransport:
    """An open device file.

    An empty read alone is no end here: USB printers answer with empty packets. A device that was
    pulled out fails, or says that it has hung up.
    """

    def __init__(self, descriptor: int, device: str) -> None:
        self._descriptor = descriptor
        self._device = device

    def write(self, chunk: bytes, timeout_s: float) -> int:
        """Hand over what the device takes within `timeout_s`; return how many bytes.

        Raises LinkLostError when the device was pulled out.
        """
        try:
            return write_some(self._descriptor, chunk, timeout_s)
        except (OSError, ValueError) as fault:
            raise self._lost(fault) from fault

    def read(self, size_max: int, timeout_s: float) -> bytes:
        """Return what has come within `timeout_s`, or nothing.

        Raises LinkLostError when the device was pulled out.
        """
        try:
            chunk = read_some(self._descriptor, size_max, timeout_s)
        except (OSError, ValueError) as fault:
            raise self._lost(fault) from fault
        if chunk == b"":
            self._pause(timeout_s)
        return chunk or b""

    def _pause(self, timeout_s: float) -> None:
        """Wait a moment after an empty read, or find that the device is gone."""
        watched = select.poll()
        watched.register(self._descriptor, 0)
        if watched.poll(0):
            raise LinkLostError(device=self._device, fault="unplugged")
        select.select([], [], [], min(_EMPTY_PAUSE_S, max(0.0, timeout_s)))

    def close(self) -> None:
        """Give the device back, and with it what was claimed."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            with suppress(OSError):
                os.close(descriptor)

    def _lost(self, fault: Exception) -> LinkLostError:
        return LinkLostError(device=self._device, fault=str(fault))


def lock(descriptor: int) -> None:
    """Claim a device among programs that ask: one agent, one printer."""
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def grab(descriptor: int) -> None:
    """Claim an input device in the kernel, so that its keys reach no other program."""
    fcntl.ioctl(descriptor, _GRAB, 1)


def open_node(path: str, access: Access, claim: Claim) -> NodeTransport:
    """Open a device file for this program alone.

    Raises LinkFailedError when the device is absent, forbidden, busy, or no device of this kind.
    """
    try:
        descriptor = os.open(path, access | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError as fault:
        raise LinkFailedError(device=path, fault=str(fault)) from fault
    link = NodeTransport(descriptor, path)
    try:
        claim(descriptor)
    except OSError as fault:
        link.close()
        raise LinkFailedError(device=path, fault=str(fault)) from fault
    return link
