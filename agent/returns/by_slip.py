"""Take goods of another store back by their slip alone, while the centre is out of reach."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from agent.journal import service as journal
from agent.journal.service import NewFact
from agent.printing import store as spool
from agent.quote.paper import present_paper
from agent.quote.service import effective_pack
from agent.returns import elsewhere, store
from agent.returns.shares import NotReturnableError, ReceiptVoidedError
from agent.returns.slip import by_slip_slip
from agent.returns.store import Document, DocumentKind
from agent.scan import read_slip
from agent.station import Station
from shared.crypto.chain import digest
from shared.errors import Kind, LoyaltyError
from shared.ids import derived
from shared.rules.returns import LineShare, Part, returned_share
from shared.rules.sentences import rubles
from shared.wire.facts import FactKind
from shared.wire.slips import SlipSale
from shared.wire.taken_back import ReturnedBySlip, ReturnedLine


class BadSlipError(LoyaltyError):
    """A slip's code that is damaged, of another receipt, or signed by no agent of the chain."""

    kind = Kind.INVALID
    code = "bad_slip"
    ru = "Код слипа не подходит: он повреждён, от другого чека или не подписан магазином сети."
    en = "The slip's code will not do: damaged, of another receipt, or not signed by the chain."


class SlipUsedError(LoyaltyError):
    """A slip by which goods have come back here before."""

    kind = Kind.CONFLICT
    code = "slip_used"
    ru = (
        "По этому слипу возврат здесь уже был. Остальное вернут, когда появится связь, "
        "или там, где была покупка."
    )
    en = (
        "Goods came back here by this slip before. Return the rest when the line is back, "
        "or where they were bought."
    )


class OverCapError(LoyaltyError):
    """More money than another store may pay back by a slip alone."""

    kind = Kind.CONFLICT
    code = "over_offline_cap"
    ru = "Без связи по чеку другого магазина можно выплатить не больше {cap}, а нужно {asked}."
    en = "Without the line at most {cap} of another store's receipt is paid back, not {asked}."

    def __init__(self, *, cap_minor: int, asked_minor: int) -> None:
        super().__init__(
            cap=rubles(cap_minor),
            asked=rubles(asked_minor),
            cap_minor=cap_minor,
            asked_minor=asked_minor,
        )


@dataclass(frozen=True, slots=True)
class SlipClaim:
    """What the customer has: goods of a receipt, and the code of its slip."""

    receipt: UUID
    parts: tuple[Part, ...]
    code: str


@dataclass(frozen=True, slots=True)
class SlipReturn:
    """What a return by slip would pay back and tell: the centre moves the points later."""

    seller: str
    sale: SlipSale
    lines: tuple[LineShare, ...]

    @property
    def money_minor(self) -> int:
        """What is paid out."""
        return sum(line.money_minor for line in self.lines)


@dataclass(frozen=True, slots=True)
class Payout:
    """Under which uid, by whom and at which till the money is paid out."""

    uid: UUID
    cashier: str
    till: str


def look_by_slip(
    station: Station,
    connection: Connection,
    claim: SlipClaim,
    at: datetime,
) -> SlipReturn:
    """Work out what a return by slip would pay back.

    Raises BadSlipError, SlipUsedError, OverCapError, NotReturnableError.
    """
    known, receipt = read_slip(station, claim.code), claim.receipt
    if known is None or known[0].receipt != receipt:
        raise BadSlipError
    sale, seller = known
    if store.is_used(connection, digest(sale.token), receipt):
        raise SlipUsedError
    done = elsewhere.done(connection, receipt)
    if done.is_voided:
        raise ReceiptVoidedError(receipt=receipt)
    lines = tuple(_share(sale, done.before.quantities, part) for part in claim.parts)
    found = SlipReturn(seller, sale, lines)
    cap_minor = effective_pack(station, at)[1].source.policies.offline_return_cap_minor
    if found.money_minor > cap_minor:
        raise OverCapError(cap_minor=cap_minor, asked_minor=found.money_minor)
    return found


def take_in_by_slip(
    connection: Connection,
    station: Station,
    payout: Payout,
    seen: SlipReturn,
    at: datetime,
) -> Document:
    """Journal a return by slip and spool its slip, in the caller's transaction."""
    settings, pack = effective_pack(station, at)
    moment = station.time.moment(at, settings.zone)
    body = ReturnedBySlip(
        uid=payout.uid,
        sale=seen.sale.receipt,
        store=seen.seller,
        lines=tuple(
            ReturnedLine(
                line.no,
                line.quantity,
                line.money_minor,
                line.restored_points,
                line.taken_points,
                line.turnover_minor,
            )
            for line in seen.lines
        ),
        money_minor=seen.money_minor,
        cashier=payout.cashier,
        at=at,
        day=moment.day,
        counted_on=pack.counting_day(moment),
        trusted=moment.trusted,
        till=payout.till,
    )
    fact = journal.append(connection, station, NewFact(FactKind.RECEIPT_RETURNED_BY_SLIP, body), at)
    paper = present_paper(station, settings, at)
    slip = by_slip_slip(paper, body, derived("slip", fact.id))
    spool.enqueue(connection, slip, at)
    document = Document(payout.uid, seen.sale.receipt, fact.id, slip.id, DocumentKind.BY_SLIP)
    store.add(connection, document, seen.lines)
    store.use(connection, digest(seen.sale.token), payout.uid)
    return document


def _share(sale: SlipSale, done: Mapping[int, int], part: Part) -> LineShare:
    line = next((line for line in sale.lines if line.no == part.no), None)
    before = done.get(part.no, 0)
    left = 0 if line is None else line.quantity - before
    if line is None or part.quantity > left:
        raise NotReturnableError(no=part.no, left=left, asked=part.quantity)

    def share(amount: int) -> int:
        return returned_share(amount, line.quantity, before, part.quantity)

    return LineShare(
        no=part.no,
        quantity=part.quantity,
        money_minor=share(line.money_minor),
        restored_points=share(line.redeemed_points),
        taken_points=share(line.earned_points),
        turnover_minor=0,
    )
