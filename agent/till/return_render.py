"""Put returns into the words of the till API."""

from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from agent.returns.by_slip import SlipReturn
from agent.returns.exchange import Exchanged, Seen
from agent.returns.preview import Preview
from agent.returns.service import Returned
from agent.returns.void import Voided
from agent.station import Station
from agent.till import return_answers as view
from agent.till.answers import SentenceView
from agent.till.receipt_answers import QuoteAnswer
from agent.till.receipt_render import committed, quote_fields
from agent.till.render import frame
from shared.rules.returns import LineShare
from shared.rules.sentences import rubles


def look(
    station: Station, receipt: UUID, seen: Preview | SlipReturn, at: datetime
) -> view.PreviewAnswer:
    """Return what a return would move, with the sale's data or by its slip."""
    if isinstance(seen, Preview):
        return preview(station, receipt, seen, at)
    return view.PreviewAnswer(
        **frame(station, at),
        receipt=receipt,
        lines=[_returned_line(line) for line in seen.lines],
        money_minor=seen.money_minor,
        restored_points=sum(line.restored_points for line in seen.lines),
        lapsed_points=0,
        taken_points=sum(line.taken_points for line in seen.lines),
        debt_points=0,
        withheld_minor=0,
        withheld_points=0,
        forgiven_points=0,
        recharged_minor=0,
        certificates=[],
        provisional=True,
        tier=None,
    )


def preview(station: Station, receipt: UUID, seen: Preview, at: datetime) -> view.PreviewAnswer:
    """Return what a return would move."""
    top = frame(station, at)
    if seen.recharged_minor > 0:
        top["warnings"] = [*top["warnings"], _discount_broken(seen.recharged_minor)]
    return view.PreviewAnswer(
        **top,
        receipt=receipt,
        lines=[_returned_line(line) for line in seen.lines],
        money_minor=seen.money_minor,
        restored_points=seen.restored_points,
        lapsed_points=seen.lapsed_points,
        taken_points=seen.taken_points,
        debt_points=seen.debt_points,
        withheld_minor=seen.clawed.withheld_minor,
        withheld_points=seen.withheld_points,
        forgiven_points=seen.forgiven_points,
        recharged_minor=seen.recharged_minor,
        certificates=[
            view.CertificateBackAnswer(tail=tail, amount_minor=amount)
            for tail, amount in seen.certificates
        ],
        provisional=False,
        tier=None if seen.tier is None else view.TierEffectAnswer(**asdict(seen.tier)),
    )


def returned(station: Station, done: Returned, at: datetime) -> view.ReturnedAnswer:
    """Return a return."""
    return view.ReturnedAnswer(
        **frame(station, at),
        uid=done.uid,
        receipt=done.sale,
        fact=done.fact,
        slip=done.slip,
        money_minor=done.money_minor,
        restored_points=done.restored_points,
        lapsed_points=done.lapsed_points,
        taken_points=done.taken_points,
        debt_points=done.debt_points,
        withheld_minor=done.withheld_minor,
        withheld_points=done.withheld_points,
        forgiven_points=done.forgiven_points,
        recharged_minor=done.recharged_minor,
        provisional=done.is_provisional,
        certificates=[
            view.CertificateBackAnswer(tail=tail, amount_minor=amount)
            for tail, amount in done.certificates
        ],
    )


def voided(station: Station, done: Voided, at: datetime) -> view.VoidedAnswer:
    """Return a void."""
    return view.VoidedAnswer(
        **frame(station, at),
        uid=done.uid,
        receipt=done.sale,
        state="voided",
        fact=done.fact,
        slip=done.slip,
        money_minor=done.money_minor,
        restored_points=done.restored_points,
        taken_points=done.taken_points,
        debt_points=done.debt_points,
        certificates=[
            view.CertificateBackAnswer(tail=tail, amount_minor=amount)
            for tail, amount in done.certificates
        ],
    )


def exchange_preview(
    station: Station, receipt: UUID, seen: Seen, at: datetime
) -> view.ExchangePreviewAnswer:
    """Return what an exchange would do."""
    return view.ExchangePreviewAnswer(
        **frame(station, at),
        returned=preview(station, receipt, seen.returned, at),
        sale=QuoteAnswer.model_validate(quote_fields(station, seen.sold), from_attributes=True),
        credit_minor=seen.credit_minor,
        difference_minor=seen.difference_minor,
    )


def exchanged(station: Station, done: Exchanged, at: datetime) -> view.ExchangedAnswer:
    """Return an exchange."""
    return view.ExchangedAnswer(
        **frame(station, at),
        uid=done.uid,
        returned=returned(station, done.returned, at),
        sale=committed(station, done.sold, at),
        credit_minor=done.credit_minor,
        difference_minor=done.difference_minor,
    )


def _returned_line(line: LineShare) -> view.ReturnedLineAnswer:
    return view.ReturnedLineAnswer(
        no=line.no,
        quantity=line.quantity,
        money_minor=line.money_minor,
        restored_points=line.restored_points,
        taken_points=line.taken_points,
    )


def _discount_broken(recharged_minor: int) -> SentenceView:
    amount = rubles(recharged_minor)
    return SentenceView(
        code="discount_broken",
        ru=f"Оставшийся товар без скидки дороже: к возврату на {amount} меньше.",
        en=f"The goods that stay cost more without the discount: {amount} less is paid back.",
    )
