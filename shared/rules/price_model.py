"""The part of a pack file that lowers prices: discounts of every form, and their tables."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from shared.money import WHOLE_BP
from shared.rules.faults import fault
from shared.rules.grammar import VALUES_MAX, Document, Names, Rated, Title
from shared.rules.question_terms import SPANS_MAX, Hours
from shared.rules.scalars import Amount, Count, Day, Name, Percent, Word
from shared.rules.terms import ActivationText, ExpiryText
from shared.rules.windows import PeriodText

ROWS_MAX = 200
COLUMNS_MAX = 200
NTH_MAX = 1_000
PRICES_MAX = VALUES_MAX
FLOORS_MAX = 1_000
PIECES_MAX = 1_000
PARTS_MAX = 20
REST = "rest"
Closed = Literal["discounts", "payment_with_points", "earning", "turnover"]
"""The column of a table for goods of no other column."""


class TableRow(Document):
    """A band of a table: where it begins (or whose tier or segment it is), its values."""

    from_minor: Annotated[Amount | None, Field(alias="from")] = None
    tier: Name | None = None
    segment: Word | None = None
    percents: Annotated[tuple[Percent, ...], Field(max_length=COLUMNS_MAX)] = ()
    amounts: Annotated[tuple[Amount, ...], Field(max_length=COLUMNS_MAX)] = ()

    @model_validator(mode="after")
    def _one_of_each(self) -> "TableRow":
        if sum(band is not None for band in (self.from_minor, self.tier, self.segment)) != 1:
            raise fault(
                "one_band",
                ru="нужно одно из from, tier и segment",
                en="one of from, tier and segment",
            )
        if bool(self.percents) == bool(self.amounts):
            raise fault(
                "one_value", ru="нужно одно из percents и amounts", en="one of percents and amounts"
            )
        return self


class Table(Document):
    """Percents or amounts by bands of a sum (or by tier) and, in columns, by lists of goods.

    `receipt_sum` is the whole receipt before discounts, `eligible_sum` and `eligible_quantity`
    are of the lines that the rule fits, `line_quantity` and `line_price` (of a unit) of each line
    by itself; `turnover`, `purchases` and `counter` are the member's. By `segment` the first row
    counts whose segment he is in.
    """

    by: Literal[
        "receipt_sum",
        "eligible_sum",
        "eligible_quantity",
        "line_quantity",
        "line_price",
        "turnover",
        "purchases",
        "counter",
        "tier",
        "segment",
    ]
    window: PeriodText = "lifetime"
    """Of turnover, purchases and counters: in which period before this receipt."""
    counter: Name | None = None
    columns: Annotated[tuple[Name, ...], Field(max_length=COLUMNS_MAX)] = ()
    rows: Annotated[tuple[TableRow, ...], Field(min_length=1, max_length=ROWS_MAX)]

    @model_validator(mode="after")
    def _counter_of_a_counter(self) -> "Table":
        if (self.counter is not None) != (self.by == "counter"):
            raise fault("counter", ru="counter бывает у by: counter", en="counter: by: counter")
        if self.window != "lifetime" and self.by not in _OF_MEMBER:
            raise fault(
                "window_of_member",
                ru="период есть у turnover, purchases и counter",
                en="turnover, purchases and counter have a window",
            )
        return self


_OF_MEMBER = frozenset({"turnover", "purchases", "counter"})


class DiscountEffect(Document):
    """Off each line, or off the receipt in a group of that scope: a percent, an amount, a price.

    An amount is for one unit of a line, or for the whole receipt; a price is for one unit.
    With `every` an amount is for each full sum of so much, before discounts.
    """

    effect: Literal["discount"]
    percent: Percent | None = None
    tier_percent: Name | None = None
    table: Name | None = None
    amount_minor: Annotated[Amount | None, Field(alias="amount")] = None
    price_minor: Annotated[Amount | None, Field(alias="price")] = None
    nth: Annotated[Count, Field(ge=2, le=NTH_MAX)] | None = None
    """The percent is of every n-th piece of a line only."""
    counter: Name | None = None
    """Every n-th of all pieces that the member has bought, by a counter; the cheapest here."""
    every_minor: Annotated[Amount | None, Field(alias="every", gt=0)] = None
    pieces_max: Annotated[Count | None, Field(ge=1, le=PIECES_MAX)] = None
    """Of a receipt at most so many units, by the order of its lines."""

    @model_validator(mode="after")
    def _one_form(self) -> "DiscountEffect":
        forms = (self.percent, self.tier_percent, self.table, self.amount_minor, self.price_minor)
        if sum(form is not None for form in forms) != 1:
            raise fault(
                "one_percent",
                ru="нужно ровно одно из percent, tier_percent, table, amount и price",
                en="exactly one of percent, tier_percent, table, amount and price",
            )
        if self.nth is not None and self.percent is None and self.tier_percent is None:
            raise fault("nth_percent", ru="nth бывает у процента", en="nth goes with a percent")
        if self.counter is not None and self.nth is None:
            raise fault("counter_nth", ru="счётчику нужен nth", en="a counter needs nth")
        if self.every_minor is not None and self.amount_minor is None:
            raise fault("every_amount", ru="every бывает у amount", en="every goes with an amount")
        return self


class AddPercentPointsEffect(Rated):
    """Percent points on top of what a group takes, of the sum that the group works on."""

    effect: Literal["add_percent_points"]
    only_if_discounted: Literal["yes", "no"] = "yes"


class PriceList(Document):
    """Prices of a unit by sku, for those whom a rule lets buy at them."""

    prices: Annotated[dict[Word, Amount], Field(min_length=1, max_length=PRICES_MAX)]


class PriceEffect(Document):
    """Sells the goods of a price list at its prices, where these are lower."""

    effect: Literal["price"]
    list: Name


class EntitlementEffect(Document):
    """A benefit that the customer takes as a discount, as points, or as a split of both.

    The wallet's earning unit is worth whole fractions of a kopeck, so that any split is exact.
    """

    effect: Literal["entitlement"]
    percent: Percent | None = None
    tier_percent: Name | None = None
    table: Name | None = None
    wallet: Name
    kind: Name = "purchase"
    activation: ActivationText
    expiry: ExpiryText
    unless_asked: Literal["discount", "bonus"] = "discount"

    @model_validator(mode="after")
    def _one_form(self) -> "EntitlementEffect":
        if sum(form is not None for form in (self.percent, self.tier_percent, self.table)) != 1:
            raise fault(
                "one_percent",
                ru="нужно ровно одно из percent, tier_percent и table",
                en="exactly one of percent, tier_percent and table",
            )
        return self


class Floor(Document):
    """The lowest price of a unit of goods by law, in a window; never lowers another floor."""

    goods: Names
    price_minor: Annotated[Amount, Field(alias="price")]
    first: Annotated[Day | None, Field(alias="from")] = None
    last: Annotated[Day | None, Field(alias="to")] = None


class Ban(Document):
    """Goods that the programme keeps out of something; the kernel's own bans stay as well."""

    goods: Names
    closes: Annotated[tuple[Closed, ...], Field(min_length=1, max_length=4)]
    time_in: Annotated[tuple[Hours, ...], Field(max_length=SPANS_MAX)] = ()
    """Hours of the store's day in which this holds; left out, always."""


