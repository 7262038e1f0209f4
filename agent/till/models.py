"""What tills send: integers only, every field bounded, nothing unknown let in."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, Strict, StringConstraints, model_validator

from agent.bearers.certificates import Offer
from agent.quote.lines import Attributes, Item
from agent.quote.service import Basket
from agent.reserve.service import ReserveOrder
from agent.returns.exchange import ExchangeOrder, Wish
from agent.scan import CODE_CHARS_MAX
from shared.basket import QUANTITY_ONE, Flag
from shared.errors import Kind, LoyaltyError
from shared.member import PhoneRole
from shared.money import WHOLE_BP
from shared.receipt import Redeem, Take, Tender, TenderKind
from shared.rules.returns import Part

AMOUNT_MAX = 10**12
QUANTITY_MAX = 10**9
LINES_MAX = 500
TENDERS_MAX = 20
CERTIFICATES_MAX = 20

_PRINTABLE = r"^[^\x00-\x1f\x7f]*$"

Amount = Annotated[int, Strict(), Field(ge=0, le=AMOUNT_MAX)]
Quantity = Annotated[int, Strict(), Field(gt=0, le=QUANTITY_MAX)]
LineNo = Annotated[int, Strict(), Field(ge=1, le=LINES_MAX)]
Word = Annotated[str, StringConstraints(max_length=64, pattern=_PRINTABLE)]
Title = Annotated[str, StringConstraints(max_length=200, pattern=_PRINTABLE)]


Code = Annotated[str, StringConstraints(max_length=CODE_CHARS_MAX, pattern=_PRINTABLE)]
Pin = Annotated[str, StringConstraints(max_length=16, pattern=_PRINTABLE)]


class OtherReceiptError(LoyaltyError):
    """The address names another receipt than the body."""

    kind = Kind.INVALID
    code = "other_receipt"
    ru = "В адресе чек {path}, а в теле запроса чек {body}."
    en = "The address names receipt {path}, the body receipt {body}."


class Body(BaseModel):
    """Base of all bodies: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class MemberRef(Body):
    """A member as `members/find` or a scan has given him: pass it on as it is."""

    id: UUID
    account: UUID | None = None
    card_tail: Word = ""


class LineAttributes(Body):
    """What the till says of goods that the store's directory lacks; kopecks a unit."""

    name: Title = ""
    group: Title = ""
    brand: Word = ""
    flags: Annotated[list[Flag], Field(max_length=len(Flag))] = []
    floor_minor: Amount = 0


class LineBody(Body):
    """A line: quantity in thousandths, price in kopecks a unit (default: the store's price).

    The cashier's own discount is off the line's sum, which the till may state as it found it. A
    line that sells a certificate names its code.
    """

    no: LineNo
    sku: Word = ""
    barcode: Word = ""
    quantity: Quantity
    price_minor: Amount | None = None
    cashier_discount_minor: Amount = 0
    sum_minor: Amount | None = None
    attributes: LineAttributes | None = None
    certificate: Word = ""

    @model_validator(mode="after")
    def _named(self) -> "LineBody":
        if not self.sku and not self.barcode:
            raise ValueError("sku or barcode is needed")
        return self


class RedeemBody(Body, frozen=True):
    """How many points (hundredths) to pay with: an exact number, or as many as possible."""

    mode: Literal["none", "exact", "maximum"] = "none"
    points: Amount = 0


class TakeBody(Body, frozen=True):
    """How the customer takes a benefit that he may choose: of a split, the discount is stated."""

    mode: Literal["unsaid", "discount", "bonus", "amount", "percent"] = "unsaid"
    amount_minor: Amount = 0
    percent_bp: Annotated[int, Strict(), Field(ge=0, le=WHOLE_BP)] = 0


class CertificateBody(Body):
    """A certificate that pays: so many kopecks, or as many as it can; its PIN if it has one."""

    code: Annotated[Word, StringConstraints(min_length=1)]
    pin: Pin = ""
    amount_minor: Amount | None = None

    def offer(self) -> Offer:
        """Return the certificate in the words of the quote."""
        return Offer(self.code, self.amount_minor, self.pin)


