"""A signed pass: with it a member redeems offline at any store, up to what the pass says.

Upper-case ASCII of QR's alphanumeric mode. `KPK3:` and base32 of: account (16 bytes), then unsigned
LEB128 numbers: counter, points (hundredths), minutes since 2020-01-01T00:00Z from which it is over;
then an Ed25519 signature (64) by a pack key of `kopilka/pass/1` and all that. An account has
one valid pass: a higher counter ends the ones below.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from shared.crypto.keys import verify
from shared.wire.compact import Numbers, base32, number, unbase32

PREFIX: Final = "KPK3:"
SIGNATURE_BYTES: Final = 64
FIRST_MINUTE: Final = datetime(2020, 1, 1, tzinfo=UTC)
MINUTE: Final = timedelta(minutes=1)
POINTS_MAX: Final = 10**12
_ACCOUNT_BYTES: Final = 16
_SIGNED: Final = b"kopilka/pass/1"


@dataclass(frozen=True, slots=True)
class Pass:
    """What the centre lets an account redeem at stores that do not hear of each other.

    `points` in hundredths, at each store once; over from the instant `ends_at`, a whole minute.
    """

    account: UUID
    counter: int
    points: int
    ends_at: datetime


def write(granted: Pass, sign: Callable[[bytes], bytes]) -> str:
    """Return the code of a pass, signed."""
    minutes = (granted.ends_at - FIRST_MINUTE) // MINUTE
    content = granted.account.bytes + b"".join(
        map(number, (granted.counter, granted.points, minutes))
    )
    return PREFIX + base32(content + sign(_SIGNED + content))


@dataclass(frozen=True, slots=True)
class Sealed:
    """A pass as its code says, with what was signed and the signature, which nobody has checked."""

    said: Pass
    content: bytes
    signature: bytes

    def signed_by(self, keys: Iterable[bytes]) -> bool:
        """Tell whether one of the keys has signed it."""
        return any(verify(key, _SIGNED + self.content, self.signature) for key in keys)


def opened(code: str) -> Sealed | None:
    """Return what a code says; None for one that is no pass, or not a whole one."""
    raw = unbase32(code.removeprefix(PREFIX)) if code.startswith(PREFIX) else None
    if raw is None:
        return None
    content, signature = raw[:-SIGNATURE_BYTES], raw[-SIGNATURE_BYTES:]
    try:
        return Sealed(_pass(content), content, signature)
    except (ValueError, OverflowError):
        return None


def read(code: str, keys: Iterable[bytes]) -> Pass | None:
    """Return the pass of a code that one of the keys has signed; None for any other code."""
    found = opened(code)
    return found.said if found is not None and found.signed_by(keys) else None


def _pass(content: bytes) -> Pass:
    """Read the content of a code; raises ValueError, OverflowError."""
    numbers = Numbers(content[_ACCOUNT_BYTES:])
    counter, points, minutes = numbers.next(), numbers.next(), numbers.next()
    if numbers.rest or points > POINTS_MAX:
        raise ValueError("too long")
    ends_at = FIRST_MINUTE + minutes * MINUTE
    return Pass(UUID(bytes=content[:_ACCOUNT_BYTES]), counter, points, ends_at)
