"""Commit a sale: the fact and the print job in one durable transaction, then the answer."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import structlog
from msgspec import Struct
from sqlalchemy import Connection

from agent.bearers import used
from agent.bearers.coupons import births, gift_births, give, mint
from agent.commit import slip as slips
from agent.commit import store
from agent.commit.code import slip_code
from agent.commit.store import Sold
from agent.counted import COMMIT_SECONDS
from agent.journal import answers, changes, once
from agent.journal import coupons as own_coupons
from agent.journal import service as journal
from agent.journal.service import NewFact, Taking
from agent.leases import store as holds
from agent.printing import store as spool
from agent.printing.store import JobState
from agent.quote.paper import paper_by
from agent.quote.service import admit, pack_of
from agent.reserve import service as reserving
from agent.reserve import store as claims
from agent.reserve.service import ReceiptEndedError, ReserveOrder
from agent.reserve.store import Claim, ClaimState
from agent.station import Station
from shared.crypto.chain import digest
from shared.errors import Kind, LoyaltyError
from shared.ids import derived
from shared.ledger.entries import lot_id
from shared.points import format_points
from shared.receipt import Tender, TenderKind
from shared.rules.canonical import result_hash
from shared.rules.sentences import rubles
from shared.runtime.sqlite import reading, transaction
from shared.wire.codec import decoder, encode
from shared.wire.facts import Birth, FactKind, Granted, Issued, ReceiptCommitted
from shared.wire.slips import TOKEN_BYTES
from shared.wire.taken_back import Exchange

OPERATION = "commit"

log = structlog.get_logger()


class TendersMismatchError(LoyaltyError):
    """Payments that do not add up to what the receipt costs."""

    kind = Kind.INVALID
    code = "tenders_mismatch"
    ru = "Оплата {paid} не равна сумме к оплате {payable}."
    en = "Tenders of {paid} are not the {payable} to pay."

    def __init__(self, paid_minor: int, payable_minor: int) -> None:
        super().__init__(
            paid=rubles(paid_minor),
            payable=rubles(payable_minor),
            paid_minor=paid_minor,
            payable_minor=payable_minor,
        )


class CertificateTenderError(LoyaltyError):
    """A payment by certificate that is not what the receipt's certificates pay."""

    kind = Kind.INVALID
    code = "certificate_tender"
    ru = "Оплата сертификатами {paid}, а по расчёту чека {payable}. Укажите сертификаты в чеке."
    en = "Certificates pay {paid}, by the quote {payable}. Name the certificates in the receipt."


class NothingToCommitError(LoyaltyError):
    """A receipt that was not reserved and came without its content."""

    kind = Kind.CONFLICT
    code = "content_needed"
    ru = "Чек {receipt} не зарезервирован: пришлите его состав и digest расчёта."
    en = "Receipt {receipt} is not reserved: send its content and the quote's digest."


@dataclass(frozen=True, slots=True)
class Swap:
    """The other half of an exchange: the return, and what it refunds."""

    exchange: UUID
    returned: UUID
    refund_minor: int


@dataclass(frozen=True, slots=True)
class Sale:
    """What the till says once the customer has paid; `order` only without a reserve."""

    uid: UUID
    content: bytes
    receipt: UUID
    tenders: tuple[Tender, ...]
    fiscal_number: str = ""
    cashier: str = ""
    order: ReserveOrder | None = None
    swap: Swap | None = None
    sold_at: datetime | None = None
    """When it was sold, if that was without the agent: nothing is printed then."""


class Gift(Struct, frozen=True):
    """A certificate (kopecks) or a unique code that a person gets once."""

    bearer: str
    code: str
    amount: int
    last_day: date | None


class Committed(Struct, frozen=True):
    """A sale that is in the journal; balances in hundredths of a point."""

    receipt: UUID
    fact: UUID
    seq: int
    slip: UUID
    digest: str
    balance_points: int
    pending_points: int
    coupons: tuple[str, ...] = ()
    """Codes for the next purchase, in the order of the receipt's coupons."""
    gifts: tuple[Gift, ...] = ()
    """Certificates and codes that the person gets once."""


_decode = decoder(Committed)


def commit(station: Station, sale: Sale, at: datetime) -> Committed:
    """Journal a sale and spool its slip, together or not at all; repeating a uid is safe.

    A receipt that was reserved is never refused for its price, pack, balance or lease. Without a
    reserve, raises QuoteChangedError if it no longer prices as quoted, OverLeaseError if it redeems
    more than this store may, and as `confirm` does. Always raises TendersMismatchError,
    CertificateTenderError, ReceiptEndedError, UidReusedError.
    """
    began_s = station.clock.monotonic()
    if sale.order is not None:
        with reading(station.journal) as connection:
            done = answers.recall(connection, sale.uid, OPERATION, sale.content)
        if done is not None:
            return _decode(done)
        admit(station, sale.order.basket, at)
    with transaction(station.journal) as connection:
        done = answers.recall(connection, sale.uid, OPERATION, sale.content)
        if done is not None:
            return _decode(done)
        committed = record(connection, station, sale, at)
        answers.remember(connection, sale.uid, OPERATION, sale.content, encode(committed), at)
    station.counts.took(COMMIT_SECONDS, station.clock.monotonic() - began_s)
    tell(station, committed)
    return committed