class ReceiptBody(Body):
    """A receipt to price; its uid is minted by the till and stays with it."""

    uid: UUID
    till: Word = "1"
    member: MemberRef | None = None
    lines: Annotated[list[LineBody], Field(min_length=1, max_length=LINES_MAX)]
    redeem: RedeemBody = RedeemBody()
    take: TakeBody = TakeBody()
    paid_in: TenderKind | None = None
    promo_codes: Annotated[list[Word], Field(max_length=20)] = []
    marks: Annotated[list[Word], Field(max_length=20)] = []
    certificates: Annotated[list[CertificateBody], Field(max_length=CERTIFICATES_MAX)] = []
    pass_code: Code = ""
    """The code of the pass that the member shows, as it was scanned."""

    @model_validator(mode="after")
    def _numbered(self) -> "ReceiptBody":
        check_lines([(line.no, line.quantity, line.price_minor or 0) for line in self.lines])
        return self

    def basket(self) -> Basket:
        """Return the receipt in the words of the quote."""
        return Basket(
            uid=self.uid,
            till=self.till,
            items=tuple(item(line) for line in self.lines),
            member=self.member.id if self.member else None,
            account=self.member.account if self.member else None,
            redeem=Redeem(self.redeem.mode),
            redeem_points=self.redeem.points,
            paid_in=self.paid_in,
            take=Take(self.take.mode),
            take_value=(
                self.take.percent_bp if self.take.mode == "percent" else self.take.amount_minor
            ),
            promo_codes=tuple(self.promo_codes),
            marks=tuple(self.marks),
            certificates=tuple(one.offer() for one in self.certificates),
            pass_code=self.pass_code,
        )


class ScanBody(Body):
    """A code as the scanner read it."""

    code: Annotated[str, StringConstraints(min_length=1, max_length=CODE_CHARS_MAX)]


class FindCertificateBody(Body):
    """A certificate's code, and its PIN if it has one."""

    code: Annotated[Word, StringConstraints(min_length=1)]
    pin: Pin = ""


class FindBody(Body):
    """A card number, a phone, or the code of a pass."""

    identifier: Code


class SearchBody(Body):
    """A name or a part of it, three letters at least: a first name, an initial of the second."""

    name: Annotated[Title, StringConstraints(min_length=1)]


class MemberBody(Body):
    """A registration: name, phone, and the version of the consent that the person gave.

    `referrer` is the card or phone of who brought the person. A phone that is a relative's, or
    shared, finds the person and makes nobody one with him.
    """

    uid: UUID
    name: Annotated[Title, StringConstraints(min_length=1)]
    phone: Word
    consent: Annotated[Word, StringConstraints(min_length=1)]
    till: Word = ""
    birthday: date | None = None
    referrer: Word = ""
    phone_role: PhoneRole = PhoneRole.OWN


class ReserveBody(Body):
    """A claim of a receipt at the digest that its quote had."""

    uid: UUID
    receipt: ReceiptBody
    digest: Word

    def order(self, content: bytes) -> ReserveOrder:
        """Return the claim in the words of the reserve."""
        return _order(self.uid, content, self.receipt, self.digest)


class TenderBody(Body):
    """A payment in kopecks."""

    kind: TenderKind
    amount_minor: Amount

    def tender(self) -> Tender:
        """Return the payment in the words of the receipt."""
        return Tender(self.kind, self.amount_minor)


class CommitBody(Body):
    """A paid receipt; `receipt` and `digest` only when it was not reserved."""

    uid: UUID
    fiscal_number: Word = ""
    tenders: Annotated[list[TenderBody], Field(max_length=TENDERS_MAX)]
    receipt: ReceiptBody | None = None
    digest: Word = ""

    def order(self) -> ReserveOrder | None:
        """Return the receipt in the words of the reserve; None when it was reserved before."""
        return _order(self.uid, b"", self.receipt, self.digest) if self.receipt else None


class CancelBody(Body):
    """The end of a receipt that came to nothing."""

    uid: UUID


class PartBody(Body):
    """How much of a line comes back, in thousandths."""

    no: LineNo
    quantity: Quantity


