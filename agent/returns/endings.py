"""What a sale brought to life and its return ends: certificates it sold, coupons it printed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection

from agent.journal.service import Taking
from agent.leases.lots import LotStanding, lots_of
from agent.leases.service import Want
from agent.station import Station
from shared.errors import Kind, LoyaltyError
from shared.rules.result import Draw
from shared.rules.returns import Part
from shared.rules.sentences import rubles
from shared.wire.facts import Issued, ReceiptCommitted


class CertificateUsedError(LoyaltyError):
    """A certificate that is not whole any more: its sale cannot be returned."""

    kind = Kind.CONFLICT
    code = "certificate_in_use"
    ru = "Сертификат …{tail} уже использован, на нём {left}: его продажу вернуть нельзя."
    en = "Certificate …{tail} was used, {left} are left: its sale cannot be returned."


class CertificateAwayError(LoyaltyError):
    """A certificate that this store does not hold: somebody may be paying with it."""

    kind = Kind.CONFLICT
    code = "certificate_away"
    ru = "Сертификат …{tail} вернуть сейчас нельзя: нужна связь с центром. Повторите позже."
    en = "Certificate …{tail} cannot be returned now: the centre is needed. Try again later."


@dataclass(frozen=True, slots=True)
class Endings:
    """Certificates whose lines come back, coupons of a receipt that is back whole, their lots."""

    sold: tuple[Issued, ...] = ()
    coupons: tuple[Issued, ...] = ()
    lots: Mapping[UUID, LotStanding] | None = None

    @property
    def revoked(self) -> tuple[Draw, ...]:
        """What goes out of their lots: of a used coupon too, which is for people to settle."""
        return tuple(Draw(one.lot, one.account, one.amount) for one in self._all)

    @property
    def takings(self) -> list[Taking]:
        """What this store gives back of them, so that it can be taken."""
        held = [(one, self._here(one)) for one in self._all]
        return [Taking(one.lot, one.account, given_back=here) for one, here in held if here]

    @property
    def wants(self) -> list[Want]:
        """What this store must hold of certificates before it takes them back."""
        lacks = [(one, one.amount - self._here(one)) for one in self.sold]
        return [Want(one.account, lack) for one, lack in lacks if lack > 0]

    def check_here(self) -> None:
        """Raise CertificateAwayError for a certificate that this store does not hold whole."""
        for one in self.sold:
            if self._here(one) < one.amount:
                raise CertificateAwayError(tail=one.tail)

    @property
    def _all(self) -> tuple[Issued, ...]:
        return (*self.sold, *self.coupons)

    def _here(self, one: Issued) -> int:
        lot = (self.lots or {}).get(one.lot)
        return 0 if lot is None else min(one.amount, lot.here)


def whole_of(sale: ReceiptCommitted) -> list[Part]:
    """Return all of a receipt, as a void takes it back."""
    return [Part(line.no, line.quantity) for line in sale.receipt.lines]


def endings(
    station: Station,
    connection: Connection,
    sale: ReceiptCommitted,
    before: Mapping[int, int],
    parts: Sequence[Part],
) -> Endings:
    """Tell what a return ends; `before` is what came back earlier, thousandths by line.

    Raises CertificateUsedError.
    """
    if not sale.issued:
        return Endings()
    back = {part.no: before.get(part.no, 0) + part.quantity for part in parts}
    sold = [one for one in sale.issued if one.line_no in back]
    whole = all({**before, **back}.get(line.no, 0) >= line.quantity for line in sale.receipt.lines)
    coupons = [one for one in sale.issued if not one.line_no and whole]
    lots = lots_of(station, connection, {one.account for one in (*sold, *coupons)})
    _check_whole(sold, lots)
    return Endings(tuple(sold), tuple(coupons), lots)


def _check_whole(sold: Iterable[Issued], lots: Mapping[UUID, LotStanding]) -> None:
    for one in sold:
        lot = lots.get(one.lot)
        left = 0 if lot is None else lot.amount
        if left < one.amount:
            raise CertificateUsedError(tail=one.tail, left=rubles(max(0, left)))
