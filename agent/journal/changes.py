"""What facts change for the cashier's display, until the centre's rows show it."""

from collections.abc import Iterable
from uuid import UUID

from agent.journal.store import Change
from shared.wire.facts import Granted, ReceiptCommitted, ReceiptReturned


def of_sale(sale: ReceiptCommitted) -> list[Change]:
    """Return what a sale changes: points drawn, lots granted, turnover."""
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


def of_return(returned: ReceiptReturned, account: UUID | None) -> list[Change]:
    """Return what a return changes: points restored and taken, turnover of the sale's account."""
    if account is None:
        return []
    restored = [
        Change(draw.account, lot=draw.lot, amount=draw.amount) for draw in returned.restored
    ]
    taken = [Change(draw.account, lot=draw.lot, amount=-draw.amount) for draw in returned.taken]
    counted = Change(
        account,
        turnover_minor=-returned.turnover_minor,
        counted_on=returned.counted_on or returned.day,
        earned=-sum(draw.amount for draw in (*returned.taken, *returned.withheld)),
    )
    return [*restored, *taken, counted]
