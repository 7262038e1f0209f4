"""The stage's fixtures."""

from tests.central.app.kit import centre, client, clock, empty, settings
from tests.central.people.kit import staff

__all__ = ["centre", "client", "clock", "empty", "settings", "staff"]
