"""Certificates as this store knows them: what is on them, what they pay, which may be sold."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import Connection

from agent.journal import store as facts
from agent.leases import store as holds
from agent.leases.lots import LotStanding, Reach, lots_here
from agent.replica import store as rows
from agent.station import Station
from shared.bearer import Bearer, bearer_account, bearer_lot
from shared.certificate import Certificate, CertificateState, certificate_name
from shared.crypto.blind import IdentifierKind, blind_index
from shared.errors import Kind, LoyaltyError
from shared.receipt import OfferedCertificate
from shared.rules.moment import Moment
from shared.rules.result import CertificatePayment, Draw
from shared.rules.sentences import places, rubles
from shared.runtime.sqlite import reading
from shared.tokens import plain_token, tail_of
from shared.wire.facts import Issued
from shared.wire.feed import GLOBAL
from shared.wire.rows import AccountRow, CertificateRow


class NotForSaleError(LoyaltyError):
    """A certificate that this store may not sell: unknown, sold already, or of another nominal."""

    kind = Kind.CONFLICT
    code = "certificate_not_for_sale"
    ru = "Строка {no}: сертификат …{tail} продать нельзя: {reason_ru}."
    en = "Line {no}: certificate …{tail} cannot be sold: {reason_en}."


class CertificateElsewhereError(LoyaltyError):
    """More of a certificate than this store may take without the centre, which did not lease it."""

    kind = Kind.CONFLICT
    code = "certificate_elsewhere"
    ru = (
        "Сертификатом …{tail} здесь сейчас можно оплатить {available} из {requested}: остальное "
        "закреплено ({places_ru}). Возьмите меньше или повторите, когда появится связь."
    )
    en = (
        "Certificate …{tail} can pay {available} of {requested} here now: the rest is held "
        "({places_en}). Take less, or try again when the line is back."
    )


@dataclass(frozen=True, slots=True)
class Offer:
    """A certificate as the till names it, and how much it is to pay; None is all that it can."""

    code: str
    wanted_minor: int | None = None
    pin: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class CertificateStanding:
    """A certificate as this store sees it at this moment; amounts in kopecks.

    `state` is what the row says, and active since a sale here that the rows do not know yet.
    """

    index: bytes
    tail: str
    account: UUID
    state: CertificateState
    nominal_minor: int
    expires_on: date | None
    valid_days: int
    pin_hash: str
    lots: tuple[LotStanding, ...]
    known: bool = True
    being_sold: bool = False
    """An open receipt here sells it."""

    @property
    def name(self) -> str:
        """What it is called in receipts."""
        return certificate_name(self.index, self.tail)

    def balance_minor(self, moment: Moment) -> int:
        """Return what is on it, with what open receipts hold."""
        return sum(lot.amount + lot.held for lot in self._live(moment))

    def here_minor(self, moment: Moment) -> int:
        """Return what of it this store may take now."""
        return sum(lot.here for lot in self._live(moment))

    def last_day(self) -> date | None:
        """Return the last day on which it pays; None is for ever."""
        ends = [lot.expires_on for lot in self.lots if lot.amount + lot.held > 0]
        return max((day for day in ends if day is not None), default=self.expires_on)

    def offered(self, wanted_minor: int | None, reach: Reach, moment: Moment) -> OfferedCertificate:
        """Return what the kernel is told of it."""
        live = self._live(moment)
        balance_minor = max(0, sum(lot.amount for lot in live))
        state = self.state
        if state is CertificateState.ACTIVE and balance_minor < self.nominal_minor:
            state = CertificateState.PARTLY_USED if balance_minor else CertificateState.USED
        here_minor = min(balance_minor, self.here_minor(moment))
        certificate = Certificate(
            self.name, state, self.nominal_minor, balance_minor, self.last_day()
        )
        return OfferedCertificate(
            certificate=certificate,
            wanted_minor=wanted_minor,
            here_minor=here_minor if reach is Reach.STORE else None,
            elsewhere=self.holders(moment) if here_minor < balance_minor else (),
            known=self.known,
        )

    def holders(self, moment: Moment) -> tuple[str, ...]:
        """Name the stores that hold parts of it, with an empty name the centre."""
        live = self._live(moment)
        stores = {holding.store for lot in live for holding in lot.holdings}
        leased = sum(holding.amount for lot in live for holding in lot.holdings)
        free = sum(lot.amount + lot.held for lot in live) - leased
        return tuple(sorted(stores | ({""} if free > 0 else set())))

    def draws(self, amount_minor: int, moment: Moment) -> tuple[Draw, ...]:
        """Take an amount from what this store may spend of its lots, in their order."""
        drawn, left = list[Draw](), amount_minor
        for lot in self._live(moment):
            part = min(left, lot.here)
            if part > 0:
                drawn.append(Draw(lot.id, lot.account, part))
                left -= part
        assert not left, f"certificate …{self.tail}: {left} kopecks are not here"
        return tuple(drawn)

    def _live(self, moment: Moment) -> list[LotStanding]:
        """Return the lots that have not expired: one is active once its sale has happened."""
        day = moment.day
        live = [lot for lot in self.lots if lot.expires_on is None or day <= lot.expires_on]
        return sorted(live, key=lambda lot: (lot.expires_on or date.max, lot.activates_at, lot.id))


@dataclass(frozen=True, slots=True)
class Shortage:
    """What a certificate should pay over what this store may take of it, in kopecks."""

    certificate: CertificateStanding
    wanted_minor: int
    here_minor: int
    holders: tuple[str, ...]

    def refusal(self) -> CertificateElsewhereError:
        """Return the sentence for the cashier."""
        held = places(self.holders)
        return CertificateElsewhereError(
            tail=self.certificate.tail,
            available=rubles(self.here_minor),
            requested=rubles(self.wanted_minor),
            places_ru=held.ru,
            places_en=held.en,
            available_minor=self.here_minor,
            requested_minor=self.wanted_minor,
            elsewhere=list(self.holders),
        )


def certificate_index(station: Station, code: str) -> bytes:
    """Return the blind index of a certificate's code as people write it."""
    key = station.identity.index_key
    return blind_index(key, IdentifierKind.CERTIFICATE, plain_token(code))


