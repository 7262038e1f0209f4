"""The slip as a document: what goes on paper, before anybody knows how wide the paper is."""

import re
from enum import StrEnum
from uuid import UUID

import msgspec

from shared.errors import Kind, LoyaltyError

QR_MAX = 483
"""Version 13 at error level M: 77 modules with the edge, 4 dots each on a roll of 58 mm."""
BARCODE_DIGITS_MAX = 22
"""The longest Code128 of digits that still has its quiet zones on a roll of 58 mm."""
FEED_LINES_MAX = 10

_QR_TEXT = re.compile(rf"[0-9A-Z $%*+./:-]{{1,{QR_MAX}}}")
_DIGITS = re.compile(rf"[0-9]{{1,{BARCODE_DIGITS_MAX}}}")


class SlipKind(StrEnum):
    """What the slip tells the customer about."""

    SALE = "sale"
    RETURN = "return"
    VOID = "void"
    REGISTRATION = "registration"
    BALANCE = "balance"
    EXPIRING = "expiring"
    COUPON = "coupon"
    SHIFT = "shift"


class Align(StrEnum):
    """Where a text stands between the edges."""

    LEFT = "left"
    CENTER = "center"
    RIGHT = "right"


class Weight(StrEnum):
    """How dark a text is."""

    NORMAL = "normal"
    BOLD = "bold"


class Size(StrEnum):
    """How large a text is: double means both wide and tall."""

    NORMAL = "normal"
    DOUBLE = "double"


class Text(msgspec.Struct, frozen=True, tag="text"):
    """Words that wrap; a line feed in them starts a new line."""

    text: str
    align: Align = Align.LEFT
    weight: Weight = Weight.NORMAL
    size: Size = Size.NORMAL


class Row(msgspec.Struct, frozen=True, tag="row"):
    """A name on the left, which wraps, and its amount at the right edge."""

    left: str
    right: str
    weight: Weight = Weight.NORMAL


class Divider(msgspec.Struct, frozen=True, tag="divider"):
    """A line across the roll."""


class Qr(msgspec.Struct, frozen=True, tag="qr"):
    """A QR code of upper-case ASCII, so that the alphanumeric mode keeps it small.

    Raises ValueError for characters outside that mode or more than `QR_MAX` of them.
    """

    text: str

    def __post_init__(self) -> None:
        if not _QR_TEXT.fullmatch(self.text):
            raise ValueError("a QR text is 1 to 483 characters of the alphanumeric mode")


class Barcode(msgspec.Struct, frozen=True, tag="barcode"):
    """A Code128 of digits; raises ValueError for anything else or more than fits 58 mm."""

    digits: str

    def __post_init__(self) -> None:
        if not _DIGITS.fullmatch(self.digits):
            raise ValueError("a barcode is 1 to 22 digits")


class Feed(msgspec.Struct, frozen=True, tag="feed"):
    """Blank lines, 1 to `FEED_LINES_MAX`; raises ValueError for another number."""

    lines: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.lines <= FEED_LINES_MAX:
            raise ValueError("a feed is 1 to 10 lines")


Block = Text | Row | Divider | Qr | Barcode | Feed


class Slip(msgspec.Struct, frozen=True):
    """One document for one receipt; `copy_no` above 0 is printed as a heading «КОПИЯ n».

    The heading is in the language of the slip, `ru` or `en`.
    """

    id: UUID
    kind: SlipKind
    blocks: tuple[Block, ...]
    copy_no: int = 0
    lang: str = "ru"


class DamagedSlipError(LoyaltyError):
    """Stored bytes are no slip."""

    kind = Kind.STORAGE
    code = "slip_damaged"
    ru = "Слип в журнале повреждён: {fault}."
    en = "The stored slip is damaged: {fault}."


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Slip)


def encode_slip(slip: Slip) -> bytes:
    """Return the slip as MessagePack, for the journal."""
    return _encoder.encode(slip)


def decode_slip(stored: bytes) -> Slip:
    """Return the slip of stored bytes; raises DamagedSlipError when they are no slip."""
    try:
        return _decoder.decode(stored)
    except msgspec.DecodeError as fault:
        raise DamagedSlipError(fault=str(fault)) from fault


def copy_of(slip: Slip, copy_no: int) -> Slip:
    """Return the slip marked as a further paper of the same document; copies count from 1."""
    assert copy_no > 0
    return msgspec.structs.replace(slip, copy_no=copy_no)
