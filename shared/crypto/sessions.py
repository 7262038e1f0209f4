"""Authentication of polls, tails and downloads: an HMAC under a session's key (RFC 2104)."""

import hashlib
import hmac

SESSION_KEY_BYTES = 32
SESSION_TTL_S = 900
SKEW_MAX_S = 300


def session_mac(key: bytes, method: str, target: str, at_s: int) -> str:
    """Return the hex MAC of a request without a body: method, target and Unix second."""
    return hmac.new(key, f"{method} {target} {at_s}".encode(), hashlib.sha256).hexdigest()


def mac_equal(left: str, right: str) -> bool:
    """Compare two MACs in a time that does not depend on where they differ."""
    return hmac.compare_digest(left.encode(), right.encode())
