"""Tills at work: each operation is repeated under its uid until the till has its answer."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError

from agent.bearers.certificates import CertificateElsewhereError, Offer
from agent.bearers.codes import CodeElsewhereError
from agent.commit.service import Committed, Sale, commit
from agent.journal import answers
from agent.journal import service as journal
from agent.journal.service import NewFact, Taking
from agent.leases.passes import (
    PassExpiredError,
    PassForeignError,
    PassOfAnotherError,
    PassReplacedError,
    PassUnreadableError,
    PassUsedError,
)
from agent.leases.standing import UnknownMemberError, standing
from agent.members import lots
from agent.members import service as members
from agent.members.lots import Activation
from agent.members.service import Registered, Registration
from agent.quote.lines import Item
from agent.quote.service import Basket, quote
from agent.quote.shortage import OverLeaseError
from agent.reserve import service as reserving
from agent.reserve import store as claims
from agent.reserve.service import QuoteChangedError, ReserveOrder
from agent.reserve.store import Claim
from agent.station import Station
from shared.bearer import Bearer, bearer_account
from shared.certificate import index_in
from shared.errors import LoyaltyError
from shared.ids import uuid7
from shared.ledger.entries import lot_id
from shared.receipt import Redeem, Tender, TenderKind
from shared.rules.codes import APPLIED
from shared.rules.moment import Trust
from shared.rules.result import Draw
from shared.runtime.sqlite import reading, transaction
from shared.wire.facts import FactKind, LeaseGivenBack
from tests.simulation.carried import GIFT, NOMINAL_MINOR, PIECE, use_of
from tests.simulation.clocks import START
from tests.simulation.disk import StoppedError
from tests.simulation.machine import Machine
from tests.simulation.oracle import Oracle
from tests.simulation.people import Customer
from tests.simulation.times import Priced
from tests.simulation.told import Bought, PassUse, Points, ViolationError
from tests.simulation.wire import LineMode

T = TypeVar("T")

TRIES_MAX = 60
AGAIN_MAX, AGAIN_OF = 10, 40
"""Of so many operations one is asked for ten times more than needed, one nine times, and so on."""
IMPATIENCE = 0.3
"""How often a customer leaves when the machine stops while his receipt is reserved."""
BAD_PASS = (
    PassExpiredError,
    PassForeignError,
    PassOfAnotherError,
    PassReplacedError,
    PassUnreadableError,
    PassUsedError,
)
CONTENT = b"as the till said it"
POISON = "poison"
BORN = date(1990, START.month, START.day)
"""Everybody's birthday is when the run begins."""


class LeftError(Exception):
    """The customer has left; what the machine has done of his receipt, no till will end."""


class StoreClosedError(Exception):
    """A till gave up: the machine did not answer however often it was asked."""


