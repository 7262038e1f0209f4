"""What a cashier does with a sale: every action calls the use case that a till would call."""

import re

from agent.members import service as members
from agent.members.search import find_by_name
from agent.quote.service import admit
from agent.replica import store as rows
from agent.scan import Scan, ScanKind, classify
from agent.screen import desk as panels
from agent.screen.act import Act
from agent.screen.gifts import add_goods, take_for_sale
from agent.screen.lookups import open_receipt
from agent.screen.sale import WAITING_MAX, BasketFullError
from agent.screen.typed import hundredths, thousandths
from agent.screen.words import WORDS
from shared.errors import Kind, LoyaltyError
from shared.names import longest_plain_parts
from shared.phone import BadPhoneError, normalise_phone
from shared.receipt import Redeem, Take
from shared.runtime.sqlite import reading
from shared.wire.rows import GoodsRow

_NAME = re.compile(r"[^\W\d_]+(?:[ .'’-]+[^\W\d_]+)*[ .]*")


class UnknownCodeError(LoyaltyError):
    """A code that is no card, phone, goods, slip, certificate or promo code."""

    kind = Kind.NOT_FOUND
    code = "unknown_scan"
    ru = "Код «{text}» здесь не известен: это не карта, не телефон и не товар справочника."
    en = "Code “{text}” is not known here: no card, no phone, no goods of the directory."


class PaymentCardError(LoyaltyError):
    """The number of a payment card."""

    kind = Kind.INVALID
    code = "payment_card"
    ru = "Это номер банковской карты: он здесь не нужен и не сохранён."
    en = "This is the number of a payment card: it is not needed here and was not kept."


class NamedOnlyError(LoyaltyError):
    """Points of somebody who was found by name alone."""

    kind = Kind.FORBIDDEN
    code = "named_only"
    ru = "Списать бонусы можно, когда покупатель назовёт свою карту или телефон."
    en = "Points pay once the customer tells his card or phone."


def take_code(act: Act) -> None:
    """Take a scanned or typed code for what it is: a card, a phone, goods, a slip, a certificate,
    or a part of a name.

    What comes while a receipt is reserved waits, and is taken when it has ended. Raises
    UnknownCodeError, PaymentCardError, and what finding a member or a receipt raises.
    """
    desk, code = act.desk, act.text("code")
    scan = classify(act.station, code)
    if scan.kind is ScanKind.PAYMENT_CARD or act.text("kind") == ScanKind.PAYMENT_CARD:
        raise PaymentCardError
    if not code:
        return
    if desk.sale.claim is not None:
        if len(desk.sale.waiting) >= WAITING_MAX:
            raise BasketFullError(limit=WAITING_MAX)
        desk.sale.waiting.append(code)
        desk.show(panels.SALE)
        return
    take_scan(act, scan, code)


def take_scan(act: Act, scan: Scan, code: str) -> None:
    """Take a classified code into a sale that is not reserved, or show its receipt."""
    desk = act.desk
    if scan.receipt is not None:
        open_receipt(act.station, desk, scan.receipt, scan)
        return
    match scan.kind:
        case ScanKind.CARD | ScanKind.PASS:
            _identify(act, code, code if scan.kind is ScanKind.PASS else "")
        case ScanKind.CERTIFICATE:
            if not take_for_sale(act.station, desk, code):
                _offer(act, code, "")
        case ScanKind.PROMO_CODE:
            desk.sale.add_code(code)
        case _:
            _add_goods_or_find(act, scan, code)
    desk.show(panels.SALE)


def _add_goods_or_find(act: Act, scan: Scan, code: str) -> None:
    goods = scan.goods
    if goods is None:
        with reading(act.station.replica) as connection:
            goods = rows.find(connection, GoodsRow, code.encode())
    if goods is not None:
        add_goods(act.station, act.desk, goods)
        return
    try:
        normalise_phone(code)
    except BadPhoneError as error:
        if _is_name(code) and _choose_by_name(act, code):
            return
        raise UnknownCodeError(text=code) from error
    _identify(act, code, "")


