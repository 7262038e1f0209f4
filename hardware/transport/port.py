"""The port to a device: a byte stream on which every call has a deadline."""

from typing import Protocol

from shared.errors import Kind, LoyaltyError


class Transport(Protocol):
    """An open link to one device; whoever opened it closes it."""

    def write(self, chunk: bytes, timeout_s: float) -> int:
        """Hand over what the device takes within `timeout_s`; return how many bytes, maybe 0.

        Raises LinkLostError when the link is gone.
        """
        ...

    def read(self, size_max: int, timeout_s: float) -> bytes:
        """Return the bytes that have come, waiting at most `timeout_s`; empty when none came.

        Raises LinkLostError when the link is gone.
        """
        ...

    def close(self) -> None:
        """Give the device back; repeating is safe, and it never raises."""
        ...


class LinkFailedError(LoyaltyError):
    """The device could not be opened: off, absent, refused or held by another program."""

    kind = Kind.UNAVAILABLE
    code = "device_unreachable"
    ru = "Устройство {device} не отвечает: {fault}."
    en = "The device {device} cannot be reached: {fault}."


class LinkLostError(LoyaltyError):
    """The link broke while it was in use."""

    kind = Kind.UNAVAILABLE
    code = "device_link_lost"
    ru = "Связь с устройством {device} потеряна: {fault}."
    en = "The link to the device {device} was lost: {fault}."
