"""What facts change for the cashier's display, until the centre's rows show it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from agent.journal.store import Change
from shared.bearer import Bearer
from shared.ledger.entries import graced_lot
from shared.member import LotView, MemberView
from shared.rules.result import Draw
from shared.wire.facts import Granted, ReceiptCommitted
from shared.wire.taken_back import ReceiptReturned, ReceiptVoided


def of_sale(sale: ReceiptCommitted) -> list[Change]:
    """Return what a sale changes: points drawn, lots granted, turnover; what certificates paid."""
    return [*_of_member(sale), *_of_bearers(sale)]


def _of_bearers(sale: ReceiptCommitted) -> list[Change]:
    drawn = [Change(draw.account, lot=draw.lot, amount=-draw.amount) for draw in sale.bearers]
    sold = [
        Change(
            one.account,
            lot=one.lot,
            wallet=one.bearer,
            amount=one.amount,
            activates_at=one.activates_at,
            expires_on=one.expires_on,
        )
        for one in sale.issued
    ]
    return [*drawn, *sold]


def _of_member(sale: ReceiptCommitted) -> list[Change]:
    if sale.member is None:
        return []
    drawn = [
        Change(draw.account, lot=draw.lot, amount=-draw.amount)
        for draw in sale.evaluation.redemption.draws
    ]
    granted = of_grants(sale.granted)
    totals = sale.evaluation.totals
    counted = Change(
        sale.member.account,
        turnover_minor=totals.turnover_minor,
        receipts=1,
        counted_on=sale.evaluation.counted_on or sale.day,
        earned=totals.earned_points,
    )
    used = [
        Change(sale.member.account, counted_on=sale.day, earned=use.points, rule=use.rule)
        for use in sale.evaluation.uses
    ]
    return [*drawn, *granted, counted, *used]


def of_grants(lots: Iterable[Granted]) -> list[Change]:
    """Return what new lots change."""
    return [
        Change(
            lot.account,
            lot=lot.lot,
            wallet=lot.wallet,
            amount=lot.amount,
            activates_at=lot.activates_at,
            expires_on=lot.expires_on,
        )
        for lot in lots
    ]


def of_return(returned: ReceiptReturned, buyer: MemberView | None) -> list[Change]:
    """Return what a return changes: points restored and taken, turnover of the sale's account.

    `buyer` is what the sale knew of the member.
    """
    if buyer is None:
        return []
    gone = (*returned.taken, *returned.reached)
    left = (*gone, *returned.withheld, *returned.kept)
    own = {draw.lot for draw in returned.reached}
    earned = sum(draw.amount for draw in left if draw.account == buyer.account or draw.lot in own)
    counted = Change(
        buyer.account,
        turnover_minor=-returned.turnover_minor,
        counted_on=returned.counted_on or returned.day,
        earned=-earned,
    )
    lots = {lot.id: lot for lot in buyer.lots}
    return [
        *(change for draw in returned.restored for change in _restored(returned, draw, lots)),
        *(Change(draw.account, lot=draw.lot, amount=-draw.amount) for draw in gone),
        counted,
    ]


def of_void(voided: ReceiptVoided, sale: ReceiptCommitted) -> list[Change]:
    """Return what a void changes: the opposite of what its sale has changed."""
    if sale.member is None:
        return []
    lots = {lot.id: lot for lot in sale.member.lots}
    day = sale.evaluation.counted_on or sale.day
    counted = Change(
        sale.member.account,
        turnover_minor=-voided.turnover_minor,
        receipts=-1,
        counted_on=day,
        earned=-sale.evaluation.totals.earned_points,
    )
    unused = [
        Change(
            sale.member.account,
            counted_on=sale.day,
            amount=-1,
            earned=-use.points,
            rule=use.rule,
        )
        for use in sale.evaluation.uses
    ]
    return [
        *(change for draw in voided.restored for change in _back(draw, lots.get(draw.lot))),
        *(Change(draw.account, lot=draw.lot, amount=-draw.amount) for draw in voided.taken),
        counted,
        *unused,
    ]


def _back(draw: Draw, lot: LotView | None) -> Iterator[Change]:
    """Yield what brings points back into a lot, which may be spent and out of the rows."""
    if lot is not None:
        yield Change(
            draw.account,
            lot=draw.lot,
            wallet=lot.wallet,
            activates_at=lot.activates_at,
            expires_on=lot.expires_on,
        )
    yield Change(draw.account, lot=draw.lot, amount=draw.amount)


def of_bearers(returned: ReceiptReturned | ReceiptVoided) -> list[Change]:
    """Return what a return changes on certificates and coupons.

    The rows may not have the lot of a certificate any more that was used up.
    """
    refilled = [
        change
        for draw in returned.refilled
        for change in (
            Change(
                draw.account,
                lot=draw.lot,
                wallet=Bearer.CERTIFICATE,
                activates_at=returned.at,
            ),
            Change(draw.account, lot=draw.lot, amount=draw.amount),
        )
    ]
    revoked = [Change(draw.account, lot=draw.lot, amount=-draw.amount) for draw in returned.revoked]
    return [*refilled, *revoked]


def _restored(
    returned: ReceiptReturned, draw: Draw, lots: Mapping[UUID, LotView]
) -> Iterator[Change]:
    """Yield what brings points back; those of an expired lot go into a new one."""
    lot, grace = lots.get(draw.lot), returned.grace_days
    if lot is None or lot.expires_on is None or lot.expires_on >= returned.day or grace is None:
        yield from _back(draw, lot)
        return
    graced = replace(
        lot,
        id=graced_lot(returned.uid, draw.lot),
        expires_on=returned.day + timedelta(days=grace),
    )
    yield from _back(replace(draw, lot=graced.id), graced)
