"""The package's fixtures."""

from tests.central.chain_kit import centre, clock, journal, other

__all__ = ["centre", "clock", "journal", "other"]