def record(connection: Connection, station: Station, sale: Sale, at: datetime) -> Committed:
    """Journal a sale and spool its slip in the caller's transaction; raises what `commit` does."""
    return record_claim(connection, station, sale, _claim(connection, station, sale, at), at)


def record_claim(
    connection: Connection, station: Station, sale: Sale, claim: Claim, at: datetime
) -> Committed:
    """Journal a sale as it is claimed; raises TendersMismatchError, CertificateTenderError."""
    _check_tenders(sale, claim)
    return _write(connection, station, sale, claim, at)


def tell(station: Station, committed: Committed) -> None:
    """Wake what follows a sale that is durable, and tell the screens."""
    station.wakes.push.set()
    station.wakes.print.set()
    if committed.balance_points > 0:
        points = format_points(committed.balance_points)
        station.board.say("Спасибо за покупку!", f"Бонусы {points}")
    station.events.publish("receipt.committed", receipt=str(committed.receipt))
    log.info("receipt.committed", uid=str(committed.receipt), seq=committed.seq)


def _exchange(sale: Sale, claim: Claim) -> Exchange | None:
    """Return how far the refund of an exchange pays for the receipt."""
    if sale.swap is None:
        return None
    credit_minor = min(sale.swap.refund_minor, claim.evaluation.totals.money_minor)
    return Exchange(sale.swap.exchange, sale.swap.returned, credit_minor)


def _claim(connection: Connection, station: Station, sale: Sale, at: datetime) -> Claim:
    """Take what was reserved, or check the receipt again and claim it now."""
    claim = claims.find(connection, sale.receipt)
    if isinstance(claim, ClaimState):
        raise ReceiptEndedError(sale.receipt, claim)
    if claim is None:
        if sale.order is None:
            raise NothingToCommitError(receipt=sale.receipt)
        claim = reserving.confirm(connection, station, sale.order, at)
        used.take(connection, claim.receipt, claim.evaluation.budgets, claim.moment.day)
    claims.commit(connection, sale.receipt, at)
    return claim


def _check_tenders(sale: Sale, claim: Claim) -> None:
    totals, tenders = claim.evaluation.totals, sale.tenders
    swap = _exchange(sale, claim)
    paid = sum(tender.amount_minor for tender in tenders)
    payable = totals.payable_minor - (swap.credit_minor if swap else 0)
    if paid != payable:
        raise TendersMismatchError(paid_minor=paid, payable_minor=payable)
    by_certificate = sum(
        tender.amount_minor for tender in tenders if tender.kind is TenderKind.CERTIFICATE
    )
    if by_certificate != totals.certificate_minor:
        raise CertificateTenderError(
            paid=rubles(by_certificate),
            payable=rubles(totals.certificate_minor),
            paid_minor=by_certificate,
            payable_minor=totals.certificate_minor,
        )


@dataclass(frozen=True, slots=True)
class _Made:
    """Codes that this receipt makes, with what they stand for: coupons, and what is got once."""

    coupons: list[tuple[str, Issued]]
    gifts: list[tuple[str, Issued]]

    @property
    def issued(self) -> list[Issued]:
        return [issued for _, issued in (*self.coupons, *self.gifts)]

    def births(self, station: Station) -> list[Birth]:
        coupons = [issued for _, issued in self.coupons]
        return [*births(station, coupons), *gift_births(issued for _, issued in self.gifts)]


