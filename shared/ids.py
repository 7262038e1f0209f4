"""Ids: time-ordered ones for what is born, derived ones for what must never be born twice."""

import hashlib
import random
import re
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from shared.clock import from_milliseconds, milliseconds

CARD_DIGITS = 13
_LEGACY_CARD = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{2,30}[0-9A-Za-z]")
PAYMENT_DIGITS_MIN, PAYMENT_DIGITS_MAX = 12, 19
_UNMISTAKABLE_DIGITS = 14
"""So long a number with a right check digit is a payment card's, whoever has issued it."""
_ISSUERS = (
    (2200, 2204), (2221, 2720), (3000, 3059), (3400, 3499), (3528, 3889), (3900, 3999),
    (4000, 4999), (5000, 5999), (6000, 6999), (8100, 8199),
)  # fmt: skip
"""First four digits of the payment systems' numbers (ISO/IEC 7812): Mir, Mastercard, Visa, ..."""


def uuid7(at: datetime, chance: random.Random) -> UUID:
    """Mint a time-ordered id (RFC 9562, version 7) from an instant and a source of chance."""
    value = (milliseconds(at) & (1 << 48) - 1) << 80 | chance.getrandbits(80)
    return UUID(int=_stamped(value, version=7))


def minted_at(id_: UUID) -> datetime:
    """Return the instant of a time-ordered id, to the millisecond."""
    return from_milliseconds(id_.int >> 80)


def derived(*parts: object) -> UUID:
    """Return the id that these parts always give: version 8 over SHA-256 of the parts' texts.

    Each part is preceded by its length, so that no two lists of parts meet by accident.
    """
    digest = hashlib.sha256()
    for part in parts:
        text = str(part).encode()
        digest.update(len(text).to_bytes(4, "big") + text)
    return UUID(int=_stamped(int.from_bytes(digest.digest()[:16], "big"), version=8))


def once_lot(rule: str, person: str, period: str) -> UUID:
    """Return what stands for what a person gets once in a period by a rule, whoever grants it."""
    return derived("once", rule, person, period)


def account_lot(once: UUID, account: UUID) -> UUID:
    """Return the lot that an account has of what a person gets once.

    One person may have several accounts, and after a void another of them gets it.
    """
    return derived("account", once, account)


def card_number(prefix: str, block: int, counter: int) -> str:
    """Return a card number of 13 digits: own prefix, the agent's block, a counter, a check digit.

    The check digit is that of EAN-13, so that any scanner verifies it.
    """
    body = f"{prefix}{block:04d}{counter:0{CARD_DIGITS - 1 - len(prefix) - 4}d}"
    if len(body) != CARD_DIGITS - 1:
        raise AssertionError(f"card block {block} or counter {counter} is out of range")
    return body + str(check_digit(int(digit) for digit in body))


def is_card_number(code: str, prefix: str) -> bool:
    """Tell whether a code is a card number of this chain: prefix, length and check digit."""
    if len(code) != CARD_DIGITS or not code.isascii() or not code.isdigit():
        return False
    return code.startswith(prefix) and check_digit(int(d) for d in code[:-1]) == int(code[-1])


def is_legacy_card(code: str) -> bool:
    """Tell whether a code may be the number of a card that the chain gave out before: 4 to 32 Latin
    letters, digits and hyphens, at least one digit, and no payment card's number."""
    if not _LEGACY_CARD.fullmatch(code) or not any(one.isdigit() for one in code):
        return False
    return len(code) < _UNMISTAKABLE_DIGITS or not is_payment_number(code)


def check_digit(digits: Iterable[int]) -> int:
    """Return the EAN check digit of 12 digits (GS1 General Specifications, 7.9)."""
    weighted = sum(digit * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return -weighted % 10


def is_payment_number(digits: str) -> bool:
    """Tell whether digits look like a payment card's number (ISO/IEC 7812): length, issuer, check.

    For what comes from a card's stripe: barcodes of goods may have 12 or 13 such digits by chance.
    """
    if not digits.isascii() or not digits.isdigit():
        return False
    if not PAYMENT_DIGITS_MIN <= len(digits) <= PAYMENT_DIGITS_MAX or not has_luhn_digit(digits):
        return False
    issuer = int(digits[:4])
    return len(digits) >= _UNMISTAKABLE_DIGITS or any(
        first <= issuer <= last for first, last in _ISSUERS
    )


def has_luhn_digit(digits: str) -> bool:
    """Tell whether the last digit is right for those before it (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _stamped(value: int, *, version: int) -> int:
    value = value & ~(0xF << 76) | version << 76
    return value & ~(0x3 << 62) | 0x2 << 62
