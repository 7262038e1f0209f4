"""What a cashier does beside a sale: registers members, takes goods back, copies slips."""

from dataclasses import replace
from uuid import UUID

from agent.members import lots
from agent.members.lots import Activation
from agent.operations import reprint_receipt
from agent.returns.by_slip import SlipClaim
from agent.returns.service import ReturnOrder, give_back_goods, preview_by_slip
from agent.returns.sources import UnknownReceiptError
from agent.returns.void import VoidOrder, void
from agent.scan import classify
from agent.screen import desk as panels
from agent.screen import exchanging
from agent.screen.act import Act
from agent.screen.desk import EXCHANGE, Finished, Lookup, new_uid
from agent.screen.lookups import open_receipt
from agent.screen.typed import thousandths
from agent.screen.words import WORDS
from shared.crypto.chain import digest
from shared.errors import Kind, LoyaltyError
from shared.rules.returns import Part
from shared.rules.wording import Wording
from shared.wire.codec import encode

RETURN, VOID = "return", "void"


class NothingChosenError(LoyaltyError):
    """A return of nothing."""

    kind = Kind.INVALID
    code = "nothing_chosen"
    ru = "Укажите, сколько какого товара возвращают."
    en = "Say how much of which goods comes back."


def activate(act: Act) -> None:
    """Make a pending lot of the buyer spendable now; raises what `lots.activate` does."""
    buyer = act.desk.sale.member
    if buyer is None or act.desk.sale.claim is not None:
        return
    lot, reason = act.uid("lot"), act.text("reason") or WORDS["on_request"].ru
    uid = act.desk.sale.operation("activate", lot)
    content = digest(encode([str(lot), reason]))
    lots.activate(act.station, Activation(uid, content, lot, buyer, reason, act.cashier), act.at)
    act.desk.tell("done", WORDS["activated"])


def open_lookup(act: Act) -> None:
    """Show the place where a receipt is found."""
    act.desk.lookup = None
    act.desk.show(panels.RECEIPT)


def look_up(act: Act) -> None:
    """Find a receipt by its slip's code or its number; raises UnknownReceiptError and others."""
    text = act.text("receipt")
    scan = classify(act.station, text)
    if scan.receipt is not None:
        open_receipt(act.station, act.desk, scan.receipt, scan)
        return
    try:
        receipt = UUID(text)
    except ValueError as error:
        raise UnknownReceiptError(receipt=text) from error
    open_receipt(act.station, act.desk, receipt)


def choose_parts(act: Act) -> None:
    """Say what comes back, by line, for money or for other goods; raises NothingChosenError,
    BadAmountError, ReservedFirstError."""
    found = act.desk.lookup
    if found is None:
        return
    wanted = [(goods.no, act.text(f"part-{goods.no}")) for goods in found.goods]
    parts = tuple(Part(no, thousandths(text)) for no, text in wanted if text)
    parts = tuple(part for part in parts if part.quantity)
    if not parts:
        raise NothingChosenError
    claim = SlipClaim(found.receipt, parts, found.slip)
    preview_by_slip(act.station, claim, act.at)
    if act.text("for") == EXCHANGE:
        exchanging.begin(act, found.receipt, parts)
        return
    act.desk.lookup = replace(found, parts=parts, return_uid=new_uid(act.station))


def change_parts(act: Act) -> None:
    """Go back from the preview to the choice of goods."""
    if act.desk.lookup is not None:
        act.desk.lookup = replace(act.desk.lookup, parts=())


def take_back(act: Act) -> None:
    """Take the previewed goods back; a second tap repeats the first. Raises what returns raise."""
    found = _looked_at(act)
    if found is None or not found.parts:
        return
    told = [[part.no, part.quantity] for part in found.parts]
    order = ReturnOrder(
        uid=found.return_uid,
        content=digest(encode([str(found.receipt), told])),
        sale=found.receipt,
        parts=found.parts,
        cashier=act.cashier,
        slip=found.slip,
    )
    done = give_back_goods(act.station, order, act.at)
    act.desk.lookup = None
    act.desk.finish(Finished(done.uid, RETURN, done.money_minor, act.at))


def undo(act: Act) -> None:
    """Void a receipt of this shift; raises what `void` does."""
    found = _looked_at(act)
    if found is None:
        return
    order = VoidOrder(
        uid=found.return_uid,
        content=digest(encode([str(found.receipt), VOID])),
        sale=found.receipt,
        till=act.desk.till,
        cashier=act.cashier,
        reason=act.text("reason"),
    )
    done = void(act.station, order, act.at)
    act.desk.lookup = None
    act.desk.finish(Finished(done.uid, VOID, done.money_minor, act.at))


def reprint(act: Act) -> None:
    """Spool one copy of a slip for each page on which it was asked; raises UnknownSlipError."""
    document, uid = act.uid("document"), act.uid("uid")
    copy_no = reprint_receipt(act.station, document, uid, digest(document.bytes), act.at)
    words = WORDS["copy_spooled"]
    act.desk.tell("done", Wording(words.ru.format(no=copy_no), words.en.format(no=copy_no)))


def _looked_at(act: Act) -> Lookup | None:
    """Return the receipt that the form was of; none when the tap came late or twice."""
    found = act.desk.lookup
    return found if found is not None and act.text("uid") == str(found.return_uid) else None
