"""Say what was scanned: own cards and slips first, then goods."""

import re
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from agent.bearers.certificates import certificate_index
from agent.bearers.codes import code_index
from agent.keylist import is_vouched
from agent.leases.passes import PassForeignError, PassUnreadableError, signed
from agent.replica import store as rows
from agent.replica.service import premises
from agent.station import Station
from hardware.scanners.content import barcode_of, read_stripe, split_aim
from shared.crypto.blind import IdentifierKind, blind_index
from shared.crypto.keys import verify
from shared.errors import LoyaltyError
from shared.ids import has_luhn_digit, is_card_number, is_legacy_card
from shared.runtime.sqlite import reading
from shared.tokens import CERTIFICATE_CHARS, CODE_CHARS, is_token, plain_token
from shared.wire import passes, slips
from shared.wire.keylist import is_revoked
from shared.wire.passes import Pass
from shared.wire.rows import AgentRow, CertificateRow, CodeRow, GoodsRow
from shared.wire.slips import SlipSale

CODE_CHARS_MAX = 512
_SPACING = re.compile(r"[\s\-–—]+")


class ScanKind(StrEnum):
    """What a code is."""

    CARD = "card"
    SLIP = "slip"
    PASS = "pass"  # noqa: S105
    GOODS = "goods"
    CERTIFICATE = "certificate"
    PROMO_CODE = "promo_code"
    PAYMENT_CARD = "payment_card"
    UNKNOWN = "unknown"


_FORMS = {CERTIFICATE_CHARS: ScanKind.CERTIFICATE, CODE_CHARS: ScanKind.PROMO_CODE}


@dataclass(frozen=True, slots=True)
class Scan:
    """A classified code; what does not belong to the kind is empty."""

    kind: ScanKind
    code: str = ""
    receipt: UUID | None = None
    token: bytes = b""
    goods: GoodsRow | None = None
    sale: SlipSale | None = None
    """What a slip tells of its sale, if its signature holds."""
    granted: Pass | None = None
    """What a pass says, also one that is over, if a key of the list has signed it."""
    refusal: LoyaltyError | None = None
    """Why a code that begins as a pass is none."""


def classify(station: Station, code: str) -> Scan:
    """Tell what a code is; a number of a payment card is recognised and not repeated.

    Own cards and slips come first: 13 digits may also be read as goods of GS1.
    """
    _, code = split_aim(code.strip())
    if (stripe := read_stripe(code)) is not None:
        if stripe.is_payment:
            return Scan(ScanKind.PAYMENT_CARD)
        code = stripe.number
    return _classify(station, code)


def _classify(station: Station, code: str) -> Scan:
    if is_card_number(code, station.identity.card_prefix):
        return Scan(ScanKind.CARD, code)
    if code.upper().startswith((slips.PREFIX, slips.POINTER_PREFIX)):
        return _slip(station, code.upper())
    if code.upper().startswith(passes.PREFIX):
        return _pass(station, code.upper())
    known = _known(station, code)
    if known is not None:
        return known
    if looks_like_payment_card(code):
        return Scan(ScanKind.PAYMENT_CARD)
    return Scan(form_of(code), code)


def _known(station: Station, code: str) -> Scan | None:
    """Return what the rows know a code as."""
    if is_known_card(station, code):
        return Scan(ScanKind.CARD, code)
    with reading(station.replica) as connection:
        goods = rows.goods_by_barcode(connection, barcode_of(code))
        if goods is not None:
            return Scan(ScanKind.GOODS, code, goods=goods)
        if rows.find(connection, CertificateRow, certificate_index(station, code)) is not None:
            return Scan(ScanKind.CERTIFICATE, code)
        if rows.find(connection, CodeRow, code_index(station, code)) is not None:
            return Scan(ScanKind.PROMO_CODE, code)
    return None


def form_of(code: str) -> ScanKind:
    """Tell what a code that is not known here has the form of: a certificate, a promo code."""
    plain = plain_token(code)
    return _FORMS.get(len(plain), ScanKind.UNKNOWN) if is_token(plain) else ScanKind.UNKNOWN


def is_card(station: Station, code: str) -> bool:
    """Tell whether a code is a card of the chain, of its own form or one that it knows."""
    return is_card_number(code, station.identity.card_prefix) or is_known_card(station, code)


def is_known_card(station: Station, code: str) -> bool:
    """Tell whether a code is the number of a card that the chain gave out before, and a member has.

    Such numbers have no form of their own: only a row says that they are cards.
    """
    if not is_legacy_card(code):
        return False
    with reading(station.replica) as connection:
        return bool(rows.identified(connection, card_index(station, code)))


def card_index(station: Station, card: str) -> bytes:
    """Return the blind index of a card's number."""
    return blind_index(station.identity.index_key, IdentifierKind.CARD, card)


def looks_like_payment_card(code: str) -> bool:
    """Tell whether digits, or a magnetic track, carry a payment card's number (ISO/IEC 7812)."""
    digits = _SPACING.sub("", code.lstrip("%Bb;").split("=")[0].split("^")[0])
    if not digits.isascii() or not digits.isdigit() or not 14 <= len(digits) <= 19:
        return False
    return has_luhn_digit(digits)


def read_slip(station: Station, code: str) -> tuple[SlipSale, str] | None:
    """Return what a signed slip tells of its sale and which store's agent has signed it.

    None for a code that is none, or whose signature no agent of the chain has made, or one that was
    revoked: whoever has its machine could sign what he likes.
    """
    found = _signed_slip(station, code)
    if found is None or _is_revoked(station, found[1]):
        return None
    sale, signer = found
    return sale, signer.store


def _signed_slip(station: Station, code: str) -> tuple[SlipSale, AgentRow] | None:
    found = slips.read(code.strip().upper())
    if found is None:
        return None
    sale, signed, signature = found
    with reading(station.replica) as connection:
        agents = rows.agents_ending(connection, sale.agent_tail, sale.epoch)
    keys = premises(station).keys
    for row in agents:
        if verify(row.public_key, signed, signature) and is_vouched(station, row, keys):
            return sale, row
    return None


def _is_revoked(station: Station, signer: AgentRow) -> bool:
    return is_revoked(premises(station).keys, signer.agent, signer.epoch)


def _pass(station: Station, code: str) -> Scan:
    try:
        return Scan(ScanKind.PASS, code, granted=signed(station, code))
    except (PassUnreadableError, PassForeignError) as error:
        return Scan(ScanKind.PASS, code, refusal=error)


def _slip(station: Station, code: str) -> Scan:
    pointed = slips.read_pointer(code)
    if pointed is not None:
        return Scan(ScanKind.SLIP, code, receipt=pointed[0], token=pointed[1])
    known = _signed_slip(station, code)
    if known is None:
        return Scan(ScanKind.UNKNOWN, code)
    sale, signer = known
    told = None if _is_revoked(station, signer) else sale
    return Scan(ScanKind.SLIP, code, receipt=sale.receipt, token=sale.token, sale=told)