class PreviewBody(Body):
    """A return to look at."""

    lines: Annotated[list[PartBody], Field(min_length=1, max_length=LINES_MAX)]

    @model_validator(mode="after")
    def _numbered(self) -> "PreviewBody":
        if len({line.no for line in self.lines}) != len(self.lines):
            raise ValueError("line numbers repeat")
        return self


class LookBody(PreviewBody):
    """A return to look at; `slip` is the code of the slip, for goods of another store."""

    slip: Annotated[str, StringConstraints(max_length=CODE_CHARS_MAX)] = ""


class ReturnBody(LookBody):
    """A return by line and quantity; `till` is the one that pays out."""

    uid: UUID
    till: Word = ""


class WishBody(PreviewBody):
    """Goods of a receipt that come back, and the receipt of those that are wanted for them."""

    receipt: UUID
    sale: ReceiptBody

    def wish(self) -> Wish:
        """Return the exchange in the words of the returns."""
        parts = tuple(Part(line.no, line.quantity) for line in self.lines)
        return Wish(self.receipt, parts, self.sale.basket())


class ExchangeBody(WishBody):
    """An exchange at the digest that its preview had; the tenders pay the difference."""

    uid: UUID
    return_uid: UUID
    digest: Word
    fiscal_number: Word = ""
    tenders: Annotated[list[TenderBody], Field(max_length=TENDERS_MAX)] = []

    def order(self, content: bytes, cashier: str) -> ExchangeOrder:
        """Return the exchange in the words of the returns."""
        return ExchangeOrder(
            uid=self.uid,
            content=content,
            wish=self.wish(),
            returned=self.return_uid,
            digest=self.digest,
            tenders=tuple(tender.tender() for tender in self.tenders),
            fiscal_number=self.fiscal_number,
            cashier=cashier,
            card_tail=self.sale.member.card_tail if self.sale.member else "",
        )


class VoidBody(Body):
    """A void of a receipt of this till and day."""

    uid: UUID
    till: Word = "1"
    reason: Title = ""


class ReprintBody(Body):
    """A request for a copy of a slip."""

    uid: UUID


class ActivateBody(Body):
    """A request to make a member's pending points spendable now."""

    uid: UUID
    member: UUID
    reason: Annotated[Title, StringConstraints(min_length=1)]


class SignInBody(Body):
    """A cashier's number and PIN of six digits."""

    uid: UUID
    cashier: Annotated[Word, StringConstraints(min_length=1)]
    pin: Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]


def same_receipt(uid: UUID, receipt: ReceiptBody) -> None:
    """Compare the receipt named in the address with the one in the body.

    Raises OtherReceiptError.
    """
    if receipt.uid != uid:
        raise OtherReceiptError(path=uid, body=receipt.uid)


def _order(uid: UUID, content: bytes, receipt: ReceiptBody, digest: str) -> ReserveOrder:
    card_tail = receipt.member.card_tail if receipt.member else ""
    return ReserveOrder(uid, content, receipt.basket(), digest, card_tail)


def check_lines(lines: Sequence[tuple[int, int, int]]) -> None:
    """Check numbers and worth of lines, of thousandths at kopecks a unit; raises ValueError."""
    if len({no for no, _, _ in lines}) != len(lines):
        raise ValueError("line numbers repeat")
    worth = sum(price_minor * quantity for _, quantity, price_minor in lines)
    if worth > AMOUNT_MAX * QUANTITY_ONE:
        raise ValueError(f"the lines are worth more than {AMOUNT_MAX} kopecks")


def item(line: LineBody) -> Item:
    """Return a line in the words of the quote."""
    told = line.attributes
    attributes = None
    if told is not None:
        flags = frozenset(told.flags)
        attributes = Attributes(told.name, told.group, told.brand, flags, told.floor_minor)
    return Item(
        no=line.no,
        quantity=line.quantity,
        sku=line.sku,
        barcode=line.barcode,
        price_minor=line.price_minor,
        attributes=attributes,
        cashier_discount_minor=line.cashier_discount_minor,
        stated_minor=line.sum_minor,
        certificate=line.certificate,
    )
