"""What codes for scanners are made of: short numbers, and text of QR's alphanumeric mode."""

import base64
from typing import Final

NUMBER_BYTES_MAX: Final = 9


class Numbers:
    """Unsigned LEB128 numbers, one after the other."""

    def __init__(self, encoded: bytes) -> None:
        self.rest = encoded

    def next(self) -> int:
        """Return the next number; raises ValueError where there is none."""
        value = 0
        for place, byte in enumerate(self.rest[:NUMBER_BYTES_MAX]):
            value |= (byte & 0x7F) << (7 * place)
            if byte < 0x80:
                self.rest = self.rest[place + 1 :]
                return value
        raise ValueError("no number")


def number(value: int) -> bytes:
    """Return an unsigned LEB128 number."""
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def base32(raw: bytes) -> str:
    """Return upper-case base32 without padding."""
    return base64.b32encode(raw).decode().rstrip("=")


def unbase32(text: str) -> bytes | None:
    """Return what base32 without padding says, None if it says nothing."""
    try:
        return base64.b32decode(text + "=" * (-len(text) % 8))
    except ValueError:
        return None
