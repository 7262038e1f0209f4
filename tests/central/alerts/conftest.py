"""The stage's fixtures."""

from tests.central.app.kit import centre, client, clock, device, empty, settings

__all__ = ["centre", "client", "clock", "device", "empty", "settings"]