def _write(
    connection: Connection, station: Station, sale: Sale, claim: Claim, at: datetime
) -> Committed:
    swap = _exchange(sale, claim)
    granted = _granted(connection, station, claim)
    coupons = mint(station, claim.evaluation.coupons, at)
    made = _Made(coupons, _given(connection, station, claim, at))
    token = station.chance.randbytes(TOKEN_BYTES)
    asks = holds.open_asks(connection, sale.receipt)
    body = ReceiptCommitted(
        receipt=claim.receipt,
        member=claim.member,
        moment=claim.moment,
        evaluation=claim.evaluation,
        result_hash=result_hash(claim.evaluation),
        granted=granted,
        tenders=_tenders(sale, swap),
        fiscal_number=sale.fiscal_number,
        cashier=sale.cashier,
        at=at,
        day=claim.moment.day,
        slip_token_hash=digest(token),
        exchange=swap,
        bearers=claim.bearers,
        issued=(*claim.issued, *made.issued),
    )
    new = NewFact(
        FactKind.RECEIPT_COMMITTED,
        body,
        takings=_takings(claim),
        births=[*_births(station, granted, claim), *_sold(claim), *made.births(station)],
        ends=[one.ask for one in asks],
        changes=changes.of_sale(body),
        by_pass=claim.by_pass if claim.by_pass and claim.by_pass.points else None,
    )
    fact = journal.append(connection, station, new, at)
    reserving.count_beyond(connection, claim, fact.id)
    _remember(connection, claim, body, made)
    codes = tuple(code for code, _ in made.coupons)
    points = slips.points_now(station, connection, claim, body)
    secrets = slips.Secrets(slip_code(station, body, token), codes, tuple(made.gifts))
    paper = paper_by(station, claim.settings, claim.evaluation.pack_hash)
    slip = slips.sale_slip(paper, claim, body, points, secrets, derived("slip", fact.id))
    job = spool.enqueue(connection, slip, at)
    if sale.sold_at is not None:
        spool.move(connection, job, JobState.CANCELLED, "sold without the agent")
    store.add(connection, sale.receipt, Sold(fact.id, slip.id), at)
    return Committed(
        receipt=sale.receipt,
        fact=fact.id,
        seq=fact.seq,
        slip=slip.id,
        digest=claim.digest,
        balance_points=points.active,
        pending_points=points.pending,
        coupons=codes,
        gifts=tuple(Gift(one.bearer, code, one.amount, one.expires_on) for code, one in made.gifts),
    )


def _remember(connection: Connection, claim: Claim, body: ReceiptCommitted, made: _Made) -> None:
    """Note what this store knows of the sale before the centre's rows say it; end what it held."""
    if claim.member is not None:
        gifts = (issued for _, issued in made.gifts)
        once.add(connection, claim.member.account, once.of_facts((*body.granted, *gifts)))
    own_coupons.add(connection, made.issued)
    holds.release(connection, body.receipt.uid)
    holds.end_asks(connection, body.receipt.uid)


def _tenders(sale: Sale, swap: Exchange | None) -> tuple[Tender, ...]:
    if swap is None or not swap.credit_minor:
        return sale.tenders
    return (Tender(TenderKind.OTHER, swap.credit_minor), *sale.tenders)


def _granted(connection: Connection, station: Station, claim: Claim) -> tuple[Granted, ...]:
    """Return the lots of the sale; what another till has granted once meanwhile is left out."""
    if claim.member is None:
        return ()
    account = claim.member.account
    had = once.of(connection, [account])
    pack = pack_of(station, claim.evaluation.pack_hash)
    earned = tuple(
        Granted(
            effect_no=grant.effect_no,
            lot=lot_id(claim.receipt.uid, grant.effect_no, grant.account or account),
            account=grant.account or account,
            wallet=grant.wallet,
            kind=grant.kind,
            rule=grant.rule,
            amount=grant.amount,
            activates_at=grant.activates_at,
            expires_on=grant.expires_on,
            unit=1 if pack is None else pack.wallet(grant.wallet).earning_unit,
        )
        for grant in claim.evaluation.grants
    )
    return earned + tuple(
        once.granted(grant, claim.member.person_key)
        for grant in claim.evaluation.once
        if grant.lot not in had and not grant.is_code
    )


def _given(
    connection: Connection, station: Station, claim: Claim, at: datetime
) -> list[tuple[str, Issued]]:
    """Return certificates and coupons that the person gets once, unless he has them meanwhile."""
    wanted = [grant for grant in claim.evaluation.once if grant.is_code]
    if claim.member is None or not wanted:
        return []
    had = once.of(connection, [claim.member.account])
    return give(station, [grant for grant in wanted if grant.lot not in had], claim.member, at)


def _births(station: Station, granted: tuple[Granted, ...], claim: Claim) -> list[Birth]:
    """Keep new lots as this store's leases while the centre is out of reach, none otherwise.

    What other stores may grant too, or another member gets, is kept by none.
    """
    own = claim.member.account if claim.member else None
    gives_all = station.link.state().up or bool(station.barred)
    return [
        Birth(
            lot.lot,
            lot.account,
            lot.amount,
            0 if gives_all or _is_shared(lot, own) else lot.amount,
        )
        for lot in granted
    ]


def _sold(claim: Claim) -> list[Birth]:
    """Keep nothing of certificates: two stores could sell one number."""
    return [Birth(one.lot, one.account, one.amount, kept=0) for one in claim.issued]


def _is_shared(lot: Granted, own: UUID | None) -> bool:
    return bool(lot.person) or lot.account != own


def _takings(claim: Claim) -> list[Taking]:
    return [
        Taking(draw.lot, draw.account, drawn=draw.amount)
        for draw in (*claim.evaluation.redemption.draws, *claim.bearers)
    ]
