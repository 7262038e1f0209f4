"""Bytes through the descriptor of an open device, never waiting for longer than is said."""

import os
import select


def write_some(descriptor: int, chunk: bytes, timeout_s: float) -> int:
    """Hand over what a device takes within `timeout_s`; return how many bytes.

    Raises OSError or ValueError when it is gone.
    """
    try:
        if not select.select([], [descriptor], [], max(0.0, timeout_s))[1]:
            return 0
        return os.write(descriptor, chunk)
    except BlockingIOError:
        return 0


def read_some(descriptor: int, size_max: int, timeout_s: float) -> bytes | None:
    """Return what has come within `timeout_s`, None if nothing has; empty bytes end some devices.

    Raises OSError or ValueError when it is gone.
    """
    try:
        if not select.select([descriptor], [], [], max(0.0, timeout_s))[0]:
            return None
        return os.read(descriptor, size_max)
    except BlockingIOError:
        return None