@dataclass(slots=True)
class OpenReceipt:
    """A receipt between reserve and payment, and afterwards what it became."""

    name: str
    tills: "Tills"
    claim: Claim
    commit_uid: UUID
    order: ReserveOrder | None
    """Set when it was never reserved: the till commits it by its content."""
    committed: Committed | None = None
    returned: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a customer puts on the counter: sku and thousandths, and how he wants to pay."""

    items: tuple[tuple[str, int], ...]
    redeem: Redeem
    share: float
    """Of the most that could be redeemed, for EXACT; above 1 it asks for more."""
    reserve: bool
    gift: str = ""
    """The certificate that he buys."""
    certificates: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    pass_code: str = ""

    def items_bought(self) -> tuple[Item, ...]:
        """Return what he puts on the counter, in the words of the till."""
        if self.gift:
            return (Item(1, PIECE, GIFT, price_minor=NOMINAL_MINOR, certificate=self.gift),)
        return tuple(Item(no, quantity, sku) for no, (sku, quantity) in enumerate(self.items, 1))


@dataclass(frozen=True, slots=True)
class Codes:
    """Unique promo codes that a receipt has used up, and those that it has printed."""

    used: tuple[Points, ...]
    coupons: tuple[Points, ...]


class Tills:
    """All tills of one store."""

    def __init__(self, code: str, machine: Machine, oracle: Oracle) -> None:
        self.code = code
        self.machine = machine
        self.oracle = oracle
        self.touched: set[str] = set()
        """Accounts whose points may have moved since they were last judged."""
        self.seen: set[UUID] = set()
        """Members who were here since the last push."""
        self.offline_asked = self.offline_granted = 0
        self.impatience = IMPATIENCE

    def repeat(self, operation: Callable[[Station], T]) -> T:
        """Ask until there is an answer; raises what the product refuses with."""
        for _ in range(TRIES_MAX):
            try:
                return self.machine.run(operation)
            except StoppedError:
                continue
            except DatabaseError as error:
                if "full" not in str(error.orig):
                    raise
                self.machine.network.counts["disk full"] += 1
        raise StoreClosedError

    def ask_again(self, uid: UUID, operation: Callable[[Station], T], answer: T) -> None:
        """Ask for an answer that the till has, as some do, now and then up to ten times."""
        for _ in range(max(0, AGAIN_MAX - uid.int % AGAIN_OF)):
            self.machine.network.counts["asked again"] += 1
            if (again := self.repeat(operation)) != answer:
                raise ViolationError("answers", f"operation {uid}: {answer}, then {again}")

    def uid(self) -> UUID:
        """Return a new id."""
        return uuid7(self.machine.clock.now(), self.machine.chance)

    def register(self, customer: Customer, variant: int) -> Registered:
        """Register a customer; keeps the card that he gets."""
        order = Registration(
            self.uid(),
            CONTENT,
            customer.name(variant),
            customer.phone,
            "v1",
            cashier="7",
            birthday=BORN,
        )

        def register(station: Station) -> Registered:
            return members.register(station, order, station.time.now())

        registered = self.repeat(register)
        self.ask_again(order.uid, register, registered)
        if registered.card:
            customer.cards.append(registered.card)
        return registered

    def member(self, identifier: str) -> members.Found | None:
        """Return whom a card or phone means here, if it is clear."""
        found = self.repeat(lambda station: members.find(station, identifier))
        for one in found:
            self.seen.add(one.standing.member)
            self.touched.update(account.hex for account in one.standing.accounts)
        return found[0] if len(found) == 1 else None

    def open(self, name: str, wanted: Wanted, found: members.Found | None) -> OpenReceipt:
        """Quote and reserve, as a cashier does: again when the price or the lease has changed."""
        uid, till = self.uid(), "1" if self.machine.chance.random() < 0.5 else "2"
        basket = Basket(
            uid,
            till,
            wanted.items_bought(),
            member=found.standing.member if found else None,
            account=found.account if found else None,
            redeem=wanted.redeem if found else Redeem.NONE,
            promo_codes=wanted.codes,
            certificates=tuple(Offer(code) for code in wanted.certificates),
        )
        basket = self._showing(basket, wanted.pass_code if found else "")
        if basket.redeem is Redeem.EXACT:
            most = self._quote(basket, Redeem.MAXIMUM, 0)[0]
            basket = _redeeming(basket, int(most * wanted.share) // 100 * 100)
        is_full = True
        for _ in range(TRIES_MAX):
            try:
                _, digest = self._quote(basket, basket.redeem, basket.redeem_points)
                order = ReserveOrder(self.uid(), CONTENT, basket, digest, "0018")
                claim = self._claim(order, reserve=wanted.reserve)
            except QuoteChangedError:
                continue
            except OverLeaseError as refusal:
                is_full = False
                basket = _redeeming(basket, int(str(refusal.details["available_points"])))
                continue
            except LoyaltyError as refusal:
                basket = _without(basket, refusal)
                self.machine.network.counts[refusal.code] += 1
                continue
            drawn = sum(draw.amount for draw in claim.bearers)
            self.oracle.claimed(self.code, claim.evaluation.redemption.redeemed + drawn)
            self.machine.network.counts["beyond leases"] += bool(claim.beyond)
            by_pass = claim.by_pass is not None and claim.by_pass.points > 0
            self.machine.network.counts["drawn by passes"] += by_pass
            if found and wanted.redeem is Redeem.EXACT and self.machine.line.mode is LineMode.DOWN:
                self.offline_asked += 1
                self.offline_granted += is_full
            return OpenReceipt(name, self, claim, self.uid(), None if wanted.reserve else order)
        raise StoreClosedError

    def _showing(self, basket: Basket, code: str) -> Basket:
        """Let the customer show a pass, unless the till says that it does not serve."""
        showing = replace(basket, pass_code=code)
        try:
            if code:
                self._quote(showing, Redeem.NONE, 0)
        except BAD_PASS as refusal:
            self.machine.network.counts[refusal.code] += 1
            return basket
        return showing

    def _quote(self, basket: Basket, redeem: Redeem, points: int) -> tuple[int, str]:
        asked = _redeeming(basket, points) if redeem is Redeem.EXACT else _with(basket, redeem)
        found = self.repeat(lambda station: quote(station, asked, station.time.now()))
        return found.evaluation.redemption.maximum, found.digest

    def _claim(self, order: ReserveOrder, *, reserve: bool) -> Claim:
        def confirmed(station: Station) -> Claim:
            with transaction(station.journal) as connection:
                return reserving.confirm(connection, station, order, station.time.now())

        def reserved(station: Station) -> Claim:
            return reserving.reserve(station, order, station.time.now())

        if not reserve:
            return self.repeat(confirmed)
        try:
            return self.machine.run(reserved)
        except StoppedError as stopped:
            if self.machine.chance.random() < self.impatience:
                raise LeftError from stopped
        except DatabaseError as error:
            if "full" not in str(error.orig):
                raise
        return self.repeat(reserved)

    def pay(self, receipt: OpenReceipt) -> Committed:
        """Commit what was reserved and tell the judge; a paid receipt is never refused."""
        claim = receipt.claim
        totals = claim.evaluation.totals
        cash = totals.money_minor // 3
        tenders = (
            Tender(TenderKind.CASH, cash),
            Tender(TenderKind.CARD, totals.money_minor - cash),
            Tender(TenderKind.CERTIFICATE, totals.certificate_minor),
        )
        sale = Sale(
            receipt.commit_uid, CONTENT, claim.receipt.uid, tenders, "17", "7", receipt.order
        )

        def pay(station: Station) -> Committed:
            return commit(station, sale, station.time.now())

        committed = self.repeat(pay)
        if receipt.committed is None:
            receipt.committed = committed
            bought = self.bought_of(claim, committed, tenders)
            self.oracle.bought(bought)
            self.oracle.times.sold(bought.fact, is_trusted=is_trusted(claim))
            if (use := _by_pass(claim)) is not None:
                self.oracle.passes.used(self.code, bought.fact, use)
            self.touched.update(one.account for one in (*bought.drawn, *bought.granted))
        self.ask_again(sale.uid, pay, committed)
        return committed

    def bought_of(self, claim: Claim, told: Committed, tenders: tuple[Tender, ...]) -> Bought:
        """Return a sale of this store as the judge is told it."""
        key = self.machine.station.identity.index_key
        applied = [one.code for one in claim.evaluation.codes if one.kind == APPLIED]
        codes = Codes(
            used=tuple(use_of(key, code) for code in applied),
            coupons=tuple(use_of(key, code) for code in told.coupons),
        )
        return _bought(self.code, claim, told, tenders, codes)

    def cancel(self, receipt: OpenReceipt) -> None:
        """Put everything back on the shelf."""

        def cancelled(station: Station) -> None:
            with transaction(station.journal) as connection:
                at = station.time.now()
                reserving.cancel(connection, station, receipt.claim.receipt.uid, at)

        if receipt.order is None:
            self.repeat(cancelled)

    def facts(self) -> set[str]:
        """Return the ids of the facts that are on the disk."""
        with reading(self.machine.station.journal) as connection:
            ids = connection.exec_driver_sql("SELECT id FROM fact").scalars()
            return {fact.hex() for fact in ids}

    def end_shift(self) -> None:
        """Let a person cancel what is reserved and known to no till, as on a cloned disk."""

        def cancelled(station: Station) -> None:
            with transaction(station.journal) as connection:
                for receipt in sorted(claims.open_receipts(connection)):
                    reserving.cancel(connection, station, receipt, station.time.now())

        self.repeat(cancelled)

    def activate(self, found: members.Found) -> str:
        """Make the first pending lot of a member spendable now."""
        now = self.machine.station.time.now()
        pending = [lot for lot in found.standing.lots if lot.activates_at > now and lot.amount > 0]
        if not pending:
            return "nothing pending"
        order = Activation(self.uid(), CONTENT, pending[0].id, found.standing.member, "asked")

        def activate(station: Station) -> lots.Activated:
            return lots.activate(station, order, station.time.now())

        self.ask_again(order.uid, activate, self.repeat(activate))
        return pending[0].id.hex

    def here(self, member: UUID) -> list[Points]:
        """Return what the store may draw of a member's lots now."""

        def looked(station: Station) -> list[Points]:
            with reading(station.journal) as connection:
                who = standing(station, connection, member)
            return [Points(lot.id.hex, lot.account.hex, lot.here) for lot in who.lots if lot.here]

        return self.repeat(looked)

    def shown(self) -> dict[str, list[tuple[str, int]]]:
        """Return what a cashier sees of those who were here since the last push.

        Rows that went back may not know somebody any more: he is seen without points.
        """

        def looked(station: Station) -> dict[str, list[tuple[str, int]]]:
            with reading(station.journal) as connection:
                return {
                    member.hex: _lots_shown(station, connection, member)
                    for member in sorted(self.seen)
                }

        return self.repeat(looked)

    def read_up_to(self) -> list[tuple[str, int]]:
        """Return how far the rows are; a power cut may take what was not on the disk yet."""

        def looked(station: Station) -> list[tuple[str, int]]:
            with reading(station.replica) as connection:
                query = "SELECT stream, number FROM cursor ORDER BY stream"
                return [(row[0], row[1]) for row in connection.exec_driver_sql(query)]

        return self.repeat(looked)

    def poison(self, drawn: Points) -> str:
        """Journal once a draw under a body that does not read as its kind says; return the fact."""
        lot, account, uid = UUID(drawn.lot), UUID(drawn.account), self.uid()

        def written(station: Station) -> str:
            at = station.time.now()
            body = LeaseGivenBack("not a sale at all", at)
            taking = Taking(lot, account, drawn=drawn.amount)
            new = NewFact(FactKind.RECEIPT_COMMITTED, body, takings=[taking])
            with transaction(station.journal) as connection:
                done = answers.recall(connection, uid, POISON, CONTENT)
                if done is not None:
                    return done.hex()
                fact = journal.append(connection, station, new, at).id
                answers.remember(connection, uid, POISON, CONTENT, fact.bytes, at)
                return fact.hex

        return self.repeat(written)


