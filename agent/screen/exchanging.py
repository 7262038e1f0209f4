"""An exchange at the screen: goods that come back pay for those of the sale that is open."""

from uuid import UUID

from agent.leases.standing import UnknownMemberError, standing
from agent.members.service import Found
from agent.receipts import look_up
from agent.returns import exchange as exchanges
from agent.returns.exchange import ExchangeOrder, Wish
from agent.returns.sources import UnknownReceiptError
from agent.screen import desk as panels
from agent.screen.act import Act
from agent.screen.desk import Desk, Finished, new_uid
from agent.screen.gifts import demand_codes
from agent.screen.paying import tenders_of
from agent.screen.sale import Swapping
from agent.station import Station
from shared.crypto.chain import digest
from shared.errors import Kind, LoyaltyError
from shared.rules.returns import Part
from shared.runtime.sqlite import reading
from shared.wire.codec import encode

PAID, REFUNDED = "exchange_paid", "exchange_refunded"


class ReservedFirstError(LoyaltyError):
    """An exchange while a receipt of the till waits for its payment."""

    kind = Kind.CONFLICT
    code = "reserved_first"
    ru = "Сначала завершите или отмените чек, который ждёт оплаты."
    en = "First finish or give up the receipt that waits for its payment."


def begin(act: Act, receipt: UUID, parts: tuple[Part, ...]) -> None:
    """Let the open sale be for goods of a receipt; its buyer is taken over, and earns.

    Raises ReservedFirstError.
    """
    desk = act.desk
    if desk.sale.claim is not None:
        raise ReservedFirstError
    desk.sale.swap = Swapping(receipt, parts, new_uid(act.station))
    if desk.sale.member is None:
        _serve_buyer(act.station, desk, receipt)
    desk.lookup = None
    desk.show(panels.SALE)


def _serve_buyer(station: Station, desk: Desk, receipt: UUID) -> None:
    """Let who bought the goods buy the others too: he earns, and redeems once he shows his card."""
    try:
        member = look_up(station, receipt).receipt.member
        if member is not None:
            with reading(station.journal) as connection:
                who = standing(station, connection, member)
            desk.sale.serve_named(Found(who, "", None))
    except (UnknownReceiptError, UnknownMemberError):  # of another store: the cashier asks
        return


def give_up(act: Act) -> None:
    """Go on with the sale by itself: nothing comes back."""
    act.desk.sale.swap = None
    act.desk.show(panels.SALE)


def show_total(act: Act) -> None:
    """Show the exchange as it will be, to be paid and confirmed."""
    if act.desk.sale.swap is not None and act.desk.sale.items:
        act.desk.show(panels.EXCHANGE)


def confirm(act: Act) -> None:
    """Journal both documents at the digest that was shown; a second tap changes nothing.

    Raises SoldCodeNeededError, BadAmountError, and what `exchange` does.
    """
    desk, sale = act.desk, act.desk.sale
    if sale.swap is None or act.text("receipt") != str(sale.uid):
        return
    demand_codes(act.station, desk)
    wish, agreed = wish_of(desk, sale.swap), act.text("digest")
    told = exchanges.preview(act.station, wish, act.at)
    totals = told.sold.evaluation.totals
    due_minor = totals.money_minor - told.credit_minor
    tenders = tenders_of(act, totals.certificate_minor, due_minor)
    paid = [[tender.kind.value, tender.amount_minor] for tender in tenders]
    done = exchanges.exchange(
        act.station,
        ExchangeOrder(
            uid=sale.operation("exchange", agreed),
            content=digest(encode([paid, act.text("fiscal")])),
            wish=wish,
            returned=sale.swap.returned,
            digest=agreed,
            tenders=tenders,
            fiscal_number=act.text("fiscal"),
            cashier=act.cashier,
            card_tail=sale.card_tail,
        ),
        act.at,
    )
    kind = PAID if done.difference_minor >= 0 else REFUNDED
    desk.finish(Finished(sale.uid, kind, abs(done.difference_minor), act.at))
    desk.begin(act.station)


def wish_of(desk: Desk, swap: Swapping) -> Wish:
    """Return what is exchanged in the words of the returns."""
    return Wish(swap.receipt, swap.parts, desk.sale.basket(desk.till))
