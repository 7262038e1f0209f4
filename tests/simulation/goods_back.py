"""Cashiers who take goods back: here and elsewhere, with a void or for other goods."""

from dataclasses import replace
from uuid import UUID

from agent.journal import store as facts
from agent.printing import store as spool
from agent.quote.lines import Item
from agent.quote.service import Basket, Quote
from agent.reserve.service import QuoteChangedError
from agent.reserve.store import Claim
from agent.returns.exchange import Exchanged, ExchangeOrder, Wish, exchange
from agent.returns.exchange import preview as preview_exchange
from agent.returns.service import Returned as GoodsBack
from agent.returns.service import ReturnOrder, give_back_goods
from agent.returns.void import Voided, VoidOrder, void
from agent.station import Station
from shared.receipt import Redeem, Tender, TenderKind
from shared.rules.returns import Part
from shared.runtime.sqlite import reading
from shared.slip import Qr
from shared.wire.facts import ReceiptCommitted, body_of
from shared.wire.taken_back import ReceiptReturned, ReceiptVoided, ReturnedBySlip
from tests.simulation.carried import LINE_SHARE, PIECE
from tests.simulation.till import (
    CONTENT,
    TRIES_MAX,
    OpenReceipt,
    StoreClosedError,
    Tills,
    is_trusted,
    points_of,
)
from tests.simulation.told import Returned

CASHIER = "7"


def take_back(tills: Tills, receipt: OpenReceipt, share: float, slip: str = "") -> str:
    """Return a part of each line of a sale; what the product says to it."""
    claim = receipt.claim
    parts = _parts(claim, share)
    order = ReturnOrder(tills.uid(), CONTENT, claim.receipt.uid, parts, CASHIER, slip=slip)

    def given(station: Station) -> GoodsBack:
        return give_back_goods(station, order, station.time.now())

    told = tills.repeat(given)
    _tell(tills, receipt, told.fact, told.slip, told.money_minor, is_all=share >= 1)
    tills.ask_again(order.uid, given, told)
    return f"{told.money_minor} {told.restored_points} {told.taken_points} {told.debt_points}"


def undo(tills: Tills, receipt: OpenReceipt) -> str:
    """Void a sale at the till that has sold; what the product says to it."""
    claim = receipt.claim.receipt
    order = VoidOrder(tills.uid(), CONTENT, claim.uid, claim.till, CASHIER, "wrong goods")

    def voided(station: Station) -> Voided:
        return void(station, order, station.time.now())

    told = tills.repeat(voided)
    _tell(tills, receipt, told.fact, told.slip, told.money_minor, is_all=True)
    tills.ask_again(order.uid, voided, told)
    return f"{told.money_minor} {told.restored_points} {told.taken_points} {told.debt_points}"


def swap(
    tills: Tills,
    name: str,
    receipt: OpenReceipt,
    share: float,
    items: tuple[tuple[str, int], ...],
    redeem: Redeem,
) -> tuple[OpenReceipt, str]:
    """Take goods back and sell others for them; return the new receipt."""
    member, parts = receipt.claim.member, _parts(receipt.claim, share)
    basket = Basket(
        tills.uid(),
        receipt.claim.receipt.till,
        tuple(Item(no, quantity, sku) for no, (sku, quantity) in enumerate(items, 1)),
        member=member.id if member else None,
        account=member.account if member else None,
        redeem=redeem if member else Redeem.NONE,
    )
    wish = Wish(receipt.claim.receipt.uid, parts, basket)
    for _ in range(TRIES_MAX):
        seen = tills.repeat(lambda s: preview_exchange(s, wish, s.time.now()))
        paid = max(0, seen.difference_minor)
        tenders = (Tender(TenderKind.CASH, paid),) if paid else ()
        order = ExchangeOrder(
            tills.uid(), CONTENT, wish, tills.uid(), seen.sold.digest, tenders, "17", CASHIER
        )
        try:
            told = _exchanged(tills, order)
        except QuoteChangedError:
            continue
        back, sold = told.returned, told.sold
        _tell(tills, receipt, back.fact, back.slip, back.money_minor, is_all=share >= 1)
        claim = _claim_of(_body_of(tills, sold.fact), seen.sold)
        tills.oracle.claimed(tills.code, claim.evaluation.redemption.redeemed)
        credit = Tender(TenderKind.OTHER, told.credit_minor)
        bought = tills.bought_of(claim, sold, (credit, *tenders))
        tills.oracle.bought(bought)
        tills.oracle.times.sold(bought.fact, is_trusted=is_trusted(claim))
        tills.touched.update(one.account for one in (*bought.drawn, *bought.granted))
        opened = OpenReceipt(name, tills, claim, order.uid, None, sold)
        return opened, f"{told.credit_minor} {told.difference_minor} {sold.fact.hex}"
    raise StoreClosedError