def is_trusted(claim: Claim) -> bool:
    """Tell whether a receipt was priced on trusted time."""
    return claim.moment.trusted is Trust.TRUSTED


def priced_as(claim: Claim) -> Priced:
    """Return how a receipt was priced, as the judge is told it."""
    return Priced(claim.evaluation.pack_hash, claim.moment.instant, is_trusted(claim))


def _lots_shown(station: Station, journal: Connection, member: UUID) -> list[tuple[str, int]]:
    try:
        lots = standing(station, journal, member).lots
    except UnknownMemberError:
        return []
    return [(lot.id.hex, lot.amount) for lot in lots]


def _with(basket: Basket, redeem: Redeem) -> Basket:
    return replace(basket, redeem=redeem, redeem_points=0)


def _redeeming(basket: Basket, points: int) -> Basket:
    how = Redeem.EXACT if points > 0 else Redeem.NONE
    return replace(basket, redeem=how, redeem_points=points)


def _without(basket: Basket, refusal: LoyaltyError) -> Basket:
    """Leave out what is not here, of a certificate so much that the rest is, or a pass that is not
    good; raises any other refusal."""
    if isinstance(refusal, BAD_PASS):
        return replace(basket, pass_code="")
    if not isinstance(refusal, CertificateElsewhereError | CodeElsewhereError):
        raise refusal
    if isinstance(refusal, CodeElsewhereError):
        gone = refusal.details["promo_code"]
        return replace(basket, promo_codes=tuple(c for c in basket.promo_codes if c != gone))
    here, tail = int(str(refusal.details["available_minor"])), str(refusal.details["tail"])
    offers = [
        Offer(one.code, here) if one.code.endswith(tail) else one for one in basket.certificates
    ]
    return replace(basket, certificates=tuple(one for one in offers if one.wanted_minor != 0))


