"""A sale as its return sees it: what is frozen, who bought, what this store holds of its lots."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from sqlalchemy import Connection

from agent.journal import uses
from agent.journal.service import Taking
from agent.leases.standing import Standing, standing, unconfirmed
from agent.station import Station
from shared.errors import Kind, LoyaltyError
from shared.ledger.leases import LeaseUse
from shared.rules.clawback import Buyer, EarnedTerms, OwnLot
from shared.rules.compile import CompiledPack
from shared.rules.moment import Moment
from shared.rules.paper import quantity
from shared.rules.remainder import Sold
from shared.rules.result import Draw
from shared.rules.returns import Frozen, Part
from shared.wire.facts import ReceiptCommitted


class NotReturnableError(LoyaltyError):
    """A line that the sale does not have, or more of it than is left; thousandths."""

    kind = Kind.CONFLICT
    code = "not_returnable"
    ru = "Строка {no}: можно вернуть не больше {left_shown}, запрошено {asked_shown}."
    en = "Line {no}: {left_shown} are left to return, {asked_shown} were asked."

    def __init__(self, *, no: int, left: int, asked: int) -> None:
        shown = {"left_shown": quantity(left), "asked_shown": quantity(asked)}
        super().__init__(no=no, left=left, asked=asked, **shown)


class ReceiptVoidedError(LoyaltyError):
    """A receipt that was voided: nothing of it can come back any more."""

    kind = Kind.CONFLICT
    code = "receipt_voided"
    ru = "Чек {receipt} аннулирован: вернуть по нему больше нечего."
    en = "Receipt {receipt} was voided: nothing of it is left to return."


def check_left(frozen: Frozen, done: Mapping[int, int], parts: Iterable[Part]) -> None:
    """Raise NotReturnableError for a part that its line does not have left."""
    for part in parts:
        line = frozen.line(part.no)
        left = line.quantity - done.get(part.no, 0) if line else 0
        if part.quantity > left:
            raise NotReturnableError(no=part.no, left=left, asked=part.quantity)


def priced_from(sold: ReceiptCommitted, pack: CompiledPack) -> Sold:
    """Return what a sale was priced from."""
    return Sold(pack, sold.member, sold.receipt, sold.moment, sold.evaluation)


def buyer(station: Station, connection: Connection, sold: ReceiptCommitted) -> Standing | None:
    """Return how the buyer stands here now; None for a sale without a member."""
    return None if sold.member is None else standing(station, connection, sold.member.id)


def reachable(
    journal: Connection, who: Standing | None, taken: Iterable[Draw], moment: Moment
) -> Buyer:
    """Return how far a claw-back of what is taken may reach for the buyer's points.

    Other lots that the centre may not accept are left out.
    """
    left_out = unconfirmed(journal, who) - {draw.lot for draw in taken} if who else frozenset()
    lots = [lot for lot in (who.lots if who else ()) if lot.id not in left_out]
    return Buyer(
        accounts=frozenset(who.accounts if who else ()),
        lots=tuple(
            OwnLot(lot.id, lot.account, lot.wallet, lot.amount, lot.activates_at, lot.expires_on)
            for lot in lots
        ),
        at=moment.instant,
        day=moment.day,
    )


def with_burnt(
    station: Station,
    journal: Connection,
    buyer: Buyer,
    sold: ReceiptCommitted,
    gone: Mapping[UUID, int],
) -> Buyer:
    """Return a buyer whose lots of a sale have what may have burnt, if their last day is over.

    What has burnt is taken as if it had not, so that nobody owes it; what returns have taken is
    `gone`. Of such a lot only what this store has drawn is known to be spent: what was spent
    elsewhere the centre finds.
    """
    used = uses.of(journal, station.identity.epoch, buyer.accounts)
    there = {lot.id: lot for lot in buyer.lots}
    for lot in (one for one in sold.granted if one.account in buyer.accounts):
        own = OwnLot(lot.lot, lot.account, lot.wallet, 0, lot.activates_at, lot.expires_on)
        own = there.get(lot.lot, own)
        if own.expires_on is not None and own.expires_on < buyer.day:
            use = used.get(lot.lot) or LeaseUse(lot.lot, lot.account)
            left = lot.amount - use.drawn - gone.get(lot.lot, 0)
            there[lot.lot] = replace(own, amount=max(own.amount, left))
    return replace(buyer, lots=tuple(there.values()))


def earned_terms(sold: ReceiptCommitted, pack: CompiledPack | None) -> dict[UUID, EarnedTerms]:
    """Return what the sale and its rules, if they are here, say of the lots that it earned."""
    return {
        lot.lot: EarnedTerms(
            lot.wallet,
            lot.activates_at,
            None if pack is None else pack.wallet(lot.wallet).point_value_minor,
        )
        for lot in sold.granted
    }


def held_here(who: Standing | None, taken: Sequence[Draw]) -> list[Taking]:
    """Give back what this store still holds of lots, so that it can be taken."""
    here = {lot.id: lot.here for lot in who.lots} if who else {}
    parts = [(draw, min(draw.amount, here.get(draw.lot, 0))) for draw in taken]
    return [Taking(draw.lot, draw.account, given_back=part) for draw, part in parts if part]


def restoring_unit(pack: CompiledPack | None, sold: ReceiptCommitted) -> int:
    """Return the step in which points that paid go back, in hundredths: that of their wallet."""
    if pack is None or sold.member is None:
        return 1
    drawn = {draw.lot for draw in sold.evaluation.redemption.draws}
    paid_from = {lot.wallet for lot in sold.member.lots if lot.id in drawn}
    return min((pack.wallet(wallet).redeeming_unit for wallet in paid_from), default=1)
