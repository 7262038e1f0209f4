"""From the total to the slip: reserve, give up, commit, and on to the next customer."""

from agent.commit.service import Sale, commit
from agent.operations import cancel_receipt
from agent.reserve.service import NotReservedError, ReceiptEndedError, ReserveOrder, reserve
from agent.scan import classify
from agent.screen import desk as panels
from agent.screen.act import Act
from agent.screen.desk import Finished, new_uid
from agent.screen.gifts import demand_codes
from agent.screen.selling import take_scan
from agent.screen.typed import hundredths
from shared.crypto.chain import digest
from shared.errors import LoyaltyError
from shared.receipt import Tender, TenderKind
from shared.rules.wording import Wording
from shared.wire.codec import encode


def to_payment(act: Act) -> None:
    """Reserve the receipt at the digest that the customer was shown.

    Raises SoldCodeNeededError, and what `reserve` does.
    """
    sale, agreed = act.desk.sale, act.text("digest")
    if sale.claim is not None or sale.swap is not None or not sale.items:
        return
    demand_codes(act.station, act.desk)
    uid = sale.operation("reserve", agreed)
    order = ReserveOrder(
        uid, digest(agreed.encode()), sale.basket(act.desk.till), agreed, sale.card_tail
    )
    sale.claim = reserve(act.station, order, act.at)


def back(act: Act) -> None:
    """Cancel the reserve and go on with the same goods; then take the codes that waited.

    Raises ReceiptEndedError, NotReservedError when another program has ended it.
    """
    sale = act.desk.sale
    if sale.claim is None:
        return
    try:
        cancel_receipt(act.station, sale.uid, sale.operation("cancel"), b"screen", act.at)
    except (ReceiptEndedError, NotReservedError):  # by another program, at the same till
        act.desk.begin(act.station)
        raise
    sale.claim, sale.uid = None, new_uid(act.station)
    _take_waiting(act)


def pay(act: Act) -> None:
    """Commit the reserved receipt as paid; a second tap finds it committed and changes nothing.

    Raises BadAmountError, and what `commit` does.
    """
    desk, sale = act.desk, act.desk.sale
    if sale.claim is None or act.text("receipt") != str(sale.uid):
        return
    totals = sale.claim.evaluation.totals
    tenders = tenders_of(act, totals.certificate_minor, totals.money_minor)
    told = [[tender.kind.value, tender.amount_minor] for tender in tenders]
    paid = Sale(
        uid=sale.operation("commit"),
        content=digest(encode([told, act.text("fiscal")])),
        receipt=sale.uid,
        tenders=tenders,
        fiscal_number=act.text("fiscal"),
        cashier=act.cashier,
    )
    try:
        commit(act.station, paid, act.at)
    except ReceiptEndedError:
        desk.begin(act.station)
        raise
    desk.finish(Finished(sale.uid, panels.SALE, totals.money_minor, act.at))
    desk.begin(act.station)


def tenders_of(act: Act, certificate_minor: int, money_minor: int) -> tuple[Tender, ...]:
    """Return the payments: cash as typed and the rest by card, or all of one kind."""
    kind = act.choice("tender", TenderKind, TenderKind.CASH)
    parts = [(TenderKind.CERTIFICATE, certificate_minor)]
    if cash := act.text("cash"):
        cash_minor = min(hundredths(cash), money_minor)
        parts += [(TenderKind.CASH, cash_minor), (TenderKind.CARD, money_minor - cash_minor)]
    else:
        parts.append((kind, money_minor))
    return tuple(Tender(kind, amount) for kind, amount in parts if amount)


def next_sale(act: Act) -> None:
    """Turn to the next customer; codes that were scanned meanwhile are his."""
    act.desk.show(panels.SALE)
    _take_waiting(act)


def _take_waiting(act: Act) -> None:
    sale = act.desk.sale
    while sale.claim is None and sale.waiting:
        code = sale.waiting.pop(0)
        try:
            take_scan(act, classify(act.station, code), code)
        except LoyaltyError as error:
            act.desk.tell("error", Wording(error.sentence("ru"), error.sentence("en")))
