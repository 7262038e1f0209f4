"""HTTP of ingest: agents push facts, fetch what a disk has lost, ask for sales to take back."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from central.agents.routes import (
    WIRE_BODY,
    SessionUse,
    centre_of,
    message,
    session_of,
    signed_request,
)
from central.centre import Centre
from central.ingest.asking import tell_sale
from central.ingest.pushed import pushed
from central.ingest.service import SEQ_MAX, push
from shared.crypto.requests import SignedRequest
from shared.wire.codec import CONTENT_TYPE, pack

router = APIRouter(prefix="/v1", tags=["ingest"])


@router.post("/facts", openapi_extra=WIRE_BODY)
def post_facts(
    centre: Annotated[Centre, Depends(centre_of)],
    signed: Annotated[SignedRequest, Depends(signed_request)],
) -> Response:
    """Take a batch of facts of the sender's journal."""
    with centre.pace.sending():
        return message(push(centre, signed))


@router.post("/receipts/asks", openapi_extra=WIRE_BODY)
def post_sale_ask(
    centre: Annotated[Centre, Depends(centre_of)],
    signed: Annotated[SignedRequest, Depends(signed_request)],
) -> Response:
    """Tell the sender of a sale of the chain."""
    return message(tell_sale(centre, signed))


@router.get("/facts")
def get_facts(
    epoch: Annotated[int, Query(ge=1, lt=2**31)],
    after: Annotated[int, Query(ge=0, lt=SEQ_MAX)],
    centre: Annotated[Centre, Depends(centre_of)],
    use: Annotated[SessionUse, Depends(session_of)],
) -> Response:
    """Send a page of what the sender has pushed in an ended epoch behind a place, compressed."""
    return Response(pack(pushed(centre, use.sender, epoch, after)), media_type=CONTENT_TYPE)
