"""Routes for goods that come back: returns, exchanges and voids."""

from uuid import UUID

from fastapi import APIRouter

from agent.returns import exchange as exchanges
from agent.returns.by_slip import SlipClaim
from agent.returns.service import ReturnOrder, give_back_goods, preview_by_slip
from agent.returns.void import VoidOrder, void
from agent.till import models
from agent.till import return_answers as view
from agent.till import return_render as render
from agent.till.here import Cashier, Here, content_of
from shared.rules.returns import Part

router = APIRouter(prefix="/v1", tags=["returns"])


@router.post("/receipts/{uid}/returns/preview")
def post_return_preview(uid: UUID, body: models.LookBody, here: Here) -> view.PreviewAnswer:
    """Tell what a return would move; nothing is written."""
    at = here.time.now()
    seen = preview_by_slip(here, SlipClaim(uid, _parts(body), body.slip), at)
    return render.look(here, uid, seen, at)


@router.post("/receipts/{uid}/returns", status_code=201)
def post_return(
    uid: UUID, body: models.ReturnBody, here: Here, cashier: Cashier
) -> view.ReturnedAnswer:
    """Take goods back by line and quantity."""
    at = here.time.now()
    content = content_of(body, uid)
    parts = _parts(body)
    order = ReturnOrder(body.uid, content, uid, parts, cashier, None, body.slip, body.till)
    return render.returned(here, give_back_goods(here, order, at), at)


@router.post("/receipts/{uid}/void", status_code=201)
def post_void(uid: UUID, body: models.VoidBody, here: Here, cashier: Cashier) -> view.VoidedAnswer:
    """Undo a receipt of this shift, as if it had not been; the cashier's role must allow it."""
    at = here.time.now()
    content = content_of(body, uid)
    order = VoidOrder(body.uid, content, uid, body.till, cashier, body.reason)
    return render.voided(here, void(here, order, at), at)


@router.post("/exchanges/preview")
def post_exchange_preview(body: models.WishBody, here: Here) -> view.ExchangePreviewAnswer:
    """Tell what an exchange would do; nothing is written."""
    at = here.time.now()
    return render.exchange_preview(here, body.receipt, exchanges.preview(here, body.wish(), at), at)


@router.post("/exchanges", status_code=201)
def post_exchange(body: models.ExchangeBody, here: Here, cashier: Cashier) -> view.ExchangedAnswer:
    """Take goods back and sell others for them, both or neither."""
    at = here.time.now()
    order = body.order(content_of(body), cashier)
    return render.exchanged(here, exchanges.exchange(here, order, at), at)


def _parts(body: models.PreviewBody) -> tuple[Part, ...]:
    return tuple(Part(part.no, part.quantity) for part in body.lines)
