"""The sale that is open at a till: what the cashier has put together and nobody has claimed yet."""

from dataclasses import dataclass, field, replace
from uuid import UUID

from agent.bearers.certificates import Offer
from agent.members.service import Found
from agent.quote.lines import Item
from agent.quote.service import Basket
from agent.reserve.store import Claim
from shared.basket import QUANTITY_ONE
from shared.errors import Kind, LoyaltyError
from shared.ids import derived
from shared.receipt import Redeem, Take
from shared.rules.returns import Part

QUANTITY_MAX = 10**9
CODES_MAX = 20
WAITING_MAX = 50


class BasketFullError(LoyaltyError):
    """More lines, pieces or codes than one receipt can have."""

    kind = Kind.INVALID
    code = "basket_full"
    ru = "В одном чеке больше нельзя: не больше {limit}. Остальное проведите следующим чеком."
    en = "One receipt cannot have more: at most {limit}. Sell the rest with the next receipt."


@dataclass(frozen=True, slots=True)
class Swapping:
    """Goods that come back for those of a sale: of which receipt, and the uid of their return."""

    receipt: UUID
    parts: tuple[Part, ...]
    returned: UUID


@dataclass(slots=True)
class OpenSale:
    """A receipt in the making, under a uid of its own; with a claim it waits for the payment.

    Only what is reserved is durable: it is in the journal. Points are hundredths.
    """

    uid: UUID
    items: tuple[Item, ...] = ()
    member: UUID | None = None
    account: UUID | None = None
    card_tail: str = ""
    is_named: bool = False
    """The buyer was found by name alone: points pay once a card or phone shows who it is."""
    redeem: Redeem = Redeem.NONE
    redeem_points: int = 0
    take: Take = Take.UNSAID
    take_value: int = 0
    promo_codes: tuple[str, ...] = ()
    certificates: tuple[Offer, ...] = ()
    pass_code: str = ""
    claim: Claim | None = None
    swap: Swapping | None = None
    """Set when it is sold for goods that come back: then nothing is reserved."""
    waiting: list[str] = field(default_factory=list)
    """Codes that were scanned while the receipt was reserved: they are taken afterwards."""

    def basket(self, till: str) -> Basket:
        """Return the receipt in the words of the quote."""
        return Basket(
            uid=self.uid,
            till=till,
            items=self.items,
            member=self.member,
            account=self.account,
            redeem=self.redeem,
            redeem_points=self.redeem_points,
            promo_codes=self.promo_codes,
            take=self.take,
            take_value=self.take_value,
            certificates=self.certificates,
            pass_code=self.pass_code,
        )

    def operation(self, name: str, *more: object) -> UUID:
        """Return the uid of an operation on this receipt: a second tap repeats the first."""
        return derived("screen", name, self.uid, *more)

    def add(self, sku: str, lines_max: int) -> None:
        """Add one piece of goods, to their line if there is one; raises BasketFullError."""
        found = next((item for item in self.items if item.sku == sku), None)
        if found is not None:
            self.set_quantity(found.no, found.quantity + QUANTITY_ONE)
            return
        self.add_single(sku, lines_max)

    def add_single(self, sku: str, lines_max: int) -> None:
        """Add goods on a line of their own, as each of them is another: raises BasketFullError."""
        if len(self.items) >= lines_max:
            raise BasketFullError(limit=lines_max)
        no = max((item.no for item in self.items), default=0) + 1
        self.items = (*self.items, Item(no, QUANTITY_ONE, sku))

    def sell_certificate(self, no: int, code: str, price_minor: int | None) -> None:
        """Say which certificate a line sells, and for how much if that is free."""
        self.items = tuple(
            replace(item, certificate=code, price_minor=price_minor) if item.no == no else item
            for item in self.items
        )

    def set_quantity(self, no: int, quantity: int) -> None:
        """Set a line's quantity in thousandths, none removes the line; raises BasketFullError."""
        if quantity > QUANTITY_MAX:
            raise BasketFullError(limit=QUANTITY_MAX // QUANTITY_ONE)
        self.items = tuple(
            replace(item, quantity=quantity) if item.no == no else item
            for item in self.items
            if item.no != no or quantity > 0
        )

    def serve(self, found: Found, pass_code: str = "") -> None:
        """Let a member be the buyer; what another one wanted to redeem is not asked any more."""
        if found.standing.member != self.member:
            self.redeem, self.redeem_points = Redeem.NONE, 0
        self.member, self.account = found.standing.member, found.account
        self.card_tail, self.pass_code, self.is_named = found.tail, pass_code, False

    def serve_named(self, found: Found) -> None:
        """Let who was found by name alone be the buyer: he earns, and redeems nothing yet."""
        if found.standing.member == self.member:
            return
        self.serve(found)
        self.is_named = True

    def serve_nobody(self) -> None:
        """Sell without a member."""
        self.member = self.account = None
        self.card_tail, self.pass_code, self.is_named = "", "", False
        self.redeem, self.redeem_points = Redeem.NONE, 0
        self.take, self.take_value = Take.UNSAID, 0

    def add_code(self, code: str) -> None:
        """Add a promo code; raises BasketFullError."""
        if code not in self.promo_codes:
            _check_room(self.promo_codes)
            self.promo_codes = (*self.promo_codes, code)

    def offer(self, code: str, pin: str) -> None:
        """Let a certificate pay, or give its PIN; raises BasketFullError."""
        others = tuple(one for one in self.certificates if one.code != code)
        _check_room(others)
        self.certificates = (*others, Offer(code, None, pin))

    def drop_code(self, code: str) -> None:
        """Take a promo code or a certificate out."""
        self.promo_codes = tuple(one for one in self.promo_codes if one != code)
        self.certificates = tuple(one for one in self.certificates if one.code != code)


def restored(claim: Claim) -> OpenSale:
    """Return the sale of a claim that the journal holds, as it waits for its payment."""
    receipt = claim.receipt
    return OpenSale(
        uid=receipt.uid,
        items=tuple(
            Item(line.no, line.quantity, line.goods.sku, price_minor=line.price_minor)
            for line in receipt.lines
        ),
        member=receipt.member,
        card_tail=claim.card_tail,
        redeem=receipt.redeem,
        redeem_points=receipt.redeem_points,
        take=receipt.take,
        take_value=receipt.take_value,
        promo_codes=receipt.promo_codes,
        claim=claim,
    )


def _check_room(codes: tuple[object, ...]) -> None:
    if len(codes) >= CODES_MAX:
        raise BasketFullError(limit=CODES_MAX)
