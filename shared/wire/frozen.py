"""A committed sale as returns see it."""

from shared.rules.returns import EarnedLot, Frozen
from shared.wire.facts import ReceiptCommitted


def frozen_of(sold: ReceiptCommitted, unit: int = 1) -> Frozen:
    """Return what a sale has frozen; `unit` is the step in which points that paid go back."""
    return Frozen(
        lines=sold.receipt.lines,
        evaluation=sold.evaluation,
        earned=tuple(
            EarnedLot(lot.effect_no, lot.lot, lot.account, lot.unit)
            for lot in sold.granted
            if not lot.person
        ),
        account=sold.member.account if sold.member else None,
        unit=unit,
        bearers=sold.bearers,
    )
