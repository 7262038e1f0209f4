"""The route for sales that a till made while it did not hear the agent, with its body."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field, StringConstraints, model_validator

from agent.commit.late import LateSale, take_late
from agent.quote.lines import Item
from agent.till import models, receipt_render
from agent.till import receipt_answers as receipts_view
from agent.till.days import Instant
from agent.till.here import Cashier, Here, content_of
from shared.clock import from_milliseconds, milliseconds

router = APIRouter(prefix="/v1", tags=["sale"])


class LateLineBody(models.Body):
    """A line as it was sold: thousandths, kopecks that were paid for a unit."""

    no: models.LineNo
    sku: models.Word = ""
    barcode: models.Word = ""
    quantity: models.Quantity
    price_minor: models.Amount
    attributes: models.LineAttributes | None = None

    @model_validator(mode="after")
    def _named(self) -> "LateLineBody":
        if not self.sku and not self.barcode:
            raise ValueError("sku or barcode is needed")
        return self

    def item(self) -> Item:
        """Return the line in the words of the quote."""
        return models.item(models.LineBody(**dict(self)))


class LateSaleBody(models.Body):
    """A sale without the agent: whose card was shown, what was paid, and when by the till's clock.

    `receipt` is its uid, also where a reserve of it may have been left without an answer.
    """

    uid: UUID
    receipt: UUID
    till: models.Word = "1"
    card: Annotated[models.Word, StringConstraints(min_length=1)]
    lines: Annotated[list[LateLineBody], Field(min_length=1, max_length=models.LINES_MAX)]
    tenders: Annotated[list[models.TenderBody], Field(max_length=models.TENDERS_MAX)]
    sold_at: Instant
    fiscal_number: models.Word = ""

    @model_validator(mode="after")
    def _numbered(self) -> "LateSaleBody":
        models.check_lines([(line.no, line.quantity, line.price_minor) for line in self.lines])
        return self

    def sale(self, content: bytes, cashier: str) -> LateSale:
        """Return the sale in the words of the commit."""
        return LateSale(
            uid=self.uid,
            content=content,
            receipt=self.receipt,
            till=self.till,
            card=self.card,
            items=tuple(line.item() for line in self.lines),
            tenders=tuple(tender.tender() for tender in self.tenders),
            sold_at=_milliseconds(self.sold_at),
            fiscal_number=self.fiscal_number,
            cashier=cashier,
        )


@router.post("/late-sales", status_code=201)
def post_late_sale(
    body: LateSaleBody, here: Here, cashier: Cashier
) -> receipts_view.CommittedAnswer:
    """Take a sale that was made without the agent: it earns by its card, and spends nothing."""
    at = here.time.now()
    done = take_late(here, body.sale(content_of(body), cashier), at)
    return receipt_render.committed(here, done, at)


def _milliseconds(at: datetime) -> datetime:
    return from_milliseconds(milliseconds(at))
