"""Claim a receipt before payment: price, points and instant stand from here to the commit."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from msgspec import structs
from sqlalchemy import Connection

from agent.bearers import used
from agent.counted import OVER_LEASE
from agent.journal import answers
from agent.leases import beyond, passes
from agent.leases import service as leases
from agent.leases import store as holds
from agent.leases.lots import Reach
from agent.leases.service import Want
from agent.quote.service import Basket, Quote, prices, quote
from agent.quote.shortage import refusal
from agent.reserve import store
from agent.reserve.store import Claim, ClaimState
from agent.station import Station
from shared.crypto.chain import digest
from shared.errors import Kind, LoyaltyError
from shared.receipt import Redeem
from shared.rules.moment import Trust
from shared.rules.result import Draw
from shared.runtime.sqlite import reading, transaction
from shared.wire.agents import LotWish
from shared.wire.codec import encode

OPERATION = "reserve"


class QuoteChangedError(LoyaltyError):
    """The receipt does not price as it was quoted any more; nothing was paid yet."""

    kind = Kind.CONFLICT
    code = "quote_changed"
    ru = "Расчёт чека изменился: пересчитайте чек и покажите покупателю новую сумму."
    en = "The receipt prices differently now: quote it again and show the customer the new sum."


class AlreadyReservedError(LoyaltyError):
    """The receipt is reserved with another content."""

    kind = Kind.CONFLICT
    code = "already_reserved"
    ru = "Чек {receipt} уже зарезервирован с другим составом. Отмените резерв и начните снова."
    en = "Receipt {receipt} is reserved with other content. Cancel the reserve and start again."


class ReceiptEndedError(LoyaltyError):
    """The receipt is committed or cancelled."""

    kind = Kind.CONFLICT
    code = "receipt_ended"
    ru = "Чек {receipt} уже {state_ru}."
    en = "Receipt {receipt} is {state} already."

    def __init__(self, receipt: UUID, state: ClaimState) -> None:
        ended_ru = "оплачен" if state is ClaimState.COMMITTED else "отменён"
        super().__init__(receipt=receipt, state=state.value, state_ru=ended_ru)


class TooManyReservesError(LoyaltyError):
    """More receipts are open than a store can have."""

    kind = Kind.CONFLICT
    code = "too_many_reserves"
    ru = "Открыто слишком много резервов ({limit}). Завершите или отмените старые чеки."
    en = "Too many reserves are open ({limit}). Commit or cancel old receipts."


class NotReservedError(LoyaltyError):
    """The receipt has no open claim."""

    kind = Kind.NOT_FOUND
    code = "not_reserved"
    ru = "Чек {receipt} не зарезервирован."
    en = "Receipt {receipt} is not reserved."


@dataclass(frozen=True, slots=True)
class ReserveOrder:
    """A basket with the digest that the customer has agreed to."""

    uid: UUID
    content: bytes
    basket: Basket
    digest: str
    card_tail: str = ""


def reserve(station: Station, order: ReserveOrder, at: datetime) -> Claim:
    """Write a durable claim of a receipt and hold its points; repeating is safe.

    If the store's leases do not suffice, the centre is asked first, for a bounded time. Raises
    QuoteChangedError, OverLeaseError, CertificateElsewhereError, CodeElsewhereError,
    AlreadyReservedError, ReceiptEndedError, TooManyReservesError, UidReusedError, and what `quote`
    raises; then nothing is held.
    """
    receipt = order.basket.uid
    with reading(station.journal) as connection:
        answers.recall(connection, order.uid, OPERATION, order.content)
        if (known := _standing_claim(connection, order)) is not None:
            return known
    expected, came_short = quote(station, order.basket, at), set[UUID]()
    if expected.reach is Reach.CHAIN:
        came_short = leases.ask(station, receipt, _missing(expected), at)
    try:
        return _claim(station, order, at)
    except LoyaltyError as error:
        if isinstance(error, QuoteChangedError) and came_short:
            # On its own leases the store may redeem as much from other lots, and lack nothing.
            _note_thin(station, expected)
        with transaction(station.journal) as connection:
            if store.find(connection, receipt) is None:
                leases.cancel(connection, station, receipt, at)
        raise


def _missing(expected: Quote) -> list[Want]:
    """Return what a receipt needs over what this store has, by account."""
    points, who = [], expected.standing
    if expected.lacking and who is not None:
        wishes = tuple(LotWish(draw.lot, draw.amount) for draw in expected.lacking)
        points.append(Want(who.accounts[0], sum(wish.amount for wish in wishes), wishes))
    return points + [Want(one.account, one.missing) for one in expected.short]


def _note_thin(station: Station, priced: Quote) -> None:
    """Remember how much there is of the lots that this store has not enough of."""
    lacking, who = {draw.lot for draw in priced.lacking}, priced.standing
    if lacking and who is not None:
        here = {lot.id: lot.here for lot in who.lots if lot.id in lacking}
        station.thin.note(here, station.clock.monotonic())


def cancel(connection: Connection, station: Station, receipt: UUID, at: datetime) -> None:
    """End a claim without a sale, in the caller's transaction; a cancelled one stays cancelled.

    So does one that is still being reserved: it waits for the centre, and then finds that it has
    ended. Raises NotReservedError, ReceiptEndedError for a committed receipt.
    """
    found = store.find(connection, receipt)
    if found is None:
        if not holds.open_asks(connection, receipt):
            raise NotReservedError(receipt=receipt)
        leases.cancel(connection, station, receipt, at)
        store.never(connection, receipt, at)
    if found is ClaimState.COMMITTED:
        raise ReceiptEndedError(receipt, found)
    if isinstance(found, Claim):
        leases.cancel(connection, station, receipt, at)
        store.cancel(connection, receipt)
        used.give_back(connection, found.receipt, found.evaluation.budgets, found.moment.day)


def confirm(connection: Connection, station: Station, order: ReserveOrder, at: datetime) -> Claim:
    """Check in the caller's transaction that a basket still prices as agreed, on own leases.

    Raises QuoteChangedError, OverLeaseError, CertificateElsewhereError, CodeElsewhereError,
    NotForSaleError.
    """
    priced = _agreed_or_short(
        prices(station, connection, order.basket, Reach.STORE, at), order.digest
    )
    agreed = priced.digest == order.digest
    if not agreed:
        _note_thin(station, priced)
    if priced.shortage is not None and (order.basket.redeem is Redeem.EXACT or not agreed):
        station.counts.add(OVER_LEASE)
        raise refusal(priced.shortage)
    if not agreed:
        none_left = [one.account for one in priced.short if one.refusal is None]
        station.thin.note(dict.fromkeys(none_left, 0), station.clock.monotonic())
        raise next((one.refusal for one in priced.short if one.refusal), QuoteChangedError())
    return claim_of(station, priced, order.card_tail)


def _agreed_or_short(found: Sequence[Quote], digest: str) -> Quote:
    """Return the best price, if that was agreed, or the one that tells what the best lacks.

    What is best for the customer may be another day without his points than with them: of that day
    nobody would learn that it is the points that are missing.
    """
    best = found[0]
    if best.digest == digest:
        return best
    redeemed = best.evaluation.redemption.redeemed
    short = (one for one in found if one.shortage and one.shortage.requested > redeemed)
    return next(short, best)


def claim_of(station: Station, priced: Quote, card_tail: str) -> Claim:
    """Freeze a priced receipt with all that its slip will need."""
    who = priced.standing
    line = station.link.state()
    return Claim(
        receipt=priced.receipt,
        member=priced.member,
        moment=priced.moment,
        evaluation=priced.evaluation,
        digest=priced.digest,
        settings=priced.settings,
        display_name=who.display_name if who else "",
        card_tail=card_tail,
        lots=who.view(Reach.CHAIN).lots if who else (),
        as_of=None if line.up else line.last_contact_at,
        bearers=priced.brought.draws(priced.evaluation),
        issued=priced.brought.issued,
        beyond=priced.beyond,
        by_pass=priced.by_pass,
    )


def count_beyond(connection: Connection, claim: Claim, fact: UUID | None = None) -> None:
    """Count what a claim redeems beyond the leases, and once it is a sale by which fact; remember
    the pass that was shown."""
    if claim.by_pass is not None:
        passes.note(connection, claim.by_pass, claim.receipt.uid)
    if claim.beyond and claim.member is not None:
        account, day = claim.member.account, claim.moment.day
        beyond.put(connection, claim.receipt.uid, account, claim.beyond, day, fact)
        if claim.moment.trusted is Trust.TRUSTED:
            beyond.forget(connection, day)


def _claim(station: Station, order: ReserveOrder, at: datetime) -> Claim:
    with transaction(station.journal) as connection:
        answers.recall(connection, order.uid, OPERATION, order.content)
        if (known := _standing_claim(connection, order)) is not None:
            return known
        limit = station.settings.reserves_max
        if store.open_count(connection) >= limit:
            raise TooManyReservesError(limit=limit)
        priced = confirm(connection, station, order, at)
        claim = structs.replace(priced, asked=_asked(order.basket))
        answers.remember(connection, order.uid, OPERATION, order.content, b"", at)
        store.add(connection, claim, at)
        holds.hold(connection, claim.receipt.uid, _held(claim))
        count_beyond(connection, claim)
        used.take(connection, claim.receipt, claim.evaluation.budgets, claim.moment.day)
        return claim


def _held(claim: Claim) -> list[Draw]:
    """Return what an open receipt keeps from others: what pays it, and what it sells."""
    selling = [Draw(one.lot, one.account, one.amount) for one in claim.issued]
    return [*claim.evaluation.redemption.draws, *claim.bearers, *selling]


def _standing_claim(connection: Connection, order: ReserveOrder) -> Claim | None:
    found = store.find(connection, order.basket.uid)
    if isinstance(found, ClaimState):
        raise ReceiptEndedError(order.basket.uid, found)
    if found is None:
        return None
    # What is to pay may be the same for another member, and for other goods of the same price.
    is_other = found.asked not in (b"", _asked(order.basket))
    if is_other or found.digest != order.digest:
        raise AlreadyReservedError(receipt=order.basket.uid)
    return found


def _asked(basket: Basket) -> bytes:
    """Return the digest of a basket, without the PINs of its certificates."""
    certificates = tuple(replace(offer, pin="") for offer in basket.certificates)
    return digest(encode(replace(basket, certificates=certificates)))
