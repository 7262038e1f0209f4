from tests.central.chain_kit import centre, clock, journal

__all__ = ["centre", "clock", "journal"]
