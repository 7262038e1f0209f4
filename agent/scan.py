"""Say what was scanned: own cards and slips first, then goods."""

import base64
import re
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from agent.replica import store as rows
from agent.station import Station
from shared.crypto.blind import IdentifierKind, blind_index
from shared.ids import is_card_number
from shared.runtime.sqlite import reading
from shared.wire.feed import GoodsRow

SLIP_PREFIX = "KPK1:"
TOKEN_BYTES = 10
CODE_CHARS_MAX = 512
_UID_BYTES = 16
_SPACING = re.compile(r"[\s\-–—]+")


class ScanKind(StrEnum):
    """What a code is."""

    CARD = "card"
    SLIP = "slip"
    GOODS = "goods"
    PAYMENT_CARD = "payment_card"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Scan:
    """A classified code; what does not belong to the kind is empty."""

    kind: ScanKind
    code: str = ""
    receipt: UUID | None = None
    token: bytes = b""
    goods: GoodsRow | None = None


def classify(station: Station, code: str) -> Scan:
    """Tell what a code is; a number of a payment card is recognised and not repeated."""
    code = code.strip()
    if is_card_number(code, station.identity.card_prefix):
        return Scan(ScanKind.CARD, code)
    if code.upper().startswith(SLIP_PREFIX):
        return _slip(code.upper())
    with reading(station.replica) as connection:
        goods = rows.goods_by_barcode(connection, code)
    if goods is not None:
        return Scan(ScanKind.GOODS, code, goods=goods)
    if looks_like_payment_card(code):
        return Scan(ScanKind.PAYMENT_CARD)
    return Scan(ScanKind.UNKNOWN, code)


def slip_code(receipt: UUID, token: bytes) -> str:
    """Return the text of a slip's QR: upper-case ASCII, so that the code stays small."""
    return SLIP_PREFIX + base64.b32encode(receipt.bytes + token).decode().rstrip("=")


def card_index(station: Station, card: str) -> bytes:
    """Return the blind index of a card's number."""
    return blind_index(station.identity.index_key, IdentifierKind.CARD, card)


def looks_like_payment_card(code: str) -> bool:
    """Tell whether digits, or a magnetic track, carry a payment card's number (ISO/IEC 7812)."""
    digits = _SPACING.sub("", code.lstrip("%Bb;").split("=")[0].split("^")[0])
    if not digits.isascii() or not digits.isdigit() or not 14 <= len(digits) <= 19:
        return False
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _slip(code: str) -> Scan:
    text = code.removeprefix(SLIP_PREFIX)
    try:
        raw = base64.b32decode(text + "=" * (-len(text) % 8))
    except ValueError:
        return Scan(ScanKind.UNKNOWN, code)
    if len(raw) != _UID_BYTES + TOKEN_BYTES:
        return Scan(ScanKind.UNKNOWN, code)
    return Scan(ScanKind.SLIP, code, receipt=UUID(bytes=raw[:_UID_BYTES]), token=raw[_UID_BYTES:])
