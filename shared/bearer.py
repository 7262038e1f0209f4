"""Bearer accounts: what a certificate, a unique code or a budget is to the ledger.

Each is an account that belongs to no member, and leases, holds and envelopes work on it as on any
other. Its ids follow from the thing, so that whoever brings it to life twice does so once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from shared.ids import derived


class Bearer(StrEnum):
    """What an account without a member is of; also the name of its wallet, which no pack can have.

    A certificate counts kopecks, a code uses, a budget uses, kopecks or hundredths of a point.
    """

    CERTIFICATE = "@certificate"
    CODE = "@code"
    BUDGET = "@budget"


@dataclass(frozen=True, slots=True)
class Worth:
    """Amounts that cannot be added up: hundredths of a point, kopecks, and uses of codes."""

    points: int = 0
    certificates_minor: int = 0
    uses: int = 0


def worth_of(by_wallet: Mapping[str, int]) -> Worth:
    """Sum up amounts by wallet; budgets are nobody's money and are left out."""
    known = frozenset(Bearer)
    return Worth(
        points=sum(amount for wallet, amount in by_wallet.items() if wallet not in known),
        certificates_minor=by_wallet.get(Bearer.CERTIFICATE, 0),
        uses=by_wallet.get(Bearer.CODE, 0),
    )


def bearer_account(bearer: Bearer, key: bytes) -> UUID:
    """Return the account of a certificate or code by its blind index, of a budget by its name."""
    return derived("bearer", bearer, key.hex())


def bearer_lot(account: UUID) -> UUID:
    """Return the lot with which a bearer account comes to life."""
    return derived("bearer lot", account)