class Caps(Document):
    """The largest benefit of a line and of a receipt: prices, discounts, the cashier's too."""

    line: Percent | None = None
    line_amount: Amount | None = None
    receipt: Percent | None = None
    receipt_amount: Amount | None = None
    points: Literal["counted", "not_counted"] = "not_counted"
    """Whether payment with points is a benefit too."""


class BundlePart(Document):
    """So many pieces of goods; without goods, of whatever the rule fits."""

    goods: Names | None = None
    pieces: Annotated[Count, Field(ge=1, le=PIECES_MAX)]


class BundleEffect(Document):
    """Off pieces bought together: the cheapest of them, a gift beside them, or all for a price.

    The dearest pieces make the bundles; the discount is spread over all of their pieces.
    """

    effect: Literal["bundle"]
    parts: Annotated[tuple[BundlePart, ...], Field(min_length=1, max_length=PARTS_MAX)]
    cheapest: Annotated[Count, Field(ge=1, le=PIECES_MAX)] | None = None
    gift: BundlePart | None = None
    price_minor: Annotated[Amount | None, Field(alias="price")] = None
    percent: Percent = WHOLE_BP
    """Off the cheapest pieces, or off the gift."""
    times_max: Annotated[Count, Field(ge=1, le=PIECES_MAX)] = PIECES_MAX

    @model_validator(mode="after")
    def _one_form(self) -> "BundleEffect":
        if sum(form is not None for form in (self.cheapest, self.gift, self.price_minor)) != 1:
            raise fault(
                "one_form",
                ru="нужно ровно одно из cheapest, gift и price",
                en="exactly one of cheapest, gift and price",
            )
        if (self.cheapest or 0) > sum(part.pieces for part in self.parts):
            raise fault(
                "too_many_free",
                ru="дешёвых штук больше, чем в наборе",
                en="more cheap pieces than the bundle has",
            )
        return self


class HintEffect(Document):
    """Words for the cashier to say where the rule fits the receipt."""

    effect: Literal["hint"]
    words: Title


class CouponEffect(Document):
    """A unique code of a campaign for the member's next purchase, printed on the slip."""

    effect: Literal["coupon"]
    campaign: Name
    activation: ActivationText = "next day"
    expiry: ExpiryText
