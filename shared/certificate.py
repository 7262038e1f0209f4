"""A gift certificate: prepaid value, its life, and what may be done with it. Never a discount."""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from shared.errors import Kind, LoyaltyError


class CertificateState(StrEnum):
    """Where a certificate is in its life."""

    CREATED = "created"
    FOR_SALE = "for_sale"
    ACTIVE = "active"
    PARTLY_USED = "partly_used"
    USED = "used"
    BLOCKED = "blocked"
    EXPIRED = "expired"
    REFUNDED = "refunded"


PAYABLE = frozenset({CertificateState.ACTIVE, CertificateState.PARTLY_USED})
"""States in which a certificate pays."""


def certificate_name(index: bytes, tail: str) -> str:
    """Return what a certificate is called in receipts: its code is money and stays out of them."""
    return f"{index.hex()}/{tail}"


def index_in(name: str) -> bytes:
    """Return the blind index in a certificate's name."""
    return bytes.fromhex(name.partition("/")[0])


def tail_in(name: str) -> str:
    """Return the end of the code in a certificate's name."""
    return name.partition("/")[2]


class CertificateError(LoyaltyError):
    """A certificate in a state (or with a balance) for which this is not possible."""

    kind = Kind.CONFLICT
    code = "certificate_state"
    ru = "С сертификатом в состоянии «{state}» это невозможно: {step}."
    en = "A certificate that is {state} cannot do this: {step}."


@dataclass(frozen=True, slots=True)
class Certificate:
    """Kopecks; a free nominal is 0 until it is sold. It pays up to and on `expires_on`.

    `code` is what tells it from others, in a receipt its name.
    """

    code: str
    state: CertificateState = CertificateState.CREATED
    nominal_minor: int = 0
    balance_minor: int = 0
    expires_on: date | None = None

    def is_payable(self, day: date) -> bool:
        """Tell whether it pays on a day of the store."""
        in_time = self.expires_on is None or day <= self.expires_on
        return self.state in PAYABLE and in_time and self.balance_minor > 0


def release(certificate: Certificate) -> Certificate:
    """Let stores sell it."""
    _demand(certificate, "release", CertificateState.CREATED)
    return replace(certificate, state=CertificateState.FOR_SALE)


def sell(certificate: Certificate, amount_minor: int, *, expires_on: date | None) -> Certificate:
    """Activate it for what the buyer paid: its nominal, or any amount where that is free."""
    _demand(certificate, "sell", CertificateState.FOR_SALE)
    if amount_minor <= 0 or certificate.nominal_minor not in (0, amount_minor):
        raise CertificateError(state=certificate.state.value, step="sell")
    return replace(
        certificate,
        state=CertificateState.ACTIVE,
        nominal_minor=amount_minor,
        balance_minor=amount_minor,
        expires_on=expires_on,
    )


def pay(certificate: Certificate, amount_minor: int, *, day: date) -> Certificate:
    """Take a payment of at most the balance out of it."""
    _demand(certificate, "pay", *PAYABLE)
    if not certificate.is_payable(day) or not 0 < amount_minor <= certificate.balance_minor:
        raise CertificateError(state=certificate.state.value, step="pay")
    return _with_balance(certificate, certificate.balance_minor - amount_minor)


def restore(certificate: Certificate, amount_minor: int) -> Certificate:
    """Put back what it paid for goods that came back; an expired one stays expired."""
    back_in = (*PAYABLE, CertificateState.USED, CertificateState.EXPIRED)
    _demand(certificate, "restore", *back_in)
    balance_minor = certificate.balance_minor + amount_minor
    if amount_minor <= 0 or balance_minor > certificate.nominal_minor:
        raise CertificateError(state=certificate.state.value, step="restore")
    if certificate.state is CertificateState.EXPIRED:
        return replace(certificate, balance_minor=balance_minor)
    return _with_balance(certificate, balance_minor)


def block(certificate: Certificate) -> Certificate:
    """Stop it, as when it was stolen."""
    _demand(certificate, "block", CertificateState.FOR_SALE, *PAYABLE)
    return replace(certificate, state=CertificateState.BLOCKED)


def unblock(certificate: Certificate) -> Certificate:
    """Let it live on as its balance tells."""
    _demand(certificate, "unblock", CertificateState.BLOCKED)
    if not certificate.nominal_minor or not certificate.balance_minor:
        return replace(certificate, state=CertificateState.FOR_SALE)
    return _with_balance(certificate, certificate.balance_minor)


def unblock_sold(certificate: Certificate) -> Certificate:
    """Let one that was sold live on: used up while it was blocked, it is not for sale again."""
    _demand(certificate, "unblock", CertificateState.BLOCKED)
    return _with_balance(certificate, certificate.balance_minor)


def expire(certificate: Certificate, day: date) -> Certificate:
    """End it once its last day is over."""
    _demand(certificate, "expire", *PAYABLE)
    if certificate.expires_on is None or day <= certificate.expires_on:
        raise CertificateError(state=certificate.state.value, step="expire")
    return replace(certificate, state=CertificateState.EXPIRED)


def refund(certificate: Certificate) -> Certificate:
    """Give the money back for what is left of it; again for what came back on it since."""
    came_back = certificate.state is CertificateState.REFUNDED and certificate.balance_minor > 0
    if not came_back:
        _demand(certificate, "refund", *PAYABLE, CertificateState.EXPIRED)
    return replace(certificate, state=CertificateState.REFUNDED, balance_minor=0)


def _with_balance(certificate: Certificate, balance_minor: int) -> Certificate:
    if balance_minor == 0:
        state = CertificateState.USED
    elif balance_minor < certificate.nominal_minor:
        state = CertificateState.PARTLY_USED
    else:
        state = CertificateState.ACTIVE
    return replace(certificate, state=state, balance_minor=balance_minor)


def _demand(certificate: Certificate, step: str, *states: CertificateState) -> None:
    if certificate.state not in states:
        raise CertificateError(state=certificate.state.value, step=step)
