"""A device behind a TCP port, such as a network printer."""

import select
import socket
from contextlib import suppress

from hardware.transport.port import LinkFailedError, LinkLostError

USER_TIMEOUT_MS = 8_000
SEND_BUFFER_BYTES = 4_096
"""Small, so that a device that stopped reading is felt after a few kilobytes."""


class TcpTransport:
    """An open TCP link."""

    def __init__(self, link: socket.socket, device: str) -> None:
        self._link = link
        self._device = device

    def write(self, chunk: bytes, timeout_s: float) -> int:
        """Hand over what the peer's window takes within `timeout_s`; return how many bytes.

        Raises LinkLostError when the peer is gone.
        """
        try:
            if not select.select([], [self._link], [], max(0.0, timeout_s))[1]:
                return 0
            return self._link.send(chunk)
        except BlockingIOError:
            return 0
        except (OSError, ValueError) as fault:
            raise self._lost(fault) from fault

    def read(self, size_max: int, timeout_s: float) -> bytes:
        """Return what has come within `timeout_s`, or nothing.

        Raises LinkLostError when the peer closed or reset the link.
        """
        try:
            if not select.select([self._link], [], [], max(0.0, timeout_s))[0]:
                return b""
            chunk = self._link.recv(size_max)
        except BlockingIOError:
            return b""
        except (OSError, ValueError) as fault:
            raise self._lost(fault) from fault
        if not chunk:
            raise LinkLostError(device=self._device, fault="closed by the device")
        return chunk

    def close(self) -> None:
        """Close the link; what the kernel still holds is delivered if the device reads on."""
        with suppress(OSError):
            self._link.close()

    def _lost(self, fault: Exception) -> LinkLostError:
        return LinkLostError(device=self._device, fault=str(fault))


def open_tcp(host: str, port: int, timeout_s: float) -> TcpTransport:
    """Connect within `timeout_s`; raises LinkFailedError when nobody answers there."""
    device = f"{host}:{port}"
    try:
        link = socket.create_connection((host, port), timeout=timeout_s)
    except OSError as fault:
        raise LinkFailedError(device=device, fault=str(fault)) from fault
    link.settimeout(0.0)
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    link.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    link.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT_MS)
    return TcpTransport(link, device)
