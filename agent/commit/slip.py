"""What the slip of a sale tells."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from uuid import UUID

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError

from agent.leases.lots import lots_of
from agent.leases.standing import UnknownMemberError, accounts_of
from agent.printing import parts
from agent.printing.parts import Paper, Points
from agent.reserve.store import Claim
from agent.station import Station
from shared.bearer import Bearer
from shared.certificate import tail_in
from shared.member import LotView
from shared.money import format_money
from shared.points import format_points
from shared.rules.paper import MINUS, line_values, sums
from shared.rules.sentences import spoken
from shared.rules.slip_fill import Told, Values
from shared.slip import Slip
from shared.wire.codec import MalformedError
from shared.wire.facts import Issued, ReceiptCommitted

log = structlog.get_logger()


def points_now(
    station: Station, journal: Connection, claim: Claim, sale: ReceiptCommitted
) -> Points:
    """Return the member's points now that the sale is in the journal: another till may have sold to
    him since the reserve.

    He has what he had then if he is not known here any more, or his rows are damaged: what is paid
    is not refused for them.
    """
    if claim.member is None:
        return parts.points_of((), claim.moment)
    try:
        accounts = accounts_of(station, journal, claim.member.id)
        lots = lots_of(station, journal, accounts).values()
    except (UnknownMemberError, MalformedError, DatabaseError) as error:
        log.warning("balance.unread", receipt=str(sale.receipt.uid), reason=str(error))
        return _points_after(claim, claim.member.account, sale)
    return parts.points_of((lot.view(lot.amount) for lot in lots), claim.moment)


def _points_after(claim: Claim, account: UUID, sale: ReceiptCommitted) -> Points:
    """Return the points of the reserve once the sale's draws and grants have happened."""
    drawn = {draw.lot: draw.amount for draw in claim.evaluation.redemption.draws}
    lots = [replace(lot, amount=lot.amount - drawn.get(lot.id, 0)) for lot in claim.lots]
    lots += [
        LotView(lot.lot, lot.account, lot.wallet, lot.amount, lot.activates_at, lot.expires_on)
        for lot in sale.granted
        if lot.account == account
    ]
    return parts.points_of(lots, claim.moment)


@dataclass(frozen=True, slots=True)
class Secrets:
    """What stands on paper alone: the slip's own code, and those of coupons in their order."""

    code: str
    coupons: tuple[str, ...] = ()
    gifts: tuple[tuple[str, Issued], ...] = ()


def sale_slip(
    paper: Paper,
    claim: Claim,
    sale: ReceiptCommitted,
    points: Points,
    secrets: Secrets,
    slip_id: UUID,
) -> Slip:
    """Compose what the customer takes home; `points` are the member's after the sale."""
    values, lists = _sold(paper, sale)
    if claim.member is not None:
        values |= {
            "member": claim.display_name or parts.HIDDEN,
            "card": parts.masked_card(claim.card_tail) if claim.card_tail else "",
            **parts.balance(points, claim.moment.zone, claim.as_of),
        }
        hints: list[Values] = [
            {"text": spoken(hint, paper.lang)} for hint in claim.evaluation.hints
        ]
        lists |= {**parts.lots(points, claim.moment.zone), "hints": hints}
    lists |= {
        "coupons": list(_coupons(sale, [(code, code) for code in secrets.coupons])),
        "gifts": list(_gifts(paper, sale, [(code, code, one) for code, one in secrets.gifts])),
    }
    told = Told({**values, "code": secrets.code}, lists)
    return paper.slip("sale", told, slip_id)


def recalled_slip(paper: Paper, sale: ReceiptCommitted, slip_id: UUID) -> Slip:
    """Compose a sale's slip from its fact alone, which tells neither balance nor codes."""
    values, lists = _sold(paper, sale)
    made = [one for one in sale.issued if not one.line_no]
    coupons = [(parts.masked_card(one.tail), "") for one in made if one.once is None]
    gifts = [(parts.masked_card(one.tail), "", one) for one in made if one.once is not None]
    lists |= {
        "coupons": list(_coupons(sale, coupons)),
        "gifts": list(_gifts(paper, sale, gifts)),
    }
    told = Told(values, lists)
    return paper.slip("sale", told, slip_id)


def _sold(paper: Paper, sale: ReceiptCommitted) -> tuple[dict[str, str], dict[str, list[Values]]]:
    """Return what the fact itself tells."""
    values = {
        **parts.shop(paper),
        "number": sale.fiscal_number,
        "at": parts.when(sale.at, sale.moment.zone),
        "till": sale.receipt.till,
        "cashier": sale.cashier,
        **parts.time_mark(paper, sale.moment.trusted),
        **sums(sale.evaluation),
        **_money(sale),
    }
    lists: dict[str, list[Values]] = {
        "lines": list(line_values(sale.receipt, sale.evaluation)),
        "certificates": [
            {
                "tail": parts.masked_card(tail_in(paid.code)),
                "paid": MINUS + format_money(paid.amount),
                "left": format_money(paid.left),
            }
            for paid in sale.evaluation.certificates
            if paid.amount
        ],
        "sold": [
            {
                "tail": parts.masked_card(sold.tail),
                "amount": format_money(sold.amount),
                "until": parts.day(sold.expires_on),
            }
            for sold in sale.issued
            if sold.line_no
        ],
    }
    if sale.member is not None:
        totals = sale.evaluation.totals
        values["earned"] = format_points(totals.earned_points)
        values["redeemed"] = format_points(totals.redeemed_points)
        once = parts.once_values(paper, sale.evaluation.once, sale.granted, sale.member.account)
        lists["grants"] = list(once)
    return values, lists


def _money(sale: ReceiptCommitted) -> Values:
    """Say what is paid in money where something else has paid too."""
    totals = sale.evaluation.totals
    if sale.exchange is not None:
        credit_minor = sale.exchange.credit_minor
        return {
            "exchange_credit": format_money(credit_minor),
            "exchange_pay": format_money(totals.money_minor - credit_minor),
        }
    return {"money": format_money(totals.money_minor)} if totals.certificate_minor else {}


def _coupons(sale: ReceiptCommitted, codes: Iterable[tuple[str, str]]) -> Iterator[Values]:
    for coupon, (code, scan) in zip(sale.evaluation.coupons, codes, strict=True):
        yield {
            "code": code,
            "scan": scan,
            "since": parts.day(coupon.first_day),
            "until": parts.day(coupon.last_day),
        }


def _gifts(
    paper: Paper, sale: ReceiptCommitted, gifts: Iterable[tuple[str, str, Issued]]
) -> Iterator[Values]:
    """Tell the codes of what the person gets once; any store takes them once the centre has."""
    titles = {grant.lot: spoken(grant.applied, paper.lang) for grant in sale.evaluation.once}
    for code, scan, gift in gifts:
        is_certificate = gift.bearer == Bearer.CERTIFICATE
        yield {
            "code": code,
            "scan": scan,
            "title": "" if gift.once is None else titles.get(gift.once, ""),
            "amount": format_money(gift.amount) if is_certificate else "",
            "until": parts.day(gift.expires_on),
        }
