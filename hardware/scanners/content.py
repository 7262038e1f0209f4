"""What a code says of itself: its AIM identifier, magnetic tracks, or noise of a wrong speed."""

import re
from dataclasses import dataclass

from shared.ids import is_payment_number

_AIM = re.compile(r"\][A-Za-z][0-9A-Za-z]")
_GTIN = re.compile(r"\x1d?01(\d{14})")
"""Application identifier 01 of GS1 and its number of 14 digits."""
_STRIPE = re.compile(r"[%;]")
_TRACKS = re.compile(
    r"%(?P<format>[A-Z])?(?P<one>[0-9 ]{1,19})[^?;]*\?|;(?P<two>[0-9]{1,19})[^?]*\?"
)
"""ISO/IEC 7813: track 1 begins with `%` and a format code, track 2 with `;`, both end with `?`."""
_KEPT_CONTROLS = frozenset("\t\x04\x1c\x1d\x1e\x1f")
"""What may stand in a code: separators of GS1, ISO/IEC 15434 and old price labels."""
_REPLACED = "\ufffd"


@dataclass(frozen=True, slots=True)
class Stripe:
    """A card that was swiped; the number of a payment card is not here, only that it was one."""

    number: str
    is_payment: bool


def split_aim(text: str) -> tuple[str, str]:
    """Return the AIM identifier that a scanner puts before a code (ISO/IEC 15424), and the code.

    The identifier is empty where the scanner has none switched on.
    """
    found = _AIM.match(text)
    return (found[0], text[found.end() :]) if found else ("", text)


def read_stripe(text: str) -> Stripe | None:
    """Return what tracks 1 and 2 say; None for a text that is no swipe.

    One number that looks like a payment card's makes the whole card one. Tracks that cannot be read
    make a stripe without a number.
    """
    if not _STRIPE.match(text):
        return None
    numbers = [
        (track["one"] or track["two"] or "").replace(" ", "") for track in _TRACKS.finditer(text)
    ]
    if any(map(is_payment_number, numbers)):
        return Stripe("", is_payment=True)
    return Stripe(numbers[-1] if numbers else "", is_payment=False)


def barcode_of(text: str) -> str:
    """Return the barcode of goods that a code of GS1 names, or the code as it is.

    Codes of marked goods and of cartons begin with the number in 14 digits; one that stands for
    a single piece has a zero before the 13 digits of its barcode.
    """
    found = _GTIN.match(text)
    return text if found is None else found[1].removeprefix("0")


def is_noise(text: str) -> bool:
    """Tell whether a text has what no code has, as when a line runs at the wrong speed."""
    return any(
        sign == _REPLACED or (sign < " " and sign not in _KEPT_CONTROLS) or sign == "\x7f"
        for sign in text
    )