def code_of(receipt: OpenReceipt) -> str:
    """Return the code on the paper, as the store still has it; empty when its disk has lost it."""
    assert receipt.committed is not None
    slip = receipt.committed.slip

    def looked(station: Station) -> str:
        with reading(station.journal) as connection:
            found = spool.slip_and_copies(connection, slip)
        if found is None:
            return ""
        codes = (block.text for block in found[0].blocks if isinstance(block, Qr))
        return next(codes, "")  # a slip that was put together again from its fact has none

    return receipt.tills.repeat(looked)


def _tell(
    tills: Tills, receipt: OpenReceipt, fact: UUID, slip: UUID, money_minor: int, *, is_all: bool
) -> None:
    """Tell the judge what the fact says that comes back.

    A return by slip tells no points: the centre will find those of the whole sale.
    """
    assert receipt.committed is not None
    receipt.returned = True
    sold = receipt.tills.bought_of(receipt.claim, receipt.committed, ())
    body = _body_of(tills, fact)
    told = Returned(
        store=tills.code,
        sale=sold.receipt,
        fact=fact.hex,
        slip=slip.hex,
        account=sold.account,
        money_minor=money_minor,
        turnover_minor=sold.turnover_minor,
        restored=tuple(one for one in sold.drawn if one not in sold.codes_used()),
        taken=sold.granted,
        is_all=is_all,
        lines=_lines(body),
    )
    if isinstance(body, ReceiptReturned):
        told = replace(
            told,
            turnover_minor=body.turnover_minor,
            restored=points_of((*body.restored, *body.refilled)),
            taken=points_of((*body.taken, *body.revoked)),
        )
    elif isinstance(body, ReceiptVoided):
        lots = {one.lot for one in sold.granted}
        taken = points_of((*body.taken, *body.revoked))
        told = replace(
            told,
            turnover_minor=body.turnover_minor,
            restored=points_of((*body.restored, *body.refilled)),
            taken=tuple(one for one in taken if one.lot in lots),
            void=body.uid.hex,
            once=tuple(one for one in taken if one.lot not in lots),
        )
    else:
        assert isinstance(body, ReturnedBySlip)
        assert is_all
        tills.machine.network.counts["returns by slip"] += 1
    tills.oracle.returned(told)
    tills.touched.update(one.account for one in (*sold.drawn, *sold.granted, *told.once))


def _exchanged(tills: Tills, order: ExchangeOrder) -> Exchanged:
    def exchanged(station: Station) -> Exchanged:
        return exchange(station, order, station.time.now())

    told = tills.repeat(exchanged)
    tills.ask_again(order.uid, exchanged, told)
    return told


def _body_of(tills: Tills, fact: UUID) -> object:
    def looked(station: Station) -> object:
        with reading(station.journal) as connection:
            found = facts.fact_by_id(connection, station.identity.agent, fact)
        assert found is not None
        return body_of(found)

    return tills.repeat(looked)


def _claim_of(sold: object, seen: Quote) -> Claim:
    """Return what was sold, by its fact, as the claim that it would have been."""
    assert isinstance(sold, ReceiptCommitted)
    return Claim(
        receipt=sold.receipt,
        member=sold.member,
        moment=sold.moment,
        evaluation=sold.evaluation,
        digest=seen.digest,
        settings=seen.settings,
        display_name="",
        card_tail="",
        lots=(),
        as_of=None,
        bearers=sold.bearers,
        issued=tuple(one for one in sold.issued if one.line_no),
    )


def _lines(body: object) -> tuple[tuple[int, int], ...]:
    assert isinstance(body, ReceiptReturned | ReceiptVoided | ReturnedBySlip)
    return tuple((line.no, line.quantity) for line in body.lines)


def _parts(claim: Claim, share: float) -> tuple[Part, ...]:
    """Return all lines; for a smaller share all of the line that has most, or one piece of it."""
    lines = claim.receipt.lines
    if share >= 1:
        return tuple(Part(line.no, line.quantity) for line in lines)
    most = max(lines, key=lambda line: (line.quantity, line.no))
    quantity = most.quantity if share == LINE_SHARE else min(most.quantity, PIECE)
    return (Part(most.no, quantity),)