def points_of(draws: Iterable[Draw]) -> tuple[Points, ...]:
    """Return points as the judge is told them."""
    return tuple(Points(draw.lot.hex, draw.account.hex, draw.amount) for draw in draws)


def _bought(
    store: str,
    claim: Claim,
    told: Committed,
    tenders: tuple[Tender, ...],
    codes: Codes,
) -> Bought:
    priced, account = claim.evaluation, claim.member.account if claim.member else None
    return Bought(
        quantities=tuple((line.no, line.quantity) for line in claim.receipt.lines),
        store=store,
        receipt=told.receipt.hex,
        fact=told.fact.hex,
        slip=told.slip.hex,
        account=account.hex if account else "",
        lines=tuple(
            (line.base_minor, line.discount_minor, line.redeemed_minor, line.payable_minor)
            for line in priced.lines
        ),
        effects=tuple(
            (effect.amount, tuple(amount for _, amount in effect.allocations))
            for effect in priced.effects
        ),
        tenders=tuple(tender.amount_minor for tender in tenders),
        turnover_minor=priced.totals.turnover_minor,
        by_bearer=(
            *(
                (bearer_account(Bearer.CERTIFICATE, index_in(one.code)).hex, one.amount, True)
                for one in priced.certificates
            ),
            *((code.account, code.amount, False) for code in codes.used),
        ),
        drawn=points_of((*priced.redemption.draws, *claim.bearers)),
        granted=(
            *(
                Points(lot_id(told.receipt, one.effect_no, account).hex, account.hex, one.amount)
                for one in priced.grants
                if account
            ),
            *(Points(one.lot.hex, one.account.hex, one.amount) for one in claim.issued),
            *codes.coupons,
        ),
    )


def _by_pass(claim: Claim) -> PassUse | None:
    """Return what a sale draws by a pass, as the judge is told it."""
    use = claim.by_pass
    if use is None or not use.points:
        return None
    at_s = claim.moment.instant.timestamp()
    return PassUse(use.account.hex, use.counter, use.points, at_s)


REFUSALS = LoyaltyError
"""What a till may be answered instead of what it asked for."""