def look_up(
    station: Station, journal: Connection, codes: Iterable[str]
) -> dict[str, CertificateStanding]:
    """Return how certificates stand here, by their codes as they were given.

    One that no row tells of is there too, as not known. Rows and their cursor are read before the
    journal, as for members.
    """
    indexes = {code: certificate_index(station, code) for code in codes}
    if not indexes:
        return {}
    accounts = {index: bearer_account(Bearer.CERTIFICATE, index) for index in indexes.values()}
    with reading(station.replica) as replica:
        cursor = rows.cursor(replica, GLOBAL).number
        found = {row.index: row for row in rows.many(replica, CertificateRow, sorted(accounts))}
        owned = rows.many(replica, AccountRow, sorted(one.bytes for one in accounts.values()))
        leased = rows.leases(replica, accounts.values())
    changes = facts.uncovered(journal, accounts.values(), cursor)
    lots = lots_here(station, journal, owned, leased, changes)
    unborn = holds.held(journal, accounts.values()).keys() - lots.keys()
    standings = {
        code: _standing(code, index, accounts[index], found.get(index), lots)
        for code, index in indexes.items()
    }
    return {
        code: replace(one, being_sold=bearer_lot(one.account) in unborn)
        for code, one in standings.items()
    }


def shortages(
    standings: Iterable[CertificateStanding],
    whole: Sequence[CertificatePayment],
    here: Sequence[CertificatePayment],
    moment: Moment,
) -> tuple[Shortage, ...]:
    """Compare what certificates pay with all that is on them, and with what this store has."""
    by_name = {one.name: one for one in standings}
    wanted, paid = _amounts(whole), _amounts(here)
    return tuple(
        Shortage(by_name[name], amount, paid.get(name, 0), by_name[name].holders(moment))
        for name, amount in wanted.items()
        if paid.get(name, 0) < amount
    )


def draws_for(
    standings: Iterable[CertificateStanding], paid: Sequence[CertificatePayment], moment: Moment
) -> tuple[Draw, ...]:
    """Return from which lots certificates pay."""
    by_name = {one.name: one for one in standings}
    return tuple(
        draw
        for name, amount in _amounts(paid).items()
        for draw in by_name[name].draws(amount, moment)
    )


def sold(no: int, standing: CertificateStanding, amount_minor: int, moment: Moment) -> Issued:
    """Return a certificate as the sale of a line activates it; raises NotForSaleError."""
    reason = _not_sold(standing, amount_minor)
    if reason is not None:
        reason_ru, reason_en = reason
        raise NotForSaleError(no=no, tail=standing.tail, reason_ru=reason_ru, reason_en=reason_en)
    last_day = standing.expires_on
    if standing.valid_days:
        last_day = moment.day + timedelta(days=standing.valid_days)
    return Issued(
        bearer=Bearer.CERTIFICATE,
        index=standing.index,
        tail=standing.tail,
        lot=bearer_lot(standing.account),
        account=standing.account,
        amount=amount_minor,
        activates_at=moment.instant,
        expires_on=last_day,
        line_no=no,
    )


def _standing(
    code: str,
    index: bytes,
    account: UUID,
    row: CertificateRow | None,
    lots: Mapping[UUID, LotStanding],
) -> CertificateStanding:
    own = tuple(lot for lot in lots.values() if lot.account == account)
    if row is None:
        tail = tail_of(plain_token(code))
        nobodys = CertificateState.CREATED
        return CertificateStanding(index, tail, account, nobodys, 0, None, 0, "", own, known=False)
    state = CertificateState(row.state)
    if state is CertificateState.FOR_SALE and own:
        state = CertificateState.ACTIVE
    nominal_minor = row.nominal_minor or sum(lot.amount + lot.held for lot in own)
    return CertificateStanding(
        index=index,
        tail=row.tail,
        account=account,
        state=state,
        nominal_minor=nominal_minor,
        expires_on=row.expires_on,
        valid_days=row.valid_days,
        pin_hash=row.pin_hash,
        lots=own,
    )


def _not_sold(standing: CertificateStanding, amount_minor: int) -> tuple[str, str] | None:
    """Say why a certificate cannot be sold, in both languages."""
    if not standing.known:
        return "его нет", "there is none"
    if standing.state is not CertificateState.FOR_SALE or standing.lots:
        return f"он в состоянии «{standing.state}»", f"it is {standing.state}"
    if standing.being_sold:
        return "его продаёт другой чек", "another receipt is selling it"
    if standing.nominal_minor not in (0, amount_minor):
        nominal = rubles(standing.nominal_minor)
        return f"его номинал {nominal}", f"its nominal is {nominal}"
    if amount_minor <= 0:
        return "нужна сумма", "an amount is needed"
    return None


def _amounts(paid: Sequence[CertificatePayment]) -> dict[str, int]:
    amounts: dict[str, int] = {}
    for payment in paid:
        amounts[payment.code] = amounts.get(payment.code, 0) + payment.amount
    return {name: amount for name, amount in amounts.items() if amount}