def _is_name(text: str) -> bool:
    """Tell whether a text may be looked for as a name: letters, and enough of them in a row."""
    return bool(_NAME.fullmatch(text)) and bool(longest_plain_parts(text))


def _choose_by_name(act: Act, name: str) -> bool:
    """Offer who may be called so, always as a choice; tell whether there is anybody."""
    desk = act.desk
    named = find_by_name(act.station, name, act.cashier)
    if named.found:
        desk.offer_choices(named.found, name)
    if named.more:
        desk.tell("warning", WORDS["more_named"])
    return bool(named.found)


def _identify(act: Act, identifier: str, pass_code: str) -> None:
    found = members.find(act.station, identifier)
    if not found:
        act.desk.tell("warning", WORDS["no_member"])
        act.desk.typed = {"phone": identifier}
        return
    if len(found) > 1:
        act.desk.offer_choices(tuple(found))
        return
    act.desk.offer_choices(())
    act.desk.sale.serve(found[0], pass_code)


def pick(act: Act) -> None:
    """Say which of several members is meant."""
    desk = act.desk
    serve = desk.sale.serve_named if desk.named else desk.sale.serve
    for found in desk.choices:
        if str(found.standing.member) == act.text("member"):
            serve(found)
    desk.offer_choices(())


def forget_member(act: Act) -> None:
    """Sell to nobody in particular."""
    act.desk.offer_choices(())
    act.desk.sale.serve_nobody()


def set_line(act: Act) -> None:
    """Set a line's quantity, or change it by whole pieces; raises BadAmountError."""
    no = act.number("no")
    item = next((one for one in act.desk.sale.items if one.no == no), None)
    if item is None:
        return
    if act.text("step"):
        quantity = item.quantity + act.number("step")
    else:
        quantity = thousandths(act.text("quantity"))
    act.desk.sale.set_quantity(no, max(0, quantity))


def redeem(act: Act) -> None:
    """Ask for points: as many as possible, so many, or none; raises BadAmountError,
    NamedOnlyError."""
    sale, text = act.desk.sale, act.text("points")
    mode = act.choice("mode", Redeem, Redeem.NONE)
    points = hundredths(text) if mode is Redeem.EXACT and text else 0
    if mode is Redeem.EXACT and not points:
        mode = Redeem.NONE
    if sale.is_named and mode is not Redeem.NONE:
        raise NamedOnlyError
    sale.redeem, sale.redeem_points = mode, points


def choose(act: Act) -> None:
    """Say how the customer takes a benefit that he may choose; raises BadAmountError."""
    mode = act.choice("mode", Take, Take.UNSAID)
    value = hundredths(act.text("value")) if mode in (Take.AMOUNT, Take.PERCENT) else 0
    act.desk.sale.take, act.desk.sale.take_value = mode, value


def add_code(act: Act) -> None:
    """Add a promo code, or a certificate with its PIN; raises what `admit` does."""
    code = act.text("promo")
    if not code:
        return
    if act.text("pin") or classify(act.station, code).kind is ScanKind.CERTIFICATE:
        _offer(act, code, act.text("pin"))
    else:
        act.desk.sale.add_code(code)


def _offer(act: Act, code: str, pin: str) -> None:
    """Let a certificate pay, if its PIN is right: pages that show it count no wrong ones."""
    sale = act.desk.sale
    before = sale.certificates
    sale.offer(code, pin)
    try:
        admit(act.station, sale.basket(act.desk.till), act.at)
    except LoyaltyError:
        sale.certificates, act.desk.typed = before, {"promo": code}
        raise


def drop_code(act: Act) -> None:
    """Take a promo code or certificate out of the receipt."""
    act.desk.sale.drop_code(act.text("promo"))


def clear(act: Act) -> None:
    """Throw away a sale that is not reserved, and begin the next."""
    if act.desk.sale.claim is None:
        act.desk.begin(act.station)
        act.desk.show(panels.SALE)
